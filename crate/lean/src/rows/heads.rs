//! The heads of a layer: patterns from queries and keys, and the means of the values that they weight.
//!
//! Legend: `in`, `out` rows as in [`Route`]; `H` heads of `D` values each, side by side in a row of queries, keys or
//! values.

use super::cache::Cache;
use super::packed::{Route, Span, gather, scatter};
use crate::architecture::{AttentionDirection, ModelConfig};
use crate::matrix::{Matrix, multiply, multiply_part};
use crate::vector::{add_scaled, dot, exp_less_max};

/// Queries, keys and values, or their gradients. They have a row for each row that comes in, or, of queries, for each
/// that goes out if those are fewer.
#[derive(Clone, Debug, Default)]
pub struct Projections {
    /// `[in or out, H D]`.
    pub queries: Vec<f32>,
    /// `[in, H D]`.
    pub keys: Vec<f32>,
    /// `[in, H D]`.
    pub values: Vec<f32>,
}

impl Projections {
    /// Takes the rows of one sequence, which then lie one after the other.
    fn gather(&mut self, of: &Self, route: &Route, span: &Span, width: usize) {
        gather(&mut self.queries, &of.queries, &route.queries[span.outgoing.clone()], width);
        gather(&mut self.keys, &of.keys, &route.keys[span.keys.clone()], width);
        gather(&mut self.values, &of.values, &route.keys[span.keys.clone()], width);
    }

    /// Backward of `gather`: adds the gradients of one sequence's rows.
    fn scatter(&mut self, grad: &Self, route: &Route, span: &Span, width: usize) {
        scatter(&mut self.queries, &grad.queries, &route.queries[span.outgoing.clone()], width);
        scatter(&mut self.keys, &grad.keys, &route.keys[span.keys.clone()], width);
        scatter(&mut self.values, &grad.values, &route.keys[span.keys.clone()], width);
    }
}

/// The heads of one layer, and the patterns of their last forward pass.
#[derive(Clone, Debug)]
pub struct Heads {
    d: usize,
    h: usize,
    causal: bool,
    /// The factor of attention scores.
    scale: f32,
    /// For every sequence and head, one after the other, `[its outgoing rows, its sources]`.
    pattern: Vec<f32>,
    /// The rows of one sequence.
    near: Projections,
    /// The gradients of `near`.
    grad_near: Projections,
    /// The gradient of one head's pattern in one sequence.
    grad_pattern: Vec<f32>,
}

impl Heads {
    /// The heads of any layer.
    pub fn new(config: &ModelConfig) -> Self {
        Self {
            d: config.d_head,
            h: config.n_heads,
            causal: config.attention_dir == AttentionDirection::Causal,
            scale: (1.0 / config.attention_scale()) as f32,
            pattern: Vec::new(),
            near: Projections::default(),
            grad_near: Projections::default(),
            grad_pattern: Vec::new(),
        }
    }

    /// `H D`.
    pub fn width(&self) -> usize {
        self.h * self.d
    }

    /// The patterns of the last forward pass, for every sequence and head, `[its outgoing rows, its sources]`.
    pub fn pattern(&self) -> &[f32] {
        &self.pattern
    }

    /// Computes the patterns, and the means of the values, `z`, `[out, H D]`. With a cache, the sources include what
    /// was read before.
    pub fn forward(&mut self, of: &Projections, route: &Route, mut cache: Option<&mut Cache>, z: &mut [f32]) {
        let Self { d, h, causal, scale, .. } = *self;
        let width = self.width();
        let pairs = |span: &Span| span.outgoing.len() * (route.seen + span.keys.len());
        self.pattern.resize(h * route.spans.iter().map(pairs).sum::<usize>(), 0.0);
        let mut rest = &mut self.pattern[..];
        for (number, span) in route.spans.iter().enumerate() {
            let (rows, sources) = (span.outgoing.len(), route.seen + span.keys.len());
            let cached = cache.is_some();
            let [k, v] = match &mut cache {
                None => {
                    self.near.gather(of, route, span, width);
                    [&self.near.keys[..], &self.near.values]
                }
                Some(cache) => {
                    gather(&mut self.near.queries, &of.queries, &route.queries[span.outgoing.clone()], width);
                    cache.store(number, route.seen, [&of.keys, &of.values], &route.keys[span.keys.clone()])
                }
            };
            let q = &self.near.queries;
            let z = &mut z[span.outgoing.start * width..span.outgoing.end * width];
            // A product would pack all keys and values for a single row. In training it does nevertheless, since the
            // order of sums, and with it the bits of a run, must not depend on how many positions count.
            let single = cached && rows == 1;
            for head in 0..h {
                let columns = head * d..(head + 1) * d;
                let part = |values, rows| head_of(values, rows, head, [d, width]);
                let (pattern, after) = rest.split_at_mut(rows * sources);
                rest = after;
                if single {
                    for (score, key) in pattern.iter_mut().zip(k.chunks_exact(width)) {
                        *score = scale * dot(&q[columns.clone()], &key[columns.clone()]);
                    }
                } else {
                    multiply(pattern, part(q, rows), part(k, sources).t(), scale, false);
                }
                for (row, position) in pattern.chunks_exact_mut(sources).zip(&route.at[span.outgoing.clone()]) {
                    let (seen, future) = row.split_at_mut(if causal { position + 1 } else { sources });
                    let sum = exp_less_max(seen);
                    seen.iter_mut().for_each(|weight| *weight /= sum);
                    future.fill(0.0);
                }
                if single {
                    let z = &mut z[columns];
                    z.fill(0.0);
                    for (weight, value) in pattern.iter().zip(v.chunks_exact(width)) {
                        add_scaled(z, &value[head * d..(head + 1) * d], *weight);
                    }
                } else {
                    let pattern = Matrix::new(pattern, rows, sources);
                    multiply_part(&mut z[columns.start..], width, pattern, part(v, sources), 1.0, false);
                }
            }
        }
    }

    /// From `grad_z`, `[out, H D]`, the gradients of queries, keys and values, written to `grad`.
    pub fn backward(&mut self, of: &Projections, route: &Route, grad_z: &[f32], grad: &mut Projections) {
        let Self { d, h, scale, .. } = *self;
        let width = self.width();
        for (grad, of) in [(&mut grad.queries, &of.queries), (&mut grad.keys, &of.keys), (&mut grad.values, &of.values)]
        {
            grad.clear();
            grad.resize(of.len(), 0.0);
        }
        let mut rest = &self.pattern[..];
        for span in &route.spans {
            let (rows, sources) = (span.outgoing.len(), span.keys.len());
            self.near.gather(of, route, span, width);
            let Projections { queries: q, keys: k, values: v } = &self.near;
            let Projections { queries: grad_q, keys: grad_k, values: grad_v } = &mut self.grad_near;
            grad_q.resize(rows * width, 0.0);
            grad_k.resize(sources * width, 0.0);
            grad_v.resize(sources * width, 0.0);
            self.grad_pattern.resize(rows * sources, 0.0);
            for head in 0..h {
                let start = head * d;
                let part = |values, rows| head_of(values, rows, head, [d, width]);
                let (pattern, after) = rest.split_at(rows * sources);
                rest = after;
                let grad_z = part(&grad_z[span.outgoing.start * width..], rows);
                multiply_part(&mut grad_v[start..], width, Matrix::new(pattern, rows, sources).t(), grad_z, 1.0, false);
                multiply(&mut self.grad_pattern, grad_z, part(v, sources).t(), 1.0, false);
                // The softmax's. A weight of 0, as of what a row does not see, has a gradient of 0.
                for (grad, weights) in self.grad_pattern.chunks_exact_mut(sources).zip(pattern.chunks_exact(sources)) {
                    let mean = dot(grad, weights);
                    grad.iter_mut().zip(weights).for_each(|(grad, weight)| *grad = weight * (*grad - mean));
                }
                let grad_scores = Matrix::new(&self.grad_pattern, rows, sources);
                multiply_part(&mut grad_q[start..], width, grad_scores, part(k, sources), scale, false);
                multiply_part(&mut grad_k[start..], width, grad_scores.t(), part(q, rows), scale, false);
            }
            grad.scatter(&self.grad_near, route, span, width);
        }
    }
}

/// One head's columns of `[rows, H D]`.
fn head_of(values: &[f32], rows: usize, head: usize, [d, width]: [usize; 2]) -> Matrix<'_> {
    Matrix::part(&values[head * d..], rows, d, width)
}
