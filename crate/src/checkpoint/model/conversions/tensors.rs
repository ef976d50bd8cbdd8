//! A file's tensors by name, before and after their conversion.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::checkpoint::formats::{StoredTensor, quoted};
use crate::error::{Error, Result};

/// Tensors by name.
pub type Tensors = BTreeMap<String, StoredTensor>;

/// A file's tensors under TransformerLens's names, and the configuration fields that their shapes determine.
pub struct Converted {
    /// What the file's layout is, for people.
    pub layout: &'static str,
    /// The parameters in TransformerLens's shapes, and what else the file has.
    pub tensors: Tensors,
    /// Fields of the configuration.
    pub fields: Map<String, Value>,
}

/// The shape of a tensor that must be there and have `R` axes, which `axes` names in errors.
///
/// # Errors
/// If it is not there, or has other axes.
pub fn shape<const R: usize>(tensors: &Tensors, name: &str, axes: &str) -> Result<[usize; R]> {
    let tensor = tensors.get(name).ok_or_else(|| Error::new(format!("The file has no {name}, of shape {axes}.")))?;
    let shape = tensor
        .shape
        .as_slice()
        .try_into()
        .map_err(|_| Error::new(format!("{name} has shape {:?}; it must have the axes {axes}.", tensor.shape)))?;
    Ok(shape)
}

/// How many parts there are whose names begin with `prefix` and a number: one more than the largest number.
///
/// # Errors
/// If there are none, or a number is larger than the file explains. `part` says in errors what is counted.
pub fn count(tensors: &Tensors, prefix: &str, part: &str) -> Result<usize> {
    let numbers = tensors.keys().filter_map(|name| name.strip_prefix(prefix)?.split('.').next()?.parse::<usize>().ok());
    match numbers.max() {
        // More parts than tensors cannot all be there, and no loop over them may be long.
        Some(last) if last < tensors.len() => Ok(last + 1),
        Some(last) => Err(Error::new(format!(
            "The file names {part} {last} ({prefix}{last}), and has only {} tensors.",
            tensors.len()
        ))),
        None => Err(Error::new(format!("The file has no {part}s, whose names begin with {prefix}0."))),
    }
}

/// The first few of some names from the file, for people.
pub fn listed<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> String {
    const SHOWN: usize = 6;
    let more = names.len().saturating_sub(SHOWN);
    let shown = names.take(SHOWN).map(quoted).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}
