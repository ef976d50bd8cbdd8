//! Checkpoints that other programs wrote: bytes in, named tensors and configuration records out.
//!
//! Read are pickles (all protocols), `torch.save` (zip and legacy), safetensors and JSON, told apart by their content. Nothing in
//! a file is ever executed, and nothing is believed: what cannot be read is an [`Error`] that says where, in time linear in the
//! file's length and in at most [`LIMIT`] bytes of memory beside it. This module does not know what a transformer is; which tensor is
//! which weight of which model is decided by [`model`](super::model).

mod archive;
mod budget;
mod bytes;
mod element;
mod find;
mod gather;
mod json;
mod legacy;
mod module;
mod numbers;
mod numpy;
mod pickle;
mod rebuild;
mod records;
mod safetensors;
mod start;
mod storage;
mod torch;
mod tree;
mod view;

use budget::Budget;
use bytes::at;
use start::{Start, recognise};

use crate::error::{Error, Result};

/// The largest file that is read, and the most memory that reading it may take beside it.
pub const LIMIT: usize = 256 * 1024 * 1024;

const ACCEPTED: &str =
    "Accepted are PyTorch's files (torch.save, or a pickle of a state dict), safetensors, and JSON, up to 256 MB.";

/// What a file holds, before anybody asks whether it is a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// For people: "pickle", "torch.save (zip)", "torch.save (legacy)", "safetensors" or "JSON", and "whole module, " in front if it is one.
    pub format: String,
    /// In the file's order, under the file's names. A whole module's as its `state_dict()` has them.
    pub tensors: Vec<StoredTensor>,
    /// Settings beside the weights, each record under its key: numbers, booleans, texts, null and short lists of these. PyTorch's
    /// types and devices are texts, enum members their values, and numbers that JSON cannot hold are "nan", "inf" and "-inf".
    /// Single values beside the weights make a record "metadata".
    pub records: Vec<(String, serde_json::Map<String, serde_json::Value>)>,
    /// What was left out or assumed, as sentences for people.
    pub notes: Vec<String>,
}

/// A tensor of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredTensor {
    pub name: String,
    pub shape: Vec<usize>,
    /// Row by row.
    pub values: Vec<f32>,
    /// The type in the file, by PyTorch's name: "float32", "float16", "int64", …
    pub dtype: String,
}

/// Reads a checkpoint of any format that it can tell by its content.
///
/// # Errors
/// If the bytes are no checkpoint, or a damaged or hostile one, or one that takes too much memory.
pub fn read(bytes: &[u8]) -> Result<Checkpoint> {
    if bytes.len() > LIMIT {
        return Err(Error::new(format!("The file has {} MB. {ACCEPTED}", bytes.len() / (1024 * 1024))));
    }
    let budget = Budget::new(bytes.len());
    match recognise(bytes) {
        Start::Pickle => torch::read_pickle(bytes, &budget).map_err(|error| at("This pickle cannot be read", error)),
        Start::Zip => torch::read_zip(bytes, &budget).map_err(|error| at("This zip file cannot be read", error)),
        Start::Safetensors => match safetensors::split(bytes) {
            Some((header, data)) => safetensors::read(header, data, &budget),
            None => Err(Error::new("its header is missing.")),
        }
        .map_err(|error| at("This safetensors file cannot be read", error)),
        Start::Json => read_json(bytes, &budget).map_err(|error| at("This JSON file cannot be read", error)),
        Start::Foreign(what) => Err(Error::new(format!("This is no checkpoint; it looks like {what}. {ACCEPTED}"))),
        Start::Unknown => {
            let head: Vec<String> = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            Err(Error::new(format!(
                "This is no checkpoint that Tinylens knows: it starts with the bytes {}. {ACCEPTED}",
                head.join(" ")
            )))
        }
    }
}

fn read_json(bytes: &[u8], budget: &Budget) -> Result<Checkpoint> {
    let (tree, root) = json::read(bytes, budget)?;
    let mut gathered = gather::Gathered::new(storage::Storages::new(&tree, storage::Outside::Nothing, budget), true);
    find::weights(&mut gathered, root)?;
    gathered.finish("JSON".into())
}
