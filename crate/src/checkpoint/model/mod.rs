//! From named tensors and metadata to a model of ours.

mod assemble;
mod configuration;
mod conversions;
mod guesses;
mod open;
mod task;

pub use open::open;
