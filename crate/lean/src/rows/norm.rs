//! LayerNorm and RMSNorm, with and without parameters, row by row.

use crate::architecture::Normalization;
use crate::layout::Layout;
use crate::vector::{add, add_scaled, dot, sum};

/// A norm, and what it remembers of its last forward pass.
#[derive(Clone, Debug)]
pub struct Norm {
    /// `None`: rows stay as they are.
    kind: Option<Normalization>,
    width: usize,
    eps: f32,
    /// Where its weight, `[width]`, begins in the parameters.
    w: Option<usize>,
    /// Where its bias, `[width]`, begins in the parameters.
    b: Option<usize>,
    /// `[rows, width]`: before weight and bias.
    normalized: Vec<f32>,
    /// `[rows]`: `1 / sqrt(variance + eps)`.
    inverse: Vec<f32>,
    /// `[rows, width]`: after weight and bias, if there are any.
    weighted: Vec<f32>,
}

impl Norm {
    /// The norm called `name`, e.g. `blocks.0.ln1`.
    pub fn new(kind: Option<Normalization>, width: usize, eps: f64, name: &str, layout: &Layout) -> Self {
        let offset = |weight: &str| layout.find(&format!("{name}.{weight}")).map(|entry| entry.offset);
        let empty = Vec::new;
        Self {
            kind,
            width,
            eps: eps as f32,
            w: offset("w"),
            b: offset("b"),
            normalized: empty(),
            inverse: empty(),
            weighted: empty(),
        }
    }

    /// Whether the mean is subtracted.
    fn centres(&self) -> bool {
        matches!(self.kind, Some(Normalization::LN | Normalization::LNPre))
    }

    /// Computes `(x - mean) / sqrt(variance + eps) · w + b`, `[rows, width]`, which is then in [`Norm::out`].
    pub fn forward(&mut self, parameters: &[f32], x: &[f32]) {
        self.normalized.resize(x.len(), 0.0);
        self.normalized.copy_from_slice(x);
        if self.kind.is_none() {
            return;
        }
        let (width, centres) = (self.width, self.centres());
        self.inverse.resize(x.len() / width, 0.0);
        for (row, inverse) in self.normalized.chunks_exact_mut(width).zip(&mut self.inverse) {
            if centres {
                let mean = sum(row) / width as f32;
                row.iter_mut().for_each(|x| *x -= mean);
            }
            *inverse = 1.0 / (dot(row, row) / width as f32 + self.eps).sqrt();
            row.iter_mut().for_each(|x| *x *= *inverse);
        }
        let Some(w) = self.w else { return };
        let w = &parameters[w..w + width];
        self.weighted.resize(x.len(), 0.0);
        for (out, row) in self.weighted.chunks_exact_mut(width).zip(self.normalized.chunks_exact(width)) {
            out.iter_mut().zip(row).zip(w).for_each(|((out, x), w)| *out = x * w);
            if let Some(b) = self.b {
                add(out, &parameters[b..b + width]);
            }
        }
    }

    /// The output of the last forward pass, `[rows, width]`.
    pub fn out(&self) -> &[f32] {
        if self.w.is_some() { &self.weighted } else { &self.normalized }
    }

    /// The gradients of the parameters, added to `gradient`, and of `x`, added to `grad_x`. `grad_out` is overwritten.
    pub fn backward(&self, parameters: &[f32], grad_out: &mut [f32], gradient: &mut [f32], grad_x: &mut [f32]) {
        if self.kind.is_none() {
            return add(grad_x, grad_out);
        }
        let (width, centres) = (self.width, self.centres());
        let rows = grad_out
            .chunks_exact_mut(width)
            .zip(self.normalized.chunks_exact(width))
            .zip(grad_x.chunks_exact_mut(width));
        for (((grad, normalized), grad_x), inverse) in rows.zip(&self.inverse) {
            if let Some(b) = self.b {
                add(&mut gradient[b..b + width], grad);
            }
            if let Some(w) = self.w {
                gradient[w..w + width].iter_mut().zip(&*grad).zip(normalized).for_each(|((out, g), x)| *out += g * x);
                grad.iter_mut().zip(&parameters[w..w + width]).for_each(|(g, w)| *g *= w);
            }
            // The output does not change if a row is shifted (if the norm centres) or scaled: along these two
            // directions the gradient is zero.
            if centres {
                let mean = sum(grad) / width as f32;
                grad.iter_mut().for_each(|g| *g -= mean);
            }
            let along = dot(grad, normalized) / width as f32;
            add_scaled(grad, normalized, -along);
            add_scaled(grad_x, grad, *inverse);
        }
    }
}
