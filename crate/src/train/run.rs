//! A run: an experiment under way on a device.

use burn_tensor::Device;
use serde::{Deserialize, Serialize};
use tinylens_lean::State;

use super::Crew;
use super::host::Host;
use super::plateau::Plateau;
use super::trainer::Trainer;
use crate::error::{Error, Result};
use crate::experiment::Experiment;
use crate::model::{Layout, Model};
use crate::task::Data;

/// Most steps of a run: counters stay within 32 bits, also multiplied by the largest batch.
pub(super) const MAX_STEPS: u32 = 4_000_000;

/// Most held-out inputs whose loss the learning-rate schedule goes by.
const MOST_PLATEAU: usize = 1000;

/// Least held-out inputs whose loss the learning-rate schedule goes by.
const LEAST_PLATEAU: usize = 50;

/// An experiment, its schedule and counters, and what trains it. On the CPU a run is a function of its experiment and
/// the number of steps.
#[derive(Debug)]
pub struct Run {
    experiment: Experiment,
    data: Data,
    progress: Progress,
    trainer: Box<dyn Trainer>,
}

/// Everything about a run that is neither in its experiment nor the trainer's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// Steps done.
    pub steps: u32,
    /// The learning rate.
    pub plateau: Plateau,
}

impl Run {
    /// A run before its first step, from the initial weights of its experiment.
    pub async fn new(experiment: Experiment, device: &Device) -> Self {
        let parameters = Layout::new(&experiment.model).initial(&experiment.model);
        Self::from_parameters(experiment, parameters, device).await
    }

    /// A run before its first step, from weights that are already there: those of a model of `experiment.model`'s
    /// configuration, in the layout's order.
    pub async fn from_parameters(experiment: Experiment, parameters: Vec<f32>, device: &Device) -> Self {
        let progress = Progress { steps: 0, plateau: Plateau::new(&experiment.train) };
        Self::resume(experiment, progress, State::new(parameters), device).await
    }

    /// A run as it was when `progress` and `state` were taken.
    pub(super) async fn resume(experiment: Experiment, progress: Progress, state: State, device: &Device) -> Self {
        let data = Data::new(&experiment.task, &experiment.train);
        let trainer = trainer(&experiment, state, device).await;
        Self { experiment, data, progress, trainer }
    }

    /// What it takes to resume the run, beside the experiment.
    ///
    /// # Errors
    /// If the device fails.
    pub(super) async fn state(&self) -> Result<(Progress, State)> {
        Ok((self.progress.clone(), self.trainer.state().await?))
    }

    /// The same run on another device.
    ///
    /// # Errors
    /// If the device it is on fails.
    pub async fn to_device(&self, device: &Device) -> Result<Self> {
        let (progress, state) = self.state().await?;
        Ok(Self::resume(self.experiment.clone(), progress, state, device).await)
    }

    /// What the run is a function of.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// What it trains on and what is held out.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// The model as it is now, on the run's device.
    pub fn model(&self) -> Model {
        self.trainer.model()
    }

    /// Steps done so far.
    pub fn steps(&self) -> u32 {
        self.progress.steps
    }

    /// The learning rate now; the schedule lowers it.
    pub fn learning_rate(&self) -> f64 {
        self.progress.plateau.lr
    }

    /// What computes the steps: on the CPU "tables" or "rows", on WebGPU "kernels"; where those do not cover the model,
    /// a sentence that says so.
    pub fn path(&self) -> String {
        self.trainer.path()
    }

    /// How many shards a step has, which a crew can share; 1: a step is one piece.
    pub fn shards(&self) -> usize {
        self.trainer.shards()
    }

    /// Trains `n` steps and gives each one's loss, measured before its update.
    ///
    /// # Errors
    /// If the device fails, or if the run would go past the most steps of a run.
    pub async fn step(&mut self, n: u32) -> Result<Vec<f32>> {
        self.step_with(n, None).await
    }

    /// The same, with a crew that computes some of the shards. It changes nothing but the time that it takes.
    ///
    /// # Errors
    /// As [`Run::step`].
    pub async fn step_with(&mut self, n: u32, crew: Option<&dyn Crew>) -> Result<Vec<f32>> {
        if n > MAX_STEPS - self.progress.steps {
            return Err(Error::new(format!(
                "The run is at step {}, and {n} more are asked for; a run has at most {MAX_STEPS}.",
                self.progress.steps
            )));
        }
        let epoch = self.data.epoch_steps();
        let mut losses = Vec::with_capacity(n as usize);
        while (losses.len() as u32) < n {
            let Progress { steps, plateau } = &mut self.progress;
            let chunk = self.trainer.most_steps().min(n - losses.len() as u32).min(epoch - *steps % epoch);
            let batches: Vec<_> = (*steps..*steps + chunk).map(|step| self.data.train_batch(step)).collect();
            losses.extend(self.trainer.step(*steps, &batches, plateau.lr, crew).await?);
            *steps += chunk;
            if steps.is_multiple_of(epoch) && self.experiment.train.plateau {
                let inputs = (10 * self.experiment.train.batch_size).clamp(LEAST_PLATEAU, MOST_PLATEAU);
                let loss = self.trainer.loss(&self.data.test_batch(0, inputs)).await?;
                plateau.epoch(loss, &self.experiment.train);
            }
        }
        Ok(losses)
    }
}

/// What trains an experiment on a device: the kernels, where they cover it, or else the host.
async fn trainer(experiment: &Experiment, state: State, device: &Device) -> Box<dyn Trainer> {
    // Why the device does not train it, where it could be asked to.
    let why = None;
    #[cfg(feature = "webgpu")]
    let why = match super::gpu::Gpu::new(experiment, &state, device).await {
        Ok(Some(gpu)) => return Box::new(gpu),
        Ok(None) => why,
        Err(uncovered) => Some(uncovered.to_string()),
    };
    Box::new(Host::new(experiment, state, device, why))
}
