//! Reading any causal model layer by layer, with a cache of keys and values. In the last layer, queries, MLP and logits are computed where
//! logits are wanted only; what layer 0 does before attention, once for each pair of token and position.
//!
//! Legend: `C` d_model, `D` d_head, `H` n_heads; `new` rows, `[batch, n]`, of the positions being read.

use std::ops::Range;

use super::super::rows::{Linear, Mlp, Norm, Rotary, gather};
use super::super::vector::{add, add_scaled, dot, exp_less_max};
use crate::architecture::{ModelConfig, PositionalEmbedding};
use crate::layout::Layout;

/// A model, and what was read.
#[derive(Clone, Debug)]
pub struct Rows {
    parameters: Vec<f32>,
    c: usize,
    d_vocab_out: usize,
    /// Where the embeddings of tokens begin, and of positions where they are added to the stream.
    w_e: usize,
    w_pos: Option<usize>,
    heads: Heads,
    layers: Vec<Layer>,
    norm: Norm,
    unembed: Linear,
    /// `[d_vocab]`: for every token, the last position at which it was met, and the pair that the two are.
    met: Vec<(usize, usize)>,
    /// The stream before and after a layer.
    stream: Vec<f32>,
    next: Vec<f32>,
}

/// What the heads of all layers have in common, and what one layer needs of the next's.
#[derive(Clone, Debug)]
struct Heads {
    d: usize,
    h: usize,
    /// What scores are multiplied with.
    scale: f32,
    rotary: Option<Rotary>,
    /// Where the embeddings begin that Shortformer adds to what queries and keys read.
    shortformer: Option<usize>,
    /// Most positions of a sequence.
    positions: usize,
    queries: Vec<f32>,
    keys: Vec<f32>,
    values: Vec<f32>,
    /// Rows of the stream with positions, and those of them that are queried.
    placed: Vec<f32>,
    narrow: Vec<f32>,
    z: Vec<f32>,
    /// `[positions]`: one head's pattern at one destination.
    pattern: Vec<f32>,
}

#[derive(Clone, Debug)]
struct Layer {
    norm: Norm,
    q: Linear,
    k: Linear,
    v: Linear,
    o: Linear,
    mlp: Option<(Norm, Mlp)>,
    /// `[batch, positions, H D]`: of all that was read.
    keys: Vec<f32>,
    values: Vec<f32>,
}

/// The rows of one pass.
struct Pass {
    /// Positions read before.
    seen: usize,
    n: usize,
    /// The positions of the rows that come into the layer.
    positions: Vec<usize>,
    /// `[new]`: the incoming row of each.
    from: Vec<usize>,
    /// Those of the new rows that go out.
    out: Vec<usize>,
}

impl Rows {
    pub fn new(config: &ModelConfig, layout: &Layout, parameters: Vec<f32>, positions: usize) -> Self {
        let ModelConfig { d_model: c, d_head: d, n_heads: h, positional_embedding_type: embedding, .. } = *config;
        let w_pos = |kind| (embedding == kind).then(|| layout.offset("pos_embed.W_pos"));
        let heads = Heads {
            d,
            h,
            scale: (1.0 / config.attention_scale()) as f32,
            rotary: (embedding == PositionalEmbedding::Rotary).then(|| Rotary::new(config, positions)),
            shortformer: w_pos(PositionalEmbedding::Shortformer),
            positions,
            queries: Vec::new(),
            keys: Vec::new(),
            values: Vec::new(),
            placed: Vec::new(),
            narrow: Vec::new(),
            z: Vec::new(),
            pattern: vec![0.0; positions],
        };
        Self {
            parameters,
            c,
            d_vocab_out: config.d_vocab_out,
            w_e: layout.offset("embed.W_E"),
            w_pos: w_pos(PositionalEmbedding::Standard),
            heads,
            layers: (0..config.n_layers).map(|number| Layer::new(config, number, layout)).collect(),
            norm: Norm::new(config.normalization_type, c, config.eps, "ln_final", layout),
            unembed: Linear::new(
                [layout.offset("unembed.W_U"), layout.offset("unembed.b_U")],
                [c, config.d_vocab_out],
                1,
            ),
            met: vec![(usize::MAX, 0); config.d_vocab],
            stream: Vec::new(),
            next: Vec::new(),
        }
    }

    pub fn layers_and_heads(&self) -> (usize, usize) {
        (self.layers.len(), self.heads.h)
    }

    pub fn begin(&mut self, batch: usize) {
        let length = batch * self.heads.positions * self.heads.h * self.heads.d;
        for layer in &mut self.layers {
            layer.keys.resize(length, 0.0);
            layer.values.resize(length, 0.0);
        }
    }

    /// As [`Inference::read`](super::Inference::read), after `seen` positions of each of `batch` sequences. The patterns of every layer are written to
    /// `patterns`, `[batch, H, n, n]` each, where these are asked for, of whole sequences.
    pub fn read(
        &mut self,
        batch: usize,
        seen: usize,
        tokens: &[usize],
        wanted: Range<usize>,
        logits: &mut Vec<f32>,
        mut patterns: Option<&mut [Vec<f32>]>,
    ) {
        let n = tokens.len() / batch;
        let (positions, from) = self.embed(tokens, n, seen);
        let mut pass = Pass { seen, n, positions, from, out: (0..tokens.len()).collect() };
        let last = self.layers.len() - 1;
        for (number, layer) in self.layers.iter_mut().enumerate() {
            if number == last {
                pass.out = (0..batch)
                    .flat_map(|sequence| wanted.clone().map(move |position| sequence * n + position))
                    .collect();
            }
            let patterns = patterns.as_mut().map(|patterns| &mut patterns[number][..]);
            layer.forward(&self.parameters, &mut self.heads, &pass, &self.stream, &mut self.next, patterns);
            std::mem::swap(&mut self.stream, &mut self.next);
            if number == 0 {
                pass.positions = (0..tokens.len()).map(|row| seen + row % n).collect();
                pass.from = (0..tokens.len()).collect();
            }
        }
        self.norm.forward(&self.parameters, &self.stream);
        logits.resize(batch * wanted.len() * self.d_vocab_out, 0.0);
        self.unembed.forward(&self.parameters, self.norm.out(), logits, false);
    }

    /// The stream of every distinct pair of token and position, the pairs' positions, and the pair of every new row.
    fn embed(&mut self, tokens: &[usize], n: usize, seen: usize) -> (Vec<usize>, Vec<usize>) {
        let c = self.c;
        let (mut positions, mut from) = (Vec::new(), vec![0; tokens.len()]);
        self.stream.clear();
        self.met.fill((usize::MAX, 0));
        for place in 0..n {
            for row in (place..tokens.len()).step_by(n) {
                let token = tokens[row];
                if self.met[token].0 != place {
                    self.met[token] = (place, positions.len());
                    positions.push(seen + place);
                    self.stream.extend_from_slice(&self.parameters[self.w_e + token * c..][..c]);
                    if let Some(w_pos) = self.w_pos {
                        let start = self.stream.len() - c;
                        add(&mut self.stream[start..], &self.parameters[w_pos + (seen + place) * c..][..c]);
                    }
                }
                from[row] = self.met[token].1;
            }
        }
        (positions, from)
    }
}

impl Layer {
    fn new(config: &ModelConfig, number: usize, layout: &Layout) -> Self {
        let ModelConfig { d_model: c, d_head: d, n_heads: h, .. } = *config;
        let block = format!("blocks.{number}.");
        let norm = |name: &str| Norm::new(config.normalization_type, c, config.eps, &format!("{block}{name}"), layout);
        let offset = |name: &str| layout.offset(&format!("{block}attn.{name}"));
        let project = |w: &str, b: &str| Linear::new([offset(w), offset(b)], [c, h * d], h);
        Self {
            norm: norm("ln1"),
            q: project("W_Q", "b_Q"),
            k: project("W_K", "b_K"),
            v: project("W_V", "b_V"),
            o: Linear::new([offset("W_O"), offset("b_O")], [h * d, c], 1),
            mlp: (!config.attn_only).then(|| (norm("ln2"), Mlp::new(config, &block, layout))),
            keys: Vec::new(),
            values: Vec::new(),
        }
    }

    /// The stream after the layer, of the rows that go out, from that before it, `x`, of those that come in.
    fn forward(
        &mut self,
        parameters: &[f32],
        heads: &mut Heads,
        pass: &Pass,
        x: &[f32],
        out: &mut Vec<f32>,
        patterns: Option<&mut [f32]>,
    ) {
        let c = x.len() / pass.positions.len();
        let width = heads.h * heads.d;
        self.norm.forward(parameters, x);
        let read = self.norm.out();
        let placed = match heads.shortformer {
            None => read,
            Some(embedding) => {
                heads.placed.clear();
                heads.placed.extend_from_slice(read);
                for (row, position) in heads.placed.chunks_exact_mut(c).zip(&pass.positions) {
                    add(row, &parameters[embedding + position * c..][..c]);
                }
                &heads.placed
            }
        };
        heads.keys.resize(pass.positions.len() * width, 0.0);
        heads.values.resize(pass.positions.len() * width, 0.0);
        self.k.forward(parameters, placed, &mut heads.keys, false);
        self.v.forward(parameters, read, &mut heads.values, false);

        // Queries of the rows that go out, or, if these are no fewer, of those that come in.
        let outgoing: Vec<usize> = pass.out.iter().map(|row| pass.from[*row]).collect();
        let narrows = outgoing.len() < pass.positions.len();
        let asked = if narrows {
            gather(&mut heads.narrow, placed, &outgoing, c);
            &heads.narrow
        } else {
            placed
        };
        heads.queries.resize(asked.len() / c * width, 0.0);
        self.q.forward(parameters, asked, &mut heads.queries, false);
        if let Some(rotary) = &heads.rotary {
            for (row, position) in heads.keys.chunks_exact_mut(width).zip(&pass.positions) {
                rotary.forward(row, *position);
            }
            for (number, row) in heads.queries.chunks_exact_mut(width).enumerate() {
                rotary.forward(row, pass.positions[if narrows { outgoing[number] } else { number }]);
            }
        }
        for (row, from) in pass.from.iter().enumerate() {
            let place = (row / pass.n * heads.positions + pass.seen + row % pass.n) * width;
            self.keys[place..place + width].copy_from_slice(&heads.keys[from * width..][..width]);
            self.values[place..place + width].copy_from_slice(&heads.values[from * width..][..width]);
        }

        let query = |number: usize| if narrows { number } else { outgoing[number] };
        heads.attend(&self.keys, &self.values, pass, query, patterns);
        gather(out, x, &outgoing, c);
        self.o.forward(parameters, &heads.z, out, true);
        if let Some((norm, mlp)) = &mut self.mlp {
            norm.forward(parameters, out);
            mlp.forward(parameters, norm.out(), outgoing.len(), out);
        }
    }
}

impl Heads {
    /// The means of the values that each row that goes out attends to; `query` says which row of queries is its.
    fn attend(
        &mut self,
        keys: &[f32],
        values: &[f32],
        pass: &Pass,
        query: impl Fn(usize) -> usize,
        mut patterns: Option<&mut [f32]>,
    ) {
        let Self { d, h, scale, positions, .. } = *self;
        let (width, n) = (h * d, pass.n);
        self.z.clear();
        self.z.resize(pass.out.len() * width, 0.0);
        for (number, row) in pass.out.iter().enumerate() {
            let (sequence, place) = (row / n, row % n);
            let sources = pass.seen + place + 1;
            let cached = sequence * positions * width..(sequence * positions + sources) * width;
            let queries = &self.queries[query(number) * width..][..width];
            for head in 0..h {
                let part = head * d..(head + 1) * d;
                let pattern = &mut self.pattern[..sources];
                for (score, key) in pattern.iter_mut().zip(keys[cached.clone()].chunks_exact(width)) {
                    *score = scale * dot(&queries[part.clone()], &key[part.clone()]);
                }
                let inverse = 1.0 / exp_less_max(pattern);
                let z = &mut self.z[number * width..][part.clone()];
                for (weight, value) in pattern.iter_mut().zip(values[cached.clone()].chunks_exact(width)) {
                    *weight *= inverse;
                    add_scaled(z, &value[part.clone()], *weight);
                }
                if let Some(patterns) = &mut patterns {
                    let start = ((sequence * h + head) * n + place) * n;
                    patterns[start..start + sources].copy_from_slice(pattern);
                }
            }
        }
    }
}
