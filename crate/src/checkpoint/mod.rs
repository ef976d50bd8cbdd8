//! Files in and out: [`read`] turns bytes into named tensors and records of any model, [`open`] those into a model of ours, and
//! [`to_safetensors`] writes one.

mod formats;
mod model;

pub use formats::{Checkpoint, LIMIT, StoredTensor, read};
pub use model::{Opened, Source, open, python, to_safetensors};
