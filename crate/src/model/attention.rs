//! Self-attention of a layer (TransformerLens `Attention`).

use burn::tensor::{Bool, Tensor, TensorData, activation};

use super::rotary::Rotary;
use super::weights::counting;
use super::{Hooks, Padding, Weights};
use crate::config::{AttentionDirection, ModelConfig};

/// What all layers of a forward pass share.
pub(super) struct Positions<'a> {
    /// Shortformer's positional embeddings, `[B or 1, T, C]`, added to what queries and keys read.
    pub shortformer: Option<Tensor<3>>,
    pub rotary: Option<Rotary>,
    pub padding: Option<&'a Padding>,
}

/// `[B, T, C]` to `[B, T, C]`: what the heads of `block` write, summed, with `b_O`.
pub(super) fn attention(
    x: Tensor<3>,
    block: &str,
    config: &ModelConfig,
    weights: &Weights,
    shared: &Positions,
    hooks: &mut Hooks,
) -> Tensor<3> {
    let [batch, positions, c] = x.dims();
    let (h, d) = (config.n_heads, config.d_head);
    let get = |name: &str| format!("{block}attn.{name}");
    let flat = x.clone().reshape([batch * positions, c]);
    let placed = match &shared.shortformer {
        Some(embedding) => (x + embedding.clone()).reshape([batch * positions, c]),
        None => flat.clone(),
    };
    // [B, T, H, D]: every head's projection in one product with [C, H D].
    let project = |input: Tensor<2>, matrix: &str, bias: &str| {
        let w = weights.get::<3>(&get(matrix)).swap_dims(0, 1).reshape([c, h * d]);
        let b = weights.get::<2>(&get(bias)).reshape([1, h * d]);
        (input.matmul(w) + b).reshape([batch, positions, h, d])
    };
    let (q, k, v) = (project(placed.clone(), "W_Q", "b_Q"), project(placed, "W_K", "b_K"), project(flat, "W_V", "b_V"));
    let mut q = hooks.four(block, "attn.hook_q", q);
    let mut k = hooks.four(block, "attn.hook_k", k);
    let v = hooks.four(block, "attn.hook_v", v);
    if let Some(rotary) = &shared.rotary {
        q = hooks.four(block, "attn.hook_rot_q", rotary.turn(q));
        k = hooks.four(block, "attn.hook_rot_k", rotary.turn(k));
    }
    let (q, k, v) = (q.swap_dims(1, 2), k.swap_dims(1, 2), v.swap_dims(1, 2));

    let scale = if config.use_attn_scale { config.attn_scale } else { 1.0 };
    let scores = q.matmul(k.swap_dims(2, 3)) * (1.0 / scale);
    let scores = match hidden(config, shared.padding, positions, &scores) {
        Some(hidden) => scores.mask_fill(hidden.expand([batch, h, positions, positions]), f32::NEG_INFINITY),
        None => scores,
    };
    let scores = hooks.four(block, "attn.hook_attn_scores", scores);
    let pattern = hooks.four(block, "attn.hook_pattern", softmax(scores, config, shared.padding, hooks));

    let z = hooks.four(block, "attn.hook_z", pattern.matmul(v).swap_dims(1, 2));
    let w_o = weights.get::<3>(&get("W_O")).reshape([h * d, c]);
    let out = z.reshape([batch * positions, h * d]).matmul(w_o) + weights.get::<1>(&get("b_O")).reshape([1, c]);
    out.reshape([batch, positions, c])
}

/// Which sources a destination may not read, `[B or 1, 1, T, T]`: the future, and padding. `None`: it may read all.
fn hidden(
    config: &ModelConfig,
    padding: Option<&Padding>,
    positions: usize,
    scores: &Tensor<4>,
) -> Option<Tensor<4, Bool>> {
    let device = scores.device().inner();
    let along = |shape: [usize; 4]| counting(positions, &device).reshape(shape);
    let causal = config.attention_dir == AttentionDirection::Causal;
    let future = causal.then(|| along([1, 1, positions, 1]).lower(along([1, 1, 1, positions])));
    let empty = padding.map(|padding| {
        let empty: Vec<bool> = padding.held().iter().map(|held| !held).collect();
        let shape = [padding.batch, 1, 1, positions];
        Tensor::<4, Bool>::from_data(TensorData::new(empty, shape), &device).expand([
            padding.batch,
            1,
            positions,
            positions,
        ])
    });
    match (future, empty) {
        (Some(future), Some(empty)) => Some(future.expand(empty.dims()).bool_or(empty)),
        (future, empty) => future.or(empty),
    }
}

/// The pattern of these scores. A destination that may read nothing gets zeros, as in TransformerLens, and no gradient.
fn softmax(scores: Tensor<4>, config: &ModelConfig, padding: Option<&Padding>, hooks: &Hooks) -> Tensor<4> {
    let blind = padding.map(|padding| {
        let causal = config.attention_dir == AttentionDirection::Causal;
        let shape = [padding.batch, 1, padding.positions, 1];
        let blind =
            Tensor::<4, Bool>::from_data(TensorData::new(padding.blind(causal), shape), &scores.device().inner());
        blind.expand(scores.dims())
    });
    let pattern = match blind {
        // Not through softmax, whose gradient of a row of -inf is not a number.
        Some(blind) => activation::softmax(scores.mask_fill(blind.clone(), 0.0), 3).mask_fill(blind, 0.0),
        None => activation::softmax(scores, 3),
    };
    if !hooks.intervene() {
        return pattern;
    }
    // An intervention can hide every source too.
    let nowhere = pattern.clone().is_nan();
    pattern.mask_fill(nowhere, 0.0)
}
