//! A reader by hand of a model on the CPU.

use burn::tensor::Device;
use futures_util::FutureExt;

use super::{Model, Reader};

impl Model {
    /// A reader of some `sequences` of at most `positions` tokens, at the parameters of the moment; `None` for a model that it does not cover, or
    /// not on the CPU.
    pub fn reader(&self, sequences: usize, positions: usize) -> Option<Reader> {
        if self.device() != Device::flex() {
            return None;
        }
        // What is on the CPU is there at once.
        let parameters = self.read_parameters().now_or_never()?.ok()?;
        Reader::new(self.config(), self.layout(), parameters, sequences, positions)
    }
}
