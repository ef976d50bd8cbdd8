//! One sequence under the microscope: what the model predicts at each position and where each head attends.

use burn::tensor::Tensor;

use super::{Activation, Hooks, Intervention, Model, Tokens, argmax, read};
use crate::error::Result;

/// A forward pass over one sequence of `T` tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// The likeliest next token at each position, and its probability.
    pub predictions: Vec<(usize, f32)>,
    /// `[n_layers, n_heads, T, T]`: layer, head, destination, source.
    pub pattern: Vec<f32>,
    pub pattern_shape: [usize; 4],
}

impl Model {
    /// # Errors
    /// If the tokens are none, too many, or not in the vocabulary; if an intervention does not fit; if the device fails.
    pub async fn look(&self, tokens: &[usize], changes: &[Intervention]) -> Result<Look> {
        let config = self.config();
        let tokens = Tokens::new(&[tokens.to_vec()], config)?;
        let positions = tokens.positions;
        for (number, change) in changes.iter().enumerate() {
            change.check(&format!("interventions[{number}]"), config, 1, positions)?;
        }
        let hooks = (0..config.n_layers).map(|layer| format!("blocks.{layer}.attn.hook_pattern")).collect();
        let mut hooks = Hooks::names(hooks).with(changes);
        let logits = self.logits(&self.weights(), tokens.tensor(&self.device()), None, 0..positions, &mut hooks);
        let patterns: Vec<Tensor<4>> =
            hooks.found.into_iter().filter_map(|(_, value)| if let Activation::Four(value) = value { Some(value) } else { None }).collect();
        let pattern = read(Tensor::cat(patterns, 0)).await?;
        let predictions = read(logits).await?.chunks_exact(config.d_vocab_out).map(likeliest).collect();
        Ok(Look { predictions, pattern, pattern_shape: [config.n_layers, config.n_heads, positions, positions] })
    }
}

impl Model {
    /// Every layer's patterns of these sequences, `[B, H, T, T]` (destination, source), row by row.
    ///
    /// # Errors
    /// As [`Model::look`]; if the sequences differ in length.
    pub async fn patterns(&self, rows: &[Vec<usize>]) -> Result<Vec<Vec<f32>>> {
        let tokens = Tokens::new(rows, self.config())?;
        let names = (0..self.config().n_layers).map(|layer| format!("blocks.{layer}.attn.hook_pattern")).collect();
        let mut hooks = Hooks::names(names);
        let last = tokens.positions - 1..tokens.positions;
        self.logits(&self.weights(), tokens.tensor(&self.device()), None, last, &mut hooks);
        let mut patterns = Vec::new();
        for (_, value) in hooks.found {
            if let Activation::Four(value) = value {
                patterns.push(read(value).await?);
            }
        }
        Ok(patterns)
    }
}

/// The likeliest token of a row of logits, and its probability.
fn likeliest(logits: &[f32]) -> (usize, f32) {
    let token = argmax(logits);
    let sum: f64 = logits.iter().map(|x| libm::exp(f64::from(x - logits[token]))).sum();
    (token, (1.0 / sum) as f32)
}
