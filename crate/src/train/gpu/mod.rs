//! Training on WebGPU: the kernels on burn's device. Only the wasm module with WebGPU has this; what the kernels are is
//! in [`kernels`](super::kernels), which builds everywhere.

mod engine;
mod shared;

use burn_tensor::Device;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use tinylens_lean::{Batch, State};

use super::Crew;
use super::kernels::BatchShape;
use super::trainer::Trainer;
use crate::error::Result;
use crate::experiment::Experiment;
use crate::model::Model;
use crate::task::Data;
use engine::Kernels;
pub use shared::share;

/// A trainer on burn's GPU.
#[derive(Debug)]
pub(super) struct Gpu {
    kernels: Kernels,
    /// The model on its device, at parameters of some moment.
    model: Model,
}

impl Gpu {
    /// A trainer from this state on. `None`: the device is not burn's GPU.
    ///
    /// # Errors
    /// A sentence that says why the kernels or the GPU do not train the experiment.
    pub async fn new(experiment: &Experiment, state: &State, device: &Device) -> Result<Option<Self>> {
        let Experiment { model, task, train, .. } = experiment;
        let data = Data::new(task, train);
        let shape =
            BatchShape { batch: train.batch_size, positions: data.positions(), first_counted: data.first_counted() };
        let Some(kernels) = Kernels::new(model, &train.adam(), shape, state, device).await? else { return Ok(None) };
        Ok(Some(Self { kernels, model: Model::from_parameters(model, state.parameters.clone(), device) }))
    }
}

impl Trainer for Gpu {
    fn path(&self) -> String {
        "kernels".into()
    }

    fn most_steps(&self) -> u32 {
        self.kernels.most_steps() as u32
    }

    fn step<'a>(
        &'a mut self,
        first: u32,
        batches: &'a [Batch],
        lr: f64,
        _: Option<&'a dyn Crew>,
    ) -> LocalBoxFuture<'a, Result<Vec<f32>>> {
        self.kernels.step(first, batches, lr).boxed_local()
    }

    fn loss<'a>(&'a mut self, batch: &'a Batch) -> LocalBoxFuture<'a, Result<f64>> {
        self.kernels.loss(batch).boxed_local()
    }

    fn state(&self) -> LocalBoxFuture<'_, Result<State>> {
        self.kernels.unload().boxed_local()
    }

    fn model(&self) -> Model {
        // A lost GPU shows what it had.
        self.kernels
            .parameters()
            .map_or_else(|_| self.model.clone(), |parameters| self.model.with_parameters(parameters))
    }
}
