//! The tables, computed from the parameters, and the gradients of the parameters, computed from those of the tables.
//!
//! Few large products are faster than many small ones. Hence the queries, keys and values of all heads are one matrix
//! (`qkv`), and so is all that is multiplied by `W_U` (`unembedded`).

use bytemuck::{cast_slice, cast_slice_mut};
use wide::f32x4;

use super::{LANES, Shape};
use crate::matrix::{Matrix, multiply, multiply_part};
use crate::vector::add;

/// The tables of a model.
#[derive(Clone, Debug)]
pub struct Tables {
    pub shape: Shape,
    /// `[C, 3 H D]`: `W_Q`, `W_K` and `W_V` of all heads.
    w_qkv: Vec<f32>,
    /// `[R, 3 H D]`: every row's queries, keys and values.
    qkv: Vec<f32>,
    /// `[R + H D, C]`: what is multiplied by `W_U`. First the embeddings, with `b_O` in the tokens' rows, then `W_O`.
    unembedded: Vec<f32>,
    /// `[R + H D, P]`: `unembedded` times `W_U`. First what every row adds to its own logits, which is minus infinity
    /// in the padding, then `W_O W_U`.
    pub x: Vec<f32x4>,
    /// `[H, R, R]`: attention scores of every query row with every key row.
    pub s: Vec<f32>,
    /// `[H, R, P]`: what every value row adds to the logits.
    pub z: Vec<f32x4>,
}

/// The gradients of the tables. The fields are those of [`Tables`].
#[derive(Clone, Debug)]
pub struct Gradients {
    w_qkv: Vec<f32>,
    qkv: Vec<f32>,
    unembedded: Vec<f32>,
    pub x: Vec<f32x4>,
    pub s: Vec<f32>,
    pub z: Vec<f32x4>,
}

impl Tables {
    /// Tables whose values are not computed yet.
    pub fn new(shape: Shape) -> Self {
        let Shape { c, d, h, o, rows, panels, .. } = shape;
        let (width, through_w_u) = (3 * h * d, rows + h * d);
        let mut x = vec![f32x4::ZERO; through_w_u * panels];
        for row in x[..rows * panels].chunks_exact_mut(panels) {
            cast_slice_mut::<_, f32>(row)[o..].fill(f32::NEG_INFINITY);
        }
        Self {
            shape,
            w_qkv: vec![0.0; c * width],
            qkv: vec![0.0; rows * width],
            unembedded: vec![0.0; through_w_u * c],
            x,
            s: vec![0.0; h * rows * rows],
            z: vec![f32x4::ZERO; h * rows * panels],
        }
    }

    /// Computes all tables.
    pub fn fill(&mut self, parameters: &[f32]) {
        let Shape { c, d, h, v, o, rows, panels, scale, offsets } = self.shape;
        let (width, padded) = (3 * h * d, panels * LANES);

        for (part, w, b) in parts(&self.shape) {
            for (row, of_w) in parameters[w..w + c * d].chunks_exact(d).enumerate() {
                self.w_qkv[row * width + part..][..d].copy_from_slice(of_w);
            }
            for row in self.qkv[..v * width].chunks_exact_mut(width) {
                row[part..part + d].copy_from_slice(&parameters[b..b + d]);
            }
        }
        self.qkv[v * width..].fill(0.0);
        let embedded = Matrix::new(parameters, rows, c);
        multiply(&mut self.qkv, embedded, Matrix::new(&self.w_qkv, c, width), 1.0, true);

        let (of_rows, of_w_o) = self.unembedded.split_at_mut(rows * c);
        of_rows.copy_from_slice(&parameters[..rows * c]);
        for row in of_rows[..v * c].chunks_exact_mut(c) {
            add(row, &parameters[offsets.b_o..offsets.b_o + c]);
        }
        of_w_o.copy_from_slice(&parameters[offsets.w_o..offsets.w_o + h * d * c]);
        let unembed = Matrix::new(&parameters[offsets.w_u..], c, o);
        multiply_part(
            cast_slice_mut(&mut self.x),
            padded,
            Matrix::new(&self.unembedded, rows + h * d, c),
            unembed,
            1.0,
            false,
        );
        for row in self.x[..v * panels].chunks_exact_mut(panels) {
            add(&mut cast_slice_mut::<_, f32>(row)[..o], &parameters[offsets.b_u..offsets.b_u + o]);
        }

        let m = cast_slice(&self.x[rows * panels..]);
        for head in 0..h {
            let [q, k, v] = [0, 1, 2].map(|part| Matrix::part(&self.qkv[(part * h + head) * d..], rows, d, width));
            multiply(&mut self.s[head * rows * rows..], q, k.t(), scale, false);
            let z = cast_slice_mut(&mut self.z[head * rows * panels..]);
            multiply(z, v, Matrix::new(&m[head * d * padded..], d, padded), 1.0, false);
        }
    }

    /// The attention scores of a position, `destination`, with the first positions of its sequence, as many as `out`
    /// holds.
    #[inline]
    pub fn scores(&self, head: usize, tokens: &[usize], destination: usize, out: &mut [f32]) {
        let Shape { v, rows, .. } = self.shape;
        let s = &self.s[head * rows * rows..][..rows * rows];
        let token = &s[tokens[destination] * rows..][..rows];
        let position = &s[(v + destination) * rows..][..rows];
        let tokens = &tokens[..out.len()];
        for source in 0..out.len() {
            let key = tokens[source];
            out[source] = (token[key] + position[key]) + (token[v + source] + position[v + source]);
        }
    }

    /// What a token at a position adds to the logits of a destination that attends to it alone, `[P]`.
    #[inline]
    pub fn written(&self, head: usize, token: usize, position: usize, out: &mut [f32x4]) {
        let Shape { rows, panels, .. } = self.shape;
        self.sum(&self.z[head * rows * panels..], token, position, out);
    }

    /// What a token at a position adds to its own logits without attention, `[P]`.
    #[inline]
    pub fn direct(&self, token: usize, position: usize, out: &mut [f32x4]) {
        self.sum(&self.x, token, position, out);
    }

    /// The sum of a token's and a position's row of a table, `[R, P]`.
    #[inline]
    fn sum(&self, table: &[f32x4], token: usize, position: usize, out: &mut [f32x4]) {
        let Shape { v, panels, .. } = self.shape;
        let (token, position) = (&table[token * panels..][..panels], &table[(v + position) * panels..][..panels]);
        let out = &mut out[..panels];
        for j in 0..panels {
            out[j] = token[j] + position[j];
        }
    }
}

impl Gradients {
    /// Gradients of zero.
    pub fn new(shape: &Shape) -> Self {
        let Shape { c, d, h, rows, panels, .. } = *shape;
        let (width, through_w_u) = (3 * h * d, rows + h * d);
        Self {
            w_qkv: vec![0.0; c * width],
            qkv: vec![0.0; rows * width],
            unembedded: vec![0.0; through_w_u * c],
            x: vec![f32x4::ZERO; through_w_u * panels],
            s: vec![0.0; h * rows * rows],
            z: vec![f32x4::ZERO; h * rows * panels],
        }
    }

    /// Sets those gradients to zero that sequences add to.
    pub fn clear(&mut self) {
        self.x.fill(f32x4::ZERO);
        self.z.fill(f32x4::ZERO);
        self.s.fill(0.0);
    }

    /// Backward of [`Tables::fill`]: the gradient of every parameter, added to `gradient`.
    pub fn backward(&mut self, tables: &Tables, parameters: &[f32], gradient: &mut [f32]) {
        let Shape { c, d, h, v, o, rows, panels, scale, offsets } = tables.shape;
        let (width, padded) = (3 * h * d, panels * LANES);

        let m = cast_slice(&tables.x[rows * panels..]);
        let grad_m = cast_slice_mut(&mut self.x[rows * panels..]);
        for head in 0..h {
            let [q, k, v] = [0, 1, 2].map(|part| Matrix::part(&tables.qkv[(part * h + head) * d..], rows, d, width));
            let [start_q, start_k, start_v] = [0, 1, 2].map(|part| (part * h + head) * d);
            // Z = V (W_O W_U)
            let grad_z = Matrix::new(cast_slice(&self.z[head * rows * panels..]), rows, padded);
            multiply(&mut grad_m[head * d * padded..], v.t(), grad_z, 1.0, false);
            multiply_part(
                &mut self.qkv[start_v..],
                width,
                grad_z,
                Matrix::new(&m[head * d * padded..], d, padded).t(),
                1.0,
                false,
            );
            // S = scale · Q Kᵀ
            let grad_s = Matrix::new(&self.s[head * rows * rows..], rows, rows);
            multiply_part(&mut self.qkv[start_q..], width, grad_s, k, scale, false);
            multiply_part(&mut self.qkv[start_k..], width, grad_s.t(), q, scale, false);
        }

        let grad_x = Matrix::part(cast_slice(&self.x), rows + h * d, o, padded);
        let unembed = Matrix::new(&parameters[offsets.w_u..], c, o);
        multiply(&mut gradient[offsets.w_u..], Matrix::new(&tables.unembedded, rows + h * d, c).t(), grad_x, 1.0, true);
        multiply(&mut self.unembedded, grad_x, unembed.t(), 1.0, false);
        let (of_rows, of_w_o) = self.unembedded.split_at(rows * c);
        add(&mut gradient[..rows * c], of_rows);
        add(&mut gradient[offsets.w_o..offsets.w_o + h * d * c], of_w_o);
        for row in of_rows[..v * c].chunks_exact(c) {
            add(&mut gradient[offsets.b_o..offsets.b_o + c], row);
        }
        for row in self.x[..v * panels].chunks_exact(panels) {
            add(&mut gradient[offsets.b_u..offsets.b_u + o], &cast_slice::<_, f32>(row)[..o]);
        }

        let grad_qkv = Matrix::new(&self.qkv, rows, width);
        multiply(gradient, grad_qkv, Matrix::new(&tables.w_qkv, c, width).t(), 1.0, true); // of the embeddings
        multiply(&mut self.w_qkv, Matrix::new(parameters, rows, c).t(), grad_qkv, 1.0, false);
        for (part, w, b) in parts(&tables.shape) {
            for (row, of_w) in gradient[w..w + c * d].chunks_exact_mut(d).enumerate() {
                of_w.copy_from_slice(&self.w_qkv[row * width + part..][..d]);
            }
            for row in self.qkv[..v * width].chunks_exact(width) {
                add(&mut gradient[b..b + d], &row[part..part + d]);
            }
        }
    }
}

/// For each head's queries, then keys, then values: where they begin in a row of `qkv`, and where their matrix and
/// their bias begin in the parameters.
fn parts(shape: &Shape) -> impl Iterator<Item = (usize, usize, usize)> {
    let Shape { c, d, h, offsets, .. } = *shape;
    let of = [(offsets.w_q, offsets.b_q), (offsets.w_k, offsets.b_k), (offsets.w_v, offsets.b_v)];
    (0..3 * h).map(move |part| {
        let (w, b) = of[part / h];
        (part * d, w + part % h * c * d, b + part % h * d)
    })
}
