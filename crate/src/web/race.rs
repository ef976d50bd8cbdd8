//! Measures which device trains an experiment faster: each takes a few steps of it, on copies that are thrown away.

use std::cell::RefCell;

use burn_tensor::Device;
use wasm_bindgen::prelude::*;

use super::webgpu::Gpu;
use crate::config::ModelConfig;
use crate::error::Result;
use crate::experiment::Experiment;
use crate::train::Run;

/// Milliseconds that the measurement of one device may take after its first step.
const PATIENCE: f64 = 100.0;

/// The most steps of a call: enough that on a GPU the wait for the losses hardly counts.
const MOST_STEPS: u32 = 64;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    /// Milliseconds.
    fn now() -> f64;
}

/// What the time of a step depends on: the model apart from its seed, positions, and sequences in a batch.
type Size = (ModelConfig, usize, usize);

thread_local! {
    /// The size of the last race, and its times on the GPU and on the CPU.
    static LAST: RefCell<Option<(Size, [f64; 2])>> = const { RefCell::new(None) };
}

/// Milliseconds that a step of the experiment takes on the GPU and on the CPU. An experiment of the same size as the
/// last is not measured again.
///
/// # Errors
/// If a device fails.
pub(super) async fn race(gpu: &Gpu, experiment: &Experiment) -> Result<[f64; 2]> {
    let model = ModelConfig { seed: 0, ..experiment.model.clone() };
    let size = (model, experiment.task.task().needs().positions, experiment.train.batch_size);
    if let Some(times) = LAST.with_borrow(|last| last.as_ref().filter(|last| last.0 == size).map(|last| last.1)) {
        return Ok(times);
    }
    let on_cpu = Run::new(experiment.clone(), &Device::flex()).await;
    let on_gpu = on_cpu.to_device(&gpu.device).await?;
    let times = [step_time(on_gpu).await?, step_time(on_cpu).await?];
    LAST.set(Some((size, times)));
    Ok(times)
}

/// Milliseconds that a step takes in the longest call that there was time for.
async fn step_time(mut run: Run) -> Result<f64> {
    // The first step allocates buffers and compiles kernels; it alone is measured if it takes all the time there is.
    let mut steps = 1;
    let begin = now();
    run.step(steps).await?;
    let mut time = now() - begin;
    let begin = now();
    while steps < MOST_STEPS && now() - begin + 4.0 * time < PATIENCE {
        steps = if time > 0.0 { steps * 2 } else { MOST_STEPS };
        let start = now();
        run.step(steps).await?;
        time = now() - start;
    }
    Ok(time / f64::from(steps))
}
