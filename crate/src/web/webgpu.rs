//! Opening burn's WebGPU device, after making sure that it can work, and that it does.

use std::cell::RefCell;

use burn::tensor::Device;
use js_sys::{Object, Promise, Reflect, global};
use serde_json::json;
use wasm_bindgen::prelude::*;

use super::fatal::{begin_test, end_test};
use crate::error::{Error, Result};
use crate::experiment::Experiment;
use crate::train::kernels::share;
use crate::train::{Evaluator, Run};

/// burn panics when it opens a stream on an adapter without this feature.
const NEEDED_FEATURE: &str = "timestamp-query";

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
        let adapter = Adapter::request().await?;
        if adapter.software && !software {
            return Err(Error::new(format!("the WebGPU adapter ({}) is software, not a GPU", adapter.name)));
        }
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

    /// A few steps of a small model with every kind of layer, and then burn's own forward pass through it, must agree with the CPU's.
    async fn self_test(&self) -> Result<()> {
        let small = json!({
            "task": { "list_length": 3, "max_value": 10 }, "train": { "batch_size": 8, "plateau": false },
            "model": { "n_layers": 2, "n_heads": 2, "d_model": 16, "attn_only": false, "normalization_type": "LN" },
        });
        let experiment = Experiment::resolve(&small)?;
        let on_gpu = figures(Run::new(experiment.clone(), &self.device)).await?;
        let on_cpu = figures(Run::new(experiment, &Device::flex())).await?;
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
        if let Some(evaluation) = evaluator.advance(run.model(), run.task()).await? {
            figures.push(evaluation.loss as f32);
            return Ok(figures);
        }
    }
}

/// What WebGPU says of its adapter.
struct Adapter {
    name: String,
    software: bool,
}

impl Adapter {
    async fn request() -> Result<Self> {
        let navigator = field(&global(), "navigator");
        let gpu = field(&navigator, "gpu");
        if !gpu.is_object() {
            return Err(Error::new("this browser has no WebGPU"));
        }
        let options = Object::new();
        super::convert::set(&options, "powerPreference", &"high-performance".into());
        let request: js_sys::Function =
            field(&gpu, "requestAdapter").dyn_into().map_err(|_| Error::new("this browser's WebGPU is not usable"))?;
        let promise: Promise =
            request.call1(&gpu, &options).map_err(|_| Error::new("this browser's WebGPU is not usable"))?.unchecked_into();
        let adapter = js_sys::futures::JsFuture::from(promise).await.map_err(|_| Error::new("WebGPU gave no adapter"))?;
        if !adapter.is_object() {
            return Err(Error::new("WebGPU found no adapter on this machine"));
        }
        let info = field(&adapter, "info");
        let words: Vec<String> = ["vendor", "architecture", "device", "description"]
            .iter()
            .filter_map(|name| field(&info, name).as_string())
            .filter(|word| !word.is_empty())
            .collect();
        let name = if words.is_empty() { "unnamed adapter".into() } else { words.join(" ") };
        let features = field(&adapter, "features");
        let has: js_sys::Function = field(&features, "has").dyn_into().map_err(|_| Error::new("this browser's WebGPU is not usable"))?;
        if !has.call1(&features, &NEEDED_FEATURE.into()).is_ok_and(|has| has.is_truthy()) {
            return Err(Error::new(format!("the WebGPU adapter ({name}) lacks the feature {NEEDED_FEATURE}, which burn needs")));
        }
        let imitations = ["swiftshader", "llvmpipe", "softpipe", "basic render"];
        let named = imitations.iter().any(|imitation| name.to_lowercase().contains(imitation));
        let software = named || field(&info, "isFallbackAdapter").is_truthy() || field(&adapter, "isFallbackAdapter").is_truthy();
        Ok(Self { name, software })
    }
}

/// A property, or `undefined`.
fn field(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}
