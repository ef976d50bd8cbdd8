//! Files in and out.
//!
//! In: [`read`] turns bytes into named tensors and metadata of any model, [`open`] turns those into a model of ours.
//! Both belong to the feature `read`, which of the wasm modules only `tinylens-reader` has: the page fetches it when a
//! file is opened. Out: [`to_safetensors`] writes a model. Both sides know [`Opened`].

pub(crate) mod floats;
#[cfg(feature = "read")]
mod formats;
#[cfg(feature = "read")]
mod model;
mod opened;
mod write;

#[cfg(feature = "read")]
pub use formats::{Checkpoint, LIMIT, StoredTensor, measured, read};
#[cfg(feature = "read")]
pub use model::open;
pub use opened::{Opened, Source};
pub use write::{python, to_safetensors};
