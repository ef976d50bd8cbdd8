//! LayerNorm and RMSNorm, with and without weights (TransformerLens `LayerNorm`, `LayerNormPre`, `RMSNorm`,
//! `RMSNormPre`).

use burn_tensor::Tensor;

use super::{Hooks, Weights};
use crate::config::{ModelConfig, Normalization};

/// Normalises the residual stream, `[B, T, C]` to `[B, T, C]`; a model without norms leaves it as it is. `name` is the
/// norm's module, e.g. `blocks.0.ln1`.
pub(super) fn norm(x: Tensor<3>, name: &str, config: &ModelConfig, weights: &Weights, hooks: &mut Hooks) -> Tensor<3> {
    match config.normalization_type {
        None => x,
        Some(kind) => norm_as(x, name, kind, config, weights, hooks),
    }
}

/// The norm `kind` over the last axis, with the parameters `w` and `b` that the model has under `name`, if any.
/// `hook_normalized` is the value before they are applied.
pub(super) fn norm_as(
    x: Tensor<3>,
    name: &str,
    kind: Normalization,
    config: &ModelConfig,
    weights: &Weights,
    hooks: &mut Hooks,
) -> Tensor<3> {
    let width = x.dims()[2];
    let centred = match kind {
        Normalization::LN | Normalization::LNPre => x.clone() - x.mean_dim(2),
        Normalization::RMS | Normalization::RMSPre => x,
    };
    let prefix = format!("{name}.");
    let scale = (centred.clone() * centred.clone()).mean_dim(2).add_scalar(config.eps).sqrt();
    let scale = hooks.three(&prefix, "hook_scale", scale);
    let mut out = hooks.three(&prefix, "hook_normalized", centred / scale);
    if let Some(w) = weights.find::<1>(&format!("{name}.w")) {
        out = out * w.reshape([1, 1, width]);
    }
    if let Some(b) = weights.find::<1>(&format!("{name}.b")) {
        out = out + b.reshape([1, 1, width]);
    }
    out
}
