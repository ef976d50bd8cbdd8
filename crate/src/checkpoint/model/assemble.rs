//! Every parameter in its place.

use super::conversions::{Tensors, listed};
use crate::error::{Error, Result};
use crate::model::Layout;

/// The parameters in the layout's order, out of tensors with TransformerLens's names and shapes. A missing bias is
/// zero, with a note; so is a tensor that the layout does not have left out.
///
/// # Errors
/// If a parameter is missing that is no bias, or has another shape than in the layout.
pub fn assemble(layout: &Layout, mut tensors: Tensors, notes: &mut Vec<String>) -> Result<Vec<f32>> {
    let mut parameters = Vec::with_capacity(layout.len());
    let mut absent = Vec::new();
    for entry in layout.entries() {
        match tensors.remove(&entry.name) {
            Some(tensor) if tensor.shape == entry.shape => parameters.extend(tensor.values),
            Some(tensor) => {
                return Err(Error::new(format!(
                    "{} has shape {:?}; with this configuration it must be {:?}.",
                    entry.name, tensor.shape, entry.shape
                )));
            }
            None if entry.is_bias() => {
                absent.push(entry.name.as_str());
                parameters.resize(parameters.len() + entry.len(), 0.0);
            }
            None => {
                return Err(Error::new(format!(
                    "The file has no {}, of shape {:?}, which this configuration needs.",
                    entry.name, entry.shape
                )));
            }
        }
    }
    if !absent.is_empty() {
        notes.push(format!("The file has no {}: taken to be zero.", listed(absent.into_iter())));
    }
    if !tensors.is_empty() {
        let names = listed(tensors.keys().map(String::as_str));
        notes.push(format!("Ignored, since nothing in this configuration reads it: {names}."));
    }
    Ok(parameters)
}
