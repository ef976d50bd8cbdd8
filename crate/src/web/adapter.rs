//! The adapter that WebGPU has here: whether there is one, whether burn can use it, and whether it is a GPU. The module
//! that computes on the CPU only has this too, so that it can say whether the other module is worth loading, and why
//! not.

use js_sys::{Object, Promise, Reflect, global};
use wasm_bindgen::prelude::*;

use super::convert::{object, promise, set};
use crate::error::{Error, Result};

/// burn panics when it opens a stream on an adapter without this feature.
const NEEDED_FEATURE: &str = "timestamp-query";

/// What WebGPU says about its adapter.
pub(super) struct Adapter {
    /// Its name for people.
    pub name: String,
    /// Whether it only emulates a GPU.
    pub software: bool,
}

impl Adapter {
    /// The adapter, if burn can use it.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn find() -> Result<Self> {
        let navigator = field(&global(), "navigator");
        let gpu = field(&navigator, "gpu");
        if !gpu.is_object() {
            return Err(Error::new("this browser has no WebGPU"));
        }
        let options = Object::new();
        set(&options, "powerPreference", &"high-performance".into());
        let request: js_sys::Function =
            field(&gpu, "requestAdapter").dyn_into().map_err(|_| Error::new("this browser's WebGPU is not usable"))?;
        let promise: Promise = request
            .call1(&gpu, &options)
            .map_err(|_| Error::new("this browser's WebGPU is not usable"))?
            .unchecked_into();
        let adapter =
            js_sys::futures::JsFuture::from(promise).await.map_err(|_| Error::new("WebGPU gave no adapter"))?;
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
        let has: js_sys::Function =
            field(&features, "has").dyn_into().map_err(|_| Error::new("this browser's WebGPU is not usable"))?;
        if !has.call1(&features, &NEEDED_FEATURE.into()).is_ok_and(|has| has.is_truthy()) {
            return Err(Error::new(format!(
                "the WebGPU adapter ({name}) lacks the feature {NEEDED_FEATURE}, which burn needs"
            )));
        }
        let emulators = ["swiftshader", "llvmpipe", "softpipe", "basic render"];
        let named = emulators.iter().any(|emulator| name.to_lowercase().contains(emulator));
        let software =
            named || field(&info, "isFallbackAdapter").is_truthy() || field(&adapter, "isFallbackAdapter").is_truthy();
        Ok(Self { name, software })
    }

    /// The adapter, if burn can use it and it is hardware.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn find_hardware() -> Result<Self> {
        let found = Self::find().await?;
        if found.software {
            return Err(Error::new(format!("the WebGPU adapter ({}) is software, not a GPU", found.name)));
        }
        Ok(found)
    }
}

/// Describes WebGPU's adapter without opening it: its name, and whether it only emulates a GPU. Rejects with the reason
/// if there is none that can be used.
#[wasm_bindgen(js_name = findAdapter, unchecked_return_type = "Promise<{ name: string; software: boolean }>")]
pub fn find_adapter() -> Promise {
    promise(async {
        let Adapter { name, software } = Adapter::find().await?;
        Ok(object([("name", name.into()), ("software", software.into())]))
    })
}

/// A property, or `undefined`.
fn field(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}
