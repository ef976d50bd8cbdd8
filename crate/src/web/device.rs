//! Devices, chosen at run time: the CPU (burn's flex), WebGPU (burn-wgpu), or whichever serves better.

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::convert::promise;
use crate::error::{Error, Result};

const CPU: &str = "burn-flex with simd128, one thread";

/// Where a model lives and computes.
#[wasm_bindgen]
#[derive(Clone)]
pub struct Device {
    pub(super) inner: burn::tensor::Device,
    kind: &'static str,
    description: String,
}

#[wasm_bindgen]
impl Device {
    /// "cpu" or "webgpu".
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
        Self { inner: burn::tensor::Device::flex(), kind: "cpu", description: format!("CPU ({CPU}): {why}.") }
    }

    #[cfg(target_family = "wasm")]
    fn webgpu(gpu: &super::webgpu::Gpu, why: &str) -> Self {
        Self { inner: gpu.device.clone(), kind: "webgpu", description: format!("WebGPU ({}): {why}.", gpu.adapter) }
    }
}

/// Opens a device: "cpu", "webgpu", or "auto", which takes WebGPU where its adapter is hardware, its results agree with the CPU's and
/// a timed training step is faster, and the CPU elsewhere.
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

#[cfg(target_family = "wasm")]
async fn open_webgpu() -> Result<Device> {
    use super::webgpu::Gpu;
    Ok(Device::webgpu(&Gpu::open(true).await?, "as asked for"))
}

#[cfg(target_family = "wasm")]
async fn choose() -> Device {
    use super::webgpu::{Gpu, race};
    let gpu = match Gpu::open(false).await {
        Ok(gpu) => gpu,
        Err(why) => return Device::cpu(why.to_string().trim_end_matches('.')),
    };
    match race(&gpu).await {
        Ok((on_gpu, on_cpu)) if on_gpu < on_cpu => {
            Device::webgpu(&gpu, &format!("a step takes {on_gpu:.1} ms on it and {on_cpu:.1} ms on the CPU"))
        }
        Ok((on_gpu, on_cpu)) => Device::cpu(&format!("a step takes {on_cpu:.1} ms on it and {on_gpu:.1} ms on WebGPU")),
        Err(why) => Device::cpu(why.to_string().trim_end_matches('.')),
    }
}

// Natively this module is only linted.
#[cfg(not(target_family = "wasm"))]
async fn open_webgpu() -> Result<Device> {
    Err(Error::new("This build has no WebGPU."))
}

#[cfg(not(target_family = "wasm"))]
async fn choose() -> Device {
    Device::cpu("this build has no WebGPU")
}
