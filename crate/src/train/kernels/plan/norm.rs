//! A norm and its backward pass.

use super::super::calls::Call;
use super::super::tiles::{Rows, Tile};
use super::Builder;

/// A norm's weights, and where it keeps what it computed.
#[derive(Clone, Copy)]
pub(super) struct Norm {
    rows: usize,
    /// `[rows, C]`: the rows normalised.
    normed: usize,
    /// `[rows]`: what each was multiplied with.
    inverse: usize,
    w: Option<usize>,
    b: Option<usize>,
    /// `[rows, C]`: what the norm gives; `normed` itself where there are no weights.
    pub(super) out: usize,
}

impl Builder<'_> {
    /// A norm of `x`, `[rows, C]`, if the model has norms.
    pub(super) fn norm(&mut self, name: &str, x: usize, rows: usize) -> Option<Norm> {
        self.model.normalization_type?;
        let values = rows * self.model.d_model;
        let [w, b] = ["w", "b"].map(|weight| self.find(&format!("{name}.{weight}")));
        let (normed, inverse) = (self.take(values), self.take(rows));
        let out = if w.is_some() { self.take(values) } else { normed };
        self.forward.push(Call::Norm { x, rows, normed, inverse, w, b, out });
        Some(Norm { rows, normed, inverse, w, b, out })
    }

    /// The call that adds to `out` the gradient of what a norm read; `grad` is that of what it gave. Plans the
    /// update of its weights.
    pub(super) fn norm_backward(&mut self, norm: Norm, grad: usize, out: usize) -> Call {
        let Norm { rows, normed, inverse, w, b, .. } = norm;
        if let Some(weight) = w {
            let (kind, columns) = (Rows::Normed, self.model.d_model);
            let tile =
                Tile { kind, x: normed, y: grad, rows, inner: 1, columns, weight, wide: columns, bias: b, k: 0, n: 0 };
            self.update(tile);
        }
        Call::NormBackward { grad, rows, normed, inverse, w, out }
    }
}
