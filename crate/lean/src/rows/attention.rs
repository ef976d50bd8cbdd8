//! Self-attention of a layer: it projects the stream to queries, keys and values, and what the heads give back to the
//! stream.
//!
//! Legend: `in`, `out` rows as in [`Route`]; `H` heads of `D` values each, side by side in a row of queries, keys or
//! values.

use super::cache::Cache;
use super::heads::{Heads, Projections};
use super::linear::Linear;
use super::packed::{Route, gather, scatter};
use super::rotary::Rotary;
use crate::architecture::{ModelConfig, PositionalEmbedding};
use crate::layout::Layout;
use crate::vector::add;

/// One layer's attention, and what it remembers of its last forward pass.
#[derive(Clone, Debug)]
pub struct Attention {
    q: Linear,
    k: Linear,
    v: Linear,
    o: Linear,
    c: usize,
    heads: Heads,
    rotary: Option<Rotary>,
    /// Where the embeddings begin that Shortformer adds to what queries and keys read.
    shortformer: Option<usize>,
    /// `[in, C]`: what queries and keys read, with Shortformer.
    placed: Vec<f32>,
    /// `[out, C]`: what queries read, if fewer rows go out than come in.
    narrow: Vec<f32>,
    /// What the heads read.
    projections: Projections,
    /// `[out, H D]`: the mean of the values.
    z: Vec<f32>,
    /// The gradient of `placed`.
    grad_placed: Vec<f32>,
    /// The gradient of `narrow`.
    grad_narrow: Vec<f32>,
    /// The gradients of `projections`.
    grad_projections: Projections,
    /// The gradient of `z`.
    grad_z: Vec<f32>,
}

impl Attention {
    /// The attention of `block`, e.g. `blocks.0.`, over at most `positions`.
    pub fn new(config: &ModelConfig, block: &str, layout: &Layout, positions: usize) -> Self {
        let (c, embedding) = (config.d_model, config.positional_embedding_type);
        let heads = Heads::new(config);
        let width = heads.width();
        let offset = |name: &str| layout.offset(&format!("{block}attn.{name}"));
        let project = |w: &str, b: &str| Linear::new([offset(w), offset(b)], [c, width], config.n_heads);
        Self {
            q: project("W_Q", "b_Q"),
            k: project("W_K", "b_K"),
            v: project("W_V", "b_V"),
            o: Linear::new([offset("W_O"), offset("b_O")], [width, c], 1),
            c,
            heads,
            rotary: (embedding == PositionalEmbedding::Rotary).then(|| Rotary::new(config, positions)),
            shortformer: (embedding == PositionalEmbedding::Shortformer).then(|| layout.offset("pos_embed.W_pos")),
            placed: Vec::new(),
            narrow: Vec::new(),
            projections: Projections::default(),
            z: Vec::new(),
            grad_placed: Vec::new(),
            grad_narrow: Vec::new(),
            grad_projections: Projections::default(),
            grad_z: Vec::new(),
        }
    }

    /// Adds what the heads write, having read `x`, `[in, C]`, to `out`, `[out, C]`. With a cache, they read earlier
    /// positions too.
    pub fn forward(
        &mut self,
        parameters: &[f32],
        x: &[f32],
        route: &Route,
        cache: Option<&mut Cache>,
        out: &mut [f32],
    ) {
        let (c, width) = (self.c, self.heads.width());
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
        let Projections { queries, keys, values } = &mut self.projections;
        keys.resize(incoming * width, 0.0);
        values.resize(incoming * width, 0.0);
        self.k.forward(parameters, placed, keys, false);
        self.v.forward(parameters, x, values, false);
        if route.narrows {
            gather(&mut self.narrow, placed, &route.from, c);
            queries.resize(outgoing * width, 0.0);
            self.q.forward(parameters, &self.narrow, queries, false);
        } else {
            queries.resize(incoming * width, 0.0);
            self.q.forward(parameters, placed, queries, false);
        }
        if let Some(rotary) = &self.rotary {
            rotary.forward(keys, &route.positions, width);
            rotary.forward(queries, route.query_positions(), width);
        }
        self.z.resize(outgoing * width, 0.0);
        self.heads.forward(&self.projections, route, cache, &mut self.z);
        self.o.forward(parameters, &self.z, out, true);
    }

    /// The gradients of the parameters, written to `gradient` (those of Shortformer's embeddings: added), and of `x`,
    /// written to `grad_x`.
    pub fn backward(
        &mut self,
        parameters: &[f32],
        x: &[f32],
        route: &Route,
        grad_out: &[f32],
        gradient: &mut [f32],
        grad_x: &mut [f32],
    ) {
        let (c, width) = (self.c, self.heads.width());
        self.grad_z.resize(self.z.len(), 0.0);
        self.o.backward(parameters, &self.z, grad_out, gradient, &mut self.grad_z, false);
        self.heads.backward(&self.projections, route, &self.grad_z, &mut self.grad_projections);
        let Projections { queries: grad_queries, keys: grad_keys, values: grad_values } = &mut self.grad_projections;
        if let Some(rotary) = &self.rotary {
            rotary.backward(grad_keys, &route.positions, width);
            rotary.backward(grad_queries, route.query_positions(), width);
        }
        self.v.backward(parameters, x, grad_values, gradient, grad_x, false);
        let (placed, grad_placed) = match self.shortformer {
            None => (x, &mut *grad_x),
            Some(_) => {
                self.grad_placed.clear();
                self.grad_placed.resize(x.len(), 0.0);
                (&self.placed[..], &mut self.grad_placed[..])
            }
        };
        self.k.backward(parameters, placed, grad_keys, gradient, grad_placed, true);
        if route.narrows {
            self.grad_narrow.resize(self.narrow.len(), 0.0);
            self.q.backward(parameters, &self.narrow, grad_queries, gradient, &mut self.grad_narrow, false);
            scatter(grad_placed, &self.grad_narrow, &route.from, c);
        } else {
            self.q.backward(parameters, placed, grad_queries, gradient, grad_placed, true);
        }
        if let Some(embedding) = self.shortformer {
            add(grad_x, &self.grad_placed);
            scatter(&mut gradient[embedding..], &self.grad_placed, &route.positions, c);
        }
    }

    /// The patterns of the last forward pass, see [`Heads::pattern`].
    pub fn pattern(&self) -> &[f32] {
        self.heads.pattern()
    }
}
