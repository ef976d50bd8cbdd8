//! Rows and columns of a picture in terms of destinations and sources.

use crate::config::Side;

impl Side {
    /// The side that columns stand for where rows stand for this one.
    pub(super) fn other(self) -> Self {
        if self == Self::Destination { Self::Source } else { Self::Destination }
    }

    /// Destination and source of a row and a column, where rows stand for this side. The same swap leads back: row and
    /// column of a destination and a source.
    pub(super) fn swap<T>(self, row: T, column: T) -> (T, T) {
        if self == Self::Destination { (row, column) } else { (column, row) }
    }
}
