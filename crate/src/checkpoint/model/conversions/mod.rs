//! Conversions to TransformerLens's names and shapes, one file for each way in which state dicts name and orient a
//! model's parameters.
//!
//! A conversion says what the shapes say (`d_model`, `n_heads` …) and nothing else.

mod conversion;
mod gpt;
mod grokking;
mod native;
mod per_head;
mod recognise;
mod tensors;
mod transformer_lens;
mod turn;

pub use recognise::recognise;
pub use tensors::{Converted, Tensors, listed};
