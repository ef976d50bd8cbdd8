//! Opening burn's WebGPU device, after making sure that it can work, and that it does.

use std::cell::RefCell;

use burn_tensor::Device;
use serde_json::json;

use super::adapter::Adapter;
use super::gpu_log::{begin_test, end_test};
use crate::error::{Error, Result};
use crate::experiment::Experiment;
use crate::train::gpu::share;
use crate::train::{Evaluator, Run};

/// Dispatches a submission: at burn's default of 32 a training step takes a dozen submissions.
const TASKS_MAX: usize = 256;

/// Most relative difference between the GPU's and the CPU's losses in the self-test.
const TOLERANCE: f32 = 1e-3;

/// An opened GPU.
#[derive(Clone)]
pub(super) struct Gpu {
    pub device: Device,
    /// Its adapter, for people.
    pub adapter: String,
}

thread_local! {
    /// burn's runtime is registered once per module: what came of it, good or bad, stays.
    static OPENED: RefCell<Option<Result<Gpu>>> = const { RefCell::new(None) };
}

impl Gpu {
    /// Opens WebGPU and tests it. `software` says whether an adapter that only imitates a GPU will do.
    ///
    /// # Errors
    /// Why it can't be used.
    pub async fn open(software: bool) -> Result<Self> {
        let adapter = if software { Adapter::find().await? } else { Adapter::find_hardware().await? };
        if let Some(opened) = OPENED.with_borrow(Clone::clone) {
            return opened;
        }
        let opened = Self::init(adapter.name).await;
        OPENED.set(Some(opened.clone()));
        opened
    }

    /// Registers burn's runtime and tests it.
    async fn init(adapter: String) -> Result<Self> {
        let (device, setup) = Device::wgpu_options()
            .tasks_max(TASKS_MAX)
            .init_with_setup_async()
            .await
            .map_err(|error| Error::new(format!("WebGPU could not be opened: {error}.")))?;
        share(device.clone(), setup);
        let gpu = Self { device, adapter };
        begin_test();
        let tested = gpu.self_test().await;
        let errors = end_test();
        tested?;
        if errors.is_empty() { Ok(gpu) } else { Err(Error::new(format!("WebGPU fails here: {}", errors.join("; ")))) }
    }

    /// A few steps of a small model with every kind of layer, and then burn's own forward pass through it, must agree
    /// with the CPU's.
    async fn self_test(&self) -> Result<()> {
        let small = json!({
            "train": { "batch_size": 8, "plateau": false },
            "model": { "n_layers": 2, "n_heads": 2, "d_model": 16, "attn_only": false, "normalization_type": "LN" },
        });
        let experiment = Experiment::resolve(&small)?;
        let on_gpu = figures(Run::new(experiment.clone(), &self.device).await).await?;
        let on_cpu = figures(Run::new(experiment, &Device::flex()).await).await?;
        let agree = on_gpu.iter().zip(&on_cpu).all(|(a, b)| (a - b).abs() <= TOLERANCE * b.abs());
        if agree {
            return Ok(());
        }
        Err(Error::new(format!("WebGPU computes wrong results here (losses {on_gpu:?}, on the CPU {on_cpu:?})")))
    }
}

/// Losses of training steps, and of held-out lists after them.
async fn figures(mut run: Run) -> Result<Vec<f32>> {
    let mut figures = run.step(3).await?;
    let mut evaluator = Evaluator::new(20);
    loop {
        if let Some(evaluation) = evaluator.advance(&run.model(), run.data()).await? {
            figures.push(evaluation.loss as f32);
            return Ok(figures);
        }
    }
}
