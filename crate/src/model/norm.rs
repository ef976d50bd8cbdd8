//! LayerNorm and RMSNorm, with and without weights (TransformerLens `LayerNorm`, `LayerNormPre`, `RMSNorm`, `RMSNormPre`).

use burn::tensor::Tensor;

use super::{Cache, Weights};
use crate::config::{ModelConfig, Normalization};

/// Normalises the residual stream, `[B, T, C]` to `[B, T, C]`; without a norm it is left as it is. `name` is the norm's place,
/// e.g. `blocks.0.ln1`. `hook_normalized` is before `w` and `b`.
pub(super) fn norm(x: Tensor<3>, name: &str, config: &ModelConfig, weights: &Weights, cache: &mut Cache) -> Tensor<3> {
    let centred = match config.normalization_type {
        None => return x,
        Some(Normalization::LN | Normalization::LNPre) => x.clone() - x.mean_dim(2),
        Some(Normalization::RMS | Normalization::RMSPre) => x,
    };
    let prefix = format!("{name}.");
    let scale = (centred.clone() * centred.clone()).mean_dim(2).add_scalar(config.eps).sqrt();
    cache.three(&prefix, "hook_scale", &scale);
    let mut out = centred / scale;
    cache.three(&prefix, "hook_normalized", &out);
    if let Some(w) = weights.find::<1>(&format!("{name}.w")) {
        out = out * w.reshape([1, 1, config.d_model]);
    }
    if let Some(b) = weights.find::<1>(&format!("{name}.b")) {
        out = out + b.reshape([1, 1, config.d_model]);
    }
    out
}
