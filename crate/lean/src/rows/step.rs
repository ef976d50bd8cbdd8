//! The training step of any model.

use super::Network;
use super::packed::{Packed, Route};
use crate::architecture::{AttentionDirection, ModelConfig};
use crate::batch::Sequences;
use crate::layout::Layout;

/// The training step of one model.
#[derive(Clone, Debug)]
pub struct Step {
    network: Network,
    causal: bool,
    /// The most sequences of one pass.
    batch: usize,
    /// The most positions of a sequence.
    positions: usize,
}

impl Step {
    /// The step for batches of `batch` sequences of at most `positions`.
    pub fn new(config: &ModelConfig, layout: &Layout, positions: usize, batch: usize) -> Self {
        let causal = config.attention_dir == AttentionDirection::Causal;
        Self { network: Network::new(config, layout, positions), causal, batch, positions }
    }

    /// The summed cross entropy at the counted positions of any number of sequences.
    pub fn loss(&mut self, parameters: &[f32], sequences: &Sequences) -> f64 {
        let mut loss = 0.0;
        for start in (0..sequences.len()).step_by(self.batch) {
            let part = sequences.part(start..sequences.len().min(start + self.batch));
            loss += self.forward(parameters, &part, 1).0;
        }
        loss
    }

    /// The summed cross entropy at the counted positions; the gradient of that sum divided by `count` is written to
    /// `gradient`.
    pub fn part(&mut self, parameters: &[f32], sequences: &Sequences, count: usize, gradient: &mut [f32]) -> f64 {
        let (loss, packed, routes) = self.forward(parameters, sequences, count);
        self.network.backward(parameters, &packed, &routes, gradient);
        loss
    }

    /// The summed cross entropy, and the rows that were computed. The gradient of that sum divided by `count` with
    /// respect to the logits is in `network.unembed`.
    fn forward(&mut self, parameters: &[f32], sequences: &Sequences, count: usize) -> (f64, Packed, Vec<Route>) {
        assert!(sequences.positions <= self.positions, "{} positions of {}", sequences.positions, self.positions);
        let counted = sequences.each().filter_map(|sequence| {
            let span = sequence.span();
            // In a causal model nothing after the last counted position reaches the loss.
            let read = if self.causal { span.end } else { sequence.length };
            (!span.is_empty()).then(|| {
                let tokens = sequence.tokens[..read].iter().map(|token| *token as usize);
                (tokens, span.filter(|position| sequence.counted[*position]))
            })
        });
        let packed = Packed::new(self.network.d_vocab, 0, counted);
        let routes = self.network.forward(parameters, &packed, None);
        let targets = sequences.targets.iter().zip(sequences.counted).filter(|(_, counted)| **counted);
        let loss = self.network.unembed.loss(targets.map(|(target, _)| *target as usize), count);
        (loss, packed, routes)
    }
}
