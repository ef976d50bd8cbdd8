//! Checkpoints that other programs wrote: bytes in, named tensors and configuration records out.
//!
//! Read are pickles (all protocols), `torch.save` (zip and legacy), safetensors and JSON, told apart by their content. Nothing in
//! a file is ever executed, and nothing is believed: what cannot be read is an [`Error`] that says where, in time linear in the
//! file's length and in at most [`LIMIT`] bytes of memory beside it. This module does not know what a transformer is; which tensor is
//! which weight of which model is decided by [`model`](super::model).

mod archive;
mod budget;
mod bytes;
mod contents;
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
mod reference;
mod safetensors;
mod start;
mod storage;
mod torch;
mod tree;
mod view;

use budget::Budget;
pub use budget::LIMIT;
use bytes::at;
pub use contents::{Checkpoint, StoredTensor};
use start::{Start, recognise};

use crate::error::{Error, Result};

const ACCEPTED: &str =
    "Accepted are PyTorch's files (torch.save, or a pickle of a state dict), safetensors, and JSON, up to 256 MB.";

/// Reads a checkpoint of any format that it can tell by its content.
///
/// # Errors
/// If the bytes are no checkpoint, or a damaged or hostile one, or one that takes too much memory.
pub fn read(bytes: &[u8]) -> Result<Checkpoint> {
    if bytes.len() > LIMIT {
        return Err(Error::new(format!("The file has {} MB. {ACCEPTED}", bytes.len() / (1024 * 1024))));
    }
    read_within(bytes, &Budget::new(bytes.len()))
}

/// Reads a checkpoint as [`read`] does, and says how many steps of work that took, which are bounded by the file's length. For
/// tests, which can hold work to a bound where they can't hold time.
///
/// # Errors
/// As [`read`].
pub fn read_counted(bytes: &[u8]) -> (Result<Checkpoint>, usize) {
    let budget = Budget::new(bytes.len());
    let checkpoint = read_within(bytes, &budget);
    (checkpoint, budget.worked())
}

fn read_within(bytes: &[u8], budget: &Budget) -> Result<Checkpoint> {
    match recognise(bytes) {
        Start::Pickle => torch::read_pickle(bytes, budget).map_err(|error| at("This pickle cannot be read", error)),
        Start::Zip => torch::read_zip(bytes, budget).map_err(|error| match converted(bytes) {
            true => Error::new(
                "This zip file cannot be read: before each of its line feeds stands a carriage return, as after a \
                 conversion of line ends, which took it for text on its way (Git's autocrlf, FTP in text mode). It \
                 cannot be mended; fetch it again as binary data.",
            ),
            false => at("This zip file cannot be read", error),
        }),
        Start::Safetensors => match safetensors::split(bytes) {
            Some((header, data)) => safetensors::read(header, data, budget),
            None => Err(Error::new("its header is missing.")),
        }
        .map_err(|error| at("This safetensors file cannot be read", error)),
        Start::Json => read_json(bytes, budget).map_err(|error| at("This JSON file cannot be read", error)),
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

/// Whether a conversion of line ends went over a binary file: by chance, few of its line feeds follow a carriage return.
fn converted(bytes: &[u8]) -> bool {
    let mut feeds = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).peekable();
    let after_return = |at: usize| at > 0 && bytes[at - 1] == b'\r';
    feeds.peek().is_some() && feeds.all(after_return) && bytes.iter().filter(|byte| **byte == b'\n').count() >= 4
}

fn read_json(bytes: &[u8], budget: &Budget) -> Result<Checkpoint> {
    let (tree, root) = json::read(bytes, budget)?;
    let mut gathered = gather::Gathered::new(storage::Storages::new(&tree, storage::Outside::Nothing, budget), true);
    find::weights(&mut gathered, root)?;
    gathered.finish("JSON".into())
}
