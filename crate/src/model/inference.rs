//! The forward pass by hand, for models whose parameters are in the host's memory.

use futures_util::FutureExt;

use super::{Inference, Model};
use crate::device::in_host_memory;

impl Model {
    /// A forward pass by hand over `sequences` sequences of at most `positions` tokens, at the model's present
    /// parameters. `None` if they are not in the host's memory, or if the pass by hand does not cover the model.
    pub fn inference(&self, sequences: usize, positions: usize) -> Option<Inference> {
        if !in_host_memory(&self.device()) {
            return None;
        }
        let parameters = self.read_parameters().now_or_never()?.ok()?;
        Inference::new(self.config(), self.layout(), parameters, sequences, positions)
    }
}
