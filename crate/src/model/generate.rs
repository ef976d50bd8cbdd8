//! Greedy generation: the likeliest next token, again and again.

use std::collections::BTreeMap;

use super::{Cache, Model, Tokens, read};
use crate::error::{Error, Result};

impl Model {
    /// Each prompt followed by `new_tokens` greedy tokens. Prompts may differ in length.
    ///
    /// # Errors
    /// If a prompt is empty, has a token outside the vocabulary or would grow past `n_ctx`; if the device fails.
    pub async fn generate(&self, prompts: &[Vec<usize>], new_tokens: usize) -> Result<Vec<Vec<usize>>> {
        let n_ctx = self.config().n_ctx;
        for (number, prompt) in prompts.iter().enumerate() {
            Tokens::check_row(prompt, &format!("prompts[{number}]"), self.config())?;
            if new_tokens > 0 && prompt.len() + new_tokens > n_ctx {
                let message = format!(
                    "prompts[{number}] has {} tokens and {new_tokens} more are asked for; this model has {n_ctx} positions (n_ctx).",
                    prompt.len()
                );
                return Err(Error::new(message));
            }
        }
        let mut by_length: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, prompt) in prompts.iter().enumerate() {
            by_length.entry(prompt.len()).or_default().push(number);
        }
        let mut out = prompts.to_vec();
        for numbers in by_length.into_values() {
            let mut rows: Vec<Vec<usize>> = numbers.iter().map(|number| prompts[*number].clone()).collect();
            for _ in 0..new_tokens {
                let next = self.next(&Tokens::new(&rows, self.config())?).await?;
                rows.iter_mut().zip(next).for_each(|(row, next)| row.push(next));
            }
            for (number, row) in numbers.into_iter().zip(rows) {
                out[number] = row;
            }
        }
        Ok(out)
    }

    /// The likeliest token after each sequence; the first of equals.
    pub(crate) async fn next(&self, tokens: &Tokens) -> Result<Vec<usize>> {
        let last = tokens.positions - 1..tokens.positions;
        let logits = self.logits(&self.weights(), tokens.tensor(&self.device()), last, &mut Cache::none());
        Ok(read(logits).await?.chunks_exact(self.config().d_vocab).map(argmax).collect())
    }
}

/// The index of the largest value, the first of equals; 0 if none is a number.
pub(crate) fn argmax(values: &[f32]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] || values[best].is_nan() {
            best = index;
        }
    }
    best
}
