//! Any model, layer by layer, on rows of the residual stream: the training step ([`Step`]) and the forward pass
//! ([`Inference`]).
//!
//! Logits are wanted at some positions, in training at those that count. The last layer computes queries, heads'
//! outputs and MLP at these positions only. What layer 0 does before attention depends on token and position alone, so
//! that it is done once for each pair of them in a batch. Every part has its forward and its backward pass side by
//! side, and keeps what the latter needs of the former in buffers that grow with the batch.
//!
//! Legend: `C` d_model, `D` d_head, `H` n_heads, `M` d_mlp, `O` d_vocab_out; numbers of rows as in [`packed`].

mod attention;
mod cache;
mod embedding;
mod heads;
mod inference;
mod layer;
mod linear;
mod mlp;
mod norm;
mod packed;
mod rotary;
mod step;

use crate::architecture::ModelConfig;
use crate::layout::Layout;
use cache::Cache;
use embedding::{Embed, Unembed};
pub use inference::Inference;
use layer::Layer;
use packed::{Packed, Route};
pub use rotary::turns;
pub use step::Step;

/// The parts of a model, and what they remember of the last forward pass.
#[derive(Clone, Debug)]
struct Network {
    d_vocab: usize,
    embed: Embed,
    layers: Vec<Layer>,
    unembed: Unembed,
    /// The residual stream that a layer reads, or its gradient.
    stream: Vec<f32>,
    /// The residual stream that it writes, or its gradient.
    next: Vec<f32>,
}

impl Network {
    /// The parts of a model that reads at most `positions`. Every model is covered; the comments name the parts that do
    /// so.
    fn new(config: &ModelConfig, layout: &Layout, positions: usize) -> Self {
        let ModelConfig {
            n_layers,
            n_heads: _, // attention, heads
            d_model: _, // all parts
            d_head: _,  // heads, rotary
            d_mlp: _,   // mlp
            n_ctx: _,   // `positions` is at most this
            d_vocab,
            d_vocab_out: _,               // embedding
            attn_only: _,                 // layer
            act_fn: _,                    // mlp
            normalization_type: _,        // norm
            eps: _,                       // norm
            positional_embedding_type: _, // embedding, attention
            rotary_dim: _,                // rotary
            rotary_base: _,               // rotary
            rotary_adjacent_pairs: _,     // rotary
            attention_dir: _,             // heads, step, inference
            use_attn_scale: _,            // heads
            attn_scale: _,                // heads
            init_mode: _,                 // only initial values depend on it
            seed: _,
        } = *config;
        Self {
            d_vocab,
            embed: Embed::new(config, layout),
            layers: (0..n_layers).map(|number| Layer::new(config, number, layout, positions)).collect(),
            unembed: Unembed::new(config, layout),
            stream: Vec::new(),
            next: Vec::new(),
        }
    }

    /// Computes the wanted logits, which are then in `unembed`, and returns the rows of every layer. With caches, one
    /// for each layer, positions that were read before are attended to as well.
    fn forward(&mut self, parameters: &[f32], packed: &Packed, mut caches: Option<&mut [Cache]>) -> Vec<Route> {
        let last = self.layers.len() - 1;
        let routes: Vec<Route> =
            (0..self.layers.len()).map(|number| packed.route(number == 0, number == last)).collect();
        self.embed.forward(parameters, packed, &mut self.stream);
        for (number, (layer, route)) in self.layers.iter_mut().zip(&routes).enumerate() {
            let cache = caches.as_mut().map(|caches| &mut caches[number]);
            layer.forward(parameters, &self.stream, route, cache, &mut self.next);
            std::mem::swap(&mut self.stream, &mut self.next);
        }
        self.unembed.forward(parameters, &self.stream);
        routes
    }

    /// The gradient of every parameter, written to `gradient`, from that of the logits, which is in `unembed`.
    fn backward(&mut self, parameters: &[f32], packed: &Packed, routes: &[Route], gradient: &mut [f32]) {
        gradient.fill(0.0);
        self.stream.fill(0.0);
        self.unembed.backward(parameters, gradient, &mut self.stream);
        for (layer, route) in self.layers.iter_mut().zip(routes).rev() {
            layer.backward(parameters, route, &mut self.stream, gradient, &mut self.next);
            std::mem::swap(&mut self.stream, &mut self.next);
        }
        self.embed.backward(packed, &self.stream, gradient);
    }
}
