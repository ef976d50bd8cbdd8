//! The forward pass of any causal model, which keeps the keys and values of what was read.

use std::ops::Range;

use super::Network;
use super::attention::Cache;
use super::packed::Packed;
use crate::architecture::{AttentionDirection, ModelConfig};
use crate::layout::Layout;

/// A model, and what was read.
#[derive(Clone, Debug)]
pub struct Inference {
    network: Network,
    parameters: Vec<f32>,
    /// One for each layer.
    caches: Vec<Cache>,
}

impl Inference {
    /// The forward pass of sequences of at most `positions` tokens; `None` for a model that is not covered.
    pub fn new(config: &ModelConfig, layout: &Layout, parameters: Vec<f32>, positions: usize) -> Option<Self> {
        let causal = config.attention_dir == AttentionDirection::Causal;
        causal.then(|| Self {
            network: Network::new(config, layout, positions),
            parameters,
            caches: vec![Cache::new(positions, config.n_heads * config.d_head); config.n_layers],
        })
    }

    pub fn begin(&mut self, batch: usize) {
        self.caches.iter_mut().for_each(|cache| cache.resize(batch));
    }

    /// As [`Inference::read`](crate::Inference::read), after `seen` positions of each of `batch` sequences.
    pub fn read(&mut self, batch: usize, seen: usize, tokens: &[usize], wanted: Range<usize>, logits: &mut Vec<f32>) {
        let sequences = tokens.chunks_exact(tokens.len() / batch);
        let packed =
            Packed::new(self.network.d_vocab, seen, sequences.map(|tokens| (tokens.iter().copied(), wanted.clone())));
        self.network.forward(&self.parameters, &packed, Some(&mut self.caches));
        logits.clear();
        logits.extend_from_slice(self.network.unembed.logits());
    }

    /// The patterns of every layer at the positions read last, whose logits were all wanted, `[batch, H, n, seen + n]`.
    pub fn patterns(&self) -> Vec<Vec<f32>> {
        self.network.layers.iter().map(|layer| layer.pattern().to_vec()).collect()
    }
}
