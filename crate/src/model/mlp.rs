//! The MLP of a layer (TransformerLens `MLP`).

use burn_tensor::{Tensor, activation};

use super::norm::norm_as;
use super::{Hooks, Weights};
use crate::config::{Activation, ModelConfig, Normalization};
use crate::device::product;

/// `act(x W_in + b_in) W_out + b_out`, `[B, T, C]` to `[B, T, C]`.
pub(super) fn mlp(x: Tensor<3>, block: &str, config: &ModelConfig, weights: &Weights, hooks: &mut Hooks) -> Tensor<3> {
    let [batch, positions, c] = x.dims();
    let m = config.d_mlp;
    let get = |name: &str| format!("{block}mlp.{name}");
    let pre = product(x.reshape([batch * positions, c]), weights.get(&get("W_in")))
        + weights.get::<1>(&get("b_in")).reshape([1, m]);
    let pre = hooks.three(block, "mlp.hook_pre", pre.reshape([batch, positions, m]));
    let post = match config.act_fn {
        Activation::Relu => activation::relu(pre),
        Activation::Gelu => activation::gelu(pre),
        Activation::GeluNew => gelu_new(pre),
        Activation::Silu => activation::silu(pre),
        Activation::SoluLn => {
            let mid = hooks.three(block, "mlp.hook_mid", pre.clone() * activation::softmax(pre, 2));
            // A LayerNorm whatever the model's own norms are; it has parameters only if those are LN.
            norm_as(mid, &get("ln"), Normalization::LN, config, weights, hooks)
        }
    };
    let post = hooks.three(block, "mlp.hook_post", post);
    let out = product(post.reshape([batch * positions, m]), weights.get(&get("W_out")))
        + weights.get::<1>(&get("b_out")).reshape([1, c]);
    out.reshape([batch, positions, c])
}

/// GPT-2's approximation of GELU: `0.5 x (1 + tanh(sqrt(2/π) (x + 0.044715 x³)))`.
fn gelu_new(x: Tensor<3>) -> Tensor<3> {
    let cubed = x.clone() * x.clone() * x.clone();
    let inner = (x.clone() + cubed * 0.044715) * (2.0 / std::f64::consts::PI).sqrt();
    x * (inner.tanh() + 1.0) * 0.5
}
