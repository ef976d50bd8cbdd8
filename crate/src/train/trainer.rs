//! The seam between a [`Run`](super::Run) and what computes its steps: the run knows the experiment, the schedule and
//! the counters; a trainer holds the parameters and the optimiser's state, and knows batches only.

use std::fmt::Debug;

use futures_util::future::LocalBoxFuture;
use tinylens_lean::{Batch, State};

use super::Crew;
use crate::error::Result;
use crate::model::Model;

/// Computes steps.
pub trait Trainer: Debug {
    /// What computes the steps: "tables", "rows" or "kernels"; in a sentence where it is not what the device offers.
    fn path(&self) -> String;

    /// Most steps of one call.
    fn most_steps(&self) -> u32;

    /// How many shards a step has, which a crew can share; 1: a step is one piece.
    fn shards(&self) -> usize {
        1
    }

    /// Trains a step on each batch, the first of which is step number `first`, counted from 0, at learning rate `lr`;
    /// gives each one's mean loss, measured before its update.
    ///
    /// # Errors
    /// If the device fails. The trainer can then no longer be used.
    fn step<'a>(
        &'a mut self,
        first: u32,
        batches: &'a [Batch],
        lr: f64,
        crew: Option<&'a dyn Crew>,
    ) -> LocalBoxFuture<'a, Result<Vec<f32>>>;

    /// Mean cross entropy at the counted positions of a batch of any size.
    ///
    /// # Errors
    /// If the device fails.
    fn loss<'a>(&'a mut self, batch: &'a Batch) -> LocalBoxFuture<'a, Result<f64>>;

    /// Parameters and the optimiser's state.
    ///
    /// # Errors
    /// If the device fails.
    fn state(&self) -> LocalBoxFuture<'_, Result<State>>;

    /// The model at the parameters of the moment, on the device where it is looked at.
    fn model(&self) -> Model;
}
