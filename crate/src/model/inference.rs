//! The forward pass by hand of a model on the CPU.

use burn::tensor::Device;
use futures_util::FutureExt;

use super::{Inference, Model};

impl Model {
    /// The forward pass by hand of about `sequences` sequences of at most `positions` tokens, with the model's present
    /// parameters; `None` for a bidirectional model, and for one that is not on the CPU.
    pub fn inference(&self, sequences: usize, positions: usize) -> Option<Inference> {
        if self.device() != Device::flex() {
            return None;
        }
        // On the CPU, reading parameters never waits.
        let parameters = self.read_parameters().now_or_never()?.ok()?;
        Inference::new(self.config(), self.layout(), parameters, sequences, positions)
    }
}
