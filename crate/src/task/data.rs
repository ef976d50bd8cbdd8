//! The data of a task: which inputs a step trains on, in which order, and which are held out.
//!
//! Inputs are drawn, endless ones or a fixed set, or are all there are, of which a fraction is trained on.
//!
//! *Drawn.* Whether an input may be trained on is a function of the input and `test_seed`: one in 64 is held out.
//!   Training never draws those and testing draws nothing else, so the two can't collide, however many inputs either
//!   takes. A length with fewer than [`FEW`] inputs holds none out. Training inputs come in groups of [`GROUP`], each a
//!   stratified sample: every input is uniform, as if drawn by itself, but the numbers of a group together cover their
//!   range evenly. The gradient is the same on average and less noisy; docs/training.md has what that brings. A fixed
//!   set has its groups shuffled anew every epoch; a set of a single group keeps its order. Inputs without repeats are
//!   drawn independently. With `var_length` each input has a length of its own; testing takes the longest.
//!
//! *All.* `test_seed` shuffles all inputs; the first are trained on, every one once an epoch in an order of its own,
//!   and the others are held out.

use std::ops::Range;

use tinylens_lean::Batch;

use super::{Inputs, TaskConfig};
use crate::config::TrainConfig;
use crate::random::{At, Stream, below, block, permute};

/// One input in this many is held out.
const HELD_OUT_SHARE: u32 = 64;

/// Lengths with fewer different inputs than this hold none out.
const FEW: f64 = 1024.0;

/// Inputs that cover the numbers evenly together: a batch of the notebook's. Smaller groups are less even, and mix
/// better from epoch to epoch; runs with groups of 20, 50, 64 and 100 came out equally well.
const GROUP: usize = 100;

/// Draws after which an input is taken as it is. With one in 64 held out, so many misses in a row have a chance below
/// 1e-27.
const MAX_ATTEMPTS: u32 = 4000;

/// Least steps between two looks of the learning-rate schedule at the held-out loss.
const LEAST_EPOCH: u32 = 100;

/// The training and test data of an experiment.
#[derive(Clone, Debug)]
pub struct Data {
    task: TaskConfig,
    inputs: Inputs,
    batch_size: usize,
    train_seed: u32,
    test_seed: u32,
    source: Source,
}

/// Where training inputs come from.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// Drawn, and never the same set again.
    Endless,
    /// A set of this many, drawn once.
    Fixed(usize),
    /// All `count` inputs, of which `train` are trained on.
    All { count: u32, train: u32 },
}

impl Data {
    /// The data of a task and training whose fields are consistent.
    pub fn new(task: &TaskConfig, train: &TrainConfig) -> Self {
        let inputs = task.task().inputs();
        let TrainConfig { num_samples, train_fraction, batch_size, train_seed, test_seed, .. } = *train;
        let source = match (train_fraction.zip(inputs.all()), num_samples) {
            (Some((fraction, count)), _) => Source::All { count, train: trained(fraction, count) },
            (None, Some(samples)) => Source::Fixed(samples),
            (None, None) => Source::Endless,
        };
        Self { task: task.clone(), inputs, batch_size, train_seed, test_seed, source }
    }

    /// The task.
    pub fn task(&self) -> &TaskConfig {
        &self.task
    }

    /// How many positions of the longest sequence the model reads: all but the last, which is a target only.
    pub fn positions(&self) -> usize {
        self.task.task().needs().positions - 1
    }

    /// The first position that counts in any sequence.
    pub fn first_counted(&self) -> usize {
        let shortest = if self.inputs.var_length { 1 } else { self.inputs.longest };
        self.task.task().prompt(&vec![self.inputs.min; shortest]).len() - 1
    }

    /// Whether inputs of full length are held out; else there are too few.
    pub fn holds_out(&self) -> bool {
        matches!(self.source, Source::All { .. }) || self.inputs.count(self.inputs.longest) >= FEW
    }

    /// How many held-out inputs there are; `None`: they are drawn, as many as are asked for.
    pub fn held_out(&self) -> Option<usize> {
        match self.source {
            Source::All { count, train } => Some((count - train) as usize),
            Source::Endless | Source::Fixed(_) => None,
        }
    }

    /// Steps between two looks of the learning-rate schedule at the held-out loss: an epoch, but at least 100, which is
    /// also what endless data has for one.
    pub fn epoch_steps(&self) -> u32 {
        self.samples().map_or(0, |samples| samples.div_ceil(self.batch_size) as u32).max(LEAST_EPOCH)
    }

    /// How many inputs an epoch has; `None` of endless data.
    fn samples(&self) -> Option<usize> {
        match self.source {
            Source::Endless => None,
            Source::Fixed(samples) => Some(samples),
            Source::All { train, .. } => Some(train as usize),
        }
    }

    /// The batch of training step `step`, counted from 0. What is trained on comes whole in every epoch, in an order
    /// that changes; the last batch of an epoch may be short.
    pub fn train_batch(&self, step: u32) -> Batch {
        let (epoch, rows) = match self.samples() {
            None => (0, self.rows(step as usize, usize::MAX)),
            Some(samples) => {
                let batches = samples.div_ceil(self.batch_size);
                ((step as usize / batches) as u32, self.rows(step as usize % batches, samples))
            }
        };
        if let Source::All { count, train } = self.source {
            let place = |row: usize| permute(self.train_seed, Stream::Order, epoch, row as u32, train);
            return self.write(rows.map(|row| self.shuffled_input(place(row), count)));
        }
        let mut lists = Vec::with_capacity(rows.len());
        let mut next = rows.start;
        while next < rows.end {
            let (place, first) = (next / GROUP, next % GROUP);
            let end = rows.end.min((place + 1) * GROUP);
            let mut group = self.group(self.shuffled_group(epoch, place));
            lists.extend(group.drain(first..first + end - next));
            next = end;
        }
        self.write(lists.into_iter())
    }

    /// Held-out inputs `first..first + count` of full length, as far as there are so many. Where none are held out,
    /// they are inputs like those trained on.
    pub fn test_batch(&self, first: u32, count: usize) -> Batch {
        if let Source::All { count: all, train } = self.source {
            let end = (train + first).saturating_add(count as u32).min(all);
            return self.write((train + first..end).map(|place| self.shuffled_input(place, all)));
        }
        let length = self.inputs.longest;
        let rows = first..first + count as u32;
        self.write(rows.map(|row| self.draw(self.test_seed, Stream::Test, 0, row, length, true)))
    }

    /// The input at a place of the order that decides which are held out.
    fn shuffled_input(&self, place: u32, count: u32) -> Vec<usize> {
        self.inputs.numbered(permute(self.test_seed, Stream::HeldOut, 0, place, count))
    }

    /// Rows of batch number `batch`, among `samples` rows.
    fn rows(&self, batch: usize, samples: usize) -> Range<usize> {
        let start = batch * self.batch_size;
        start..samples.min(start + self.batch_size)
    }

    /// The group that stands at `place` in an epoch's order. Endless data has no epochs, and a short last group stays
    /// last.
    fn shuffled_group(&self, epoch: u32, place: usize) -> u32 {
        match self.samples().map(|samples| samples / GROUP) {
            Some(whole) if place < whole => permute(self.train_seed, Stream::Order, epoch, place as u32, whole as u32),
            _ => place as u32,
        }
    }

    /// The inputs of a group: none of them is held out.
    fn group(&self, group: u32) -> Vec<Vec<usize>> {
        let lengths: Vec<usize> = (0..GROUP as u32).map(|row| self.length(group, row)).collect();
        let even = if self.inputs.repeats { self.even_numbers(group, lengths.iter().sum()) } else { Vec::new() };
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

    /// `count` numbers in random order, one from each of `count` equal parts of their range.
    fn even_numbers(&self, group: u32, count: usize) -> Vec<usize> {
        let Inputs { min, values, .. } = self.inputs;
        let draw = |index: usize, lane: u32| {
            block(self.train_seed, Stream::Even, At { step: group, index: index as u32, lane })[0]
        };
        // Part `i` of the range, and a random place within it.
        let number = |i: usize| {
            let place = (i as u64) << 32 | u64::from(draw(i, 0));
            min + ((place * values as u64 / count as u64) >> 32) as usize
        };
        let mut numbers: Vec<usize> = (0..count).map(number).collect();
        for last in (1..count).rev() {
            numbers.swap(last, below(draw(last, 1), last as u32 + 1) as usize);
        }
        numbers
    }

    /// The length of input `row` of a group.
    fn length(&self, group: u32, row: u32) -> usize {
        if !self.inputs.var_length {
            return self.inputs.longest;
        }
        let at = At { step: group, index: row, lane: 0 };
        1 + below(block(self.train_seed, Stream::Length, at)[0], self.inputs.longest as u32) as usize
    }

    /// The first of a series of random inputs that is, or is not, held out.
    fn draw(&self, seed: u32, stream: Stream, step: u32, index: u32, length: usize, held_out: bool) -> Vec<usize> {
        let any = self.inputs.count(length) < FEW;
        let mut tries = 0;
        loop {
            let list = self.inputs.draw(seed, stream, At { step, index, lane: tries << 8 }, length);
            tries += 1;
            if any || tries == MAX_ATTEMPTS || self.is_held_out(&list) == held_out {
                return list;
            }
        }
    }

    /// Whether an input is not held out.
    fn may_train(&self, list: &[usize]) -> bool {
        self.inputs.count(list.len()) < FEW || !self.is_held_out(list)
    }

    /// Whether an input is kept from training, of a length of which any are.
    fn is_held_out(&self, list: &[usize]) -> bool {
        let mut hash = list.len() as u32;
        for pair in list.chunks(2) {
            let at = At { index: pair[0] as u32, step: pair.get(1).map_or(u32::MAX, |x| *x as u32), lane: hash };
            hash = block(self.test_seed, Stream::HeldOut, at)[0];
        }
        hash < u32::MAX / HELD_OUT_SHARE
    }

    /// The sequences of some inputs, the shorter ones padded at their end: the model reads all of a sequence but its
    /// last token, and after the prompt's last token and each that follows, the next one is right.
    fn write(&self, inputs: impl Iterator<Item = Vec<usize>>) -> Batch {
        let task = self.task.task();
        let (mut all, mut ends) = (Vec::new(), Vec::new());
        for input in inputs {
            let (start, prompt) = (all.len(), task.write(&input, &mut all));
            ends.push((start, prompt, all.len() - start - 1));
        }
        let positions = ends.iter().map(|(.., length)| *length).max().unwrap_or(0);
        let size = ends.len() * positions;
        let mut batch = Batch {
            positions,
            tokens: vec![0; size],
            targets: vec![0; size],
            counted: vec![false; size],
            lengths: ends.iter().map(|(.., length)| *length).collect(),
        };
        for (row, (start, prompt, length)) in ends.into_iter().enumerate() {
            let at = row * positions;
            for position in 0..length {
                batch.tokens[at + position] = all[start + position] as i32;
                batch.targets[at + position] = all[start + position + 1] as i32;
            }
            batch.counted[at + prompt - 1..at + length].fill(true);
        }
        batch
    }
}

/// How many of `count` inputs a fraction is, to the nearest.
pub(crate) fn trained(fraction: f64, count: u32) -> u32 {
    libm::round(fraction * f64::from(count)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;
    use serde_json::{Value, json};
    use std::collections::HashSet;

    fn data(partial: Value) -> Data {
        let experiment = Experiment::resolve(&partial).unwrap();
        Data::new(&experiment.task, &experiment.train)
    }

    /// The rows of a batch, `[positions]` each.
    fn rows(batch: &Batch) -> Vec<Vec<i32>> {
        batch.tokens.chunks_exact(batch.positions).map(<[i32]>::to_vec).collect()
    }

    /// All rows of some training steps.
    fn trained_on(data: &Data, steps: Range<u32>) -> Vec<Vec<i32>> {
        steps.flat_map(|step| rows(&data.train_batch(step))).collect()
    }

    #[test]
    fn a_batch_says_what_is_read_and_what_is_right_where() {
        let data = data(json!({}));
        let batch = data.train_batch(0);
        assert_eq!((batch.len(), batch.positions), (100, 11));
        assert_eq!(batch.lengths, [11; 100]);
        for (row, at) in rows(&batch).iter().zip((0..).step_by(11)) {
            let list: Vec<usize> = row[1..6].iter().map(|token| *token as usize).collect();
            let whole: Vec<i32> = data.task().task().sequence(&list).iter().map(|token| *token as i32).collect();
            assert_eq!(row[..], whole[..11]);
            assert_eq!(batch.targets[at + 6..at + 11], whole[7..]);
            assert_eq!(batch.counted[at..at + 11], [[false; 6].as_slice(), &[true; 5]].concat());
        }
    }

    #[test]
    fn nothing_held_out_is_ever_trained_on() {
        // 6^4 = 1296 lists: few enough to see them all.
        for samples in [json!(25_000), Value::Null] {
            let data = data(json!({
                "task": { "list_length": 4, "max_value": 6 }, "train": { "num_samples": samples },
            }));
            let trained: HashSet<Vec<i32>> = trained_on(&data, 0..250).into_iter().collect();
            let tested: HashSet<Vec<i32>> = rows(&data.test_batch(0, 3000)).into_iter().collect();
            assert!(data.holds_out() && trained.is_disjoint(&tested));
            assert_eq!(trained.len() + tested.len(), 1296, "{} trained on, {} held out", trained.len(), tested.len());
            assert!((8..40).contains(&tested.len()), "about one in 64: {}", tested.len());
        }
    }

    #[test]
    fn a_task_with_few_lists_holds_none_out() {
        let data = data(json!({ "task": { "list_length": 1, "max_value": 3 } }));
        assert!(!data.holds_out());
        let numbers: HashSet<i32> = rows(&data.test_batch(0, 100)).iter().map(|row| row[1]).collect();
        assert_eq!(numbers, HashSet::from([0, 1, 2]));
    }

    #[test]
    fn a_fixed_training_set_comes_whole_every_epoch_in_another_order() {
        let data = data(json!({ "train": { "num_samples": 450, "batch_size": 200 } }));
        let (mut first, mut second) = (trained_on(&data, 0..3), trained_on(&data, 3..6));
        assert_eq!(first.len(), 450);
        assert_eq!([2, 5].map(|step| data.train_batch(step).len()), [50, 50]);
        assert_ne!(first, second);
        first.sort();
        second.sort();
        assert_eq!(first, second);
    }

    #[test]
    fn all_inputs_are_trained_on_once_an_epoch_or_held_out() {
        for task in [
            json!({ "name": "sort", "list_length": 3, "max_value": 7 }),
            json!({ "name": "max_of_list", "list_length": 3, "max_value": 7 }),
        ] {
            let data = data(json!({ "task": task, "train": { "train_fraction": 0.4, "batch_size": 50 } }));
            // 137 of 343.
            let (first, second) = (trained_on(&data, 0..3), trained_on(&data, 3..6));
            let trained: HashSet<&Vec<i32>> = first.iter().collect();
            assert_eq!((first.len(), trained.len(), data.held_out()), (137, 137, Some(206)));
            assert_ne!(first, second);
            assert_eq!(trained, second.iter().collect());
            let tested = [rows(&data.test_batch(0, 150)), rows(&data.test_batch(150, 150))].concat();
            assert_eq!(tested.len(), 206);
            let all: HashSet<&Vec<i32>> = first.iter().chain(&tested).collect();
            assert_eq!(all.len(), 343);
        }
    }

    #[test]
    fn endless_data_does_not_come_twice() {
        let data = data(json!({ "train": { "num_samples": null } }));
        let lists: HashSet<Vec<i32>> = trained_on(&data, 0..50).into_iter().collect();
        assert!(lists.len() > 4995, "{} of 5000", lists.len());
    }

    #[test]
    fn numbers_cover_their_range_evenly() {
        let data = data(json!({ "task": { "min_value": 10, "max_value": 20 } }));
        let mut counts = [0u32; 20];
        for row in rows(&data.test_batch(0, 4000)) {
            row[1..6].iter().for_each(|number| counts[*number as usize] += 1);
        }
        assert_eq!(counts[..10], [0; 10]);
        assert!(counts[10..].iter().all(|count| (1850..2150).contains(count)), "{counts:?}");
    }

    /// Each list is uniform by itself, and a batch covers the numbers evenly: 500 numbers over 64 values are 7 or 8 of
    /// each.
    #[test]
    fn a_batch_covers_the_numbers_evenly_and_every_place_takes_every_number() {
        let data = data(json!({ "train": { "num_samples": null } }));
        let mut places = [[0u32; 64]; 5];
        for step in 0..400 {
            let mut counts = [0i32; 64];
            for row in rows(&data.train_batch(step)) {
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
        let data = data(json!({ "task": { "repeats": false, "max_value": 6 } }));
        for row in rows(&data.train_batch(3)) {
            assert_eq!(row[1..6].iter().collect::<HashSet<_>>().len(), 5);
        }
    }

    #[test]
    fn var_length_draws_every_length_and_pads_at_the_end() {
        let data = data(json!({ "task": { "var_length": true, "eos_token": 67 } }));
        let batch = data.train_batch(3);
        assert_eq!(batch.positions, 12);
        assert_eq!(batch.lengths.iter().collect::<HashSet<_>>(), HashSet::from([&4, &6, &8, &10, &12]));
        for (number, (row, length)) in rows(&batch).iter().zip(&batch.lengths).enumerate() {
            let list: Vec<usize> = row[1..length / 2].iter().map(|token| *token as usize).collect();
            let whole: Vec<i32> = data.task().task().sequence(&list).iter().map(|token| *token as i32).collect();
            assert_eq!(row[..*length], whole[..*length]);
            let counted = &batch.counted[12 * number..][..12];
            assert_eq!(counted.iter().filter(|counted| **counted).count(), list.len() + 1);
            assert!(counted[*length..].iter().all(|counted| !counted), "{counted:?}");
        }
    }
}
