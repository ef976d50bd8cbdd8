//! A file's tensors by name, on their way to TransformerLens's names.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::checkpoint::StoredTensor;
use crate::error::{Error, Result};

/// Tensors by name.
pub type Tensors = BTreeMap<String, StoredTensor>;

/// A file's tensors under TransformerLens's names, and the configuration fields that their shapes determine.
pub struct Mapped {
    /// The layout that the file had, for people.
    pub layout: &'static str,
    /// The tensors.
    pub tensors: Tensors,
    /// The fields.
    pub fields: Map<String, Value>,
}

/// The shape of a tensor that must be there, with this many axes, which `axes` names.
pub fn shape<const R: usize>(tensors: &Tensors, name: &str, axes: &str) -> Result<[usize; R]> {
    let tensor = tensors.get(name).ok_or_else(|| Error::new(format!("The file has no {name}, of shape {axes}.")))?;
    let shape = tensor
        .shape
        .as_slice()
        .try_into()
        .map_err(|_| Error::new(format!("{name} has shape {:?}; it must have the axes {axes}.", tensor.shape)))?;
    Ok(shape)
}

/// How many layers there are: one more than the largest number after `prefix`.
pub fn layers(tensors: &Tensors, prefix: &str) -> Result<usize> {
    let numbers = tensors.keys().filter_map(|name| name.strip_prefix(prefix)?.split('.').next()?.parse::<usize>().ok());
    match numbers.max() {
        // More layers than tensors can't all be there; and no loop over them shall be long.
        Some(last) if last < tensors.len() => Ok(last + 1),
        Some(last) => Err(Error::new(format!(
            "The file names layer {last} ({prefix}{last}), and has only {} tensors.",
            tensors.len()
        ))),
        None => Err(Error::new(format!("The file has no layers, whose names begin with {prefix}0."))),
    }
}
