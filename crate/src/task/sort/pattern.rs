//! What a head's patterns over sorted lists are counted for.
//!
//! Legend: `L` numbers in a list; the destination of place `i` is the position that holds the `i`-th sorted number
//! (from 0).

use tinylens_lean::argmax;

use super::settings::Sort;
use crate::task::Mean;

/// What is counted of one head.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    /// For each place but the last: destinations, those that attend most to the next larger number, and to one of the
    /// next two.
    pub places: Vec<[u64; 3]>,
    /// Weight on the next larger number.
    pub weight: Mean,
    /// At the last place: destinations, and those that attend most to the largest number, their own.
    pub last: [u64; 2],
    /// Entropy of the attention that BOS gets, over destinations, as a share of the most there can be.
    pub bos: Mean,
}

impl Counts {
    /// Nothing is counted yet.
    pub fn new(task: &Sort) -> Self {
        Self { places: vec![[0; 3]; task.list_length - 1], ..Self::default() }
    }

    /// Counts one list's pattern, `[destination, source]`, over its whole sequence.
    pub fn count(&mut self, task: &Sort, row: &[usize], pattern: &[f32]) {
        let (positions, length) = (row.len(), task.list_length);
        let start = task.prompt_length(length);
        let sorted = &row[start..start + length];
        let weights =
            |place: usize| &pattern[(start + place) * positions..(start + place) * positions + start + place + 1];
        let top = |weights: &[f32]| row[argmax(weights)];
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
    use crate::task::TaskConfig;

    #[test]
    fn counts_a_pattern_that_is_the_claim() {
        let usual = Experiment::default().task;
        // 65 [9 3 7 3 8] 66 [3 3 7 8 9]
        let row = usual.task().sequence(&[9, 3, 7, 3, 8]);
        let TaskConfig::Sort(task) = usual else { panic!("{usual:?}") };
        let mut pattern = vec![0.0; 144];
        for (destination, source) in [(7, 2), (8, 3), (9, 5), (10, 1), (11, 1)] {
            pattern[destination * 12 + source] = 0.8;
        }
        (1..12).for_each(|destination| pattern[destination * 12] = 0.1);
        let mut counts = Counts::new(&task);
        counts.count(&task, &row, &pattern);
        // Place 0 holds a 3 that another 3 follows.
        assert_eq!(counts.places, [[0, 0, 0], [1, 1, 1], [1, 1, 1], [1, 1, 1]]);
        assert_eq!(counts.last, [1, 1]);
        assert!((counts.weight.rate().rate - 0.8).abs() < 1e-6 && (counts.bos.rate().rate - 1.0).abs() < 1e-6);
    }
}
