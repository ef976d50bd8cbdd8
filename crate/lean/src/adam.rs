//! Adam (Kingma and Ba, 2015) on the host, with PyTorch's defaults and arithmetic (`torch.optim.Adam`).

/// Parameters and Adam's moments, `[parameters]` each, in the layout's order.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The parameters.
    pub parameters: Vec<f32>,
    /// The moving average of the gradient.
    pub mean: Vec<f32>,
    /// The moving average of the gradient's square.
    pub square: Vec<f32>,
}

impl State {
    /// The state before the first step.
    pub fn new(parameters: Vec<f32>) -> Self {
        let [mean, square] = [(); 2].map(|()| vec![0.0; parameters.len()]);
        Self { parameters, mean, square }
    }
}

/// Adam's settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// How much of the gradient's moving average is kept.
    pub beta1: f64,
    /// How much of the moving average of the gradient's square is kept.
    pub beta2: f64,
    /// Added to the denominator.
    pub eps: f64,
}

impl Adam {
    /// The bias corrections of step number `step`, counted from 1: the factor of the mean gradient, `lr / (1 - β₁ᵗ)`,
    /// and that of the root of the mean square, `1 / sqrt(1 - β₂ᵗ)`.
    pub fn rates(&self, lr: f64, step: u32) -> [f32; 2] {
        let correction = |beta: f64| 1.0 - libm::pow(beta, f64::from(step));
        [(lr / correction(self.beta1)) as f32, (1.0 / libm::sqrt(correction(self.beta2))) as f32]
    }

    /// Takes step number `step`, counted from 1, in place:
    /// `p -= lr / (1 - β₁ᵗ) · m / (sqrt(v) / sqrt(1 - β₂ᵗ) + eps)`. `gradient` is `[parameters]`.
    ///
    /// # Panics
    /// If `gradient` is not as long as the parameters.
    pub fn step(&self, state: &mut State, gradient: &[f32], lr: f64, step: u32) {
        let [rate, root] = self.rates(lr, step);
        let Self { beta1, beta2, eps } = *self;
        let [keep1, take1, keep2, take2, eps] = [beta1, 1.0 - beta1, beta2, 1.0 - beta2, eps].map(|x| x as f32);
        let State { parameters, mean, square } = state;
        assert!(gradient.len() == parameters.len(), "a gradient has a value for each parameter");
        for (((p, m), v), g) in parameters.iter_mut().zip(mean).zip(square).zip(gradient) {
            *m = *m * keep1 + g * take1;
            *v = *v * keep2 + g * g * take2;
            *p -= *m / (v.sqrt() * root + eps) * rate;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three steps on p = [1, -2, 3] with the gradients g = p², beside the paper's formula in float64.
    #[test]
    fn agrees_with_the_formula_in_float64() {
        let adam = Adam { beta1: 0.9, beta2: 0.999, eps: 1e-8 };
        let mut state = State::new(vec![1.0, -2.0, 3.0]);
        let (mut m, mut v, mut expected) = ([0f64; 3], [0f64; 3], [1f64, -2.0, 3.0]);
        for step in 1..=3 {
            let gradient: Vec<f32> = state.parameters.iter().map(|p| p * p).collect();
            adam.step(&mut state, &gradient, 0.1, step as u32);
            for i in 0..3 {
                let g = expected[i] * expected[i];
                m[i] = 0.9 * m[i] + 0.1 * g;
                v[i] = 0.999 * v[i] + 0.001 * g * g;
                expected[i] -=
                    0.1 / (1.0 - 0.9f64.powi(step)) * m[i] / (v[i].sqrt() / (1.0 - 0.999f64.powi(step)).sqrt() + 1e-8);
            }
        }
        for (got, expected) in state.parameters.iter().zip(expected) {
            assert!((f64::from(*got) - expected).abs() < 1e-5, "{got} {expected}");
        }
    }
}
