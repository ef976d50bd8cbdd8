//! Self-attention of a layer.
//!
//! Legend: `in`, `out` rows as in [`Route`]; `H` heads of `D` values each, side by side in a row of queries, keys or values.

use super::super::vector::{add, add_scaled, dot, exp_less_max};
use super::Places;
use super::linear::Linear;
use super::packed::{Route, gather, scatter};
use super::rotary::Rotary;
use crate::config::{AttentionDirection, ModelConfig, PositionalEmbedding};

/// One layer's attention and what it remembers of its last forward pass.
#[derive(Clone, Debug)]
pub struct Attention {
    q: Linear,
    k: Linear,
    v: Linear,
    o: Linear,
    c: usize,
    d: usize,
    h: usize,
    causal: bool,
    /// What scores are multiplied with.
    scale: f32,
    rotary: Option<Rotary>,
    /// Where the embeddings begin that Shortformer adds to what queries and keys read.
    shortformer: Option<usize>,
    /// `[in, C]`: what queries and keys read, if that is not what values read; and, where fewer rows go out than come in, `[out, C]`,
    /// what queries read.
    placed: Vec<f32>,
    narrow: Vec<f32>,
    /// `[in or out, H D]`.
    queries: Vec<f32>,
    /// `[in, H D]`.
    keys: Vec<f32>,
    values: Vec<f32>,
    /// The weights of all sources, for every sequence, head and outgoing row, one after the other.
    pattern: Vec<f32>,
    /// `[out, H D]`: the mean of the values.
    z: Vec<f32>,
    /// The gradients of the above.
    grad_placed: Vec<f32>,
    grad_narrow: Vec<f32>,
    grad_queries: Vec<f32>,
    grad_keys: Vec<f32>,
    grad_values: Vec<f32>,
    grad_z: Vec<f32>,
    /// `[sources]`: of one outgoing row's pattern.
    grad_pattern: Vec<f32>,
}

impl Attention {
    /// The attention of `block`, e.g. `blocks.0.`, over at most `positions`.
    pub fn new(config: &ModelConfig, block: &str, places: &Places, positions: usize) -> Self {
        let ModelConfig { d_model: c, d_head: d, n_heads: h, positional_embedding_type: embedding, .. } = *config;
        let place = |name: &str| places.of(&format!("{block}attn.{name}"));
        let project = |w: &str, b: &str| Linear::new([place(w), place(b)], [c, h * d], h);
        let empty = Vec::new;
        Self {
            q: project("W_Q", "b_Q"),
            k: project("W_K", "b_K"),
            v: project("W_V", "b_V"),
            o: Linear::new([place("W_O"), place("b_O")], [h * d, c], 1),
            c,
            d,
            h,
            causal: config.attention_dir == AttentionDirection::Causal,
            scale: if config.use_attn_scale { (1.0 / config.attn_scale) as f32 } else { 1.0 },
            rotary: (embedding == PositionalEmbedding::Rotary).then(|| Rotary::new(config, positions)),
            shortformer: (embedding == PositionalEmbedding::Shortformer).then(|| places.of("pos_embed.W_pos")),
            placed: empty(),
            narrow: empty(),
            queries: empty(),
            keys: empty(),
            values: empty(),
            pattern: empty(),
            z: empty(),
            grad_placed: empty(),
            grad_narrow: empty(),
            grad_queries: empty(),
            grad_keys: empty(),
            grad_values: empty(),
            grad_z: empty(),
            grad_pattern: vec![0.0; positions],
        }
    }

    /// Adds what the heads write, having read `x`, `[in, C]`, to `out`, `[out, C]`.
    pub fn forward(&mut self, parameters: &[f32], x: &[f32], route: &Route, out: &mut [f32]) {
        let (c, width) = (self.c, self.h * self.d);
        let (incoming, outgoing) = (route.positions.len(), route.from.len());
        let placed = match self.shortformer {
            None => x,
            Some(embedding) => {
                self.placed.resize(x.len(), 0.0);
                self.placed.copy_from_slice(x);
                for (row, position) in self.placed.chunks_exact_mut(c).zip(&route.positions) {
                    add(row, &parameters[embedding + position * c..embedding + (position + 1) * c]);
                }
                &self.placed
            }
        };
        self.keys.resize(incoming * width, 0.0);
        self.values.resize(incoming * width, 0.0);
        self.k.forward(parameters, placed, &mut self.keys, false);
        self.v.forward(parameters, x, &mut self.values, false);
        if route.narrows() {
            self.narrow.resize(outgoing * c, 0.0);
            gather(&mut self.narrow, placed, &route.from, c);
            self.queries.resize(outgoing * width, 0.0);
            self.q.forward(parameters, &self.narrow, &mut self.queries, false);
        } else {
            self.queries.resize(incoming * width, 0.0);
            self.q.forward(parameters, placed, &mut self.queries, false);
        }
        if let Some(rotary) = &self.rotary {
            for (row, position) in self.keys.chunks_exact_mut(width).zip(&route.positions) {
                rotary.forward(row, *position);
            }
            for (row, position) in self.queries.chunks_exact_mut(width).zip(query_positions(route)) {
                rotary.forward(row, position);
            }
        }
        self.z.resize(outgoing * width, 0.0);
        self.attend(route);
        self.o.forward(parameters, &self.z, out, true);
    }

    /// The gradients of the weights, written to `gradient` (Shortformer's embeddings: added), and of `x`, written to `grad_x`.
    pub fn backward(&mut self, parameters: &[f32], x: &[f32], route: &Route, grad_out: &[f32], gradient: &mut [f32], grad_x: &mut [f32]) {
        let (c, width) = (self.c, self.h * self.d);
        self.grad_z.resize(self.z.len(), 0.0);
        self.o.backward(parameters, &self.z, grad_out, gradient, &mut self.grad_z, false);
        for (grad, of) in
            [(&mut self.grad_queries, &self.queries), (&mut self.grad_keys, &self.keys), (&mut self.grad_values, &self.values)]
        {
            grad.clear();
            grad.resize(of.len(), 0.0);
        }
        self.attend_backward(route);
        if let Some(rotary) = &self.rotary {
            for (row, position) in self.grad_keys.chunks_exact_mut(width).zip(&route.positions) {
                rotary.backward(row, *position);
            }
            for (row, position) in self.grad_queries.chunks_exact_mut(width).zip(query_positions(route)) {
                rotary.backward(row, position);
            }
        }
        self.v.backward(parameters, x, &self.grad_values, gradient, grad_x, false);
        let (placed, grad_placed) = match self.shortformer {
            None => (x, &mut *grad_x),
            Some(_) => {
                self.grad_placed.clear();
                self.grad_placed.resize(x.len(), 0.0);
                (&self.placed[..], &mut self.grad_placed[..])
            }
        };
        self.k.backward(parameters, placed, &self.grad_keys, gradient, grad_placed, true);
        if route.narrows() {
            self.grad_narrow.resize(self.narrow.len(), 0.0);
            self.q.backward(parameters, &self.narrow, &self.grad_queries, gradient, &mut self.grad_narrow, false);
            scatter(grad_placed, &self.grad_narrow, &route.from, c);
        } else {
            self.q.backward(parameters, placed, &self.grad_queries, gradient, grad_placed, true);
        }
        if let Some(embedding) = self.shortformer {
            add(grad_x, &self.grad_placed);
            scatter(&mut gradient[embedding..], &self.grad_placed, &route.positions, c);
        }
    }

    /// Patterns, and the means of the values.
    fn attend(&mut self, route: &Route) {
        let Self { d, h, causal, scale, .. } = *self;
        let at = |row: usize, head: usize| (row * h + head) * d..(row * h + head + 1) * d;
        self.pattern.clear();
        for_each_row(route, h, causal, |row, query, head, sources| {
            let start = self.pattern.len();
            let q = &self.queries[at(query, head)];
            self.pattern.extend(sources.iter().map(|source| dot(q, &self.keys[at(*source, head)]) * scale));
            let pattern = &mut self.pattern[start..];
            let sum = exp_less_max(pattern);
            let z = &mut self.z[at(row, head)];
            z.fill(0.0);
            for (weight, source) in pattern.iter_mut().zip(sources) {
                *weight /= sum;
                add_scaled(z, &self.values[at(*source, head)], *weight);
            }
        });
    }

    /// From `grad_z` the gradients of queries, keys and values, added to what is there.
    fn attend_backward(&mut self, route: &Route) {
        let Self { d, h, causal, scale, .. } = *self;
        let at = |row: usize, head: usize| (row * h + head) * d..(row * h + head + 1) * d;
        let mut start = 0;
        for_each_row(route, h, causal, |row, query, head, sources| {
            let pattern = &self.pattern[start..start + sources.len()];
            start += sources.len();
            let grad_z = &self.grad_z[at(row, head)];
            let mut mean = 0.0;
            for ((grad, weight), source) in self.grad_pattern.iter_mut().zip(pattern).zip(sources) {
                *grad = dot(grad_z, &self.values[at(*source, head)]);
                mean += weight * *grad;
                add_scaled(&mut self.grad_values[at(*source, head)], grad_z, *weight);
            }
            let (q, grad_q) = (&self.queries[at(query, head)], &mut self.grad_queries[at(query, head)]);
            for ((grad, weight), source) in self.grad_pattern.iter().zip(pattern).zip(sources) {
                let grad_score = weight * (grad - mean) * scale;
                add_scaled(grad_q, &self.keys[at(*source, head)], grad_score);
                add_scaled(&mut self.grad_keys[at(*source, head)], q, grad_score);
            }
        });
    }
}

/// Calls `f(outgoing row, its query's row, head, the rows of its sources)`, always in the same order, which is that of the patterns.
fn for_each_row(route: &Route, heads: usize, causal: bool, mut f: impl FnMut(usize, usize, usize, &[usize])) {
    for span in &route.spans {
        let keys = &route.keys[span.keys.clone()];
        for head in 0..heads {
            for (i, row) in span.outgoing.clone().enumerate() {
                let query = if route.narrows() { row } else { route.from[row] };
                let sources = if causal { &keys[..=span.first + i] } else { keys };
                f(row, query, head, sources);
            }
        }
    }
}

/// The position of every row of queries.
fn query_positions(route: &Route) -> impl Iterator<Item = usize> {
    let rows = if route.narrows() { route.from.len() } else { route.positions.len() };
    (0..rows).map(|row| route.positions[if route.narrows() { route.from[row] } else { row }])
}
