//! Causal self-attention of a layer (TransformerLens `Attention`).

use burn::tensor::{Int, Tensor, activation};

use super::{Cache, Weights};
use crate::config::ModelConfig;

/// `[B, T, C]` to `[B, T, C]`: what the heads of `block` write, summed, with `b_O`.
pub(super) fn attention(x: Tensor<3>, block: &str, config: &ModelConfig, weights: &Weights, cache: &mut Cache) -> Tensor<3> {
    let [batch, positions, c] = x.dims();
    let (h, d) = (config.n_heads, config.d_head);
    let get = |name: &str| format!("{block}attn.{name}");
    let flat = x.reshape([batch * positions, c]);
    // [B, T, H, D]: every head's projection in one product with [C, H D].
    let project = |matrix: &str, bias: &str| {
        let w = weights.get::<3>(&get(matrix)).swap_dims(0, 1).reshape([c, h * d]);
        let b = weights.get::<2>(&get(bias)).reshape([1, h * d]);
        (flat.clone().matmul(w) + b).reshape([batch, positions, h, d])
    };
    let (q, k, v) = (project("W_Q", "b_Q"), project("W_K", "b_K"), project("W_V", "b_V"));
    cache.four(block, "attn.hook_q", &q);
    cache.four(block, "attn.hook_k", &k);
    cache.four(block, "attn.hook_v", &v);
    let (q, k, v) = (q.swap_dims(1, 2), k.swap_dims(1, 2), v.swap_dims(1, 2));

    let scores = q.matmul(k.swap_dims(2, 3)) * (1.0 / libm::sqrt(d as f64));
    let positions_of = |shape: [usize; 4]| Tensor::<1, Int>::arange(0..positions as i64, &flat.device().inner()).reshape(shape);
    let future = positions_of([1, 1, positions, 1]).lower(positions_of([1, 1, 1, positions]));
    let scores = scores.mask_fill(future.expand([batch, h, positions, positions]), f32::NEG_INFINITY);
    cache.four(block, "attn.hook_attn_scores", &scores);
    let pattern = activation::softmax(scores, 3);
    cache.four(block, "attn.hook_pattern", &pattern);

    let z = pattern.matmul(v).swap_dims(1, 2);
    cache.four(block, "attn.hook_z", &z);
    let w_o = weights.get::<3>(&get("W_O")).reshape([h * d, c]);
    let out = z.reshape([batch * positions, h * d]).matmul(w_o) + weights.get::<1>(&get("b_O")).reshape([1, c]);
    out.reshape([batch, positions, c])
}
