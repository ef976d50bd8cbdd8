//! Bytes in, a checkpoint out: the format is told by the content.

use super::budget::{Budget, LIMIT};
use super::checkpoint::Checkpoint;
use super::gather::Gathered;
use super::shown::{at, sentence};
use super::start::{Start, recognise};
use super::storage::{Outside, Storages};
use super::{find, json, safetensors, torch};
use crate::error::{Error, Result};

/// What an error says is accepted.
const ACCEPTED: &str =
    "Accepted are PyTorch's files (torch.save, or a pickle of a state dict), safetensors, and JSON, up to 256 MB.";

/// Reads a checkpoint of any format that can be told by its content.
///
/// # Errors
/// If the bytes are no checkpoint, or a damaged or hostile one, or one that takes too much memory.
pub fn read(bytes: &[u8]) -> Result<Checkpoint> {
    measured(bytes).0
}

/// Reads a checkpoint as [`read`] does, and counts the work: about one unit for each byte or value that was looked at.
///
/// # Errors
/// As [`read`].
pub fn measured(bytes: &[u8]) -> (Result<Checkpoint>, usize) {
    let budget = Budget::new(bytes.len());
    let mut result = within(bytes, &budget).map_err(|error| Error::new(sentence(&error.to_string())));
    if let Ok(checkpoint) = &mut result {
        checkpoint.notes.iter_mut().for_each(|note| *note = sentence(note));
    }
    (result, budget.worked())
}

fn within(bytes: &[u8], budget: &Budget) -> Result<Checkpoint> {
    if bytes.len() > LIMIT {
        return Err(Error::new(format!("The file has {} MB. {ACCEPTED}", bytes.len() / (1024 * 1024))));
    }
    match recognise(bytes) {
        Start::Pickle => torch::read_pickle(bytes, budget).map_err(|error| at("This pickle cannot be read", error)),
        Start::Zip => torch::read_zip(bytes, budget).map_err(|error| at("This zip file cannot be read", error)),
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

fn read_json(bytes: &[u8], budget: &Budget) -> Result<Checkpoint> {
    let (tree, root) = json::read(bytes, budget)?;
    let mut gathered = Gathered::new(Storages::new(&tree, Outside::Nothing, budget), true);
    find::weights(&mut gathered, root)?;
    gathered.finish("JSON".into())
}
