//! A weight matrix on its way forward, on its way back, and in the update.

use super::super::calls::Call;
use super::super::tiles::{Rows, Tile};
use super::Builder;

/// A weight matrix `[inner, columns]` with its bias, `[columns]`.
#[derive(Clone, Copy)]
pub(super) struct Matrix {
    weight: usize,
    bias: Option<usize>,
    inner: usize,
    columns: usize,
    /// Columns of a block, as which the matrix is stored: a head's, or all.
    wide: usize,
    /// Where its transpose begins, `[columns, inner]`: all matrices' follow the parameters.
    transposed: usize,
}

impl Builder<'_> {
    /// The matrix of these names.
    pub(super) fn matrix(&self, weight: &str, bias: &str, inner: usize, columns: usize) -> Matrix {
        let weight = self.layout.offset(weight);
        let (bias, transposed) = (self.find(bias), self.layout.len() + weight);
        Matrix { weight, bias, inner, columns, wide: columns, transposed }
    }
}

impl Matrix {
    /// The same, stored as `[heads, inner, wide]`.
    pub(super) fn of_heads(self, wide: usize) -> Self {
        Self { wide, ..self }
    }

    /// `out = x W + b`, on top of what `out` held if `add`.
    pub(super) fn forward(&self, x: usize, rows: usize, out: usize, add: bool) -> Call {
        let Self { weight, bias, inner, columns, wide, .. } = *self;
        Call::Linear { x, rows, inner, columns, weight, wide, bias, out, add }
    }

    /// `out = grad Wᵀ`, likewise.
    pub(super) fn backward(&self, grad: usize, rows: usize, out: usize, add: bool) -> Call {
        let (inner, columns, wide) = (self.columns, self.inner, self.inner);
        Call::Linear { x: grad, rows, inner, columns, weight: self.transposed, wide, bias: None, out, add }
    }

    /// The update: the gradient of W is `xᵀ grad`, that of b the sum of `grad`'s rows.
    pub(super) fn update(&self, x: usize, grad: usize, rows: usize) -> Tile {
        let Self { weight, bias, inner, columns, wide, .. } = *self;
        Tile { kind: Rows::Activations, x, y: grad, rows, inner, columns, weight, wide, bias, k: 0, n: 0 }
    }
}
