//! The wasm module with WebGPU: nothing but the crate's JavaScript API.

#[cfg(target_family = "wasm")]
pub use tinylens::web;
