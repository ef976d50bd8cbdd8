//! The crate's face to JavaScript, and the only module that knows the browser (or Node): devices, the API, the canvas
//! painters.
//!
//! Not here: anything that computes. Records cross as JSON, numbers as typed arrays. Whatever fails rejects with an
//! `Error` whose message is a sentence; the objects stay usable.

mod ablation;
mod adapter;
mod canvas;
mod convert;
mod device;
mod drawn;
mod fatal;
#[cfg(all(target_family = "wasm", feature = "webgpu"))]
mod gpu_log;
mod link;
mod model;
mod options;
mod paint;
#[cfg(all(target_family = "wasm", feature = "webgpu"))]
mod race;
mod reader;
mod run;
mod shards;
mod shown;
mod types;
#[cfg(all(target_family = "wasm", feature = "webgpu"))]
mod webgpu;

use js_sys::Array;
use serde_json::json;
use wasm_bindgen::prelude::*;

use crate::experiment::{self, Experiment};
use crate::model::Layout;
use crate::task::TaskConfig;
use convert::{from_js, js_error, to_js, token_row, whole};

/// Runs once, when the module is instantiated.
#[wasm_bindgen(start)]
pub fn start() {
    // Without this, the linker wraps every export so that it runs all constructors again at each call.
    #[cfg(target_family = "wasm")]
    {
        unsafe extern "C" {
            fn __wasm_call_ctors();
        }
        // SAFETY: the linker's own function, called once, before any other export.
        unsafe { __wasm_call_ctors() };
    }
    fatal::install();
    #[cfg(all(target_family = "wasm", feature = "webgpu"))]
    gpu_log::install();
}

/// The table of settings: every field of an experiment with its kind, range, default and help.
#[wasm_bindgen(js_name = settings, unchecked_return_type = "Setting[]")]
pub fn settings_table() -> Result<JsValue, JsValue> {
    to_js(&experiment::settings())
}

/// Completes a partial experiment, or lists what is wrong with it, field by field.
#[wasm_bindgen(
    js_name = checkExperiment,
    unchecked_return_type = "{ experiment: Experiment | null; errors: { path: string; message: string }[]; parameters: number }"
)]
pub fn check_experiment(
    #[wasm_bindgen(unchecked_param_type = "PartialExperiment")] experiment: JsValue,
) -> Result<JsValue, JsValue> {
    match Experiment::resolve(&from_js(&experiment, "experiment")?) {
        Ok(experiment) => to_js(
            &json!({ "parameters": Layout::new(&experiment.model).len(), "experiment": experiment, "errors": [] }),
        ),
        Err(errors) => to_js(&json!({ "experiment": null, "errors": errors, "parameters": 0 })),
    }
}

/// The whole sequence of the task for these numbers, prompt and answer.
#[wasm_bindgen(js_name = taskSequence, unchecked_return_type = "number[]")]
pub fn task_sequence(
    #[wasm_bindgen(unchecked_param_type = "TaskConfig")] task: JsValue,
    #[wasm_bindgen(unchecked_param_type = "number[]")] numbers: JsValue,
) -> Result<Array, JsValue> {
    let task = task_config(&task)?;
    let numbers = token_row(&numbers, "numbers").map_err(js_error)?;
    task.task().inputs().check(&numbers).map_err(|wrong| js_error(format!("The list {wrong}.")))?;
    Ok(task.task().sequence(&numbers).into_iter().map(|token| JsValue::from_f64(token as f64)).collect())
}

/// `count` random lists of `length` numbers (of the task's length unless said otherwise), the same for the same seed.
#[wasm_bindgen(js_name = randomLists, unchecked_return_type = "number[][]")]
pub fn random_lists(
    #[wasm_bindgen(unchecked_param_type = "Partial<TaskConfig>")] task: JsValue,
    #[wasm_bindgen(unchecked_param_type = "number")] count: JsValue,
    #[wasm_bindgen(unchecked_param_type = "number")] seed: JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "number")] length: JsValue,
) -> Result<Array, JsValue> {
    let task = task_config(&task)?;
    let count = whole(&count, "count", 0, 100_000).map_err(js_error)?;
    let seed = whole(&seed, "seed", 0, u32::MAX).map_err(js_error)?;
    let inputs = task.task().inputs();
    let full = inputs.longest as u32;
    let length = if length.is_undefined() { full } else { whole(&length, "length", 1, full).map_err(js_error)? };
    let list = |number: u32| {
        inputs.random(seed, number, length as usize).into_iter().map(|number| JsValue::from_f64(number as f64))
    };
    Ok((0..count).map(|number| list(number).collect::<Array>()).collect())
}

/// What a token is called: its name in capitals, or its number.
#[wasm_bindgen(js_name = tokenLabel)]
pub fn token_label(
    #[wasm_bindgen(unchecked_param_type = "TaskConfig")] task: JsValue,
    #[wasm_bindgen(unchecked_param_type = "number")] token: JsValue,
) -> Result<String, JsValue> {
    let token = whole(&token, "token", 0, u32::MAX).map_err(js_error)?;
    Ok(task_config(&task)?.task().label(token as usize))
}

/// The task of a partial or whole task configuration.
fn task_config(task: &JsValue) -> Result<TaskConfig, JsValue> {
    let task = from_js(task, "task")?;
    Ok(Experiment::resolve(&json!({ "task": task })).map_err(|errors| js_error(crate::config::describe(&errors)))?.task)
}
