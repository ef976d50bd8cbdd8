//! Training on the host, by hand: `crate/lean`, and the optimiser's state as plain vectors.

use burn_tensor::Device;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use tinylens_lean::{Adam, Batch, Lean, State};

use super::Crew;
use super::shards::{Cut, lean, shards};
use super::trainer::Trainer;
use crate::error::Result;
use crate::experiment::Experiment;
use crate::model::{Layout, Model};

/// Steps whose batches are made together.
const MOST_STEPS: u32 = 8;

/// A trainer on the host.
#[derive(Debug)]
pub(super) struct Host {
    adam: Adam,
    lean: Lean,
    shards: usize,
    state: State,
    gradient: Vec<f32>,
    /// The model on its device, at parameters of some moment.
    model: Model,
    /// Why the device itself does not train.
    why: Option<String>,
}

impl Host {
    /// A trainer from this state on; `device` is where its model is looked at, and `why` says why it does not train
    /// there.
    pub fn new(experiment: &Experiment, state: State, device: &Device, why: Option<String>) -> Self {
        let lean = lean(experiment, &Layout::new(&experiment.model));
        Self {
            adam: experiment.train.adam(),
            shards: shards(experiment, &lean),
            lean,
            gradient: vec![0.0; state.parameters.len()],
            model: Model::from_parameters(&experiment.model, state.parameters.clone(), device),
            state,
            why,
        }
    }
}

impl Trainer for Host {
    fn path(&self) -> String {
        let path = self.lean.path();
        self.why.as_ref().map_or_else(|| path.into(), |why| format!("{path}, on the CPU: {why}"))
    }

    fn most_steps(&self) -> u32 {
        MOST_STEPS
    }

    fn shards(&self) -> usize {
        self.shards
    }

    fn step<'a>(
        &'a mut self,
        first: u32,
        batches: &'a [Batch],
        lr: f64,
        crew: Option<&'a dyn Crew>,
    ) -> LocalBoxFuture<'a, Result<Vec<f32>>> {
        async move {
            let Self { adam, lean, shards, state, gradient, .. } = self;
            let mut losses = Vec::with_capacity(batches.len());
            for (step, batch) in (first..).zip(batches) {
                losses.push(if *shards > 1 {
                    Cut::new(batch, *shards).gradient(step, lean, &state.parameters, crew, gradient).await
                } else {
                    lean.gradient(&state.parameters, &batch.sequences(), gradient)
                });
                adam.step(state, gradient, lr, step + 1);
            }
            Ok(losses)
        }
        .boxed_local()
    }

    fn loss<'a>(&'a mut self, batch: &'a Batch) -> LocalBoxFuture<'a, Result<f64>> {
        let loss = self.lean.loss(&self.state.parameters, &batch.sequences());
        async move { Ok(f64::from(loss)) }.boxed_local()
    }

    fn state(&self) -> LocalBoxFuture<'_, Result<State>> {
        async { Ok(self.state.clone()) }.boxed_local()
    }

    fn model(&self) -> Model {
        self.model.with_values(self.state.parameters.clone())
    }
}
