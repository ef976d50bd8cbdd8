//! The keys and values of what was read, so that generating one more token costs one more position.

use super::packed::gather_into;

/// The keys and values of all positions that one layer has read.
#[derive(Clone, Debug)]
pub struct Cache {
    /// The most positions of a sequence.
    positions: usize,
    /// `H D`.
    width: usize,
    /// `[batch, positions, H D]`.
    keys: Vec<f32>,
    /// `[batch, positions, H D]`.
    values: Vec<f32>,
}

impl Cache {
    /// A cache without room for any sequence.
    pub fn new(positions: usize, width: usize) -> Self {
        Self { positions, width, keys: Vec::new(), values: Vec::new() }
    }

    /// Makes room for `batch` sequences.
    pub fn resize(&mut self, batch: usize) {
        self.keys.resize(batch * self.positions * self.width, 0.0);
        self.values.resize(batch * self.positions * self.width, 0.0);
    }

    /// Stores rows of keys and values as those of a sequence's positions from `seen` on. Returns the keys and the
    /// values of all positions that were read of the sequence, `[seen + rows, H D]` each.
    pub fn store(&mut self, sequence: usize, seen: usize, [keys, values]: [&[f32]; 2], rows: &[usize]) -> [&[f32]; 2] {
        let start = sequence * self.positions * self.width;
        let (new, end) = (start + seen * self.width, start + (seen + rows.len()) * self.width);
        gather_into(&mut self.keys[new..end], keys, rows, self.width);
        gather_into(&mut self.values[new..end], values, rows, self.width);
        [&self.keys[start..end], &self.values[start..end]]
    }
}
