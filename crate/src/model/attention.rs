//! The self-attention of a layer (TransformerLens `Attention`).

use burn_tensor::{Bool, Tensor, TensorData, activation};

use super::rotary::Rotary;
use super::{Hooks, Padding, Weights};
use crate::config::{AttentionDirection, ModelConfig};
use crate::device::product;

/// What attention knows about positions; the same in all layers of a forward pass.
pub(super) struct Positional<'a> {
    /// Shortformer's positional embeddings, `[B or 1, T, C]`, added to the input of queries and keys.
    pub shortformer: Option<Tensor<3>>,
    /// The rotation of queries and keys.
    pub rotary: Option<Rotary>,
    /// Which positions hold tokens; `None`: all of them.
    pub padding: Option<&'a Padding>,
}

/// What the heads of `block` write to the residual stream, summed, plus `b_O`: `[B, T, C]` to `[B, T, C]`.
pub(super) fn attention(
    x: Tensor<3>,
    block: &str,
    config: &ModelConfig,
    weights: &Weights,
    positional: &Positional,
    hooks: &mut Hooks,
) -> Tensor<3> {
    let [batch, positions, c] = x.dims();
    let (h, d) = (config.n_heads, config.d_head);
    let get = |name: &str| format!("{block}attn.{name}");
    let flat = x.clone().reshape([batch * positions, c]);
    let positioned = match &positional.shortformer {
        Some(embedding) => (x + embedding.clone()).reshape([batch * positions, c]),
        None => flat.clone(),
    };
    // To [B, T, H, D]: the projections of all heads in one product with [C, H D].
    let project = |input: Tensor<2>, matrix: &str, bias: &str| {
        let w = weights.get::<3>(&get(matrix)).swap_dims(0, 1).reshape([c, h * d]);
        let b = weights.get::<2>(&get(bias)).reshape([1, h * d]);
        (product(input, w) + b).reshape([batch, positions, h, d])
    };
    let (q, k, v) =
        (project(positioned.clone(), "W_Q", "b_Q"), project(positioned, "W_K", "b_K"), project(flat, "W_V", "b_V"));
    let mut q = hooks.four(block, "attn.hook_q", q);
    let mut k = hooks.four(block, "attn.hook_k", k);
    let v = hooks.four(block, "attn.hook_v", v);
    if let Some(rotary) = &positional.rotary {
        q = hooks.four(block, "attn.hook_rot_q", rotary.rotate(q));
        k = hooks.four(block, "attn.hook_rot_k", rotary.rotate(k));
    }
    let (q, k, v) = (q.swap_dims(1, 2), k.swap_dims(1, 2), v.swap_dims(1, 2));

    let scores = product(q, k.swap_dims(2, 3)) * (1.0 / config.attention_scale());
    let scores = match mask(config, positional.padding, positions, &scores) {
        Some(mask) => scores.mask_fill(mask.expand([batch, h, positions, positions]), f32::NEG_INFINITY),
        None => scores,
    };
    let scores = hooks.four(block, "attn.hook_attn_scores", scores);
    let pattern = hooks.four(block, "attn.hook_pattern", softmax(scores, config, positional.padding, hooks));

    let z = hooks.four(block, "attn.hook_z", product(pattern, v).swap_dims(1, 2));
    let w_o = weights.get::<3>(&get("W_O")).reshape([h * d, c]);
    let out = product(z.reshape([batch * positions, h * d]), w_o) + weights.get::<1>(&get("b_O")).reshape([1, c]);
    out.reshape([batch, positions, c])
}

/// Which sources a destination must not attend to, `[B or 1, 1, T, T]`: the future, and padding. `None`: it may attend
/// to all of them.
fn mask(
    config: &ModelConfig,
    padding: Option<&Padding>,
    positions: usize,
    scores: &Tensor<4>,
) -> Option<Tensor<4, Bool>> {
    let causal = config.attention_dir == AttentionDirection::Causal;
    if !causal && padding.is_none() {
        return None;
    }
    let all = vec![true; positions];
    let held = padding.map_or(&all[..], Padding::held);
    let row = |held: &[bool]| -> Vec<bool> {
        let hidden = |destination| held.iter().enumerate().map(move |(at, held)| !held || (causal && at > destination));
        (0..positions).flat_map(hidden).collect()
    };
    let mask: Vec<bool> = held.chunks(positions).flat_map(row).collect();
    let shape = [held.len() / positions, 1, positions, positions];
    Some(Tensor::from_data(TensorData::new(mask, shape), &scores.device().inner()))
}

/// The pattern of these scores, both `[B, H, T, T]`. The row of a destination that may attend to nothing is zero, as in
/// TransformerLens, and has no gradient.
fn softmax(scores: Tensor<4>, config: &ModelConfig, padding: Option<&Padding>, hooks: &Hooks) -> Tensor<4> {
    let blind = padding.map(|padding| {
        let causal = config.attention_dir == AttentionDirection::Causal;
        let shape = [padding.batch, 1, padding.positions, 1];
        let blind =
            Tensor::<4, Bool>::from_data(TensorData::new(padding.blind(causal), shape), &scores.device().inner());
        blind.expand(scores.dims())
    });
    let pattern = match blind {
        // The scores of such a row are replaced before the softmax, whose gradient is NaN on a row of -inf.
        Some(blind) => activation::softmax(scores.mask_fill(blind.clone(), 0.0), 3).mask_fill(blind, 0.0),
        None => activation::softmax(scores, 3),
    };
    if !hooks.intervene() {
        return pattern;
    }
    // An intervention can set all scores of a row to -inf as well.
    let undefined = pattern.clone().is_nan();
    pattern.mask_fill(undefined, 0.0)
}
