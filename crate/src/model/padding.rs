//! The padding mask of a batch: which positions hold tokens (TransformerLens's `attention_mask`).

use crate::error::{Error, Result};

/// Which positions of a batch hold tokens.
///
/// As in TransformerLens, a padded position is not attended to, has no positional embedding, and is skipped when
/// positions are counted: the first token of a row with padding on its left is at position 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Padding {
    /// `[batch, positions]`.
    held: Vec<bool>,
    /// Sequences of the batch.
    pub(super) batch: usize,
    /// Positions of each sequence.
    pub(super) positions: usize,
}

impl Padding {
    /// The mask `rows`, `[batch, positions]`: whether each position holds a token.
    ///
    /// # Errors
    /// If the mask has another shape.
    pub fn new(rows: &[Vec<bool>], batch: usize, positions: usize) -> Result<Self> {
        if rows.len() != batch {
            return Err(Error::new(format!(
                "mask has {} rows and tokens has {batch}; they must have equally many.",
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

    /// Whether each position holds a token, `[batch, positions]`.
    pub(super) fn held(&self) -> &[bool] {
        &self.held
    }

    /// The number of tokens before each position, `[batch, positions]` (TransformerLens `get_offset_position_ids`).
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

    /// Whether each destination has no source that it may attend to, `[batch, positions]`.
    pub(super) fn blind(&self, causal: bool) -> Vec<bool> {
        let row = |row: &[bool]| {
            let first = row.iter().position(|held| *held).unwrap_or(row.len());
            (0..row.len()).map(|destination| first == row.len() || (causal && first > destination)).collect::<Vec<_>>()
        };
        self.held.chunks(self.positions.max(1)).flat_map(row).collect()
    }
}
