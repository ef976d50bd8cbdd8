//! Devices, chosen at run time: the CPU (burn's flex), WebGPU (burn-wgpu), or whichever serves better.

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::convert::promise;
use crate::error::{Error, Result};
use crate::experiment::Experiment;

const CPU: &str = "simd128";

/// Where a model lives and computes.
#[wasm_bindgen]
#[derive(Clone)]
pub struct Device {
    pub(super) inner: burn_tensor::Device,
    kind: &'static str,
    description: String,
    /// Whether a run may be on the CPU instead, if that is faster.
    #[cfg_attr(
        not(all(target_family = "wasm", feature = "webgpu")),
        expect(dead_code, reason = "there is nothing to choose from")
    )]
    auto: bool,
}

#[wasm_bindgen]
impl Device {
    /// "cpu" or "webgpu". What was opened as "auto" is "webgpu" where that can be used; each run then takes the faster,
    /// see `Run.device`.
    #[wasm_bindgen(getter, unchecked_return_type = "\"cpu\" | \"webgpu\"")]
    pub fn kind(&self) -> String {
        self.kind.into()
    }

    /// What the device is and why it was chosen, in a sentence.
    #[wasm_bindgen(getter)]
    pub fn description(&self) -> String {
        self.description.clone()
    }
}

impl Device {
    fn cpu(why: &str) -> Self {
        Self {
            inner: burn_tensor::Device::flex(),
            kind: "cpu",
            description: format!("CPU ({CPU}): {why}."),
            auto: false,
        }
    }

    /// The device that a model's tensors are on.
    pub(super) fn of(inner: burn_tensor::Device) -> Self {
        if crate::device::in_host_memory(&inner) {
            return Self::cpu("where its model was");
        }
        Self { inner, kind: "webgpu", description: "WebGPU: where its model was.".into(), auto: false }
    }

    #[cfg(all(target_family = "wasm", feature = "webgpu"))]
    fn webgpu(gpu: &super::webgpu::Gpu, why: &str) -> Self {
        Self {
            inner: gpu.device.clone(),
            kind: "webgpu",
            description: format!("WebGPU ({}): {why}.", gpu.adapter),
            auto: false,
        }
    }

    /// The device of a run whose steps are computed as `path` says; see [`Run::path`](crate::train::Run::path).
    pub(super) fn of_run(&self, path: &str) -> Self {
        let description = match path.split_once(", on the CPU: ") {
            Some((_, why)) => format!("{} Steps are computed on the CPU: {why}", self.description),
            None => self.description.clone(),
        };
        Self { description, ..self.clone() }
    }

    /// The device for an experiment: of "auto", the one that trains it faster, measured.
    #[cfg(all(target_family = "wasm", feature = "webgpu"))]
    pub(super) async fn for_run(&self, experiment: &Experiment) -> Self {
        if !self.auto {
            return self.clone();
        }
        let raced = async {
            let gpu = super::webgpu::Gpu::open(false).await?;
            let times = super::race::race(&gpu, experiment).await?;
            Ok((gpu, times))
        };
        match raced.await {
            Ok((gpu, [on_gpu, on_cpu])) if on_gpu < on_cpu => Self::webgpu(
                &gpu,
                &format!("a step of this model takes {} on it and {} on the CPU", span(on_gpu), span(on_cpu)),
            ),
            Ok((_, [on_gpu, on_cpu])) => {
                Self::cpu(&format!("a step of this model takes {} on it and {} on WebGPU", span(on_cpu), span(on_gpu)))
            }
            Err::<_, Error>(why) => Self::cpu(why.to_string().trim_end_matches('.')),
        }
    }

    #[cfg(not(all(target_family = "wasm", feature = "webgpu")))]
    #[expect(clippy::unused_async, reason = "there is nothing to measure")]
    pub(super) async fn for_run(&self, _experiment: &Experiment) -> Self {
        self.clone()
    }
}

/// Milliseconds, for people.
#[cfg(all(target_family = "wasm", feature = "webgpu"))]
fn span(milliseconds: f64) -> String {
    let digits = if milliseconds < 1.0 { 3 } else { usize::from(milliseconds < 100.0) };
    format!("{milliseconds:.digits$} ms")
}

/// Opens a device: "cpu", "webgpu", or "auto", which takes WebGPU where its adapter is hardware and its results agree
/// with the CPU's, and the CPU elsewhere. A run that is made or moved onto "auto" measures both on its own model, and
/// takes the faster.
#[wasm_bindgen(js_name = openDevice, unchecked_return_type = "Promise<Device>")]
pub fn open_device(#[wasm_bindgen(unchecked_param_type = "DeviceKind")] kind: JsValue) -> Promise {
    promise(async move {
        let device = match kind.as_string().as_deref() {
            Some("cpu") => Device::cpu("as asked for"),
            Some("webgpu") => open_webgpu().await?,
            Some("auto") => choose().await,
            _ => return Err(Error::new("The kind of a device must be \"cpu\", \"webgpu\" or \"auto\".")),
        };
        Ok(device.into())
    })
}

#[cfg(all(target_family = "wasm", feature = "webgpu"))]
async fn open_webgpu() -> Result<Device> {
    use super::webgpu::Gpu;
    Ok(Device::webgpu(&Gpu::open(true).await?, "as asked for"))
}

#[cfg(all(target_family = "wasm", feature = "webgpu"))]
async fn choose() -> Device {
    match super::webgpu::Gpu::open(false).await {
        Ok(gpu) => Device { auto: true, ..Device::webgpu(&gpu, "a run takes it or the CPU, whichever is faster") },
        Err(why) => Device::cpu(why.to_string().trim_end_matches('.')),
    }
}

// Not in the module that has the CPU only; nor natively, where all this is only linted.
#[cfg(not(all(target_family = "wasm", feature = "webgpu")))]
async fn open_webgpu() -> Result<Device> {
    let adapter = super::adapter::Adapter::find().await?;
    Err(Error::new(format!(
        "WebGPU ({}) needs the package's main module: load tinylens.js in place of cpu/tinylens.js.",
        adapter.name
    )))
}

#[cfg(not(all(target_family = "wasm", feature = "webgpu")))]
async fn choose() -> Device {
    match super::adapter::Adapter::find_hardware().await {
        Ok(adapter) => Device::cpu(&format!(
            "this module has no other; for WebGPU ({}), load tinylens.js in place of cpu/tinylens.js",
            adapter.name
        )),
        Err(why) => Device::cpu(why.to_string().trim_end_matches('.')),
    }
}
