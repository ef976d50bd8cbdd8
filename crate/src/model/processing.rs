//! Weight processing (TransformerLens `load_and_process_state_dict`): the same log probabilities from weights that are
//! easier to interpret.
//!
//! It is done in float64 on the host. A step that would change the log probabilities, as TransformerLens's folding of
//! shortformer's norms does, is skipped with a note.

use std::collections::HashMap;

use super::{Layout, Model};
use crate::config::{Activation, ModelConfig, Normalization, PositionalEmbedding};
use crate::error::Result;

/// Which steps to take; they are taken in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processing {
    /// Folds the weights of every norm into the matrices that read its output; LN becomes LNPre, RMS becomes RMSPre.
    /// After a LayerNorm the matrices are also centered over d_model: their input has mean 0.
    pub fold_ln: bool,
    /// Subtracts its mean over d_model from everything that is written to the residual stream; a LayerNorm removes it
    /// anyway.
    pub center_writing_weights: bool,
    /// Subtracts its mean over the vocabulary from the unembedding; the softmax does not depend on it.
    pub center_unembed: bool,
    /// Folds `b_V` into `b_O`, through `W_O`; the result is the same because the rows of a pattern sum to 1.
    pub fold_value_biases: bool,
}

impl Default for Processing {
    fn default() -> Self {
        Self { fold_ln: true, center_writing_weights: true, center_unembed: true, fold_value_biases: true }
    }
}

impl Model {
    /// The model with processed weights, and a sentence about each requested step that was skipped.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn process_weights(&self, options: &Processing) -> Result<(Self, Vec<String>)> {
        let values = self.read_parameters().await?;
        let mut weights = HostWeights::new(self.config(), self.layout(), &values);
        let mut notes = Vec::new();
        if options.fold_ln {
            notes.extend(weights.fold_ln());
        }
        let layer_norm = matches!(self.config().normalization_type, Some(Normalization::LN | Normalization::LNPre));
        let center = options.center_writing_weights && layer_norm;
        if center {
            weights.center_writing_weights();
        } else if options.center_writing_weights {
            notes.push(
                "The writing weights were not centered: only a LayerNorm removes their mean, and this model has none."
                    .into(),
            );
        }
        if options.center_unembed {
            weights.center_last("unembed.W_U");
            weights.center_last("unembed.b_U");
        }
        if options.fold_value_biases {
            weights.fold_value_biases(center);
        }
        let (config, values) = weights.finish();
        Ok((Self::from_parameters(&config, values, &self.device()), notes))
    }
}

/// A model's parameters under their names, in float64.
struct HostWeights {
    config: ModelConfig,
    values: HashMap<String, Vec<f64>>,
}

impl HostWeights {
    fn new(config: &ModelConfig, layout: &Layout, parameters: &[f32]) -> Self {
        let part = |range: std::ops::Range<usize>| parameters[range].iter().map(|x| f64::from(*x)).collect();
        let values = layout.entries().iter().map(|entry| (entry.name.clone(), part(entry.range()))).collect();
        Self { config: config.clone(), values }
    }

    /// The configuration after processing, and its parameters in the layout's order.
    fn finish(self) -> (ModelConfig, Vec<f32>) {
        let layout = Layout::new(&self.config);
        let parameters =
            layout.entries().iter().flat_map(|entry| &self.values[&entry.name]).map(|x| *x as f32).collect();
        (self.config, parameters)
    }

    /// # Panics
    /// If the model has no parameter of this name: a bug, which no input can cause.
    fn get(&mut self, name: &str) -> &mut Vec<f64> {
        self.values.get_mut(name).unwrap_or_else(|| panic!("the layout has no {name}"))
    }

    /// Folds every norm that has weights; or says why none was folded.
    fn fold_ln(&mut self) -> Option<String> {
        let (after, layer_norm) = match self.config.normalization_type {
            Some(Normalization::LN) => (Normalization::LNPre, true),
            Some(Normalization::RMS) => (Normalization::RMSPre, false),
            _ => return Some("There was no norm to fold: this model has none with weights.".into()),
        };
        if self.config.positional_embedding_type == PositionalEmbedding::Shortformer {
            return Some(
                "The norms were not folded: shortformer adds positions between the norm and the queries and keys."
                    .into(),
            );
        }
        let ModelConfig { n_layers, n_heads, d_model, d_head, d_mlp, d_vocab_out, attn_only, act_fn, .. } = self.config;
        for layer in 0..n_layers {
            let at = |name: &str| format!("blocks.{layer}.{name}");
            for letter in ["Q", "K", "V"] {
                self.fold_one(
                    &at("ln1"),
                    &at(&format!("attn.W_{letter}")),
                    &at(&format!("attn.b_{letter}")),
                    [n_heads, d_model, d_head],
                    layer_norm,
                );
            }
            if !attn_only {
                self.fold_one(&at("ln2"), &at("mlp.W_in"), &at("mlp.b_in"), [1, d_model, d_mlp], layer_norm);
                if act_fn == Activation::SoluLn && layer_norm {
                    self.fold_one(&at("mlp.ln"), &at("mlp.W_out"), &at("mlp.b_out"), [1, d_mlp, d_model], layer_norm);
                }
            }
        }
        self.fold_one("ln_final", "unembed.W_U", "unembed.b_U", [1, d_model, d_vocab_out], layer_norm);
        self.config.normalization_type = Some(after);
        None
    }

    /// Folds the norm named `norm` into the matrices `matrix`, `[heads, read, write]`, and their bias,
    /// `[heads, write]`.
    fn fold_one(&mut self, norm: &str, matrix: &str, bias: &str, [heads, read, write]: [usize; 3], layer_norm: bool) {
        let w = self.values[&format!("{norm}.w")].clone();
        let b = self.values.get(&format!("{norm}.b")).cloned();
        let mut matrices = std::mem::take(self.get(matrix));
        for head in 0..heads {
            let values = &mut matrices[head * read * write..(head + 1) * read * write];
            if let Some(b) = &b {
                let bias = &mut self.get(bias)[head * write..(head + 1) * write];
                for (row, b) in values.chunks(write).zip(b) {
                    bias.iter_mut().zip(row).for_each(|(bias, x)| *bias += b * x);
                }
            }
            for (row, w) in values.chunks_mut(write).zip(&w) {
                row.iter_mut().for_each(|x| *x *= w);
            }
            if layer_norm {
                for column in 0..write {
                    let mean = values.iter().skip(column).step_by(write).sum::<f64>() / read as f64;
                    values.iter_mut().skip(column).step_by(write).for_each(|x| *x -= mean);
                }
            }
        }
        *self.get(matrix) = matrices;
    }

    /// Centers everything that is written to the residual stream over d_model.
    fn center_writing_weights(&mut self) {
        let mut names = vec!["embed.W_E".to_string()];
        // Only standard positional embeddings are written to the residual stream.
        if self.config.positional_embedding_type == PositionalEmbedding::Standard {
            names.push("pos_embed.W_pos".into());
        }
        for layer in 0..self.config.n_layers {
            names.extend(["attn.W_O", "attn.b_O"].map(|name| format!("blocks.{layer}.{name}")));
            if !self.config.attn_only {
                names.extend(["mlp.W_out", "mlp.b_out"].map(|name| format!("blocks.{layer}.{name}")));
            }
        }
        for name in names {
            let width = self.config.d_model;
            center(self.get(&name), width);
        }
    }

    /// Centers a matrix or vector over its last axis, which is the output vocabulary.
    fn center_last(&mut self, name: &str) {
        let width = self.config.d_vocab_out;
        center(self.get(name), width);
    }

    /// Folds every `b_V` into `b_O`. `centered`: whether the writing weights are, which `b_O` must then be again.
    fn fold_value_biases(&mut self, centered: bool) {
        let width = self.config.d_model;
        for layer in 0..self.config.n_layers {
            let at = |name: &str| format!("blocks.{layer}.attn.{name}");
            let b_v = std::mem::take(self.get(&at("b_V")));
            let w_o = std::mem::take(self.get(&at("W_O")));
            let b_o = self.get(&at("b_O"));
            for (row, b) in w_o.chunks(width).zip(&b_v) {
                b_o.iter_mut().zip(row).for_each(|(out, x)| *out += b * x);
            }
            if centered {
                center(b_o, width);
            }
            *self.get(&at("W_O")) = w_o;
            *self.get(&at("b_V")) = vec![0.0; b_v.len()];
        }
    }
}

/// Subtracts its mean from every row of `width` values.
fn center(values: &mut [f64], width: usize) {
    for row in values.chunks_mut(width) {
        let mean = row.iter().sum::<f64>() / width as f64;
        row.iter_mut().for_each(|x| *x -= mean);
    }
}
