//! What a file holds, gathered: tensors with their values read and checked, metadata, notes.

use serde_json::{Map, Value};

use super::budget::Budget;
use super::checkpoint::{Checkpoint, StoredTensor};
use super::fields::{has_fields, twice};
use super::metadata::{dict, value};
use super::numbers;
use super::rebuild::{is_tensor, tensor};
use super::shown::{at, quoted};
use super::storage::Storages;
use super::tree::{Id, Node};
use super::view::View;
use crate::error::{Error, Result};

/// How many notes a checkpoint has at most: nobody reads more.
const MOST_NOTES: usize = 20;

/// How many dicts of settings a checkpoint has at most.
const MOST_DICTS: usize = 100;

/// How many bytes a tensor's name may have.
const LONGEST_NAME: usize = 1000;

/// Words in the names of training state, which is no setting.
const TRAINING: [&str; 4] = ["optim", "sched", "scaler", "rng"];

/// The work of reading a tensor, beside its name and values.
const TENSOR: usize = 128;

/// The work of looking at what stands beside the weights, for each name.
const BESIDE: usize = 64;

/// A checkpoint in the making.
pub struct Gathered<'t> {
    /// The file's values, and where their storages are.
    pub storages: Storages<'t>,
    /// Whether lists of numbers are tensors, as in JSON.
    pub lists: bool,
    checkpoint: Checkpoint,
}

impl<'t> Gathered<'t> {
    /// A checkpoint that has nothing yet.
    pub fn new(storages: Storages<'t>, lists: bool) -> Self {
        Self { storages, lists, checkpoint: Checkpoint::default() }
    }

    /// The checkpoint, complete.
    ///
    /// # Errors
    /// If two tensors have the same name.
    pub fn finish(mut self, format: String) -> Result<Checkpoint> {
        finish(&mut self.checkpoint, format, self.storages.budget)?;
        Ok(self.checkpoint)
    }

    /// Adds a note, unless there are too many.
    pub fn note(&mut self, text: impl FnOnce() -> String) {
        note(&mut self.checkpoint, text);
    }

    /// Reads a tensor; `false` if the value is none. One that cannot be read is left out with a note if it is a buffer,
    /// which the model does not need.
    ///
    /// # Errors
    /// With the tensor's name, if it does not fit together, or has values that no weight has.
    pub fn tensor(&mut self, name: &str, id: Id, buffer: bool) -> Result<bool> {
        let budget = self.storages.budget;
        sized(name.len())?;
        budget.work(TENSOR + name.len())?;
        let place = || format!("tensor {}", quoted(name));
        let viewed = match tensor(&mut self.storages, id).map_err(|error| at(place(), error))? {
            None if self.lists => {
                numbers::list(self.storages.tree, id, budget).map_err(|error| at(place(), error))?.map(Ok)
            }
            viewed => viewed,
        };
        match viewed {
            None => return Ok(false),
            Some(Ok(view)) => add(&mut self.checkpoint, name, &view, budget)?,
            Some(Err(why)) if buffer || is_mask(name) => {
                self.note(|| format!("{} was left out: {why}.", quoted(name)));
            }
            Some(Err(why)) => return Err(Error::new(format!("{}: {why}.", place()))),
        }
        Ok(true)
    }

    /// Keeps the settings of a dict or object under a key.
    ///
    /// # Errors
    /// If a setting comes twice.
    pub fn settings(&mut self, key: &str, id: Id) -> Result<()> {
        let Storages { tree, budget, .. } = self.storages;
        match dict(tree, id, budget).map_err(|error| at(format_args!("in {}", quoted(key)), error))? {
            Some(settings) => keep(&mut self.checkpoint, key, settings, budget),
            None => Ok(()),
        }
    }

    /// Keeps what stands beside the weights: dicts and objects under their own keys, single values under "metadata".
    ///
    /// # Errors
    /// As [`Gathered::settings`].
    pub fn beside(&mut self, fields: &[(&str, Id)]) -> Result<()> {
        let Storages { tree, budget, .. } = self.storages;
        let mut single = Map::new();
        for &(name, id) in fields {
            budget.work(BESIDE)?;
            if is_tensor(tree, id) || matches!(tree.node(id), Node::Null) {
                continue;
            }
            let lower = name.get(..name.len().min(100)).unwrap_or("").to_ascii_lowercase();
            if TRAINING.iter().any(|word| lower.contains(word)) {
                self.note(|| format!("{} was left out: the state of training is not read.", quoted(name)));
            } else if has_fields(tree, id) {
                self.settings(name, id)?;
            } else if let Some(value) = value(tree, id, budget)? {
                budget.take(100 + name.len())?;
                single.insert(name.into(), value);
            }
        }
        if single.is_empty() { Ok(()) } else { keep(&mut self.checkpoint, "metadata", single, budget) }
    }
}

/// Refuses a name of `length` bytes if that is too long for a name.
///
/// # Errors
/// If it is.
pub fn sized(length: usize) -> Result<()> {
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

/// Keeps settings under a key, unless there are too many dicts of them.
///
/// # Errors
/// If the memory is not there.
pub fn keep(checkpoint: &mut Checkpoint, key: &str, settings: Map<String, Value>, budget: &Budget) -> Result<()> {
    if checkpoint.metadata.len() >= MOST_DICTS {
        note(checkpoint, || format!("{} was left out: the file has more than {MOST_DICTS} dicts.", quoted(key)));
        return Ok(());
    }
    budget.take(key.len())?;
    budget.push(&mut checkpoint.metadata, (key.into(), settings))
}

/// Adds a note to a checkpoint, unless there are too many.
pub fn note(checkpoint: &mut Checkpoint, text: impl FnOnce() -> String) {
    match checkpoint.notes.len() {
        count if count < MOST_NOTES => checkpoint.notes.push(text()),
        MOST_NOTES => checkpoint.notes.push("More was left out.".into()),
        _ => {}
    }
}

/// Reads a tensor's values into a checkpoint.
///
/// # Errors
/// With its name, if they are not there or not finite. Those of a mask may be infinite.
pub fn add(checkpoint: &mut Checkpoint, name: &str, view: &View, budget: &Budget) -> Result<()> {
    let place = || format!("tensor {}", quoted(name));
    let values = view.values(budget).map_err(|error| at(place(), error))?;
    let bad = if is_mask(name) { |value: &f32| value.is_nan() } else { |value: &f32| !value.is_finite() };
    if let Some((position, value)) = values.iter().enumerate().find(|(_, value)| bad(value)) {
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

/// A position in row order, as one index for each dimension.
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

/// Whether a name is that of a buffer for the causal mask: TransformerLens's `mask` and `IGNORE`, GPT-2's `attn.bias`
/// and `attn.masked_bias`. Masks may hold infinities; a model makes its own.
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
