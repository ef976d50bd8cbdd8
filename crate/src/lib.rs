//! Tinylens: train a tiny transformer, look inside it, break it on purpose.
//!
//! The modules from the ground up; a module imports only from those above it: [`error`], [`device`], [`config`],
//! [`random`], [`task`], [`model`], [`experiment`], [`checkpoint`], [`train`], [`figure`], and (under wasm only) `web`,
//! the one module that knows the browser. Below them all is `tinylens-lean` (`crate/lean`), the model by hand on the
//! CPU. Everything but `web` builds and is tested natively on burn's `flex` CPU backend.

#![deny(missing_docs)]

pub mod checkpoint;
pub mod config;
pub mod device;
pub mod error;
pub mod experiment;
pub mod figure;
pub mod model;
pub mod task;
pub mod train;
// The face to JavaScript of the modules that train. Clippy sees it natively: there is no clippy for the compiler that
// builds the wasm.
#[cfg(all(feature = "web", any(target_family = "wasm", clippy)))]
pub mod web;

pub use tinylens_lean::random;
