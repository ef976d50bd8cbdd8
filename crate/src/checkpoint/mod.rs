//! Files in and out.
//!
//! In: [`read`] turns bytes into named tensors and records of any model, [`open`] those into a model of ours. That is the feature `read`, which
//! of the wasm modules only `tinylens-reader` has: it is fetched when a file is opened. Out: [`to_safetensors`] writes a model. What both
//! sides know is [`Opened`].

pub(crate) mod floats;
#[cfg(feature = "read")]
mod formats;
#[cfg(feature = "read")]
mod model;
mod opened;
#[cfg(feature = "read")]
mod visible;
mod write;

#[cfg(feature = "read")]
pub use formats::{Checkpoint, LIMIT, StoredTensor, read, read_counted};
#[cfg(feature = "read")]
pub use model::open;
pub use opened::{Opened, Source};
pub use write::{python, to_safetensors};
