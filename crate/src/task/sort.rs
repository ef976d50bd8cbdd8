//! Sorting: BOS, a list of numbers, MID, the numbers sorted, EOS; each of the three special tokens can be left out. The model is asked for
//! what comes after MID (or after the list) only.
//!
//! Legend: `L` numbers in a list, `T` positions of a sequence: `2L` and one for each of BOS, MID and EOS.
//!
//! Held-out lists. Whether a list may be trained on is a function of the list and `test_seed`: one in 64 is held out. Training never
//! draws those and testing draws nothing else, so the two can't collide, however many lists either takes. A length with fewer than
//! [`FEW_LISTS`] lists holds none out.
//!
//! Training lists come in groups of [`GROUP`], each a stratified sample: every list is uniform, as if drawn by itself, but the numbers of
//! a group together cover their range evenly. The gradient is the same on average and less noisy; docs/training.md has what that brings.
//! In a fixed training set whole groups are shuffled anew every epoch; a set of a single group keeps its order. Lists without repeats are
//! drawn independently. With `var_length` each list has a length of its own, from 1 to `list_length`; testing takes lists of full length.

use std::ops::Range;

use crate::config::{TaskConfig, TrainConfig};
use crate::random::{At, Stream, below, block, permute};

/// One list in this many is held out.
const HELD_OUT_SHARE: u32 = 64;

/// Lengths with fewer different lists than this hold none out.
const FEW_LISTS: f64 = 1024.0;

/// Lists that cover the numbers evenly together: a batch of the notebook's. Smaller groups are less even, and mix better from epoch to
/// epoch; measured with 20, 50, 64 and 100, the one is worth as much as the other.
const GROUP: usize = 100;

/// Draws after which a list is taken as it is. With one in 64 held out, so many misses in a row have a chance below 1e-27.
const MAX_ATTEMPTS: u32 = 4000;

/// Sequences, the shorter ones padded at the end: no position that counts can see the padding of a causal model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Numbers in each list, `L`.
    pub lengths: Vec<usize>,
    /// Positions of the longest sequence, `T`.
    pub positions: usize,
    /// Token numbers, row by row: `[batch, T]`.
    pub tokens: Vec<i32>,
}

impl Batch {
    /// The length of every list, if they are equally long.
    pub fn uniform(&self) -> Option<usize> {
        self.lengths.first().copied().filter(|first| self.lengths.iter().all(|length| length == first))
    }

    /// How many sequences there are.
    pub fn len(&self) -> usize {
        self.tokens.len() / self.positions
    }

    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The sequences, one by one.
    pub fn sequences(&self) -> impl Iterator<Item = &[i32]> {
        self.tokens.chunks_exact(self.positions)
    }
}

/// The sorting task of an experiment: draws its lists and writes them as sequences.
#[derive(Clone, Debug)]
pub struct Sort {
    config: TaskConfig,
    num_samples: Option<usize>,
    batch_size: usize,
    train_seed: u32,
    test_seed: u32,
}

/// What it takes to draw the same training batches elsewhere: on a GPU.
#[derive(Clone, Copy, Debug)]
pub struct Draws {
    /// Lists in a group.
    pub group: usize,
    /// Most groups that a batch has lists of.
    pub groups_of_a_batch: usize,
    /// The shortest length of which lists are held out; one more than the longest where none are.
    pub holds_out_from: usize,
    /// Lists whose hash is below this are held out.
    pub held_out_below: u32,
    pub max_attempts: u32,
    /// The token after the end of a shorter sequence.
    pub padding: usize,
}

impl Sort {
    pub fn new(config: &TaskConfig, train: &TrainConfig) -> Self {
        let TrainConfig { num_samples, batch_size, train_seed, test_seed, .. } = *train;
        Self { config: config.clone(), num_samples, batch_size, train_seed, test_seed }
    }

    /// What a token is called: `BOS`, `MID`, `EOS`, or its number.
    pub fn label(config: &TaskConfig, token: usize) -> String {
        match token {
            t if Some(t) == config.bos_token => "BOS".into(),
            t if Some(t) == config.mid_token => "MID".into(),
            t if Some(t) == config.eos_token => "EOS".into(),
            number => number.to_string(),
        }
    }

    /// The numbers and the numbers sorted, with those of BOS, MID and EOS that the task has.
    pub fn sequence(config: &TaskConfig, numbers: &[usize]) -> Vec<usize> {
        let mut sorted = numbers.to_vec();
        sorted.sort_unstable();
        [config.bos_token.as_slice(), numbers, config.mid_token.as_slice(), &sorted[..], config.eos_token.as_slice()]
            .concat()
    }

    /// List number `index` of a seed, of `length` numbers, whether held out or not: for experiments on models, however they were trained.
    pub fn random_list(config: &TaskConfig, seed: u32, index: u32, length: usize) -> Vec<usize> {
        let list = attempt(config, seed, Stream::Battery, At { index, ..At::default() }, length);
        list.into_iter().map(|number| number as usize).collect()
    }

    pub fn config(&self) -> &TaskConfig {
        &self.config
    }

    /// Whether any lists of full length are held out; else the task has too few.
    pub fn holds_out(&self) -> bool {
        self.lists(self.config.list_length) >= FEW_LISTS
    }

    /// The lists of training step `step` (counted from 0). A fixed training set comes whole in every epoch, its groups in an order that
    /// changes; the last batch may be short.
    pub fn train_batch(&self, step: u32) -> Batch {
        let (epoch, rows) = match self.num_samples {
            None => (0, self.rows(step as usize, usize::MAX)),
            Some(samples) => {
                let batches = samples.div_ceil(self.batch_size);
                ((step as usize / batches) as u32, self.rows(step as usize % batches, samples))
            }
        };
        let mut lists = Vec::with_capacity(rows.len());
        let mut next = rows.start;
        while next < rows.end {
            let (place, first) = (next / GROUP, next % GROUP);
            let end = rows.end.min((place + 1) * GROUP);
            let group = self.group(self.shuffled(epoch, place));
            lists.extend_from_slice(&group[first..first + end - next]);
            next = end;
        }
        self.write(lists)
    }

    /// Rows of batch number `batch`, among `samples` rows.
    fn rows(&self, batch: usize, samples: usize) -> Range<usize> {
        let start = batch * self.batch_size;
        start..samples.min(start + self.batch_size)
    }

    /// The group that stands at `place` in an epoch's order. Endless data has no epochs, and a short last group stays last.
    fn shuffled(&self, epoch: u32, place: usize) -> u32 {
        match self.num_samples.map(|samples| samples / GROUP) {
            Some(whole) if place < whole => permute(self.train_seed, Stream::Order, epoch, place as u32, whole as u32),
            _ => place as u32,
        }
    }

    /// The lists of a group: none of them is held out.
    fn group(&self, group: u32) -> Vec<Vec<u32>> {
        let lengths: Vec<usize> = (0..GROUP as u32).map(|row| self.length(group, row)).collect();
        let even = if self.config.repeats { self.even_numbers(group, lengths.iter().sum()) } else { Vec::new() };
        let mut even = even.as_slice();
        let list = |(row, length): (usize, usize)| {
            // Without repeats there are no even numbers to take.
            let (list, rest) = even.split_at(length.min(even.len()));
            even = rest;
            if list.len() == length && self.may_train(list) {
                return list.to_vec();
            }
            self.draw(self.train_seed, Stream::Train, group, row as u32, length, false)
        };
        lengths.into_iter().enumerate().map(list).collect()
    }

    /// Held-out lists `first..first + count` of full length. Where the task holds none out, they are lists like those trained on.
    pub fn test_batch(&self, first: u32, count: usize) -> Batch {
        let length = self.config.list_length;
        let lists = (0..count as u32).map(|row| self.draw(self.test_seed, Stream::Test, 0, first + row, length, true));
        self.write(lists.collect())
    }

    /// `count` numbers in random order, one from each of `count` equal parts of their range.
    fn even_numbers(&self, group: u32, count: usize) -> Vec<u32> {
        let (min, values) = (self.config.min_value as u32, self.config.values() as u64);
        let draw = |index: usize, lane: u32| {
            block(self.train_seed, Stream::Even, At { step: group, index: index as u32, lane })[0]
        };
        // Part `i` of the range, and a random place within it.
        let number = |i: usize| {
            let place = (i as u64) << 32 | u64::from(draw(i, 0));
            min + ((place * values / count as u64) >> 32) as u32
        };
        let mut numbers: Vec<u32> = (0..count).map(number).collect();
        for last in (1..count).rev() {
            numbers.swap(last, below(draw(last, 1), last as u32 + 1) as usize);
        }
        numbers
    }

    /// The length of list `row` of a group.
    fn length(&self, group: u32, row: u32) -> usize {
        if !self.config.var_length {
            return self.config.list_length;
        }
        let at = At { step: group, index: row, lane: 0 };
        1 + below(block(self.train_seed, Stream::Length, at)[0], self.config.list_length as u32) as usize
    }

    pub fn draws(&self) -> Draws {
        let longest = self.config.list_length;
        let batch = self.batch_size;
        Draws {
            group: GROUP,
            groups_of_a_batch: if batch.is_multiple_of(GROUP) {
                batch / GROUP
            } else {
                (batch + GROUP - 2) / GROUP + 1
            },
            holds_out_from: (1..=longest).find(|length| self.lists(*length) >= FEW_LISTS).unwrap_or(longest + 1),
            held_out_below: u32::MAX / HELD_OUT_SHARE,
            max_attempts: MAX_ATTEMPTS,
            padding: padding(&self.config),
        }
    }

    fn write(&self, lists: Vec<Vec<u32>>) -> Batch {
        let config = &self.config;
        let lengths: Vec<usize> = lists.iter().map(Vec::len).collect();
        let positions = lengths.iter().map(|length| config.sequence_length(*length)).max().unwrap_or(0);
        let padding = padding(config) as i32;
        let mut tokens = Vec::with_capacity(lists.len() * positions);
        for mut list in lists {
            let end = tokens.len() + positions;
            tokens.extend(config.bos_token.map(|token| token as i32));
            tokens.extend(list.iter().map(|number| *number as i32));
            tokens.extend(config.mid_token.map(|token| token as i32));
            list.sort_unstable();
            tokens.extend(list.iter().map(|number| *number as i32));
            tokens.extend(config.eos_token.map(|token| token as i32));
            tokens.resize(end, padding);
        }
        Batch { lengths, positions, tokens }
    }

    /// The first of a series of random lists that is, or is not, held out.
    fn draw(&self, seed: u32, stream: Stream, step: u32, index: u32, length: usize, held_out: bool) -> Vec<u32> {
        let any = self.lists(length) < FEW_LISTS;
        let mut tries = 0;
        loop {
            let list = attempt(&self.config, seed, stream, At { step, index, lane: tries << 8 }, length);
            tries += 1;
            if any || tries == MAX_ATTEMPTS || self.is_held_out(&list) == held_out {
                return list;
            }
        }
    }

    /// Whether a list is not held out.
    fn may_train(&self, list: &[u32]) -> bool {
        self.lists(list.len()) < FEW_LISTS || !self.is_held_out(list)
    }

    /// Whether a list is kept from training.
    fn is_held_out(&self, list: &[u32]) -> bool {
        let mut hash = list.len() as u32;
        for pair in list.chunks(2) {
            let at = At { index: pair[0], step: pair.get(1).map_or(u32::MAX, |x| *x), lane: hash };
            hash = block(self.test_seed, Stream::HeldOut, at)[0];
        }
        hash < u32::MAX / HELD_OUT_SHARE
    }

    /// How many different lists of a length there are.
    fn lists(&self, length: usize) -> f64 {
        let values = self.config.values();
        (0..length).map(|place| if self.config.repeats { values } else { values - place } as f64).product()
    }
}

/// The token that shorter sequences are filled up with.
fn padding(config: &TaskConfig) -> usize {
    config.eos_token.or(config.mid_token).unwrap_or(config.min_value)
}

/// A random list, held out or not. `at.lane` counts attempts in its upper 24 bits; the lower 8 count blocks of four numbers.
fn attempt(config: &TaskConfig, seed: u32, stream: Stream, at: At, length: usize) -> Vec<u32> {
    let (min, values) = (config.min_value as u32, config.values() as u32);
    let mut bits = (0u32..).flat_map(|four| block(seed, stream, At { lane: at.lane | four, ..at }));
    let mut next = |bound: u32| below(bits.next().unwrap_or(0), bound);
    if config.repeats {
        return (0..length).map(|_| min + next(values)).collect();
    }
    // Without repeats: the first L places of a Fisher-Yates shuffle.
    let mut pool: Vec<u32> = (min..min + values).collect();
    for place in 0..length {
        pool.swap(place, place + next(values - place as u32) as usize);
    }
    pool.truncate(length);
    pool
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;
    use serde_json::{Value, json};
    use std::collections::HashSet;

    fn sort(partial: Value) -> Sort {
        let experiment = Experiment::resolve(&partial).unwrap();
        Sort::new(&experiment.task, &experiment.train)
    }

    #[test]
    fn a_sequence_is_bos_the_list_mid_the_list_sorted() {
        let task = Experiment::default().task;
        assert_eq!(Sort::sequence(&task, &[6, 2, 59, 50, 20]), [65, 6, 2, 59, 50, 20, 66, 2, 6, 20, 50, 59]);
        let without = sort(json!({ "task": { "bos_token": null, "mid_token": 65 } })).config;
        assert_eq!(Sort::sequence(&without, &[6, 2, 59]), [6, 2, 59, 65, 2, 6, 59]);
        let without = sort(json!({ "task": { "mid_token": null } })).config;
        assert_eq!((Sort::sequence(&without, &[6, 2]), without.counted(2)), (vec![65, 6, 2, 2, 6], 2..4));
        assert_eq!([65, 66, 6].map(|token| Sort::label(&task, token)), ["BOS", "MID", "6"]);
        let batch = sort(json!({})).train_batch(0);
        assert_eq!((batch.len(), batch.positions, batch.uniform()), (100, 12, Some(5)));
        for row in batch.sequences() {
            let numbers: Vec<usize> = row[1..6].iter().map(|token| *token as usize).collect();
            assert_eq!(row.iter().map(|token| *token as usize).collect::<Vec<_>>(), Sort::sequence(&task, &numbers));
        }
    }

    #[test]
    fn nothing_held_out_is_ever_trained_on() {
        // 6^4 = 1296 lists: few enough to see them all.
        for samples in [json!(25_000), Value::Null] {
            let sort =
                sort(json!({ "task": { "list_length": 4, "max_value": 6 }, "train": { "num_samples": samples } }));
            let trained: HashSet<Vec<i32>> = (0..250)
                .flat_map(|step| sort.train_batch(step).sequences().map(<[i32]>::to_vec).collect::<Vec<_>>())
                .collect();
            let tested: HashSet<Vec<i32>> = sort.test_batch(0, 3000).sequences().map(<[i32]>::to_vec).collect();
            assert!(sort.holds_out() && trained.is_disjoint(&tested));
            assert_eq!(trained.len() + tested.len(), 1296, "{} trained on, {} held out", trained.len(), tested.len());
            assert!((8..40).contains(&tested.len()), "about one in 64: {}", tested.len());
        }
    }

    #[test]
    fn a_task_with_few_lists_holds_none_out() {
        let sort = sort(json!({ "task": { "list_length": 1, "max_value": 3 } }));
        assert!(!sort.holds_out());
        let numbers: HashSet<i32> = sort.test_batch(0, 100).sequences().map(|row| row[1]).collect();
        assert_eq!(numbers, HashSet::from([0, 1, 2]));
    }

    #[test]
    fn a_fixed_training_set_comes_whole_every_epoch_in_another_order() {
        let sort = sort(json!({ "train": { "num_samples": 450, "batch_size": 200 } }));
        let epoch = |steps: Range<u32>| {
            steps
                .flat_map(|step| sort.train_batch(step).sequences().map(<[i32]>::to_vec).collect::<Vec<_>>())
                .collect::<Vec<_>>()
        };
        let (mut first, mut second) = (epoch(0..3), epoch(3..6));
        assert_eq!(first.len(), 450);
        assert_eq!([2, 5].map(|step| sort.train_batch(step).len()), [50, 50]);
        assert_ne!(first, second);
        first.sort();
        second.sort();
        assert_eq!(first, second);
    }

    #[test]
    fn endless_data_does_not_come_twice() {
        let sort = sort(json!({ "train": { "num_samples": null } }));
        let lists: HashSet<Vec<i32>> = (0..50)
            .flat_map(|step| sort.train_batch(step).sequences().map(<[i32]>::to_vec).collect::<Vec<_>>())
            .collect();
        assert!(lists.len() > 4995, "{} of 5000", lists.len());
    }

    #[test]
    fn numbers_cover_their_range_evenly() {
        let sort = sort(json!({ "task": { "min_value": 10, "max_value": 20 } }));
        let mut counts = [0u32; 20];
        for row in sort.test_batch(0, 4000).sequences() {
            row[1..6].iter().for_each(|number| counts[*number as usize] += 1);
        }
        assert_eq!(counts[..10], [0; 10]);
        assert!(counts[10..].iter().all(|count| (1850..2150).contains(count)), "{counts:?}");
    }

    /// Each list is uniform by itself, and a batch covers the numbers evenly: 500 numbers over 64 values are 7 or 8 of each.
    #[test]
    fn a_batch_covers_the_numbers_evenly_and_every_place_takes_every_number() {
        let sort = sort(json!({ "train": { "num_samples": null } }));
        let mut places = [[0u32; 64]; 5];
        for step in 0..400 {
            let mut counts = [0i32; 64];
            for row in sort.train_batch(step).sequences() {
                for (place, number) in row[1..6].iter().enumerate() {
                    counts[*number as usize] += 1;
                    places[place][*number as usize] += 1;
                }
            }
            // The few lists that were held out are drawn again, independently.
            assert!(counts.iter().map(|count| (count - 8).abs()).sum::<i32>() < 110, "{counts:?}");
        }
        // 40,000 numbers a place: 625 of each, with a standard deviation of 25.
        assert!(places.iter().flatten().all(|count| (500..750).contains(count)), "{places:?}");
    }

    #[test]
    fn lists_without_repeats_have_none() {
        let sort = sort(json!({ "task": { "repeats": false, "max_value": 6 } }));
        for row in sort.train_batch(3).sequences() {
            assert_eq!(row[1..6].iter().collect::<HashSet<_>>().len(), 5);
        }
    }

    #[test]
    fn var_length_draws_every_length_and_pads_at_the_end() {
        let sort = sort(json!({ "task": { "var_length": true, "eos_token": 67 } }));
        let batch = sort.train_batch(3);
        assert_eq!(batch.lengths.iter().copied().collect::<HashSet<usize>>(), HashSet::from([1, 2, 3, 4, 5]));
        assert_eq!((batch.positions, batch.uniform()), (13, None));
        for (row, length) in batch.sequences().zip(&batch.lengths) {
            let numbers: Vec<usize> = row[1..1 + length].iter().map(|token| *token as usize).collect();
            let whole = Sort::sequence(&sort.config, &numbers);
            assert_eq!(whole.len(), 2 * length + 3);
            assert_eq!(row[..whole.len()].iter().map(|token| *token as usize).collect::<Vec<_>>(), whole);
            assert!(row[whole.len()..].iter().all(|token| *token == 67), "{row:?}");
        }
    }
}
