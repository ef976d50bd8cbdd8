//! The wasm module that opens checkpoints. `pkg/checkpoint.mjs` fetches it when the first file is opened, and reads
//! every file with an instance of its own: one that fails takes nothing along, and the memory that a file took goes
//! with it.
//!
//! What it reads is `tinylens::checkpoint`'s affair; models are made in the other modules.

use std::panic;

use js_sys::{Array, Float32Array};
use serde_json::{Map, Value};
use tinylens::checkpoint;
use wasm_bindgen::prelude::*;

/// Opens a checkpoint of any kind. `config` is a partial model configuration as JSON. Gives `[opened, parameters]`: an
/// [`Opened`](checkpoint::Opened) as JSON, and a `Float32Array`.
///
/// # Errors
/// A text: what is wrong with the file. Whatever else is thrown is a failure of this module, and its end.
#[wasm_bindgen]
pub fn open(bytes: &[u8], config: &str) -> Result<Array, String> {
    // A panic ends the instance. Thrown, its message reaches whoever opened the file.
    panic::set_hook(Box::new(|info| wasm_bindgen::throw_str(&info.to_string())));
    let given: Map<String, Value> =
        serde_json::from_str(config).map_err(|error| format!("config can't be read: {error}."))?;
    let opened = checkpoint::open(bytes, &given).map_err(|error| error.to_string())?;
    let json = serde_json::to_string(&opened).map_err(|error| error.to_string())?;
    Ok(Array::of2(&json.into(), &Float32Array::from(&opened.parameters[..])))
}
