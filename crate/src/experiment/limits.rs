//! Limits that involve several fields of a model and its training: what would be too large, or does not fit together.

use crate::config::{ConfigError, ModelConfig, PositionalEmbedding, TrainConfig};
use crate::model::Layout;
use crate::task::{TaskConfig, trained};

/// Most parameters of a model: as float32 they take the 256 MB that a file may have.
pub(super) const MAX_PARAMETERS: usize = 64_000_000;

/// Most parameters of a model that is trained. With gradients and Adam's state each takes 16 bytes of a browser tab.
pub(super) const MAX_TRAINED: usize = 20_000_000;

/// Most bytes of activations and gradients in a training step: half of what a wasm module can address.
pub(super) const MAX_STEP_BYTES: f64 = 2e9;

/// Why there are too few inputs to train on: none at all, or fewer than a batch has.
pub(super) fn batch_error(task: &TaskConfig, train: &TrainConfig) -> Option<ConfigError> {
    let size = train.batch_size;
    let error = |message| Some(ConfigError::new("train.batch_size", message));
    let Some(fraction) = train.train_fraction else {
        let samples = train.num_samples.filter(|samples| size > *samples)?;
        return error(format!("train.batch_size is {size}; it must be at most train.num_samples, {samples}."));
    };
    let refuse = |why: String| {
        Some(ConfigError::new("train.train_fraction", format!("train.train_fraction is {fraction}; {why}")))
    };
    let Some(count) = task.task().inputs().all() else {
        return refuse(
            "lists can all be gone through only if they have one length, numbers may repeat, and there are at most \
             2147483648 of them."
                .into(),
        );
    };
    let trained = trained(fraction, count);
    if trained == 0 || trained == count {
        return refuse(format!("of the {count} lists there are, at least one must be trained on and one held out."));
    }
    if size <= trained as usize {
        return None;
    }
    error(format!(
        "train.batch_size is {size}; it must be at most the {trained} lists that train.train_fraction takes."
    ))
}

/// Contradictions between a model's fields; among them, fields that together make more than `most` parameters.
pub(super) fn contradictions_of_model(model: &ModelConfig, most: usize) -> Vec<ConfigError> {
    let mut errors = Vec::new();
    let rotary = model.positional_embedding_type == PositionalEmbedding::Rotary;
    if rotary && (!model.rotary_dim.is_multiple_of(2) || model.rotary_dim > model.d_head) {
        let message = format!(
            "model.rotary_dim is {}; it must be an even number of at most model.d_head, {}.",
            model.rotary_dim, model.d_head
        );
        errors.push(ConfigError::new("model.rotary_dim", message));
    }
    errors.extend(fits(model, most).err().map(|message| ConfigError::new("model.d_model", message)));
    errors
}

/// Checks that a model has at most `most` parameters.
///
/// # Errors
/// A sentence that gives its size and the most that is allowed.
fn fits(model: &ModelConfig, most: usize) -> Result<(), String> {
    let parameters = Layout::new(model).len();
    if parameters <= most {
        return Ok(());
    }
    Err(format!(
        "This model would have {parameters} parameters; at most {most} are allowed here. Choose a smaller d_model, \
         d_head, d_mlp, d_vocab or n_layers."
    ))
}

/// Roughly what a training step allocates for activations and their gradients, in bytes.
pub(super) fn step_bytes(model: &ModelConfig, batch: usize, positions: usize) -> f64 {
    let rows = (batch * positions) as f64;
    let patterns = (batch * model.n_heads * positions * positions) as f64;
    let mlp = if model.attn_only { 0 } else { 4 * model.d_mlp };
    let layer = rows * (6 * model.d_model + 5 * model.n_heads * model.d_head + mlp) as f64 + 5.0 * patterns;
    4.0 * 2.0 * (model.n_layers as f64 * layer + rows * (2 * model.d_vocab + 2 * model.d_vocab_out) as f64)
}
