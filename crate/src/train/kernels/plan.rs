//! What the passes through one sequence do and where they keep it, for one model: offsets, the calls of the shader's functions in
//! order (`calls`), and the tiles of the update (`tiles`).
//!
//! Legend: `C` d_model, `M` d_mlp, `W` n_heads d_head; `S` positions read (all but the last, which is a target only), `R` of them from the first
//! that can count on. In the last layer only those `R` leave attention.

use super::calls::{Call, MINUS_ONE, NONE, ONE, call};
use super::tiles::{Kind, Product, TILE_WORDS, matrix, tiles};
use crate::config::{ModelConfig, PositionalEmbedding, TaskConfig};
use crate::model::Layout;

/// The passes and the update of one model.
#[derive(Clone, Debug)]
pub struct Plan {
    /// `S` and the first position that can count.
    pub seen: usize,
    pub first: usize,
    /// Values in a sequence's part of the activations.
    pub stride: usize,
    /// Where the logits stand in it.
    pub logits: usize,
    pub parameters: usize,
    pub forward: Vec<Call>,
    pub backward: Vec<Call>,
    pub tiles: Vec<[u32; TILE_WORDS]>,
}

impl Plan {
    pub fn new(config: &ModelConfig, layout: &Layout, task: &TaskConfig) -> Self {
        let longest = task.sequence_length(task.list_length);
        let shortest = if task.var_length { 1 } else { task.list_length };
        let mut builder = Builder {
            config,
            layout,
            seen: longest - 1,
            first: task.counted(shortest).start,
            next: 0,
            forward: Vec::new(),
            backward: Vec::new(),
            products: Vec::new(),
        };
        let logits = builder.model();
        let Builder { seen, first, next, forward, backward, products, .. } = builder;
        Self {
            seen,
            first,
            stride: next,
            logits,
            parameters: layout.len(),
            forward,
            backward: backward.into_iter().rev().flatten().collect(),
            tiles: products.iter().flat_map(tiles).collect(),
        }
    }
}

/// A norm's place: its weights, and where it keeps what it normalised.
#[derive(Clone, Copy)]
struct Norm {
    hat: usize,
    inverse: usize,
    w: u32,
    b: u32,
    /// What it gives.
    out: usize,
    rows: usize,
}

struct Builder<'a> {
    config: &'a ModelConfig,
    layout: &'a Layout,
    seen: usize,
    first: usize,
    next: usize,
    forward: Vec<Call>,
    /// Layer by layer, in the order of the forward pass.
    backward: Vec<Vec<Call>>,
    products: Vec<Product>,
}

impl Builder<'_> {
    fn take(&mut self, values: usize) -> usize {
        self.next += values;
        self.next - values
    }

    /// Where a parameter begins, or [`NONE`].
    fn place(&self, name: &str) -> u32 {
        self.layout.entries().iter().find(|entry| entry.name == name).map_or(NONE, |entry| entry.offset as u32)
    }

    /// Plans everything; where the logits stand.
    fn model(&mut self) -> usize {
        let ModelConfig {
            n_layers, d_model: c, d_vocab, d_vocab_out, n_ctx, positional_embedding_type: positions, ..
        } = *self.config;
        let (seen, rows) = (self.seen, self.seen - self.first);
        let (mut x, grad_embedded) = (self.take(seen * c), self.take(seen * c));
        call!(self.forward, Embed, x);
        let shortformer = positions == PositionalEmbedding::Shortformer;
        let grad_positions = if shortformer { self.take(seen * c) } else { grad_embedded };
        let mut grad_x = grad_embedded;
        for layer in 0..n_layers {
            (x, grad_x) = self.layer(layer, x, grad_x, grad_positions);
        }

        let mut back = Vec::new();
        if shortformer {
            call!(back, FillZero, grad_positions, seen * c);
        }
        let norm = self.norm("ln_final", x, rows);
        let (read, logits) = (norm.map_or(x, |norm| norm.out), self.take(rows * d_vocab_out));
        let (w_u, b_u) = (self.place("unembed.W_U"), self.place("unembed.b_U"));
        call!(self.forward, LinearForward, read, c, rows, c, d_vocab_out, w_u, d_vocab_out, b_u, logits, false);
        let y = [logits, d_vocab_out];
        let (inner, columns, wide) = (c, d_vocab_out, d_vocab_out);
        self.products.push(Product {
            kind: Kind::Matrix,
            x: [read, c],
            y,
            rows,
            inner,
            columns,
            weight: w_u,
            wide,
            bias: b_u,
        });
        if let Some(norm) = norm {
            let grad = self.take(rows * c);
            call!(back, LinearBackward, logits, d_vocab_out, rows, d_vocab_out, c, w_u, c, NONE, grad, false);
            call!(back, FillZero, grad_x, rows * c);
            self.norm_backward(&mut back, norm, grad, grad_x);
        } else {
            call!(back, LinearBackward, logits, d_vocab_out, rows, d_vocab_out, c, w_u, c, NONE, grad_x, false);
        }
        self.backward.push(back);

        let embedding = |kind, y, inner, weight| Product {
            kind,
            x: [0, 0],
            y: [y, c],
            rows: seen,
            inner,
            columns: c,
            weight,
            wide: c,
            bias: NONE,
        };
        let w_e = self.place("embed.W_E");
        self.products.push(embedding(Kind::Tokens, grad_embedded, d_vocab, w_e));
        if positions != PositionalEmbedding::Rotary {
            let w_pos = self.place("pos_embed.W_pos");
            self.products.push(embedding(Kind::Positions, grad_positions, n_ctx, w_pos));
        }
        logits
    }

    /// A norm of rows `x`, `[rows, C]`, where the model has norms.
    fn norm(&mut self, name: &str, x: usize, rows: usize) -> Option<Norm> {
        self.config.normalization_type?;
        let c = self.config.d_model;
        let [w, b] = ["w", "b"].map(|weight| self.place(&format!("{name}.{weight}")));
        let (hat, inverse) = (self.take(rows * c), self.take(rows));
        let out = if w == NONE { hat } else { self.take(rows * c) };
        call!(self.forward, NormForward, x, rows, hat, inverse, w, b, out);
        Some(Norm { hat, inverse, w, b, out, rows })
    }

    /// Adds to `out` the gradient of what a norm read, from `grad`, that of what it gave; plans its weights' update.
    fn norm_backward(&mut self, back: &mut Vec<Call>, norm: Norm, grad: usize, out: usize) {
        let Norm { hat, inverse, w, b, rows, .. } = norm;
        let c = self.config.d_model;
        call!(back, NormBackward, grad, rows, hat, inverse, w, out);
        if w != NONE {
            let (x, y) = ([hat, c], [grad, c]);
            self.products.push(Product {
                kind: Kind::Norm,
                x,
                y,
                rows,
                inner: 1,
                columns: c,
                weight: w,
                wide: c,
                bias: b,
            });
        }
    }

    /// A layer that reads `x`, `[S, C]`, whose gradient goes to `grad_x`; what it gives, `[S or R, C]`, and where the gradient of that goes.
    fn layer(&mut self, number: usize, x: usize, grad_x: usize, grad_positions: usize) -> (usize, usize) {
        let (c, seen) = (self.config.d_model, self.seen);
        let last = number + 1 == self.config.n_layers;
        let shift = if last { self.first } else { 0 };
        let rows = seen - shift;
        let (mid, grad_mid) = (self.take(rows * c), self.take(rows * c));
        let mut attention = Vec::new();
        self.attention(number, [x, grad_x, grad_positions], [mid, grad_mid], shift, &mut attention);
        if self.config.attn_only {
            self.backward.push(attention);
            return (mid, grad_mid);
        }
        let (out, grad_out) = (self.take(rows * c), self.take(rows * c));
        let mut back = Vec::new();
        self.mlp(number, rows, [mid, grad_mid], [out, grad_out], &mut back);
        back.append(&mut attention);
        self.backward.push(back);
        (out, grad_out)
    }

    /// `mid = x + attention(norm(x))` and back.
    fn attention(
        &mut self,
        number: usize,
        [x, grad_x, grad_positions]: [usize; 3],
        [mid, grad_mid]: [usize; 2],
        shift: usize,
        back: &mut Vec<Call>,
    ) {
        let ModelConfig { d_model: c, d_head: d, n_heads: h, positional_embedding_type: positions, .. } = *self.config;
        let ModelConfig { use_attn_scale, attn_scale, .. } = *self.config;
        let (seen, width, rows) = (self.seen, h * d, self.seen - shift);
        let place = |name: &str| self.place(&format!("blocks.{number}.attn.{name}"));
        let [w_q, w_k, w_v, w_o] = ["W_Q", "W_K", "W_V", "W_O"].map(place);
        let [b_q, b_k, b_v, b_o] = ["b_Q", "b_K", "b_V", "b_O"].map(place);
        let scale = (if use_attn_scale { 1.0 / attn_scale } else { 1.0 } as f32).to_bits();
        let shortformer = positions == PositionalEmbedding::Shortformer;
        let rotary = positions == PositionalEmbedding::Rotary;

        let norm = self.norm(&format!("blocks.{number}.ln1"), x, seen);
        let read = norm.map_or(x, |norm| norm.out);
        let placed = if shortformer { self.take(seen * c) } else { read };
        let [q, grad_q, z, grad_z] = [(); 4].map(|()| self.take(rows * width));
        let [k, grad_k, v, grad_v] = [(); 4].map(|()| self.take(seen * width));
        let [pattern, grad_pattern] = [(); 2].map(|()| self.take(h * rows * seen));
        let out = &mut self.forward;
        if shortformer {
            call!(out, PlaceRows, read, placed);
        }
        let asked = placed + shift * c;
        call!(out, LinearForward, asked, c, rows, c, width, w_q, d, b_q, q, false);
        call!(out, LinearForward, placed, c, seen, c, width, w_k, d, b_k, k, false);
        call!(out, LinearForward, read, c, seen, c, width, w_v, d, b_v, v, false);
        if rotary {
            call!(out, Rotate, q, rows, shift, ONE);
            call!(out, Rotate, k, seen, 0, ONE);
        }
        call!(out, Products, q, k, rows, shift, scale, pattern);
        call!(out, Softmax, pattern, rows, shift);
        call!(out, OverSources, pattern, v, rows, shift, ONE, z);
        call!(out, CopyRows, x + shift * c, mid, rows * c);
        call!(out, LinearForward, z, width, rows, width, c, w_o, c, b_o, mid, true);

        call!(back, LinearBackward, grad_mid, c, rows, c, width, w_o, width, NONE, grad_z, false);
        call!(back, Products, grad_z, v, rows, shift, ONE, grad_pattern);
        call!(back, SoftmaxBackward, pattern, grad_pattern, rows, shift);
        call!(back, OverSources, grad_pattern, k, rows, shift, scale, grad_q);
        call!(back, OverDestinations, grad_pattern, q, rows, shift, scale, grad_k);
        call!(back, OverDestinations, pattern, grad_z, rows, shift, ONE, grad_v);
        if rotary {
            call!(back, Rotate, grad_q, rows, shift, MINUS_ONE);
            call!(back, Rotate, grad_k, seen, 0, MINUS_ONE);
        }
        // Around attention the gradient goes on as it is; before the first row that left attention there is none.
        if shift > 0 {
            call!(back, FillZero, grad_x, shift * c);
        }
        call!(back, CopyRows, grad_mid, grad_x + shift * c, rows * c);
        let direct = norm.is_none() && !shortformer;
        let grad_read = if direct { grad_x } else { self.take(seen * c) };
        call!(back, LinearBackward, grad_k, width, seen, width, c, w_k, c, NONE, grad_read, direct);
        call!(back, LinearBackward, grad_q, width, rows, width, c, w_q, c, NONE, grad_read + shift * c, true);
        if shortformer {
            call!(back, AddRows, grad_read, grad_positions, seen * c);
        }
        call!(back, LinearBackward, grad_v, width, seen, width, c, w_v, c, NONE, grad_read, true);
        match norm {
            Some(norm) => self.norm_backward(back, norm, grad_read, grad_x),
            None if !direct => call!(back, AddRows, grad_read, grad_x, seen * c),
            None => {}
        }

        let heads = |x, y, rows, weight, bias| Product {
            kind: Kind::Matrix,
            x: [x, c],
            y: [y, width],
            rows,
            inner: c,
            columns: width,
            weight,
            wide: d,
            bias,
        };
        self.products.push(heads(asked, grad_q, rows, w_q, b_q));
        self.products.push(heads(placed, grad_k, seen, w_k, b_k));
        self.products.push(heads(read, grad_v, seen, w_v, b_v));
        self.products.push(matrix([z, width], [grad_mid, c], rows, w_o, b_o));
    }

    /// `out = mid + mlp(norm(mid))` and back.
    fn mlp(
        &mut self,
        number: usize,
        rows: usize,
        [mid, grad_mid]: [usize; 2],
        [out, grad_out]: [usize; 2],
        back: &mut Vec<Call>,
    ) {
        let ModelConfig { d_model: c, d_mlp: m, .. } = *self.config;
        let place = |name: &str| self.place(&format!("blocks.{number}.mlp.{name}"));
        let [w_in, b_in, w_out, b_out] = ["W_in", "b_in", "W_out", "b_out"].map(place);
        let norm = self.norm(&format!("blocks.{number}.ln2"), mid, rows);
        let read = norm.map_or(mid, |norm| norm.out);
        let [pre, post, grad_pre] = [(); 3].map(|()| self.take(rows * m));
        let forward = &mut self.forward;
        call!(forward, LinearForward, read, c, rows, c, m, w_in, m, b_in, pre, false);
        call!(forward, Activate, pre, post, rows * m);
        call!(forward, CopyRows, mid, out, rows * c);
        call!(forward, LinearForward, post, m, rows, m, c, w_out, c, b_out, out, true);

        call!(back, LinearBackward, grad_out, c, rows, c, m, w_out, m, NONE, grad_pre, false);
        call!(back, ActivateBackward, pre, grad_pre, rows * m);
        call!(back, CopyRows, grad_out, grad_mid, rows * c);
        if let Some(norm) = norm {
            let grad_read = self.take(rows * c);
            call!(back, LinearBackward, grad_pre, m, rows, m, c, w_in, c, NONE, grad_read, false);
            self.norm_backward(back, norm, grad_read, grad_mid);
        } else {
            call!(back, LinearBackward, grad_pre, m, rows, m, c, w_in, c, NONE, grad_mid, true);
        }
        self.products.push(matrix([read, c], [grad_pre, m], rows, w_in, b_in));
        self.products.push(matrix([post, m], [grad_out, c], rows, w_out, b_out));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;
    use serde_json::json;

    /// Every parameter is updated by exactly one tile.
    #[test]
    fn tiles_cover_every_parameter_once() {
        for model in [
            json!({ "n_heads": 3, "d_model": 40 }),
            json!({ "n_layers": 2, "attn_only": false, "normalization_type": "LN", "n_heads": 2, "d_model": 36, "d_mlp": 70 }),
            json!({ "normalization_type": "RMS", "positional_embedding_type": "shortformer", "d_model": 33, "n_heads": 1 }),
            json!({ "positional_embedding_type": "rotary", "normalization_type": "LNPre", "attn_only": false, "d_model": 16 }),
        ] {
            let experiment = Experiment::resolve(&json!({ "model": model })).unwrap();
            let layout = Layout::new(&experiment.model);
            let plan = Plan::new(&experiment.model, &layout, &experiment.task);
            let mut updates = vec![0; layout.len()];
            for [kind, .., inner, columns, weight, wide, bias, k0, n0] in plan.tiles.iter().copied() {
                for n in n0..columns.min(n0 + 32) {
                    if kind == Kind::Norm as u32 {
                        updates[(weight + n) as usize] += 1;
                    } else {
                        for k in k0..inner.min(k0 + 32) {
                            updates[(weight + n / wide * inner * wide + k * wide + n % wide) as usize] += 1;
                        }
                    }
                    if bias != NONE && k0 == 0 {
                        updates[(bias + n) as usize] += 1;
                    }
                }
            }
            let wrong = updates.iter().position(|times| *times != 1);
            let name = wrong.and_then(|at| layout.entries().iter().find(|entry| entry.range().contains(&at)));
            assert!(wrong.is_none(), "{name:?}: {:?} times", wrong.map(|at| updates[at]));
        }
    }
}
