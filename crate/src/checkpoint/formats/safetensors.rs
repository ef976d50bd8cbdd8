//! safetensors: the length of a JSON header, the header (name, type, shape and place of each tensor, texts as
//! metadata), the data.
//!
//! The crate of that name reads these files too, but it keeps the last of two equal names, and takes any size of
//! header.

use serde_json::Map;

use super::budget::Budget;
use super::bytes::Blob;
use super::checkpoint::Checkpoint;
use super::element::{Element, READABLE};
use super::fields::named;
use super::gather::{add, finish, keep, note, sized};
use super::json;
use super::metadata::{dict, value};
use super::shown::{at, quoted};
use super::tree::{Id, Tree};
use super::view::{Storage, View, elements, natural, naturals};
use crate::error::{Error, Result};

/// The header's key for the metadata.
const METADATA: &str = "__metadata__";

/// The key in the metadata of a saved run of Tinylens.
const RUN: &str = "tinylens.run";

/// The header and the data of a safetensors file; `None` if the bytes do not begin as one.
pub fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    if rest.first() != Some(&b'{') {
        return None;
    }
    rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)
}

/// Whether bytes begin as a safetensors file that has lost its end: a header longer than the file, but not absurdly so.
pub fn is_cut_short(bytes: &[u8]) -> bool {
    bytes.split_first_chunk::<8>().is_some_and(|(length, rest)| {
        rest.starts_with(b"{\"")
            && u64::from_le_bytes(*length) > rest.len() as u64
            && u64::from_le_bytes(*length) < 1 << 27
    })
}

/// Reads a file that [`split`] has taken apart.
///
/// # Errors
/// With the tensor's name, or the place in the header.
pub fn read(header: &[u8], data: &[u8], budget: &Budget) -> Result<Checkpoint> {
    let (tree, root) = json::read(header, budget).map_err(|error| at("its header", error))?;
    let Some(fields) = named(&tree, root, budget)? else { return Err(Error::new("its header is not a JSON object.")) };
    let mut checkpoint = Checkpoint::default();
    if let Some(&(_, metadata)) = fields.iter().find(|(name, _)| *name == METADATA) {
        read_metadata(&mut checkpoint, &tree, metadata, budget)?;
    }
    let mut end = 0;
    for &(name, id) in fields.iter().filter(|(name, _)| *name != METADATA) {
        sized(name.len())?;
        end = end.max(tensor(&mut checkpoint, &tree, (name, id), data, budget).map_err(|error| prefixed(name, error))?);
    }
    if end < data.len() {
        note(&mut checkpoint, || format!("{} bytes at the end of the file belong to no tensor.", data.len() - end));
    }
    finish(&mut checkpoint, "safetensors".into(), budget)?;
    Ok(checkpoint)
}

/// The name in front of an error, where it is not there already.
fn prefixed(name: &str, error: Error) -> Error {
    let place = format!("tensor {}", quoted(name));
    if error.to_string().starts_with(&place) { error } else { at(place, error) }
}

/// Reads one tensor. The result is where its data ends.
fn tensor(
    checkpoint: &mut Checkpoint,
    tree: &Tree,
    (name, id): (&str, Id),
    data: &[u8],
    budget: &Budget,
) -> Result<usize> {
    let fields = named(tree, id, budget)?;
    let field = |wanted: &str| {
        let found = fields.as_ref().and_then(|fields| fields.iter().find(|(name, _)| *name == wanted));
        found.map(|&(_, id)| id).ok_or_else(|| Error::new(format!("the header does not say its {wanted}.")))
    };
    let list = |id: Id, what: &str| match tree.ints(id) {
        Some(numbers) => naturals(numbers, what),
        None => Err(Error::new(format!("its {what} is {}; a list of integers is expected.", tree.kind(id)))),
    };
    let dtype = field("dtype")?;
    let element = tree.text(dtype).and_then(Element::named).ok_or_else(|| {
        let shown = tree.text(dtype).map_or_else(|| tree.kind(dtype), quoted);
        Error::new(format!("its type is {shown}; Tinylens reads {READABLE}."))
    })?;
    let shape = list(field("shape")?, "shape")?;
    let offsets = field("data_offsets")?;
    let (start, end) = match tree.sequence(offsets) {
        Some(&[start, end]) => (natural(tree.int(start), "start")?, natural(tree.int(end), "end")?),
        _ => return Err(Error::new("its data_offsets are not two numbers.")),
    };
    let Some(bytes) = data.get(start..end) else {
        return Err(Error::new(format!(
            "its data should lie from byte {start} to {end}, but the file has {} bytes of data; it is cut short or \
             damaged.",
            data.len()
        )));
    };
    let count = elements(&shape)?;
    if count.checked_mul(element.size()) != Some(bytes.len()) {
        return Err(Error::new(format!(
            "its shape {shape:?} has {count} elements of {} bytes ({}), but its data has {} bytes.",
            element.size(),
            element.name(),
            bytes.len()
        )));
    }
    let storage = Storage { element, bytes: Blob::File(bytes), big_endian: false };
    add(checkpoint, name, &View::whole(storage, shape, false), budget)?;
    Ok(end)
}

/// Reads the metadata, which maps texts to texts. A text that is a JSON object is kept under its own key, the others
/// together under "metadata".
fn read_metadata(checkpoint: &mut Checkpoint, tree: &Tree, id: Id, budget: &Budget) -> Result<()> {
    let Some(fields) = named(tree, id, budget)? else { return Ok(()) };
    if fields.iter().any(|(name, _)| *name == RUN) {
        return Err(Error::new(
            "it is a saved run of Tinylens, not a checkpoint: it holds the optimiser's state as well. Open it as a \
             run; from a run, the model alone can be saved as a checkpoint.",
        ));
    }
    let mut rest = Map::new();
    for &(name, id) in fields.iter() {
        let text = tree.text(id).unwrap_or("");
        let object = if text.trim_start().starts_with('{') { json::read(text.as_bytes(), budget).ok() } else { None };
        let settings = match object {
            Some((tree, root)) => dict(&tree, root, budget)?,
            None => None,
        };
        if let Some(settings) = settings {
            keep(checkpoint, name, settings, budget)?;
        } else if let Some(value) = value(tree, id, budget)? {
            budget.take(100 + name.len())?;
            rest.insert(name.into(), value);
        }
    }
    if rest.is_empty() { Ok(()) } else { keep(checkpoint, "metadata", rest, budget) }
}
