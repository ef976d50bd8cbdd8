//! Adam's bias-corrected rates, with PyTorch's defaults and arithmetic.

use tinylens_lean::{State, adam};

use crate::config::TrainConfig;

/// Of step number `step` (counted from 1): what the mean gradient is multiplied with, `lr / (1 - β₁ᵗ)`, and the root of
/// the mean square, `1 / sqrt(1 - β₂ᵗ)`.
pub fn rates(lr: f64, step: u32, config: &TrainConfig) -> [f32; 2] {
    let correction = |beta: f64| 1.0 - libm::pow(beta, f64::from(step));
    [(lr / correction(config.beta1)) as f32, (1.0 / libm::sqrt(correction(config.beta2))) as f32]
}

/// The same step on the host, in place: the same arithmetic in the same order.
pub fn step_on_host(state: &mut State, gradient: &[f32], lr: f64, step: u32, config: &TrainConfig) {
    adam(state, gradient, rates(lr, step, config), [config.beta1, config.beta2, config.adam_eps]);
}
