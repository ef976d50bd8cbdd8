//! References from a pickle to storages outside it, as `torch.save` writes them.

use super::element::Element;
use super::shown::{at, joined, quoted};
use super::tree::{Id, Tree};
use super::view::natural;
use crate::error::{Error, Result};

/// How many bytes a storage's key may have. PyTorch's are numbers.
const LONGEST_KEY: usize = 100;

/// A pickle's reference to a storage outside it.
pub struct Reference {
    /// The type of the storage's elements.
    pub element: Element,
    /// Which storage it is.
    pub key: String,
    /// How many elements it has.
    pub count: usize,
    /// Which elements of it are meant, if not all: offset and size.
    pub part: Option<(usize, usize)>,
}

/// Reads a reference: ("storage", class, key, device, count), and in legacy files a part or None after it. `None` if it
/// is a reference to something else.
///
/// # Errors
/// If it has no such parts.
pub fn reference(tree: &Tree, outside: Id) -> Result<Option<Reference>> {
    let Some([kind, class, id, _, count, rest @ ..]) = tree.sequence(outside) else { return Ok(None) };
    if tree.text(*kind) != Some("storage") {
        return Ok(None);
    }
    let key = key(tree, *id)?;
    let within = |error| at(format_args!("storage {}", quoted(&key)), error);
    let Some(element) = tree.class(*class).and_then(|(_, name)| Element::of_storage(name)) else {
        let class =
            tree.class(*class).map_or_else(|| tree.kind(*class), |(module, name)| quoted(&joined(module, name)));
        return Err(within(Error::new(format!("its class is {class}, which is none that Tinylens knows."))));
    };
    let part = match rest.first().and_then(|&part| tree.sequence(part)) {
        Some(&[_, offset, size]) => Some((
            natural(tree.int(offset), "offset").map_err(within)?,
            natural(tree.int(size), "size").map_err(within)?,
        )),
        _ => None,
    };
    let count = natural(tree.int(*count), "size").map_err(within)?;
    Ok(Some(Reference { element, key, count, part }))
}

/// A storage's key: text, or in old files a number.
///
/// # Errors
/// If it is neither, or long.
pub fn key(tree: &Tree, id: Id) -> Result<String> {
    match (tree.text(id), tree.int(id)) {
        (Some(text), _) if text.len() <= LONGEST_KEY => Ok(text.into()),
        (_, Some(int)) => Ok(int.to_string()),
        _ => Err(Error::new(format!("a storage has {} for a key; it must be a short text.", tree.kind(id)))),
    }
}
