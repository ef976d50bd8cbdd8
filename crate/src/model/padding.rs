//! Padding masks: positions of a batch that hold no token (TransformerLens's `attention_mask`).

use crate::error::{Error, Result};

/// Which positions hold tokens, row by row, `[batch, positions]`.
///
/// As in TransformerLens, a position that holds none is not attended to, gets no positional embedding, and does not count: the first
/// token of a row padded on the left is at position 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Padding {
    held: Vec<bool>,
    pub(super) batch: usize,
    pub(super) positions: usize,
}

impl Padding {
    /// # Errors
    /// If the rows are not `batch` of `positions` values each.
    pub fn new(rows: &[Vec<bool>], batch: usize, positions: usize) -> Result<Self> {
        if rows.len() != batch {
            return Err(Error::new(format!(
                "mask has {} rows and tokens has {batch}; they must have as many.",
                rows.len()
            )));
        }
        if let Some((number, row)) = rows.iter().enumerate().find(|(_, row)| row.len() != positions) {
            return Err(Error::new(format!(
                "mask[{number}] has {} values; it must have one for each token, {positions}.",
                row.len()
            )));
        }
        Ok(Self { held: rows.concat(), batch, positions })
    }

    /// `[batch, positions]`, row by row: whether the position holds a token.
    pub(super) fn held(&self) -> &[bool] {
        &self.held
    }

    /// `[batch, positions]`, row by row: how many tokens stand before the position (TransformerLens `get_offset_position_ids`).
    pub(super) fn position_ids(&self) -> Vec<usize> {
        let row = |row: &[bool]| {
            let mut count = 0usize;
            row.iter()
                .map(|held| {
                    count += usize::from(*held);
                    count.saturating_sub(1)
                })
                .collect::<Vec<_>>()
        };
        self.held.chunks(self.positions.max(1)).flat_map(row).collect()
    }

    /// `[batch, positions]`, row by row: whether a destination has no source that it may read.
    pub(super) fn blind(&self, causal: bool) -> Vec<bool> {
        let row = |row: &[bool]| {
            let first = row.iter().position(|held| *held).unwrap_or(row.len());
            (0..row.len()).map(|destination| first == row.len() || (causal && first > destination)).collect::<Vec<_>>()
        };
        self.held.chunks(self.positions.max(1)).flat_map(row).collect()
    }
}
