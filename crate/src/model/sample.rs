//! The choice of the next token from logits, in TransformerLens's order of operations (`utils.sample_logits`).

use tinylens_lean::argmax;

use crate::error::{Error, Result};
use crate::random::{At, Stream, block};

/// How tokens are generated. The default is greedy.
#[derive(Clone, Debug, PartialEq)]
pub struct Generation {
    /// How many tokens are generated, unless the stop token ends a sequence before.
    pub max_new_tokens: usize,
    /// Logits are divided by it. 0 always chooses the most likely token, whatever else is set.
    pub temperature: f64,
    /// Only so many of the most likely tokens can be drawn, and those as likely as the last of them.
    pub top_k: Option<usize>,
    /// Only the smallest set of most likely tokens whose total probability exceeds this can be drawn. It has no effect
    /// if `top_k` is set.
    pub top_p: Option<f64>,
    /// Subtracted from a token's logit, after the division by the temperature, once for each occurrence of the token in
    /// the sequence, prompt included.
    pub freq_penalty: f64,
    /// Ends a sequence. The sequence is filled up with this token until all sequences with the same prompt length have
    /// ended.
    pub stop_token: Option<usize>,
    /// Seed of the draws.
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
    /// Greedy generation of `max_new_tokens` tokens.
    pub fn greedy(max_new_tokens: usize) -> Self {
        Self { max_new_tokens, ..Self::default() }
    }

    /// Whether every field is within its range.
    ///
    /// # Errors
    /// If one is not; the error calls the whole `options`, and the field by its name in JavaScript.
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

    /// The next token of row number `row`, whose tokens so far are `tokens`. `logits` are `[V out]`. The random number
    /// is a function of the seed, the row and the number of tokens.
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
        // None is drawn after an unlucky rounding, or if the logits are NaN.
        drawn.unwrap_or_else(|| argmax(&logits))
    }

    /// The logits that a token is drawn from, `[V out]`: -inf for a token that cannot be drawn. For temperatures above
    /// 0.
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
    fn tokens_are_drawn_with_their_probabilities() {
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
    fn the_same_seed_repeats_the_draws_and_another_does_not() {
        let logits: Vec<f32> = (0..50).map(|x| (x % 7) as f32 * 0.1).collect();
        let draw = |seed: u32| {
            let options = Generation { temperature: 1.0, seed, ..Generation::default() };
            (0..20).map(|row| options.choose(&logits, &[1, 2, 3], row)).collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn an_option_out_of_range_is_refused_by_name() {
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
