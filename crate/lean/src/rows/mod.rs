//! The training step of any model, by hand: layer by layer, forward and back, on rows of the residual stream.
//!
//! Only the rows that reach the loss are computed: in the last layer queries, heads' outputs, MLP and logits at the counted positions, keys
//! and values nowhere after the last of them. What layer 0 does before attention depends on token and position alone, so that
//! it is done once for each pair of them in the batch. Each part has its forward and its backward pass side by side and keeps, in
//! buffers that grow to what a batch needs, what the one leaves for the other.
//!
//! Legend: `C` d_model, `D` d_head, `H` n_heads, `M` d_mlp; numbers of rows as in [`packed`].

mod attention;
mod embedding;
mod layer;
mod linear;
mod mlp;
mod norm;
mod packed;
mod rotary;

use crate::architecture::{AttentionDirection, ModelConfig};
use crate::batch::Sequences;
use crate::layout::Layout;
use embedding::{Embed, Unembed};
use layer::Layer;
pub(super) use linear::Linear;
pub(super) use mlp::Mlp;
pub(super) use norm::Norm;
pub(super) use packed::gather;
use packed::{Packed, Route};
pub(super) use rotary::Rotary;
pub use rotary::turns;

/// The step of one model.
#[derive(Clone, Debug)]
pub struct Step {
    d_vocab: usize,
    causal: bool,
    /// Most sequences of one pass.
    batch: usize,
    embed: Embed,
    layers: Vec<Layer>,
    unembed: Unembed,
    /// The stream before and after a layer, or its gradient.
    stream: Vec<f32>,
    next: Vec<f32>,
}

impl Step {
    /// The step for batches of at most `batch` sequences of which it reads at most `positions`.
    pub fn new(config: &ModelConfig, layout: &Layout, positions: usize, batch: usize) -> Self {
        Self {
            d_vocab: config.d_vocab,
            causal: config.attention_dir == AttentionDirection::Causal,
            batch,
            embed: Embed::new(config, layout),
            layers: (0..config.n_layers).map(|number| Layer::new(config, number, layout, positions)).collect(),
            unembed: Unembed::new(config, layout),
            stream: Vec::new(),
            next: Vec::new(),
        }
    }

    /// The summed cross entropy at the counted positions, of any number of sequences.
    pub fn loss(&mut self, parameters: &[f32], sequences: &Sequences) -> f64 {
        let mut loss = 0.0;
        for start in (0..sequences.len()).step_by(self.batch) {
            let part = sequences.part(start..sequences.len().min(start + self.batch));
            loss += self.forward(parameters, &part, 1).0;
        }
        loss
    }

    /// The summed cross entropy of a part of a batch in which `count` positions count, and its part of the mean's gradient.
    pub fn part(&mut self, parameters: &[f32], sequences: &Sequences, count: usize, gradient: &mut [f32]) -> f64 {
        let (loss, packed, routes) = self.forward(parameters, sequences, count);
        gradient.fill(0.0);
        self.stream.fill(0.0);
        self.unembed.backward(parameters, gradient, &mut self.stream);
        for (layer, route) in self.layers.iter_mut().zip(&routes).rev() {
            layer.backward(parameters, route, &mut self.stream, gradient, &mut self.next);
            std::mem::swap(&mut self.stream, &mut self.next);
        }
        self.embed.backward(&packed, &self.stream, gradient);
        loss
    }

    /// The summed loss, and the rows that it went through. The gradient that is left for the way back is that of the loss over `count`.
    fn forward(&mut self, parameters: &[f32], sequences: &Sequences, count: usize) -> (f64, Packed, Vec<Route>) {
        let packed = Packed::new(sequences, self.d_vocab, self.causal);
        let last = self.layers.len() - 1;
        let routes: Vec<Route> =
            (0..self.layers.len()).map(|number| packed.route(number == 0, number == last)).collect();
        self.embed.forward(parameters, &packed, &mut self.stream);
        for (layer, route) in self.layers.iter_mut().zip(&routes) {
            layer.forward(parameters, &self.stream, route, &mut self.next);
            std::mem::swap(&mut self.stream, &mut self.next);
        }
        (self.unembed.forward(parameters, &self.stream, &packed, count), packed, routes)
    }
}
