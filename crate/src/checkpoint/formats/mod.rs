//! Checkpoints that other programs wrote: bytes in, named tensors and metadata out.
//!
//! Pickles (all protocols), `torch.save` (zip and legacy), safetensors and JSON are read, and told apart by their
//! content. Nothing in a file is ever executed, and nothing is believed: what cannot be read is an error that says
//! where. Reading takes time linear in the file's length, and at most [`LIMIT`] bytes of memory beside it. Which tensor
//! is which weight of a transformer is decided in [`model`](super::model).

mod archive;
mod budget;
mod bytes;
mod checkpoint;
mod element;
mod fields;
mod find;
mod gather;
mod json;
mod legacy;
mod metadata;
mod module;
mod numbers;
mod numpy;
mod pickle;
mod read;
mod rebuild;
mod reference;
mod safetensors;
mod shown;
mod start;
mod storage;
mod torch;
mod tree;
mod view;

pub use budget::LIMIT;
pub use checkpoint::{Checkpoint, StoredTensor};
pub use read::{measured, read};
pub use shown::{quoted, sentence};
