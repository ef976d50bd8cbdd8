//! Adam (Kingma and Ba, 2015) on the host, with PyTorch's arithmetic.

/// Parameters and Adam's moments, `[parameters]` each, in the layout's order.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub parameters: Vec<f32>,
    pub mean: Vec<f32>,
    pub square: Vec<f32>,
}

/// A step, in place. `rate`: what the mean gradient is multiplied with, `lr / (1 - β₁ᵗ)`; `root`: the same of the mean square's root,
/// `1 / sqrt(1 - β₂ᵗ)`.
pub fn adam(state: &mut State, gradient: &[f32], [rate, root]: [f32; 2], [beta1, beta2, eps]: [f64; 3]) {
    let [keep1, take1, keep2, take2, eps] = [beta1, 1.0 - beta1, beta2, 1.0 - beta2, eps].map(|x| x as f32);
    let State { parameters, mean, square } = state;
    for (((p, m), v), g) in parameters.iter_mut().zip(mean).zip(square).zip(gradient) {
        *m = *m * keep1 + g * take1;
        *v = *v * keep2 + g * g * take2;
        *p -= *m / (v.sqrt() * root + eps) * rate;
    }
}
