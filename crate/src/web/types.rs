//! The TypeScript declarations of the records. A native test, `tests/types`, writes the file from their Rust sources.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const RECORDS: &str = include_str!("types.d.ts");
