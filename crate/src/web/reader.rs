//! Files are read by a module of their own, `tinylens-reader`: `pkg/checkpoint.mjs` loads it when the first is opened.

use js_sys::{Array, Float32Array, Promise};
use serde_json::{Map, Value};
use wasm_bindgen::prelude::*;

use super::convert::js_error;
use crate::checkpoint::Opened;

#[wasm_bindgen(raw_module = "./checkpoint.mjs")]
extern "C" {
    /// Of a file and a partial model configuration as JSON: `[record, parameters]`, as `tinylens-reader` gives them.
    #[wasm_bindgen(js_name = readCheckpoint)]
    fn read_checkpoint(bytes: &JsValue, config: &str) -> Promise;
}

/// Has a file read. `given` goes before what it says.
///
/// # Errors
/// What is wrong with the file, or why the reader could not be loaded.
pub(super) async fn open(bytes: &JsValue, given: Map<String, Value>) -> Result<Opened, JsValue> {
    let read = js_sys::futures::JsFuture::from(read_checkpoint(bytes, &Value::Object(given).to_string())).await?;
    let read: Array = read.unchecked_into();
    // Through a value, whose way into a record this module has anyway: straight from the text would be code of its own.
    let record: Value = serde_json::from_str(&read.get(0).as_string().unwrap_or_default()).map_err(js_error)?;
    let opened: Opened = serde_json::from_value(record).map_err(js_error)?;
    Ok(Opened { parameters: read.get(1).unchecked_into::<Float32Array>().to_vec(), ..opened })
}
