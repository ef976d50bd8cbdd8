//! The forward pass of any causal model, which caches keys and values.

use std::ops::Range;

use super::Network;
use super::cache::Cache;
use super::packed::Packed;
use crate::architecture::{AttentionDirection, ModelConfig};
use crate::layout::Layout;

/// A model with fixed parameters, and what was read so far.
#[derive(Clone, Debug)]
pub struct Inference {
    network: Network,
    parameters: Vec<f32>,
    /// One for each layer.
    caches: Vec<Cache>,
}

impl Inference {
    /// The forward pass of sequences of at most `positions` tokens; `None` for a bidirectional model.
    pub fn new(config: &ModelConfig, layout: &Layout, parameters: Vec<f32>, positions: usize) -> Option<Self> {
        let causal = config.attention_dir == AttentionDirection::Causal;
        causal.then(|| Self {
            network: Network::new(config, layout, positions),
            parameters,
            caches: vec![Cache::new(positions, config.n_heads * config.d_head); config.n_layers],
        })
    }

    /// Makes room for `batch` sequences.
    pub fn begin(&mut self, batch: usize) {
        self.caches.iter_mut().for_each(|cache| cache.resize(batch));
    }

    /// See [`Inference::read`](crate::Inference::read). `seen` positions of each of `batch` sequences were read before.
    pub fn read(&mut self, batch: usize, seen: usize, tokens: &[usize], wanted: Range<usize>, logits: &mut Vec<f32>) {
        let sequences = tokens.chunks_exact(tokens.len() / batch);
        let packed =
            Packed::new(self.network.d_vocab, seen, sequences.map(|tokens| (tokens.iter().copied(), wanted.clone())));
        self.network.forward(&self.parameters, &packed, Some(&mut self.caches));
        logits.clear();
        logits.extend_from_slice(self.network.unembed.logits());
    }

    /// The patterns of every layer in the last pass, `[batch, H, n, seen + n]`; of the last layer at the positions
    /// whose logits were wanted.
    pub fn patterns(&self) -> Vec<Vec<f32>> {
        self.network.layers.iter().map(|layer| layer.pattern().to_vec()).collect()
    }
}
