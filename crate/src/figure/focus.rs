//! What the pointer is on: a cell, or a token.

use serde::Deserialize;

use crate::config::Side;

/// Positions that are pointed at: both together are a cell, one alone is a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Focus {
    /// The query's position.
    pub destination: Option<usize>,
    /// The key's position.
    pub source: Option<usize>,
}

impl Focus {
    /// The position on one side.
    pub(super) fn on(self, side: Side) -> Option<usize> {
        if side == Side::Destination { self.destination } else { self.source }
    }

    /// The focus on a row and a column, where rows stand for the side `rows`.
    pub(super) fn at(rows: Side, row: Option<usize>, column: Option<usize>) -> Self {
        let (destination, source) = rows.swap(row, column);
        Self { destination, source }
    }
}
