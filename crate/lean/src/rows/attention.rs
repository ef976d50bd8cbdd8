//! Self-attention of a layer.
//!
//! Legend: `in`, `out` rows as in [`Route`]; `H` heads of `D` values each, side by side in a row of queries, keys or values.

use super::super::matrix::{Matrix, multiply, multiply_part};
use super::super::vector::{add, add_scaled, dot, exp_less_max};
use super::linear::Linear;
use super::packed::{Route, Span, gather, gather_into, scatter};
use super::rotary::Rotary;
use crate::architecture::{AttentionDirection, ModelConfig, PositionalEmbedding};
use crate::layout::Layout;

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
    /// Of every sequence and head, one after the other, `[its outgoing rows, its sources]`, the sources that were read before among them.
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
    /// Of one sequence: rows of queries, keys and values, and their gradients; of one head of it: the pattern's gradient.
    near: [Vec<f32>; 3],
    grad_near: [Vec<f32>; 3],
    grad_pattern: Vec<f32>,
}

impl Attention {
    /// The attention of `block`, e.g. `blocks.0.`, over at most `positions`.
    pub fn new(config: &ModelConfig, block: &str, layout: &Layout, positions: usize) -> Self {
        let ModelConfig { d_model: c, d_head: d, n_heads: h, positional_embedding_type: embedding, .. } = *config;
        let offset = |name: &str| layout.offset(&format!("{block}attn.{name}"));
        let project = |w: &str, b: &str| Linear::new([offset(w), offset(b)], [c, h * d], h);
        let empty = Vec::new;
        Self {
            q: project("W_Q", "b_Q"),
            k: project("W_K", "b_K"),
            v: project("W_V", "b_V"),
            o: Linear::new([offset("W_O"), offset("b_O")], [h * d, c], 1),
            c,
            d,
            h,
            causal: config.attention_dir == AttentionDirection::Causal,
            scale: (1.0 / config.attention_scale()) as f32,
            rotary: (embedding == PositionalEmbedding::Rotary).then(|| Rotary::new(config, positions)),
            shortformer: (embedding == PositionalEmbedding::Shortformer).then(|| layout.offset("pos_embed.W_pos")),
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
            near: [empty(), empty(), empty()],
            grad_near: [empty(), empty(), empty()],
            grad_pattern: empty(),
        }
    }

    /// Adds what the heads write, having read `x`, `[in, C]`, to `out`, `[out, C]`. With a `cache`, positions that were read before are
    /// attended to as well.
    pub fn forward(
        &mut self,
        parameters: &[f32],
        x: &[f32],
        route: &Route,
        cache: Option<&mut Cache>,
        out: &mut [f32],
    ) {
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
        if route.narrows {
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
            for (row, position) in self.queries.chunks_exact_mut(width).zip(route.query_positions()) {
                rotary.forward(row, *position);
            }
        }
        self.z.resize(outgoing * width, 0.0);
        self.attend(route, cache);
        self.o.forward(parameters, &self.z, out, true);
    }

    /// The gradients of the weights, written to `gradient` (Shortformer's embeddings: added), and of `x`, written to `grad_x`.
    pub fn backward(
        &mut self,
        parameters: &[f32],
        x: &[f32],
        route: &Route,
        grad_out: &[f32],
        gradient: &mut [f32],
        grad_x: &mut [f32],
    ) {
        let (c, width) = (self.c, self.h * self.d);
        self.grad_z.resize(self.z.len(), 0.0);
        self.o.backward(parameters, &self.z, grad_out, gradient, &mut self.grad_z, false);
        for (grad, of) in [
            (&mut self.grad_queries, &self.queries),
            (&mut self.grad_keys, &self.keys),
            (&mut self.grad_values, &self.values),
        ] {
            grad.clear();
            grad.resize(of.len(), 0.0);
        }
        self.attend_backward(route);
        if let Some(rotary) = &self.rotary {
            for (row, position) in self.grad_keys.chunks_exact_mut(width).zip(&route.positions) {
                rotary.backward(row, *position);
            }
            for (row, position) in self.grad_queries.chunks_exact_mut(width).zip(route.query_positions()) {
                rotary.backward(row, *position);
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
        if route.narrows {
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

    /// The patterns of the last forward pass: of every sequence and head, one after the other, `[its outgoing rows, its sources]`.
    pub fn pattern(&self) -> &[f32] {
        &self.pattern
    }

    /// Patterns, and the means of the values.
    fn attend(&mut self, route: &Route, mut cache: Option<&mut Cache>) {
        let Self { d, h, causal, scale, .. } = *self;
        let width = h * d;
        let pairs = |span: &Span| span.outgoing.len() * (route.seen + span.keys.len());
        self.pattern.resize(h * route.spans.iter().map(pairs).sum::<usize>(), 0.0);
        let cached = cache.is_some();
        let mut rest = &mut self.pattern[..];
        let [near_q, near_k, near_v] = &mut self.near;
        for (number, span) in route.spans.iter().enumerate() {
            let (rows, sources) = (span.outgoing.len(), route.seen + span.keys.len());
            let keys = &route.keys[span.keys.clone()];
            gather(near_q, &self.queries, &route.queries[span.outgoing.clone()], width);
            let [k, v] = match &mut cache {
                None => {
                    gather(near_k, &self.keys, keys, width);
                    gather(near_v, &self.values, keys, width);
                    [&near_k[..], &near_v[..]]
                }
                Some(cache) => cache.keep(number, route.seen, [&self.keys, &self.values], keys),
            };
            // Generating token by token: a product would have to pack all keys and values for one row.
            let single = cached && rows == 1;
            for head in 0..h {
                let part = |values, rows| head_of(values, rows, head, [d, width]);
                let columns = head * d..(head + 1) * d;
                let (pattern, after) = rest.split_at_mut(rows * sources);
                rest = after;
                if single {
                    for (score, key) in pattern.iter_mut().zip(k.chunks_exact(width)) {
                        *score = scale * dot(&near_q[columns.clone()], &key[columns.clone()]);
                    }
                } else {
                    multiply(pattern, part(near_q, rows), part(k, sources).t(), scale, false);
                }
                for (row, position) in pattern.chunks_exact_mut(sources).zip(&route.at[span.outgoing.clone()]) {
                    let (seen, future) = row.split_at_mut(if causal { position + 1 } else { sources });
                    let sum = exp_less_max(seen);
                    seen.iter_mut().for_each(|weight| *weight /= sum);
                    future.fill(0.0);
                }
                let z = &mut self.z[span.outgoing.start * width..];
                if single {
                    let z = &mut z[columns.clone()];
                    z.fill(0.0);
                    for (weight, value) in pattern.iter().zip(v.chunks_exact(width)) {
                        add_scaled(z, &value[columns.clone()], *weight);
                    }
                } else {
                    let pattern = Matrix::new(pattern, rows, sources);
                    multiply_part(&mut z[columns.start..], width, pattern, part(v, sources), 1.0, false);
                }
            }
        }
    }

    /// From `grad_z` the gradients of queries, keys and values, added to what is there.
    fn attend_backward(&mut self, route: &Route) {
        let Self { d, h, scale, .. } = *self;
        let width = h * d;
        let mut rest = &self.pattern[..];
        for span in &route.spans {
            let (rows, sources) = (span.outgoing.len(), span.keys.len());
            let [q, k, v] = &mut self.near;
            gather(q, &self.queries, &route.queries[span.outgoing.clone()], width);
            gather(k, &self.keys, &route.keys[span.keys.clone()], width);
            gather(v, &self.values, &route.keys[span.keys.clone()], width);
            let [grad_q, grad_k, grad_v] = &mut self.grad_near;
            grad_q.resize(rows * width, 0.0);
            grad_k.resize(sources * width, 0.0);
            grad_v.resize(sources * width, 0.0);
            self.grad_pattern.resize(rows * sources, 0.0);
            for head in 0..h {
                let start = head * d;
                let part = |values, rows| head_of(values, rows, head, [d, width]);
                let (pattern, after) = rest.split_at(rows * sources);
                rest = after;
                let grad_z = part(&self.grad_z[span.outgoing.start * width..], rows);
                multiply_part(&mut grad_v[start..], width, Matrix::new(pattern, rows, sources).t(), grad_z, 1.0, false);
                multiply(&mut self.grad_pattern, grad_z, part(v, sources).t(), 1.0, false);
                // The softmax. Where a row sees nothing its weights are 0, and so is what comes out.
                for (grad, weights) in self.grad_pattern.chunks_exact_mut(sources).zip(pattern.chunks_exact(sources)) {
                    let mean = dot(grad, weights);
                    grad.iter_mut().zip(weights).for_each(|(grad, weight)| *grad = weight * (*grad - mean));
                }
                let grad_scores = Matrix::new(&self.grad_pattern, rows, sources);
                multiply_part(&mut grad_q[start..], width, grad_scores, part(k, sources), scale, false);
                multiply_part(&mut grad_k[start..], width, grad_scores.t(), part(q, rows), scale, false);
            }
            scatter(&mut self.grad_queries, grad_q, &route.queries[span.outgoing.clone()], width);
            scatter(&mut self.grad_keys, grad_k, &route.keys[span.keys.clone()], width);
            scatter(&mut self.grad_values, grad_v, &route.keys[span.keys.clone()], width);
        }
    }
}

/// The keys and values of all positions that were read.
#[derive(Clone, Debug)]
pub struct Cache {
    /// Most positions of a sequence.
    positions: usize,
    /// `H D`.
    width: usize,
    /// `[batch, positions, H D]`.
    keys: Vec<f32>,
    values: Vec<f32>,
}

impl Cache {
    pub fn new(positions: usize, width: usize) -> Self {
        Self { positions, width, keys: Vec::new(), values: Vec::new() }
    }

    /// Makes room for `batch` sequences.
    pub fn resize(&mut self, batch: usize) {
        self.keys.resize(batch * self.positions * self.width, 0.0);
        self.values.resize(batch * self.positions * self.width, 0.0);
    }

    /// Keeps some rows of keys and values as those of a sequence's positions from `seen` on; gives all of that sequence.
    fn keep(&mut self, sequence: usize, seen: usize, of: [&[f32]; 2], rows: &[usize]) -> [&[f32]; 2] {
        let (width, length) = (self.width, self.positions * self.width);
        let kept = [&mut self.keys, &mut self.values].map(|kept| &mut kept[sequence * length..(sequence + 1) * length]);
        kept.into_iter().zip(of).for_each(|(kept, of)| gather_into(&mut kept[seen * width..], of, rows, width));
        [&self.keys, &self.values].map(|kept| &kept[sequence * length..(sequence + 1) * length])
    }
}

/// One head's part of rows of all heads, `[rows, D]`.
fn head_of(values: &[f32], rows: usize, head: usize, [d, width]: [usize; 2]) -> Matrix<'_> {
    Matrix::part(&values[head * d..], rows, d, width)
}
