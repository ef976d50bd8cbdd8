//! Adam (Kingma and Ba, 2015) with PyTorch's defaults and arithmetic, over the flat parameter tensor.

use burn::tensor::Tensor;
use tinylens_lean::{State, adam};

use crate::config::TrainConfig;

/// Adam's state: the moving averages of the gradient and of its square, `[parameters]` each.
#[derive(Clone, Debug)]
pub struct Adam {
    pub mean: Tensor<1>,
    pub square: Tensor<1>,
}

impl Adam {
    /// The state before the first step.
    pub fn new(parameters: &Tensor<1>) -> Self {
        Self { mean: parameters.zeros_like(), square: parameters.zeros_like() }
    }

    /// Parameters after step number `step` (counted from 1), as `torch.optim.Adam`:
    /// `p - lr / (1 - β₁ᵗ) · m / (sqrt(v) / sqrt(1 - β₂ᵗ) + eps)`.
    pub fn step(
        &mut self,
        parameters: Tensor<1>,
        gradient: Tensor<1>,
        lr: f64,
        step: u32,
        config: &TrainConfig,
    ) -> Tensor<1> {
        let TrainConfig { beta1, beta2, adam_eps, .. } = *config;
        let [rate, root] = rates(lr, step, config);
        self.mean = self.mean.clone() * beta1 + gradient.clone() * (1.0 - beta1);
        self.square = self.square.clone() * beta2 + gradient.clone() * gradient * (1.0 - beta2);
        let denominator = self.square.clone().sqrt() * root + adam_eps;
        parameters - self.mean.clone() / denominator * rate
    }
}

/// Of step number `step` (counted from 1): what the mean gradient is multiplied with, `lr / (1 - β₁ᵗ)`, and the root of the mean square,
/// `1 / sqrt(1 - β₂ᵗ)`.
pub fn rates(lr: f64, step: u32, config: &TrainConfig) -> [f32; 2] {
    let correction = |beta: f64| 1.0 - libm::pow(beta, f64::from(step));
    [(lr / correction(config.beta1)) as f32, (1.0 / libm::sqrt(correction(config.beta2))) as f32]
}

/// The same step on the host, in place: the same arithmetic in the same order.
pub fn step_on_host(state: &mut State, gradient: &[f32], lr: f64, step: u32, config: &TrainConfig) {
    adam(state, gradient, rates(lr, step, config), [config.beta1, config.beta2, config.adam_eps]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;
    use crate::model::read;
    use burn::tensor::Device;

    #[test]
    fn the_host_takes_the_same_steps() {
        let device = Device::flex();
        let config = Experiment::default().train;
        let start: Vec<f32> = (0..64).map(|i| ((i * 37 % 64) as f32 - 32.0) / 16.0).collect();
        let mut state = State { parameters: start.clone(), mean: vec![0.0; 64], square: vec![0.0; 64] };
        let mut p = Tensor::<1>::from_floats(start.as_slice(), &device);
        let mut adam = Adam::new(&p);
        for step in 1..=20 {
            let gradient: Vec<f32> = state.parameters.iter().map(|x| x * x - 0.3).collect();
            step_on_host(&mut state, &gradient, 1e-2, step, &config);
            p = adam.step(p, Tensor::from_floats(gradient.as_slice(), &device), 1e-2, step, &config);
        }
        for (host, device) in state.parameters.iter().zip(pollster::block_on(read(p)).unwrap()) {
            assert!((host - device).abs() < 1e-6, "{host} {device}");
        }
    }

    /// Three steps on p = [1, -2, 3] with the gradients g = p², beside the paper's formula in float64.
    #[test]
    fn agrees_with_the_formula_in_float64() {
        let device = Device::flex();
        let mut p = Tensor::<1>::from_floats([1.0, -2.0, 3.0], &device);
        let mut adam = Adam::new(&p);
        let config = Experiment::default().train;
        let (mut m, mut v, mut expected) = ([0f64; 3], [0f64; 3], [1f64, -2.0, 3.0]);
        for step in 1..=3 {
            p = adam.step(p.clone(), p.clone() * p.clone(), 0.1, step, &config);
            for i in 0..3 {
                let g = expected[i] * expected[i];
                m[i] = 0.9 * m[i] + 0.1 * g;
                v[i] = 0.999 * v[i] + 0.001 * g * g;
                let t = step as i32;
                expected[i] -=
                    0.1 / (1.0 - 0.9f64.powi(t)) * m[i] / (v[i].sqrt() / (1.0 - 0.999f64.powi(t)).sqrt() + 1e-8);
            }
        }
        let got = pollster::block_on(read(p)).unwrap();
        for (got, expected) in got.iter().zip(expected) {
            assert!((f64::from(*got) - expected).abs() < 1e-5, "{got} {expected}");
        }
    }
}
