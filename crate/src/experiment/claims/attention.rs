//! Claims about attention patterns, over true sequences.
//!
//! Legend: `L` numbers in a list; the destination of place `i` is the position that holds the `i`-th sorted number (from 0).

use std::ops::Range;

use super::{Claim, Mean, named};
use crate::error::Result;
use crate::model::{Decoder, Model};
use crate::task::{Rate, Sort, Task};

/// What is counted of one head.
#[derive(Clone, Debug, Default)]
struct Head {
    /// For each place but the last: destinations, those that attend most to the next larger number, and to one of the next two.
    places: Vec<[u64; 3]>,
    /// Weight on the next larger number.
    weight: Mean,
    /// At the last place: destinations, and those that attend most to the largest number, their own.
    last: [u64; 2],
    /// Entropy of the attention that BOS gets, over destinations, as a share of the most there can be.
    bos: Mean,
}

/// The patterns of many lists, counted.
#[derive(Debug)]
pub struct Attention {
    task: Sort,
    seed: u32,
    n_heads: usize,
    heads: Vec<Head>,
}

impl Attention {
    pub fn new(model: &Model, task: &Sort, seed: u32) -> Self {
        let config = model.config();
        let head = Head { places: vec![[0; 3]; task.list_length - 1], ..Head::default() };
        Self { task: task.clone(), seed, n_heads: config.n_heads, heads: vec![head; config.n_layers * config.n_heads] }
    }

    /// Looks at the patterns of these lists.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn look(&mut self, model: &Model, decoder: &mut Decoder, lists: Range<u32>) -> Result<()> {
        let rows: Vec<Vec<usize>> = lists
            .map(|number| {
                (&self.task as &dyn Task).sequence(&self.task.inputs().random(self.seed, number, self.task.list_length))
            })
            .collect();
        let positions = rows[0].len();
        let square = positions * positions;
        let patterns = match decoder.inference() {
            Some(inference) => inference.patterns(&rows),
            None => model.patterns(&rows).await?,
        };
        for (layer, patterns) in patterns.into_iter().enumerate() {
            for (cell, pattern) in patterns.chunks_exact(square).enumerate() {
                let (row, head) = (cell / self.n_heads, cell % self.n_heads);
                self.heads[layer * self.n_heads + head].count(&self.task, &rows[row], pattern);
            }
        }
        Ok(())
    }

    pub fn claims(&self) -> Vec<Claim> {
        let several = self.heads.len() > 1;
        let best = self.best();
        let head = &self.heads[best];
        let who = named(best / self.n_heads, best % self.n_heads, several);
        let total = |which: usize| head.places.iter().map(|place| place[which]).sum::<u64>();
        let by_place: Vec<String> = head
            .places
            .iter()
            .map(|place| format!("{:.0} %", 100.0 * place[1] as f64 / place[0].max(1) as f64))
            .collect();
        let mut claims = Vec::new();
        if self.task.list_length > 1 {
            let text = format!(
                "Each sorted number attends most to the smallest number larger than itself{who}; by place: {}.",
                by_place.join(", ")
            );
            claims.push(Claim::new("next_larger", text, Rate::of(total(1), total(0))));
            let text = format!("Each sorted number attends most to one of the next two larger numbers{who}.");
            claims.push(Claim::new("next_two", text, Rate::of(total(2), total(0))));
            let text = format!(
                "The smallest number larger than a sorted number gets most of its attention: mean weight{who}."
            );
            claims.push(Claim::new("next_larger_weight", text, head.weight.rate()));
        }
        let text = format!("The last position, which no number follows, attends most to the largest number{who}.");
        claims.push(Claim::new("last_position", text, Rate::of(head.last[1], head.last[0])));
        if self.task.bos_token.is_some() {
            let text = format!(
                "Attention to BOS is flat: every later position gives it as much (entropy, as a share of uniform){who}."
            );
            claims.push(Claim::new("bos_flat", text, head.bos.rate()));
        }
        claims
    }

    /// The head that attends to the next larger number most often.
    fn best(&self) -> usize {
        let hits = |head: &Head| head.places.iter().map(|place| place[1]).sum::<u64>();
        // The first of equals.
        (0..self.heads.len()).rev().max_by_key(|index| hits(&self.heads[*index])).unwrap_or(0)
    }
}

impl Head {
    /// One list's pattern, `[destination, source]`, of a whole sequence.
    fn count(&mut self, task: &Sort, row: &[usize], pattern: &[f32]) {
        let (positions, length) = (row.len(), task.list_length);
        let start = task.prompt_length(length);
        let sorted = &row[start..start + length];
        let weights =
            |place: usize| &pattern[(start + place) * positions..(start + place) * positions + start + place + 1];
        let top = |weights: &[f32]| row[crate::model::argmax(weights)];
        for place in 0..length - 1 {
            let larger: Vec<usize> =
                sorted[place + 1..].iter().copied().filter(|number| *number > sorted[place]).collect();
            // An equal follows: the next number is not larger.
            let Some(next) = larger.first().filter(|next| **next == sorted[place + 1]) else { continue };
            let second = larger.iter().find(|number| *number > next);
            let weights = weights(place);
            let top = top(weights);
            let counts = &mut self.places[place];
            counts[0] += 1;
            counts[1] += u64::from(top == *next);
            counts[2] += u64::from(top == *next || Some(&top) == second);
            let weight = weights
                .iter()
                .zip(row)
                .filter(|(_, token)| *token == next)
                .map(|(weight, _)| f64::from(*weight))
                .sum::<f64>();
            self.weight.add(weight);
        }
        self.last[0] += 1;
        self.last[1] += u64::from(top(weights(length - 1)) == sorted[length - 1]);
        if task.bos_token.is_some() {
            let given: Vec<f64> =
                (1..positions).map(|destination| f64::from(pattern[destination * positions])).collect();
            self.bos.add(entropy(&given) / libm::log((positions - 1) as f64));
        }
    }
}

/// Of weights, once they sum to 1; 0 where there are none.
fn entropy(weights: &[f64]) -> f64 {
    let sum: f64 = weights.iter().sum();
    let part = |weight: &f64| {
        let p = weight / sum;
        if p > 0.0 { -p * libm::log(p) } else { 0.0 }
    };
    if sum > 0.0 { weights.iter().map(part).sum() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;

    #[test]
    fn counts_a_pattern_that_is_the_claim() {
        let task = Experiment::default().task;
        // 65 [9 3 7 3 8] 66 [3 3 7 8 9]
        let row = (&task as &dyn Task).sequence(&[9, 3, 7, 3, 8]);
        let mut pattern = vec![0.0; 144];
        for (destination, source) in [(7, 2), (8, 3), (9, 5), (10, 1), (11, 1)] {
            pattern[destination * 12 + source] = 0.8;
        }
        (1..12).for_each(|destination| pattern[destination * 12] = 0.1);
        let mut head = Head { places: vec![[0; 3]; 4], ..Head::default() };
        head.count(&task, &row, &pattern);
        // Place 0 holds a 3 that another 3 follows.
        assert_eq!(head.places, [[0, 0, 0], [1, 1, 1], [1, 1, 1], [1, 1, 1]]);
        assert_eq!(head.last, [1, 1]);
        assert!((head.weight.rate().rate - 0.8).abs() < 1e-6 && (head.bos.rate().rate - 1.0).abs() < 1e-6);
    }
}
