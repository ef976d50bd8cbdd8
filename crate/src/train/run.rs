//! A run: an experiment under way on a device.

#[cfg(feature = "autodiff")]
mod autodiff;

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use burn::tensor::{Device, Tensor, TensorData};
#[cfg(feature = "webgpu")]
use futures_util::lock::Mutex;
use serde::{Deserialize, Serialize};
use tinylens_lean::{Lean, Sequences, State};

use super::adam::{Adam, step_on_host};
use super::evaluate::held_out_loss;
#[cfg(feature = "webgpu")]
use super::kernels::Kernels;
use super::plateau::Plateau;
use super::shards::{Crew, Cut, shards};
use crate::error::{Error, Result};
use crate::experiment::Experiment;
use crate::model::{Model, read};
use crate::task::Sort;

/// Steps whose batches go to the device in one upload and whose losses come back in one read: an upload ends a submission on a GPU,
/// and nothing else keeps its queue from growing without bound.
const CHUNK: u32 = 8;

/// Most steps of a run: counters stay within 32 bits, also multiplied by the largest batch.
pub(super) const MAX_STEPS: u32 = 4_000_000;

/// Most held-out lists whose loss the learning-rate schedule goes by.
const PLATEAU_LISTS: usize = 1000;

/// Parameters, optimiser and counters of an experiment. On the CPU a run is a function of its experiment and the number of steps.
#[derive(Clone, Debug)]
pub struct Run {
    experiment: Experiment,
    task: Sort,
    model: Model,
    adam: Adam,
    progress: Progress,
    /// The step by hand, on the CPU. Copies of a run share it: it holds buffers, and nothing that outlives a step.
    lean: Option<Rc<RefCell<Lean>>>,
    /// The step by hand, on WebGPU. Copies share it too: it knows by the stamp whether its buffers hold this copy's tensors.
    #[cfg(feature = "webgpu")]
    kernels: Option<Rc<Mutex<Kernels>>>,
    #[cfg(feature = "webgpu")]
    stamp: Option<u64>,
}

/// Everything about a run that is not a tensor and not in its experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// Steps done.
    pub steps: u32,
    pub plateau: Plateau,
}

impl Run {
    /// A run before its first step, from the initial weights of its experiment.
    pub fn new(experiment: Experiment, device: &Device) -> Self {
        let model = Model::new(&experiment.model, device);
        Self::from_model(experiment, model)
    }

    /// A run before its first step, from the weights of a model that is already there: one of `experiment.model`'s configuration.
    pub fn from_model(experiment: Experiment, model: Model) -> Self {
        let adam = Adam::new(&model.parameters());
        let progress = Progress { steps: 0, plateau: Plateau::new(&experiment.train) };
        Self::assemble(experiment, model, adam, progress)
    }

    fn assemble(experiment: Experiment, model: Model, adam: Adam, progress: Progress) -> Self {
        let task = Sort::new(&experiment.task, &experiment.train);
        let positions = experiment.task.sequence_length(experiment.task.list_length);
        let lean = (model.device() == Device::flex()).then(|| {
            Rc::new(RefCell::new(Lean::new(model.config(), model.layout(), positions, experiment.train.batch_size)))
        });
        #[cfg(feature = "webgpu")]
        let kernels = Kernels::new(&experiment, model.layout(), &model.device(), plateau_lists(&experiment))
            .map(|it| Rc::new(Mutex::new(it)));
        Self {
            experiment,
            task,
            model,
            adam,
            progress,
            lean,
            #[cfg(feature = "webgpu")]
            kernels,
            #[cfg(feature = "webgpu")]
            stamp: None,
        }
    }

    /// A run as it was when `state` and `progress` were taken.
    pub(super) fn resume(experiment: Experiment, progress: Progress, state: State, device: &Device) -> Self {
        let adam = Adam { mean: on_device(state.mean, device), square: on_device(state.square, device) };
        let model = Model::from_parameters(&experiment.model, state.parameters, device);
        Self::assemble(experiment, model, adam, progress)
    }

    /// The run's tensors, and what else it takes to resume it.
    ///
    /// # Errors
    /// If the device fails.
    pub(super) async fn state(&self) -> Result<(Progress, State)> {
        let parameters = self.model.read_parameters().await?;
        let mean = read(self.adam.mean.clone()).await?;
        let square = read(self.adam.square.clone()).await?;
        Ok((self.progress.clone(), State { parameters, mean, square }))
    }

    /// The same run on another device.
    ///
    /// # Errors
    /// If the device it is on fails.
    pub async fn to_device(&self, device: &Device) -> Result<Self> {
        let (progress, state) = self.state().await?;
        Ok(Self::resume(self.experiment.clone(), progress, state, device))
    }

    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    pub fn task(&self) -> &Sort {
        &self.task
    }

    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Steps done so far.
    pub fn steps(&self) -> u32 {
        self.progress.steps
    }

    /// Adam's learning rate now; the schedule lowers it.
    pub fn learning_rate(&self) -> f64 {
        self.progress.plateau.lr
    }

    /// Trains `n` steps and gives each one's loss, measured before its update.
    ///
    /// # Errors
    /// If the device fails: the run is then as it was before the chunk of steps that failed. If it would go past the most steps of a run.
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
        let most = self.most_steps().await;
        let epoch = self.experiment.train.schedule_steps();
        let mut losses = Vec::with_capacity(n as usize);
        while (losses.len() as u32) < n {
            let chunk = most.min(n - losses.len() as u32).min(epoch - self.progress.steps % epoch);
            let mut next = self.clone();
            losses.extend(next.chunk(chunk, crew).await?);
            if next.progress.steps.is_multiple_of(epoch) && next.experiment.train.plateau {
                let loss = next.plateau_loss().await?;
                next.progress.plateau.epoch(loss, &next.experiment.train);
            }
            *self = next;
        }
        Ok(losses)
    }

    /// Most steps of one chunk. Kernels that this GPU refuses are given up here: autodiff goes on.
    #[cfg(feature = "webgpu")]
    async fn most_steps(&mut self) -> u32 {
        let Some(kernels) = self.kernels.clone() else { return CHUNK };
        let mut kernels = kernels.lock().await;
        match kernels.prepare().await {
            Ok(()) => kernels.most_steps(),
            Err(why) => {
                log::warn!("{why} Autodiff trains instead.");
                self.kernels = None;
                CHUNK
            }
        }
    }

    #[cfg(not(feature = "webgpu"))]
    async fn most_steps(&mut self) -> u32 {
        CHUNK
    }

    /// The held-out loss that the learning-rate schedule goes by.
    async fn plateau_loss(&self) -> Result<f64> {
        let lists = plateau_lists(&self.experiment);
        if let Some(lean) = &self.lean {
            return self.lean_held_out_loss(lists, lean).await;
        }
        #[cfg(feature = "webgpu")]
        if let Some(kernels) = &self.kernels {
            return kernels.lock().await.held_out_loss(&self.tensors(), self.stamp).await;
        }
        held_out_loss(&self.model, &self.task, lists).await
    }

    /// A few steps on WebGPU by hand.
    #[cfg(feature = "webgpu")]
    async fn kernels_chunk(&mut self, n: u32, kernels: &Mutex<Kernels>) -> Result<Vec<f32>> {
        let (done, lr) = (self.progress.steps, self.progress.plateau.lr);
        let trained = kernels.lock().await.step(&self.tensors(), self.stamp, done, n, lr).await?;
        let [parameters, mean, square] = trained.tensors;
        self.model = self.model.with_parameters(parameters);
        self.adam = Adam { mean, square };
        self.progress.steps += n;
        self.stamp = Some(trained.stamp);
        Ok(trained.losses)
    }

    #[cfg(feature = "webgpu")]
    fn tensors(&self) -> [Tensor<1>; 3] {
        [self.model.parameters(), self.adam.mean.clone(), self.adam.square.clone()]
    }

    /// A few steps within one epoch.
    async fn chunk(&mut self, n: u32, crew: Option<&dyn Crew>) -> Result<Vec<f32>> {
        if let Some(lean) = self.lean.clone() {
            return self.lean_chunk(n, &lean, crew).await;
        }
        #[cfg(feature = "webgpu")]
        if let Some(kernels) = self.kernels.clone() {
            return self.kernels_chunk(n, &kernels).await;
        }
        #[cfg(feature = "autodiff")]
        return self.autodiff_chunk(n).await;
        #[cfg(not(feature = "autodiff"))]
        unreachable!("without autodiff there is no device but the CPU, and there runs train by hand")
    }

    /// What computes the steps: on the CPU "tables" or "rows", by hand; on WebGPU "kernels", by hand, or "autodiff", burn's.
    pub fn path(&self) -> &'static str {
        #[cfg(feature = "webgpu")]
        if self.kernels.is_some() {
            return "kernels";
        }
        self.lean.as_ref().map_or("autodiff", |lean| lean.borrow().path())
    }

    /// How many shards a step has, which a crew can share; 1: a step is one piece.
    pub fn shards(&self) -> usize {
        self.lean.as_ref().map_or(1, |lean| shards(&self.experiment, &lean.borrow()))
    }

    /// A few steps by hand, with the state on the host.
    async fn lean_chunk(&mut self, n: u32, lean: &RefCell<Lean>, crew: Option<&dyn Crew>) -> Result<Vec<f32>> {
        let (_, mut state) = self.state().await?;
        let shards = self.shards();
        let mut gradient = vec![0.0; state.parameters.len()];
        let mut losses = Vec::with_capacity(n as usize);
        for _ in 0..n {
            let batch = self.task.train_batch(self.progress.steps);
            let counted: Vec<Range<usize>> =
                batch.lengths.iter().map(|length| self.task.config().counted(*length)).collect();
            losses.push(if shards > 1 {
                let cut = Cut::new(&batch, &counted, shards);
                cut.gradient(self.progress.steps, lean, &state.parameters, crew, &mut gradient).await
            } else {
                let sequences = Sequences { tokens: &batch.tokens, positions: batch.positions, counted: &counted };
                lean.borrow_mut().gradient(&state.parameters, &sequences, &mut gradient)
            });
            self.progress.steps += 1;
            step_on_host(&mut state, &gradient, self.progress.plateau.lr, self.progress.steps, &self.experiment.train);
        }
        let device = self.model.device();
        self.model = self.model.with_parameters(on_device(state.parameters, &device));
        self.adam = Adam { mean: on_device(state.mean, &device), square: on_device(state.square, &device) };
        Ok(losses)
    }

    /// Mean cross entropy over held-out lists `0..lists`, by hand.
    async fn lean_held_out_loss(&self, lists: usize, lean: &RefCell<Lean>) -> Result<f64> {
        let parameters = self.model.read_parameters().await?;
        let batch = self.task.test_batch(0, lists);
        let counted = vec![self.task.config().counted(self.task.config().list_length); lists];
        let sequences = Sequences { tokens: &batch.tokens, positions: batch.positions, counted: &counted };
        Ok(f64::from(lean.borrow_mut().loss(&parameters, &sequences)))
    }
}

/// Held-out lists that the learning-rate schedule goes by.
fn plateau_lists(experiment: &Experiment) -> usize {
    (10 * experiment.train.batch_size).clamp(50, PLATEAU_LISTS)
}

/// Values from the host, `[values.len()]`.
fn on_device(values: Vec<f32>, device: &Device) -> Tensor<1> {
    let length = values.len();
    Tensor::from_data(TensorData::new(values, [length]), device)
}
