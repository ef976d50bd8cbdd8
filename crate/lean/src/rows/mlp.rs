//! The MLP: `act(x W_in + b_in) W_out + b_out`.

use super::linear::Linear;
use super::norm::Norm;
use crate::architecture::{Activation, ModelConfig, Normalization};
use crate::layout::Layout;
use crate::vector::{exp, exp_less_max};

/// One layer's MLP, and what it remembers of its last forward pass.
#[derive(Clone, Debug)]
pub struct Mlp {
    into: Linear,
    out: Linear,
    act: Activation,
    d_mlp: usize,
    /// `[rows, M]`: before the activation function.
    pre: Vec<f32>,
    /// `[rows, M]`: after it; unused with SoLU.
    post: Vec<f32>,
    /// `[rows, M]`: the gradient of `post`, or of the norm's output, then that of `pre`.
    grad: Vec<f32>,
    /// SoLU's own norm.
    norm: Norm,
    /// `[rows, M]`: what SoLU's norm reads, then its gradient.
    mid: Vec<f32>,
}

impl Mlp {
    /// The MLP of `block`, e.g. `blocks.0.`.
    pub fn new(config: &ModelConfig, block: &str, layout: &Layout) -> Self {
        let (c, m) = (config.d_model, config.d_mlp);
        let offset = |name: &str| layout.offset(&format!("{block}mlp.{name}"));
        Self {
            into: Linear::new([offset("W_in"), offset("b_in")], [c, m], 1),
            out: Linear::new([offset("W_out"), offset("b_out")], [m, c], 1),
            act: config.act_fn,
            d_mlp: m,
            pre: Vec::new(),
            post: Vec::new(),
            grad: Vec::new(),
            norm: Norm::new(Some(Normalization::LN), m, config.eps, &format!("{block}mlp.ln"), layout),
            mid: Vec::new(),
        }
    }

    /// Adds the MLP's output for `x`, `[rows, C]`, to `out`, `[rows, C]`.
    pub fn forward(&mut self, parameters: &[f32], x: &[f32], rows: usize, out: &mut [f32]) {
        self.pre.resize(rows * self.d_mlp, 0.0);
        self.into.forward(parameters, x, &mut self.pre, false);
        if self.act == Activation::SoluLn {
            self.mid.resize(self.pre.len(), 0.0);
            for (mid, pre) in self.mid.chunks_exact_mut(self.d_mlp).zip(self.pre.chunks_exact(self.d_mlp)) {
                softmax(mid, pre);
                mid.iter_mut().zip(pre).for_each(|(mid, x)| *mid *= x);
            }
            self.norm.forward(parameters, &self.mid);
            return self.out.forward(parameters, self.norm.out(), out, true);
        }
        self.post.resize(self.pre.len(), 0.0);
        let values = self.post.iter_mut().zip(&self.pre);
        match self.act {
            Activation::Relu => values.for_each(|(out, x)| *out = if *x > 0.0 || x.is_nan() { *x } else { 0.0 }),
            Activation::Gelu => values.for_each(|(out, x)| *out = x * normal_below(*x)),
            Activation::GeluNew => values.for_each(|(out, x)| *out = x * sigmoid(tanh_argument(*x))),
            Activation::Silu | Activation::SoluLn => values.for_each(|(out, x)| *out = x * sigmoid(*x)),
        }
        self.out.forward(parameters, &self.post, out, true);
    }

    /// The gradients of the parameters, written to `gradient`, and of `x`, written to `grad_x`.
    pub fn backward(
        &mut self,
        parameters: &[f32],
        x: &[f32],
        grad_out: &[f32],
        gradient: &mut [f32],
        grad_x: &mut [f32],
    ) {
        self.grad.resize(self.pre.len(), 0.0);
        if self.act == Activation::SoluLn {
            self.out.backward(parameters, self.norm.out(), grad_out, gradient, &mut self.grad, false);
            self.mid.fill(0.0);
            self.norm.backward(parameters, &mut self.grad, gradient, &mut self.mid);
            let rows = self.grad.chunks_exact_mut(self.d_mlp).zip(self.mid.chunks_exact_mut(self.d_mlp));
            for ((grad, grad_mid), pre) in rows.zip(self.pre.chunks_exact(self.d_mlp)) {
                // mid = x s with s = softmax(x): its gradient is s (g + x g - Σ s x g).
                let share = grad;
                softmax(share, pre);
                let mut sum = 0.0;
                for ((grad, s), x) in grad_mid.iter().zip(&*share).zip(pre) {
                    sum += grad * s * x;
                }
                share.iter_mut().zip(grad_mid).zip(pre).for_each(|((s, g), x)| *s *= *g + *g * x - sum);
            }
        } else {
            self.out.backward(parameters, &self.post, grad_out, gradient, &mut self.grad, false);
            let values = self.grad.iter_mut().zip(&self.pre);
            // x · g(x) has the derivative g(x) + x g'(x).
            match self.act {
                Activation::Relu => values.for_each(|(grad, x)| *grad = if *x > 0.0 { *grad } else { 0.0 }),
                Activation::Gelu => values.for_each(|(grad, x)| *grad *= normal_below(*x) + x * density(*x)),
                Activation::GeluNew => values.for_each(|(grad, x)| {
                    let s = sigmoid(tanh_argument(*x));
                    *grad *= s + x * s * (1.0 - s) * TWICE_ROOT * (1.0 + 3.0 * CUBE * x * x);
                }),
                Activation::Silu | Activation::SoluLn => values.for_each(|(grad, x)| {
                    let s = sigmoid(*x);
                    *grad *= s + x * s * (1.0 - s);
                }),
            }
        }
        self.into.backward(parameters, x, &self.grad, gradient, grad_x, false);
    }
}

/// `out = softmax(x)`, of one row.
fn softmax(out: &mut [f32], x: &[f32]) {
    out.copy_from_slice(x);
    let sum = exp_less_max(out);
    out.iter_mut().for_each(|x| *x /= sum);
}

/// 1 / (1 + e⁻ˣ).
fn sigmoid(x: f32) -> f32 {
    let small = exp(-x.abs());
    let large = 1.0 / (1.0 + small);
    if x < 0.0 { small * large } else { large }
}

/// 2 sqrt(2/π), a constant of GPT-2's gelu.
const TWICE_ROOT: f32 = 1.595_769;

/// The factor of x³ in GPT-2's gelu.
const CUBE: f32 = 0.044_715;

/// `2 u`, where GPT-2's gelu is `x (1 + tanh(u)) / 2`, which equals `x sigmoid(2 u)`.
fn tanh_argument(x: f32) -> f32 {
    TWICE_ROOT * (x + CUBE * x * x * x)
}

/// The density of the standard normal distribution.
fn density(x: f32) -> f32 {
    0.398_942_3 * exp(-0.5 * x * x)
}

/// Φ(x), the distribution function of the standard normal distribution, to 2e-7: `erfc(|x| / √2) / 2` by the fit of
/// Numerical Recipes (`erfcc`), without branches. Loops over it become SIMD only if it is inlined.
#[inline(always)]
fn normal_below(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.5 * z);
    let p = t * 0.170_872_77 - 0.822_152_2;
    let p = t * p + 1.488_515_9;
    let p = t * p - 1.135_204;
    let p = t * p + 0.278_868_07;
    let p = t * p - 0.186_288_06;
    let p = t * p + 0.096_784_18;
    let p = t * p + 0.374_091_96;
    let p = t * p + 1.000_023_7;
    let fit = t * p - 1.265_512_2;
    let tail = 0.5 * t * exp(fit - z * z);
    if x > 0.0 { 1.0 - tail } else { tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares with libm in float64.
    #[test]
    fn activations_are_exact() {
        for i in -12_000..=12_000 {
            let x = i as f32 / 1000.0;
            let z = f64::from(x);
            let near =
                |got: f32, expected: f64| assert!((f64::from(got) - expected).abs() < 3e-7, "{x}: {got}, {expected}");
            near(normal_below(x), 0.5 * libm::erfc(-z / 2f64.sqrt()));
            near(density(x), libm::exp(-z * z / 2.0) / (2.0 * std::f64::consts::PI).sqrt());
            near(sigmoid(x), 1.0 / (1.0 + libm::exp(-z)));
            let tanh = libm::tanh((2.0 / std::f64::consts::PI).sqrt() * (z + 0.044715 * z * z * z));
            near(sigmoid(tanh_argument(x)), 0.5 * (1.0 + tanh));
        }
    }
}
