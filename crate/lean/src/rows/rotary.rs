//! Rotary embeddings: queries and keys are rotated by their positions.

use crate::architecture::ModelConfig;

/// The cosine and sine of every position's rotations, `[positions, rotary_dim / 2]`.
pub fn turns(config: &ModelConfig, positions: usize) -> Vec<[f32; 2]> {
    let pairs = config.rotary_dim / 2;
    let turn = |(position, pair): (usize, usize)| {
        let angle = position as f64 / libm::pow(config.rotary_base, pair as f64 / pairs as f64);
        [libm::cos(angle) as f32, libm::sin(angle) as f32]
    };
    (0..positions).flat_map(|position| (0..pairs).map(move |pair| (position, pair))).map(turn).collect()
}

/// The rotations of all positions.
#[derive(Clone, Debug)]
pub struct Rotary {
    /// `[positions, pairs]`: cosine and sine.
    turns: Vec<[f32; 2]>,
    pairs: usize,
    d_head: usize,
    /// Whether neighbouring dimensions form a pair, or those half of `rotary_dim` apart.
    adjacent: bool,
}

impl Rotary {
    /// The rotations of `positions` positions.
    pub fn new(config: &ModelConfig, positions: usize) -> Self {
        let (turns, pairs) = (turns(config, positions), config.rotary_dim / 2);
        Self { turns, pairs, d_head: config.d_head, adjacent: config.rotary_adjacent_pairs }
    }

    /// Rotates rows of all heads, `[rows, width]`, by their positions, `[rows]`.
    pub fn forward(&self, rows: &mut [f32], positions: &[usize], width: usize) {
        self.rotate(rows, positions, width, 1.0);
    }

    /// Rotates the gradients of such rows back.
    pub fn backward(&self, grad: &mut [f32], positions: &[usize], width: usize) {
        self.rotate(grad, positions, width, -1.0);
    }

    fn rotate(&self, rows: &mut [f32], positions: &[usize], width: usize, direction: f32) {
        for (row, position) in rows.chunks_exact_mut(width).zip(positions) {
            let turns = &self.turns[position * self.pairs..(position + 1) * self.pairs];
            for head in row.chunks_exact_mut(self.d_head) {
                for (pair, [cos, sin]) in turns.iter().enumerate() {
                    let (i, j) = if self.adjacent { (2 * pair, 2 * pair + 1) } else { (pair, pair + self.pairs) };
                    let (a, b, sin) = (head[i], head[j], sin * direction);
                    (head[i], head[j]) = (a * cos - b * sin, b * cos + a * sin);
                }
            }
        }
    }
}
