//! Choosing the next token from logits, in TransformerLens's order of operations (`utils.sample_logits`).

use tinylens_lean::argmax;

use crate::error::{Error, Result};
use crate::random::{At, Stream, block};

/// How tokens are generated. The default is greedy.
#[derive(Clone, Debug, PartialEq)]
pub struct Generation {
    pub max_new_tokens: usize,
    /// Logits are divided by it; 0: the likeliest token, whatever else is set.
    pub temperature: f64,
    /// Only the likeliest this many (and their equals) can come.
    pub top_k: Option<usize>,
    /// Only the likeliest that together just exceed this probability can come; without effect beside `top_k`.
    pub top_p: Option<f64>,
    /// Taken from a token's logit, after the temperature, for every time that it stands in the sequence, prompt included.
    pub freq_penalty: f64,
    /// Ends a sequence. It is filled up with this token until all of equal prompt length have ended.
    pub stop_token: Option<usize>,
    pub seed: u32,
}

impl Default for Generation {
    fn default() -> Self {
        Self {
            max_new_tokens: 0,
            temperature: 0.0,
            top_k: None,
            top_p: None,
            freq_penalty: 0.0,
            stop_token: None,
            seed: 0,
        }
    }
}

impl Generation {
    /// Greedy, this many tokens.
    pub fn greedy(max_new_tokens: usize) -> Self {
        Self { max_new_tokens, ..Self::default() }
    }

    /// # Errors
    /// If a field is out of its range.
    pub fn check(&self) -> Result<()> {
        let wrong = |field: &str, value: String, range: &str| {
            Err(Error::new(format!("options.{field} is {value}; it must be {range}.")))
        };
        if !(self.temperature.is_finite() && self.temperature >= 0.0) {
            return wrong("temperature", self.temperature.to_string(), "a number from 0 (greedy)");
        }
        if self.top_k == Some(0) {
            return wrong("topK", "0".into(), "a whole number from 1");
        }
        if let Some(p) = self.top_p.filter(|p| !(*p > 0.0 && *p <= 1.0)) {
            return wrong("topP", p.to_string(), "a number above 0, up to 1");
        }
        if !(self.freq_penalty.is_finite() && self.freq_penalty >= 0.0) {
            return wrong("freqPenalty", self.freq_penalty.to_string(), "a number from 0");
        }
        Ok(())
    }

    /// The next token of row number `row`, whose tokens so far are `tokens`. The same seed, row and length draw the same.
    pub(super) fn choose(&self, logits: &[f32], tokens: &[usize], row: usize) -> usize {
        if self.temperature == 0.0 {
            return argmax(logits);
        }
        let logits = self.filter(logits, tokens);
        let max = logits.iter().fold(f32::NEG_INFINITY, |max, x| max.max(*x));
        let weights: Vec<f64> = logits.iter().map(|x| libm::exp(f64::from(x - max))).collect();
        let [high, low, ..] =
            block(self.seed, Stream::Sample, At { step: tokens.len() as u32, index: row as u32, lane: 0 });
        let draw = (f64::from(high) + f64::from(low) / 4_294_967_296.0) / 4_294_967_296.0;
        let mut left = draw * weights.iter().sum::<f64>();
        let drawn = weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        // Only by rounding, or without a number among the logits, does none come.
        drawn.unwrap_or_else(|| argmax(&logits))
    }

    /// The logits that the draw is made from, for a temperature above 0.
    pub fn filter(&self, logits: &[f32], tokens: &[usize]) -> Vec<f32> {
        let mut logits: Vec<f32> = logits.iter().map(|x| x / self.temperature as f32).collect();
        if self.freq_penalty > 0.0 {
            for token in tokens {
                if let Some(logit) = logits.get_mut(*token) {
                    *logit -= self.freq_penalty as f32;
                }
            }
        }
        let mut order: Vec<usize> = (0..logits.len()).collect();
        order.sort_by(|a, b| logits[*b].total_cmp(&logits[*a]));
        if let Some(k) = self.top_k {
            let least = logits[order[k.min(logits.len()) - 1]];
            logits.iter_mut().filter(|x| **x < least).for_each(|x| *x = f32::NEG_INFINITY);
        } else if let Some(p) = self.top_p {
            let max = logits[order[0]];
            let weights: Vec<f64> = order.iter().map(|token| libm::exp(f64::from(logits[*token] - max))).collect();
            let total: f64 = weights.iter().sum();
            let mut before = 0.0;
            for (token, weight) in order.iter().zip(weights) {
                if before > p * total {
                    logits[*token] = f32::NEG_INFINITY;
                }
                before += weight;
            }
        }
        logits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_each_token_as_often_as_its_probability_says() {
        let options = Generation { temperature: 2.0, seed: 7, ..Generation::default() };
        let logits = [0.0, 2.0, 4.0];
        let mut counts = [0f64; 3];
        for row in 0..30_000 {
            counts[options.choose(&logits, &[0, 1], row)] += 1.0;
        }
        let total = 1.0 + 1f64.exp() + 2f64.exp();
        for (count, weight) in counts.iter().zip([1.0, 1f64.exp(), 2f64.exp()]) {
            assert!((count / 30_000.0 - weight / total).abs() < 0.01, "{counts:?}");
        }
    }

    #[test]
    fn the_same_seed_draws_the_same_and_another_does_not() {
        let logits: Vec<f32> = (0..50).map(|x| (x % 7) as f32 * 0.1).collect();
        let draw = |seed: u32| {
            let options = Generation { temperature: 1.0, seed, ..Generation::default() };
            (0..20).map(|row| options.choose(&logits, &[1, 2, 3], row)).collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn options_out_of_range_are_named() {
        for (options, field) in [
            (Generation { temperature: -1.0, ..Generation::default() }, "temperature"),
            (Generation { top_k: Some(0), ..Generation::default() }, "topK"),
            (Generation { top_p: Some(0.0), ..Generation::default() }, "topP"),
            (Generation { freq_penalty: f64::NAN, ..Generation::default() }, "freqPenalty"),
        ] {
            let message = options.check().unwrap_err().to_string();
            assert!(message.contains(field), "{message}");
        }
    }
}
