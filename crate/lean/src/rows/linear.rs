//! Affine maps.

use crate::matrix::{Matrix, multiply};
use crate::vector::add;

/// `x W + b`.
#[derive(Clone, Debug)]
pub struct Linear {
    /// Where `W` begins in the parameters: `[input, output]`, or `[heads, input, output / heads]`.
    w: usize,
    /// Where `b`, `[output]`, begins in the parameters.
    b: usize,
    input: usize,
    output: usize,
    /// How many matrices `W` consists of, whose outputs are side by side: those of queries, keys and values are one a
    /// head.
    heads: usize,
    /// `[input, output]`: the heads' matrices side by side; empty with one head.
    joined: Vec<f32>,
    /// The gradient of `joined`.
    grad_joined: Vec<f32>,
}

impl Linear {
    /// The map of the matrix at `w` and the bias at `b`.
    pub fn new([w, b]: [usize; 2], [input, output]: [usize; 2], heads: usize) -> Self {
        let length = if heads > 1 { input * output } else { 0 };
        Self { w, b, input, output, heads, joined: vec![0.0; length], grad_joined: Vec::new() }
    }

    /// `out = x W + b`, or `out += x W + b` if `add_to`; `[rows, input]` to `[rows, output]`.
    pub fn forward(&mut self, parameters: &[f32], x: &[f32], out: &mut [f32], add_to: bool) {
        let b = &parameters[self.b..self.b + self.output];
        for out in out.chunks_exact_mut(self.output) {
            if add_to { add(out, b) } else { out.copy_from_slice(b) }
        }
        let width = self.output / self.heads;
        for (number, row) in self.joined.chunks_exact_mut(width).enumerate() {
            let (input, head) = (number / self.heads, number % self.heads);
            let start = self.w + (head * self.input + input) * width;
            row.copy_from_slice(&parameters[start..start + width]);
        }
        let rows = x.len() / self.input;
        multiply(out, Matrix::new(x, rows, self.input), self.matrix(parameters), 1.0, true);
    }

    /// The gradients of matrix and bias, written to `gradient` (the bias's: added), and of `x`, written to `grad_x`, or
    /// added to it if `add_to`.
    pub fn backward(
        &mut self,
        parameters: &[f32],
        x: &[f32],
        grad_out: &[f32],
        gradient: &mut [f32],
        grad_x: &mut [f32],
        add_to: bool,
    ) {
        let rows = x.len() / self.input;
        let (x, grad) = (Matrix::new(x, rows, self.input), Matrix::new(grad_out, rows, self.output));
        multiply(grad_x, grad, self.matrix(parameters).t(), 1.0, add_to);
        grad_out.chunks_exact(self.output).for_each(|row| add(&mut gradient[self.b..self.b + self.output], row));
        if self.heads == 1 {
            multiply(&mut gradient[self.w..self.w + self.input * self.output], x.t(), grad, 1.0, false);
            return;
        }
        self.grad_joined.resize(self.joined.len(), 0.0);
        multiply(&mut self.grad_joined, x.t(), grad, 1.0, false);
        let width = self.output / self.heads;
        for (number, row) in self.grad_joined.chunks_exact(width).enumerate() {
            let (input, head) = (number / self.heads, number % self.heads);
            let start = self.w + (head * self.input + input) * width;
            gradient[start..start + width].copy_from_slice(row);
        }
    }

    /// `W`, `[input, output]`.
    fn matrix<'a>(&'a self, parameters: &'a [f32]) -> Matrix<'a> {
        let values = if self.heads == 1 { &parameters[self.w..] } else { &self.joined };
        Matrix::new(values, self.input, self.output)
    }
}
