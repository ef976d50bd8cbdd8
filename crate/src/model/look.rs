//! Sequences under the microscope: what the model predicts at each position, where each head attends, and what it fetches there.

use burn::tensor::Tensor;

use super::{Activation, Hooks, Intervention, Model, Tokens, Weights, argmax, read};
use crate::config::Quantity;
use crate::error::{Error, Result};

/// Sequences that a mean reads at once, at most.
const MOST_A_PASS: usize = 200;

/// A forward pass over one sequence of `T` tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// The likeliest next token at each position, and its probability.
    pub predictions: Vec<(usize, f32)>,
    /// `[n_layers, n_heads, T, T]`: layer, head, destination, source.
    pub pattern: Vec<f32>,
    /// What was asked for beside the pattern, of the same shape; `None`: nothing.
    pub quantity: Option<Vec<f32>>,
    pub pattern_shape: [usize; 4],
}

impl Model {
    /// # Errors
    /// If the tokens are none, too many, or not in the vocabulary; if an intervention does not fit; if the device fails.
    pub async fn look(&self, tokens: &[usize], changes: &[Intervention], quantity: Quantity) -> Result<Look> {
        let config = self.config();
        let tokens = Tokens::new(&[tokens.to_vec()], config)?;
        let positions = tokens.positions;
        check(changes, self, &tokens)?;
        let weights = self.weights();
        let mut hooks = Hooks::names(self.hooks_for(quantity)).with(changes);
        let logits = self.logits(&weights, tokens.tensor(&self.device()), None, 0..positions, &mut hooks);
        let found = hooks.found;
        let pattern = read(Tensor::cat(of_each_layer(&found, "attn.hook_pattern"), 0)).await?;
        let quantity = match quantity {
            Quantity::Pattern => None,
            other => Some(read(Tensor::cat(self.quantities(&weights, &found, other), 0)).await?),
        };
        let predictions = read(logits).await?.chunks_exact(config.d_vocab_out).map(likeliest).collect();
        Ok(Look {
            predictions,
            pattern,
            quantity,
            pattern_shape: [config.n_layers, config.n_heads, positions, positions],
        })
    }

    /// The mean of a quantity over sequences of one length, `[n_layers, n_heads, T, T]`. Interventions act on all sequences of a pass together:
    /// a mean is then one over these, and a pass has as many as memory allows.
    ///
    /// # Errors
    /// As [`Model::look`]; if the sequences differ in length.
    pub async fn mean_look(
        &self,
        rows: &[Vec<usize>],
        changes: &[Intervention],
        quantity: Quantity,
    ) -> Result<Vec<f32>> {
        let positions = rows.first().map_or(0, Vec::len);
        if let Some(other) = rows.iter().find(|row| row.len() != positions) {
            let message =
                format!("The sequences have {positions} and {} tokens; all must be equally long.", other.len());
            return Err(Error::new(message));
        }
        let weights = self.weights();
        let mut sum: Vec<f32> = Vec::new();
        // None at all is a pass too, which says so.
        let passes = if rows.is_empty() {
            vec![rows]
        } else {
            rows.chunks(self.sequences_a_pass(positions.max(1), MOST_A_PASS)).collect()
        };
        for pass in passes {
            let tokens = Tokens::new(pass, self.config())?;
            check(changes, self, &tokens)?;
            let mut hooks = Hooks::names(self.hooks_for(quantity)).with(changes);
            self.logits(&weights, tokens.tensor(&self.device()), None, positions - 1..positions, &mut hooks);
            let layers = self.quantities(&weights, &hooks.found, quantity);
            let part = read(Tensor::cat(layers.into_iter().map(|layer| layer.sum_dim(0)).collect(), 0)).await?;
            if sum.is_empty() {
                sum = part;
            } else {
                sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
            }
        }
        sum.iter_mut().for_each(|sum| *sum /= rows.len() as f32);
        Ok(sum)
    }

    /// Every layer's patterns of these sequences, `[B, H, T, T]` (destination, source), row by row.
    ///
    /// # Errors
    /// As [`Model::look`]; if the sequences differ in length.
    pub async fn patterns(&self, rows: &[Vec<usize>]) -> Result<Vec<Vec<f32>>> {
        let tokens = Tokens::new(rows, self.config())?;
        let mut hooks = Hooks::names(self.hooks_for(Quantity::Pattern));
        let last = tokens.positions - 1..tokens.positions;
        self.logits(&self.weights(), tokens.tensor(&self.device()), None, last, &mut hooks);
        let mut patterns = Vec::new();
        for pattern in of_each_layer(&hooks.found, "attn.hook_pattern") {
            patterns.push(read(pattern).await?);
        }
        Ok(patterns)
    }

    /// The hooks that a quantity is made from; the pattern is always among them.
    fn hooks_for(&self, quantity: Quantity) -> Vec<String> {
        let beside = match quantity {
            Quantity::Pattern => None,
            Quantity::Scores => Some("attn.hook_attn_scores"),
            Quantity::ValueWeighted | Quantity::OutputWeighted => Some("attn.hook_v"),
        };
        let names = ["attn.hook_pattern"].into_iter().chain(beside);
        (0..self.config().n_layers)
            .flat_map(|layer| names.clone().map(move |name| format!("blocks.{layer}.{name}")))
            .collect()
    }

    /// Of each layer `[B, H, T, T]`, from what its hooks kept.
    fn quantities(&self, weights: &Weights, found: &[(String, Activation)], quantity: Quantity) -> Vec<Tensor<4>> {
        let patterns = of_each_layer(found, "attn.hook_pattern");
        let values = || of_each_layer(found, "attn.hook_v");
        match quantity {
            Quantity::Pattern => patterns,
            Quantity::Scores => of_each_layer(found, "attn.hook_attn_scores"),
            Quantity::ValueWeighted => {
                patterns.into_iter().zip(values()).map(|(pattern, v)| pattern * norms(v.swap_dims(1, 2))).collect()
            }
            Quantity::OutputWeighted => {
                let write = |(layer, (pattern, v)): (usize, (Tensor<4>, Tensor<4>))| {
                    let [batch, positions, heads, d_head] = v.dims();
                    let w_o = weights.get::<3>(&format!("blocks.{layer}.attn.W_O"));
                    // A product for each head over all sequences: [H, B T, D] by [H, D, C].
                    let rows = v.swap_dims(0, 2).swap_dims(1, 2).reshape([heads, batch * positions, d_head]);
                    let written = rows.matmul(w_o).reshape([heads, batch, positions, self.config().d_model]);
                    pattern * norms(written.swap_dims(0, 1))
                };
                patterns.into_iter().zip(values()).enumerate().map(write).collect()
            }
        }
    }
}

/// Lengths of the vectors in `[B, H, T, D]`, as `[B, H, 1, T]`: one for each source.
fn norms(vectors: Tensor<4>) -> Tensor<4> {
    vectors.clone().mul(vectors).sum_dim(3).sqrt().swap_dims(2, 3)
}

/// What each layer's hook of this name kept, in the order of the layers.
fn of_each_layer(found: &[(String, Activation)], hook: &str) -> Vec<Tensor<4>> {
    let kept = found.iter().filter(|(name, _)| name.ends_with(hook));
    kept.filter_map(|(_, value)| if let Activation::Four(value) = value { Some(value.clone()) } else { None }).collect()
}

fn check(changes: &[Intervention], model: &Model, tokens: &Tokens) -> Result<()> {
    changes.iter().enumerate().try_for_each(|(number, change)| {
        change.check(&format!("interventions[{number}]"), model.config(), tokens.batch, tokens.positions)
    })
}

/// The likeliest token of a row of logits, and its probability.
fn likeliest(logits: &[f32]) -> (usize, f32) {
    let token = argmax(logits);
    let sum: f64 = logits.iter().map(|x| libm::exp(f64::from(x - logits[token]))).sum();
    (token, (1.0 / sum) as f32)
}
