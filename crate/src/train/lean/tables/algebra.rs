//! The tables of a step, from the parameters, and the gradients of the parameters, from those of the tables.

use super::super::matrix::{Matrix, multiply};
use super::super::vector::add;
use super::{Places, Shape};

/// Tables and their gradients, each head's one after the other where there is one a head.
#[derive(Clone, Debug)]
pub struct Tables {
    /// `[H, A, D]`: every row's query, key and value; the last row is the bias.
    q: Vec<f32>,
    k: Vec<f32>,
    v: Vec<f32>,
    /// `[C, P]`: `W_U`, padded.
    w_u: Vec<f32>,
    /// `[H, D, P]`: `W_O W_U`.
    m: Vec<f32>,
    /// `[H, A, stride]`: attention scores of every query row with every key row.
    pub s: Vec<f32>,
    /// `[H, A, P]`: what every value row adds to the logits.
    pub z: Vec<f32>,
    /// `[R, P]`: what every row adds to the logits by itself.
    pub x: Vec<f32>,
    /// `[P]`: what is added to the logits everywhere, `b_O W_U + b_U`.
    pub base: Vec<f32>,
    pub grad_s: Vec<f32>,
    pub grad_z: Vec<f32>,
    pub grad_x: Vec<f32>,
    pub grad_base: Vec<f32>,
    /// `[A, D]`, `[D, P]` and `[C, P]`: gradients on their way.
    grad_part: Vec<f32>,
    grad_m: Vec<f32>,
    grad_w_u: Vec<f32>,
    /// `[A, A]`: a head's scores or their gradient without the padding.
    square: Vec<f32>,
}

impl Tables {
    pub fn new(shape: &Shape) -> Self {
        let Shape { c, d, h, rows, all, padded, stride, .. } = *shape;
        let zeros = |length: usize| vec![0.0; length];
        Self {
            q: zeros(h * all * d),
            k: zeros(h * all * d),
            v: zeros(h * all * d),
            w_u: zeros(c * padded),
            m: zeros(h * d * padded),
            s: zeros(h * all * stride),
            z: zeros(h * all * padded),
            x: zeros(rows * padded),
            base: zeros(padded),
            grad_s: zeros(h * all * stride),
            grad_z: zeros(h * all * padded),
            grad_x: zeros(rows * padded),
            grad_base: zeros(padded),
            grad_part: zeros(all * d),
            grad_m: zeros(d * padded),
            grad_w_u: zeros(c * padded),
            square: zeros(all * all),
        }
    }

    /// Every table, at these parameters; the gradients become zero.
    pub fn fill(&mut self, shape: &Shape, places: &Places, parameters: &[f32]) {
        let Shape { c, d, h, o, rows, all, padded, stride, scale, .. } = *shape;
        for (padded_row, row) in self.w_u.chunks_exact_mut(padded).zip(parameters[places.w_u..].chunks_exact(o)) {
            padded_row[..o].copy_from_slice(row);
        }
        let embedded = Matrix::new(parameters, rows, c);
        let unembed = Matrix::new(&self.w_u, c, padded);
        multiply(&mut self.x, embedded, unembed, 1.0, false);
        multiply(&mut self.base, Matrix::new(&parameters[places.b_o..], 1, c), unembed, 1.0, false);
        add(&mut self.base, &parameters[places.b_u..places.b_u + o]);
        for head in 0..h {
            for (table, matrix, bias) in
                [(&mut self.q, places.w_q, places.b_q), (&mut self.k, places.w_k, places.b_k), (&mut self.v, places.w_v, places.b_v)]
            {
                let table = &mut table[head * all * d..(head + 1) * all * d];
                multiply(table, embedded, Matrix::new(&parameters[matrix + head * c * d..], c, d), 1.0, false);
                table[rows * d..].copy_from_slice(&parameters[bias + head * d..bias + (head + 1) * d]);
            }
            let of = |table: &'_ [f32]| -> std::ops::Range<usize> { head * table.len() / h..(head + 1) * table.len() / h };
            let (q, k, v) = (&self.q[of(&self.q)], &self.k[of(&self.k)], &self.v[of(&self.v)]);
            multiply(&mut self.square, Matrix::new(q, all, d), Matrix::new(k, all, d).t(), scale, false);
            let s = of(&self.s);
            for (row, scores) in self.s[s].chunks_exact_mut(stride).zip(self.square.chunks_exact(all)) {
                row[..all].copy_from_slice(scores);
            }
            let (m, z) = (of(&self.m), of(&self.z));
            multiply(&mut self.m[m.clone()], Matrix::new(&parameters[places.w_o + head * d * c..], d, c), unembed, 1.0, false);
            multiply(&mut self.z[z], Matrix::new(v, all, d), Matrix::new(&self.m[m], d, padded), 1.0, false);
        }
        for gradient in [&mut self.grad_s, &mut self.grad_z, &mut self.grad_x, &mut self.grad_base, &mut self.grad_w_u] {
            gradient.fill(0.0);
        }
    }

    /// The gradient of every parameter, added to `gradient`.
    pub fn gradient(&mut self, shape: &Shape, places: &Places, parameters: &[f32], gradient: &mut [f32]) {
        let Shape { c, d, h, o, rows, all, padded, stride, scale, .. } = *shape;
        let embedded = Matrix::new(parameters, rows, c);
        let unembed = Matrix::new(&self.w_u, c, padded);
        let grad_x = Matrix::new(&self.grad_x, rows, padded);
        let grad_base = Matrix::new(&self.grad_base, 1, padded);
        multiply(gradient, grad_x, unembed.t(), 1.0, true); // embeddings
        multiply(&mut self.grad_w_u, embedded.t(), grad_x, 1.0, true);
        multiply(&mut gradient[places.b_o..], grad_base, unembed.t(), 1.0, true);
        multiply(&mut self.grad_w_u, Matrix::new(&parameters[places.b_o..], 1, c).t(), grad_base, 1.0, true);
        add(&mut gradient[places.b_u..places.b_u + o], &self.grad_base[..o]);
        for head in 0..h {
            let table = head * all * d..(head + 1) * all * d;
            let (q, k, v) = (&self.q[table.clone()], &self.k[table.clone()], &self.v[table]);
            let m = Matrix::new(&self.m[head * d * padded..], d, padded);
            let w_o = Matrix::new(&parameters[places.w_o + head * d * c..], d, c);
            let grad_z = Matrix::new(&self.grad_z[head * all * padded..], all, padded);

            // Z = V (W_O W_U)
            multiply(&mut self.grad_m, Matrix::new(v, all, d).t(), grad_z, 1.0, false);
            let grad_m = Matrix::new(&self.grad_m, d, padded);
            multiply(&mut gradient[places.w_o + head * d * c..], grad_m, unembed.t(), 1.0, true);
            multiply(&mut self.grad_w_u, w_o.t(), grad_m, 1.0, true);
            multiply(&mut self.grad_part, grad_z, m.t(), 1.0, false);
            rows_gradient(shape, parameters, gradient, &self.grad_part, places.w_v + head * c * d, places.b_v + head * d);

            // S = scale · Q Kᵀ
            let grad_s = &self.grad_s[head * all * stride..(head + 1) * all * stride];
            for (row, padded_row) in self.square.chunks_exact_mut(all).zip(grad_s.chunks_exact(stride)) {
                row.copy_from_slice(&padded_row[..all]);
            }
            let grad_s = Matrix::new(&self.square, all, all);
            multiply(&mut self.grad_part, grad_s, Matrix::new(k, all, d), scale, false);
            rows_gradient(shape, parameters, gradient, &self.grad_part, places.w_q + head * c * d, places.b_q + head * d);
            multiply(&mut self.grad_part, grad_s.t(), Matrix::new(q, all, d), scale, false);
            rows_gradient(shape, parameters, gradient, &self.grad_part, places.w_k + head * c * d, places.b_k + head * d);
        }
        for (out, row) in gradient[places.w_u..].chunks_exact_mut(o).zip(self.grad_w_u.chunks_exact(padded)) {
            add(out, &row[..o]);
        }
    }
}

/// Of a table of `embedded · matrix` with the bias below, whose gradient is `part`, `[A, D]`: the gradients of all three.
fn rows_gradient(shape: &Shape, parameters: &[f32], gradient: &mut [f32], part: &[f32], matrix: usize, bias: usize) {
    let Shape { c, d, rows, .. } = *shape;
    let of_rows = Matrix::new(part, rows, d);
    multiply(gradient, of_rows, Matrix::new(&parameters[matrix..], c, d).t(), 1.0, true);
    multiply(&mut gradient[matrix..], Matrix::new(parameters, rows, c).t(), of_rows, 1.0, true);
    add(&mut gradient[bias..bias + d], &part[rows * d..]);
}
