//! Rotary positional embeddings (Su et al., 2021; TransformerLens `apply_rotary`).

use burn_tensor::{Tensor, TensorData};

use super::{Padding, Weights};
use crate::config::ModelConfig;

/// The rotation of every position.
pub(super) struct Rotary {
    /// Cosines of the angles, `[B or 1, T, 1, rotary_dim]`.
    cos: Tensor<4>,
    /// Sines of the angles, `[B or 1, T, 1, rotary_dim]`.
    sin: Tensor<4>,
    /// Whether pairs are neighbouring dimensions (GPT-J), not dimensions `rotary_dim / 2` apart (GPT-NeoX).
    adjacent: bool,
}

impl Rotary {
    /// The rotations of `positions` positions, counted from each sequence's first token.
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

    /// Rotates the first `rotary_dim` dimensions of queries or keys, `[B, T, H, D]`.
    pub fn rotate(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, positions, heads, d] = x.dims();
        let width = self.cos.dims()[3];
        if width == 0 {
            return x;
        }
        let part = |from: usize, to: usize| x.clone().slice([0..batch, 0..positions, 0..heads, from..to]);
        let first = part(0, width);
        let rotated = first.clone() * self.cos.clone() + self.quarter_turn(first) * self.sin.clone();
        if width == d { rotated } else { Tensor::cat(vec![rotated, part(width, d)], 3) }
    }

    /// Rotates each pair by 90°: `(a, b)` becomes `(-b, a)`.
    fn quarter_turn(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, positions, heads, width] = x.dims();
        let n = batch * positions * heads;
        // Both members of a pair along one axis: [n, 2, width / 2], or [n, width / 2, 2] if they are neighbours.
        let (shape, axis) = if self.adjacent { ([n, width / 2, 2], 2) } else { ([n, 2, width / 2], 1) };
        let x = x.reshape(shape);
        let (a, b) = (x.clone().narrow(axis, 0, 1), x.narrow(axis, 1, 1));
        Tensor::cat(vec![b.neg(), a], axis).reshape([batch, positions, heads, width])
    }
}
