//! What a file holds, gathered: tensors with their values read and checked, records, notes.

use serde_json::Map;

use super::budget::Budget;
use super::bytes::{at, quoted};
use super::contents::{Checkpoint, StoredTensor};
use super::numbers;
use super::rebuild::{is_tensor, tensor};
use super::records::{record, value_of};
use super::storage::Storages;
use super::tree::{Id, Node, twice};
use super::view::Rebuilt;
use super::view::View;
use crate::error::{Error, Result};

/// More notes than anybody reads.
const MOST_NOTES: usize = 20;

/// Words in the names of training state, which is no configuration.
const TRAINING: [&str; 4] = ["optim", "sched", "scaler", "rng"];

/// A checkpoint in the making.
pub struct Gathered<'t> {
    pub storages: Storages<'t>,
    /// Whether lists of numbers are tensors, as in JSON.
    pub lists: bool,
    checkpoint: Checkpoint,
}

impl<'t> Gathered<'t> {
    pub fn new(storages: Storages<'t>, lists: bool) -> Self {
        let checkpoint =
            Checkpoint { format: String::new(), tensors: Vec::new(), records: Vec::new(), notes: Vec::new() };
        Self { storages, lists, checkpoint }
    }

    /// The checkpoint, complete.
    ///
    /// # Errors
    /// If two tensors have the same name.
    pub fn finish(mut self, format: String) -> Result<Checkpoint> {
        finish(&mut self.checkpoint, format, self.storages.budget)?;
        Ok(self.checkpoint)
    }

    pub fn note(&mut self, note: String) {
        note_in(&mut self.checkpoint, note);
    }

    /// Reads a tensor; false if the value is none. One that cannot be read is left out with a note if it is a buffer, which the
    /// model does not need.
    ///
    /// # Errors
    /// With the tensor's name, if it does not fit together, or has values that no weight has.
    pub fn tensor(&mut self, name: &str, id: Id, buffer: bool) -> Result<bool> {
        sized(name.len())?;
        let place = || format!("tensor {}", quoted(name));
        let found = match tensor(&mut self.storages, id).map_err(|error| at(place(), error))? {
            None if self.lists => {
                let list =
                    numbers::list(self.storages.tree, id, self.storages.budget).map_err(|error| at(place(), error))?;
                list.map(Rebuilt::View)
            }
            found => found,
        };
        match found {
            None => return Ok(false),
            Some(Rebuilt::View(view)) => add(&mut self.checkpoint, name, &view, self.storages.budget)?,
            Some(Rebuilt::Unreadable(why)) if buffer || is_mask(name) => {
                self.note(format!("{} was left out: {why}.", quoted(name)))
            }
            Some(Rebuilt::Unreadable(why)) => return Err(Error::new(format!("{}: {why}.", place()))),
        }
        Ok(true)
    }

    /// Keeps a dict or object of settings as a record under a key.
    ///
    /// # Errors
    /// If a setting comes twice.
    pub fn record(&mut self, key: &str, id: Id) -> Result<()> {
        let budget = self.storages.budget;
        let fields =
            record(self.storages.tree, id, budget).map_err(|error| at(format_args!("in {}", quoted(key)), error))?;
        if let Some(fields) = fields {
            budget.take(key.len())?;
            budget.push(&mut self.checkpoint.records, (key.into(), fields))?;
        }
        Ok(())
    }

    /// Keeps what stands beside the weights: dicts and objects as records of their own, single values as one record "metadata".
    ///
    /// # Errors
    /// As [`Gathered::record`].
    pub fn beside(&mut self, fields: &[(&str, Id)]) -> Result<()> {
        let Storages { tree, budget, .. } = self.storages;
        let mut metadata = Map::new();
        for &(name, id) in fields {
            if is_tensor(tree, id) || matches!(tree.node(id), Node::Null) {
                continue;
            }
            let lower = name.get(..name.len().min(100)).unwrap_or("").to_ascii_lowercase();
            if TRAINING.iter().any(|word| lower.contains(word)) {
                self.note(format!("{} was left out: the state of training is not read.", quoted(name)));
            } else if tree.has_fields(id) {
                self.record(name, id)?;
            } else if let Some(value) = value_of(tree, id, budget)? {
                budget.take(100 + name.len())?;
                metadata.insert(name.into(), value);
            }
        }
        if !metadata.is_empty() {
            budget.push(&mut self.checkpoint.records, ("metadata".into(), metadata))?;
        }
        Ok(())
    }
}

/// Refuses a name that is too long to be one.
///
/// # Errors
/// If it is.
pub fn sized(length: usize) -> Result<()> {
    const LONGEST_NAME: usize = 1000;
    if length > LONGEST_NAME {
        return Err(Error::new(format!("a tensor's name has {length} bytes; at most {LONGEST_NAME} are accepted.")));
    }
    Ok(())
}

/// The last look at a checkpoint.
///
/// # Errors
/// If two tensors have the same name.
pub fn finish(checkpoint: &mut Checkpoint, format: String, budget: &Budget) -> Result<()> {
    let mut names = budget.list(checkpoint.tensors.len())?;
    names.list.extend(checkpoint.tensors.iter().map(|tensor| tensor.name.as_str()));
    if let Some(name) = twice(&mut names.list) {
        return Err(Error::new(format!("the tensor {} comes twice; each name may come once.", quoted(name))));
    }
    checkpoint.format = format;
    Ok(())
}

/// Adds a note, of not too many.
pub fn note_in(checkpoint: &mut Checkpoint, note: String) {
    match checkpoint.notes.len() {
        count if count < MOST_NOTES => checkpoint.notes.push(note),
        MOST_NOTES => checkpoint.notes.push("More was left out.".into()),
        _ => {}
    }
}

/// Reads a tensor's values into a checkpoint.
///
/// # Errors
/// With its name, if they are not there or not finite.
pub fn add(checkpoint: &mut Checkpoint, name: &str, view: &View, budget: &Budget) -> Result<()> {
    let place = || format!("tensor {}", quoted(name));
    let values = view.values(budget).map_err(|error| at(place(), error))?;
    let bad = values.iter().position(|value| if is_mask(name) { value.is_nan() } else { !value.is_finite() });
    if let Some((position, value)) = bad.and_then(|position| Some((position, values.get(position)?))) {
        return Err(Error::new(format!(
            "{}: the value at {:?} is {value} as float32; weights must be finite numbers.",
            place(),
            index(position, &view.shape)
        )));
    }
    budget.take(name.len() + view.shape.len() * size_of::<usize>() + 16)?;
    let stored = StoredTensor {
        name: name.into(),
        shape: view.shape.clone(),
        values,
        dtype: view.storage.element.name().into(),
    };
    budget.push(&mut checkpoint.tensors, stored)
}

/// A position in row order as one index for each dimension.
fn index(mut position: usize, shape: &[usize]) -> Vec<usize> {
    let mut index: Vec<usize> = shape
        .iter()
        .rev()
        .map(|&size| {
            let here = position % size.max(1);
            position /= size.max(1);
            here
        })
        .collect();
    index.reverse();
    index
}

/// Whether a name is that of a buffer for the causal mask: TransformerLens's `mask` and `IGNORE`, GPT-2's `attn.bias` and
/// `attn.masked_bias`. They may hold infinities, and whoever loads the model makes its own.
fn is_mask(name: &str) -> bool {
    let (path, last) = name.rsplit_once('.').unwrap_or(("", name));
    match last {
        "mask" | "IGNORE" => true,
        "bias" | "masked_bias" => path.rsplit('.').next() == Some("attn"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_where_in_a_tensor_a_value_is() {
        assert_eq!(index(5, &[2, 3]), [1, 2]);
        assert_eq!(index(0, &[]), [0usize; 0]);
    }

    #[test]
    fn knows_masks_from_biases() {
        for name in
            ["mask", "blocks.0.attn.mask", "blocks.0.attn.IGNORE", "transformer.h.0.attn.bias", "h.0.attn.masked_bias"]
        {
            assert!(is_mask(name), "{name}");
        }
        for name in ["bias", "blocks.0.mlp.bias", "attn.c_attn.bias", "unmask", "myattn.bias"] {
            assert!(!is_mask(name), "{name}");
        }
    }
}
