//! What the model predicts at each position of a sequence, where its heads attend, and how much they read from there.

use burn_tensor::Tensor;

use super::{Cached, Hooks, Intervention, Model, Tokens, Weights, argmax, read};
use crate::config::Quantity;
use crate::device::product;
use crate::error::{Error, Result};

/// The most sequences that a mean reads in one forward pass.
const MOST_A_PASS: usize = 200;

/// What the page shows of a forward pass over one sequence of `T` tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// The most likely next token at each position, and its probability; `[T]`.
    pub predictions: Vec<(usize, f32)>,
    /// Attention weights, `[n_layers, n_heads, T, T]` (destination, source).
    pub pattern: Vec<f32>,
    /// The requested quantity, in the shape of the pattern; `None` if that is the pattern itself.
    pub quantity: Option<Vec<f32>>,
    /// `[n_layers, n_heads, T, T]`.
    pub pattern_shape: [usize; 4],
}

impl Model {
    /// Predictions, patterns and a quantity of one sequence, under interventions.
    ///
    /// # Errors
    /// If there is no token, or there are too many, or one is not in the vocabulary; if an intervention does not fit;
    /// if the device fails.
    pub async fn look(&self, tokens: &[usize], interventions: &[Intervention], quantity: Quantity) -> Result<Look> {
        let config = self.config();
        let tokens = Tokens::new(&[tokens.to_vec()], config)?;
        let positions = tokens.positions;
        Intervention::check_all(interventions, config, 1, positions)?;
        let weights = self.weights();
        let mut hooks = Hooks::names(self.hooks_for(quantity)).with(interventions);
        let logits = self.logits(&weights, tokens.tensor(&self.device()), None, 0..positions, &mut hooks);
        let cache = hooks.cache;
        let pattern = read(Tensor::cat(of_each_layer(&cache, "attn.hook_pattern"), 0)).await?;
        let quantity = match quantity {
            Quantity::Pattern => None,
            other => Some(read(Tensor::cat(self.quantities(&weights, &cache, other), 0)).await?),
        };
        let predictions = read(logits).await?.chunks_exact(config.d_vocab_out).map(most_likely).collect();
        Ok(Look {
            predictions,
            pattern,
            quantity,
            pattern_shape: [config.n_layers, config.n_heads, positions, positions],
        })
    }

    /// The mean of a quantity over sequences of equal length, `[n_layers, n_heads, T, T]`. An intervention with the
    /// mean over the batch ([`Action::Mean`](super::Action::Mean)) takes it over the sequences of one forward pass,
    /// which are as many as [`Model::sequences_a_pass`] says.
    ///
    /// # Errors
    /// As [`Model::look`]; if there is no sequence, or the sequences differ in length.
    pub async fn mean_look(
        &self,
        rows: &[Vec<usize>],
        interventions: &[Intervention],
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
        // Without any sequence there is one empty pass, for `Tokens::new` to refuse.
        let passes = if rows.is_empty() {
            vec![rows]
        } else {
            rows.chunks(self.sequences_a_pass(positions.max(1), MOST_A_PASS)).collect()
        };
        for pass in passes {
            let tokens = Tokens::new(pass, self.config())?;
            Intervention::check_all(interventions, self.config(), tokens.batch, positions)?;
            let mut hooks = Hooks::names(self.hooks_for(quantity)).with(interventions);
            self.logits(&weights, tokens.tensor(&self.device()), None, positions - 1..positions, &mut hooks);
            let layers = self.quantities(&weights, &hooks.cache, quantity);
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

    /// Each layer's patterns of sequences of equal length, `[B, H, T, T]` (destination, source), in row order.
    ///
    /// # Errors
    /// As [`Model::mean_look`].
    pub async fn patterns(&self, rows: &[Vec<usize>]) -> Result<Vec<Vec<f32>>> {
        let tokens = Tokens::new(rows, self.config())?;
        let mut hooks = Hooks::names(self.hooks_for(Quantity::Pattern));
        let last = tokens.positions - 1..tokens.positions;
        self.logits(&self.weights(), tokens.tensor(&self.device()), None, last, &mut hooks);
        let mut patterns = Vec::new();
        for pattern in of_each_layer(&hooks.cache, "attn.hook_pattern") {
            patterns.push(read(pattern).await?);
        }
        Ok(patterns)
    }

    /// The names of the hooks that a quantity is computed from; the pattern is always among them.
    fn hooks_for(&self, quantity: Quantity) -> Vec<String> {
        let other = match quantity {
            Quantity::Pattern => None,
            Quantity::Scores => Some("attn.hook_attn_scores"),
            Quantity::ValueWeighted | Quantity::OutputWeighted => Some("attn.hook_v"),
        };
        let names = ["attn.hook_pattern"].into_iter().chain(other);
        (0..self.config().n_layers)
            .flat_map(|layer| names.clone().map(move |name| format!("blocks.{layer}.{name}")))
            .collect()
    }

    /// Each layer's quantity, `[B, H, T, T]`, from the cache of its hooks.
    fn quantities(&self, weights: &Weights, cache: &[(String, Cached)], quantity: Quantity) -> Vec<Tensor<4>> {
        let patterns = of_each_layer(cache, "attn.hook_pattern");
        let values = || of_each_layer(cache, "attn.hook_v");
        match quantity {
            Quantity::Pattern => patterns,
            Quantity::Scores => of_each_layer(cache, "attn.hook_attn_scores"),
            Quantity::ValueWeighted => {
                patterns.into_iter().zip(values()).map(|(pattern, v)| pattern * norms(v.swap_dims(1, 2))).collect()
            }
            Quantity::OutputWeighted => {
                let write = |(layer, (pattern, v)): (usize, (Tensor<4>, Tensor<4>))| {
                    let [batch, positions, heads, d_head] = v.dims();
                    let w_o = weights.get::<3>(&format!("blocks.{layer}.attn.W_O"));
                    // One product for each head, over all sequences: [H, B T, D] by [H, D, C].
                    let rows = v.swap_dims(0, 2).swap_dims(1, 2).reshape([heads, batch * positions, d_head]);
                    let written = product(rows, w_o).reshape([heads, batch, positions, self.config().d_model]);
                    pattern * norms(written.swap_dims(0, 1))
                };
                patterns.into_iter().zip(values()).enumerate().map(write).collect()
            }
        }
    }
}

/// The norms of the vectors `[B, H, T, D]`, one for each source: `[B, H, 1, T]`.
fn norms(vectors: Tensor<4>) -> Tensor<4> {
    vectors.clone().mul(vectors).sum_dim(3).sqrt().swap_dims(2, 3)
}

/// The activation of this hook in each layer, in the order of the layers.
fn of_each_layer(cache: &[(String, Cached)], hook: &str) -> Vec<Tensor<4>> {
    let cached = cache.iter().filter(|(name, _)| name.ends_with(hook));
    cached.filter_map(|(_, value)| if let Cached::Four(value) = value { Some(value.clone()) } else { None }).collect()
}

/// The most likely token of a row of logits `[V out]`, and its probability.
fn most_likely(logits: &[f32]) -> (usize, f32) {
    let token = argmax(logits);
    let sum: f64 = logits.iter().map(|x| libm::exp(f64::from(x - logits[token]))).sum();
    (token, (1.0 / sum) as f32)
}
