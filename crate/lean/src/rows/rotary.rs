//! Rotary positions: queries and keys are turned by their positions.

use crate::architecture::ModelConfig;

/// Cosine and sine of every position's rotation, `[positions, rotary_dim / 2]`.
pub fn turns(config: &ModelConfig, positions: usize) -> Vec<[f32; 2]> {
    let pairs = config.rotary_dim / 2;
    let turn = |(position, pair): (usize, usize)| {
        let angle = position as f64 / libm::pow(config.rotary_base, pair as f64 / pairs as f64);
        [libm::cos(angle) as f32, libm::sin(angle) as f32]
    };
    (0..positions).flat_map(|position| (0..pairs).map(move |pair| (position, pair))).map(turn).collect()
}

/// The rotation of every position.
#[derive(Clone, Debug)]
pub struct Rotary {
    /// `[positions, pairs]`: cosine and sine.
    turns: Vec<[f32; 2]>,
    pairs: usize,
    d_head: usize,
    /// Neighbours turn together, not dimensions half a width apart.
    adjacent: bool,
}

impl Rotary {
    pub fn new(config: &ModelConfig, positions: usize) -> Self {
        let (turns, pairs) = (turns(config, positions), config.rotary_dim / 2);
        Self { turns, pairs, d_head: config.d_head, adjacent: config.rotary_adjacent_pairs }
    }

    /// Turns one row of all heads, `[H, D]`.
    pub fn forward(&self, row: &mut [f32], position: usize) {
        self.turn(row, position, 1.0);
    }

    /// Turns its gradient back.
    pub fn backward(&self, grad: &mut [f32], position: usize) {
        self.turn(grad, position, -1.0);
    }

    fn turn(&self, row: &mut [f32], position: usize, direction: f32) {
        for head in row.chunks_exact_mut(self.d_head) {
            for (pair, [cos, sin]) in self.turns[position * self.pairs..(position + 1) * self.pairs].iter().enumerate()
            {
                let (i, j) = if self.adjacent { (2 * pair, 2 * pair + 1) } else { (pair, pair + self.pairs) };
                let (a, b, sin) = (head[i], head[j], sin * direction);
                (head[i], head[j]) = (a * cos - b * sin, b * cos + a * sin);
            }
        }
    }
}
