//! Rotary positional embedding (Su et al., 2021; TransformerLens `apply_rotary`).

use burn::tensor::{Tensor, TensorData};

use super::{Padding, Weights};
use crate::config::ModelConfig;

/// The rotation of every position: cosines and sines, `[B or 1, T, 1, rotary_dim]`.
pub(super) struct Rotary {
    cos: Tensor<4>,
    sin: Tensor<4>,
    /// Neighbours turn together, not dimensions half a width apart.
    adjacent: bool,
}

impl Rotary {
    pub fn new(config: &ModelConfig, positions: usize, padding: Option<&Padding>, weights: &Weights) -> Self {
        let width = config.rotary_dim;
        let (batch, ids) = match padding {
            Some(padding) => (padding.batch, padding.position_ids()),
            None => (1, (0..positions).collect()),
        };
        let pairs = width / 2;
        let angle = |id: usize, dim: usize| {
            let pair = if config.rotary_adjacent_pairs { dim / 2 } else { dim % pairs.max(1) };
            id as f64 / libm::pow(config.rotary_base, pair as f64 / pairs as f64)
        };
        let table = |of: fn(f64) -> f64| {
            let values: Vec<f32> =
                ids.iter().flat_map(|id| (0..width).map(move |dim| of(angle(*id, dim)) as f32)).collect();
            weights
                .constant(Tensor::from_data(TensorData::new(values, [batch, positions, 1, width]), &weights.device()))
        };
        Self { cos: table(libm::cos), sin: table(libm::sin), adjacent: config.rotary_adjacent_pairs }
    }

    /// Turns the first `rotary_dim` dimensions of queries or keys, `[B, T, H, D]`.
    pub fn turn(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, positions, heads, d] = x.dims();
        let width = self.cos.dims()[3];
        if width == 0 {
            return x;
        }
        let part = |from: usize, to: usize| x.clone().slice([0..batch, 0..positions, 0..heads, from..to]);
        let turning = part(0, width);
        let turned = turning.clone() * self.cos.clone() + self.quarter(turning) * self.sin.clone();
        if width == d { turned } else { Tensor::cat(vec![turned, part(width, d)], 3) }
    }

    /// Each pair `(a, b)` as `(-b, a)`.
    fn quarter(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, positions, heads, width] = x.dims();
        let n = batch * positions * heads;
        // Pairs as [n, 2, width / 2], or [n, width / 2, 2] when they are neighbours.
        let (shape, axis) = if self.adjacent { ([n, width / 2, 2], 2) } else { ([n, 2, width / 2], 1) };
        let x = x.reshape(shape);
        let (a, b) = (x.clone().narrow(axis, 0, 1), x.narrow(axis, 1, 1));
        Tensor::cat(vec![b.neg(), a], axis).reshape([batch, positions, heads, width])
    }
}
