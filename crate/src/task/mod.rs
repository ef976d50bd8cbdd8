//! What a model learns: vocabulary, labels, lists, sequences, and which of them are held out.
//!
//! Not here: tensors. A batch is plain token numbers.

mod sort;

pub use sort::{Batch, Draws, Sort};
