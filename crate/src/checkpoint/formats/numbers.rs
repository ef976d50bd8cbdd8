//! Tensors as JSON holds them: lists of numbers in lists, or a dict of a shape and of base64 or a list.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::budget::Budget;
use super::bytes::Blob;
use super::element::{Element, READABLE};
use super::shown::quoted;
use super::tree::{Id, Node, Tree};
use super::view::{Storage, View, elements, naturals};
use crate::error::{Error, Result};

/// The keys of a tensor's values, beside its `shape` and `dtype`.
const DATA: [&str; 4] = ["data", "base64", "b64", "values"];

/// How deep lists may lie in lists.
const MOST_DIMENSIONS: usize = 8;

/// How many entries the dict of a tensor may have. A larger one is not searched.
const MOST_ENTRIES: usize = 8;

/// The value of one of these keys in the dict of a tensor.
fn field(tree: &Tree, id: Id, names: &[&str]) -> Option<Id> {
    match tree.node(id) {
        Node::Dict(entries) if entries.len() <= MOST_ENTRIES => entries
            .iter()
            .find(|(key, _)| tree.text(*key).is_some_and(|key| names.contains(&key)))
            .map(|&(_, value)| value),
        _ => None,
    }
}

/// Whether a value is a dict such as `{"shape": [2, 3], "data": "…base64…", "dtype": "float32"}`.
pub fn is_encoded(tree: &Tree, id: Id) -> bool {
    let shaped = field(tree, id, &["shape"]).is_some_and(|shape| tree.sequence(shape).is_some());
    field(tree, id, &DATA).is_some_and(|data| match tree.node(data) {
        Node::Text(_) => true,
        Node::List(_) => shaped,
        _ => false,
    })
}

/// The tensor of such a dict.
///
/// # Errors
/// If its parts do not fit together, or the budget is used up.
pub fn encoded<'t>(tree: &'t Tree<'t>, id: Id, budget: &Budget) -> Result<View<'t>> {
    let Some(data) = field(tree, id, &DATA) else { return Err(Error::new("it has no data.")) };
    let element = match field(tree, id, &["dtype"]) {
        None => Element::F32,
        Some(dtype) => tree.text(dtype).and_then(Element::named).ok_or_else(|| {
            let shown = tree.text(dtype).map_or_else(|| tree.kind(dtype), quoted);
            Error::new(format!("its dtype is {shown}; Tinylens reads {READABLE}."))
        })?,
    };
    let shape = match field(tree, id, &["shape"]) {
        None => None,
        Some(shape) => match tree.ints(shape) {
            Some(numbers) => Some(naturals(numbers, "shape")?),
            None => {
                return Err(Error::new(format!("its shape is {}; a list of integers is expected.", tree.kind(shape))));
            }
        },
    };
    let (element, bytes) = match tree.text(data) {
        Some(text) => (element, base64(text, budget)?),
        None => {
            let list = list(tree, data, budget)?;
            let view = list.ok_or_else(|| Error::new("its data is neither base64 nor a list of numbers."))?;
            (Element::F32, view.storage.bytes)
        }
    };
    let stored = bytes.bytes().len();
    let shape = shape.unwrap_or_else(|| vec![stored / element.size()]);
    let count = elements(&shape)?;
    if count.checked_mul(element.size()) != Some(stored) {
        return Err(Error::new(format!(
            "its shape {shape:?} has {count} elements of {} bytes ({}), but its data has {stored} bytes.",
            element.size(),
            element.name()
        )));
    }
    Ok(View::whole(Storage { element, bytes, big_endian: false }, shape, false))
}

/// The bytes that a text in base64 stands for, in either alphabet, padded or not.
fn base64(text: &str, budget: &Budget) -> Result<Blob<'static>> {
    budget.work(text.len())?;
    let text = text.trim();
    let alphabet = if text.contains(['-', '_']) { URL_SAFE } else { STANDARD };
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let room = base64::decoded_len_estimate(text.len());
    budget.take(room)?;
    let mut bytes = vec![0; room];
    let length = GeneralPurpose::new(&alphabet, config)
        .decode_slice(text, &mut bytes)
        .map_err(|error| Error::new(format!("its data is not base64: {error}.")))?;
    bytes.truncate(length);
    Ok(Blob::made(bytes))
}

fn number(tree: &Tree, id: Id) -> Option<f32> {
    match tree.node(id) {
        Node::Int(int) => Some(*int as f32),
        Node::Float(float) => Some(*float as f32),
        Node::Wide(bytes) => Some(i128::from_le_bytes(*bytes) as f32),
        Node::Bool(bool) => Some(f32::from(u8::from(*bool))),
        _ => None,
    }
}

/// The shape of lists in lists, by the first item of each; `None` if they do not end in a number.
fn shape(tree: &Tree, id: Id) -> Option<Vec<usize>> {
    let mut shape = Vec::new();
    let mut at = id;
    while shape.len() < MOST_DIMENSIONS {
        if number(tree, at).is_some() {
            return Some(shape);
        }
        let items = tree.sequence(at)?;
        shape.push(items.len());
        at = *items.first()?;
    }
    number(tree, at).map(|_| shape)
}

/// Whether a value is a list of numbers, or of such lists.
pub fn is_list(tree: &Tree, id: Id) -> bool {
    shape(tree, id).is_some_and(|shape| !shape.is_empty())
}

/// The tensor that a number is, or a list of numbers or of such lists; `None` for anything else.
///
/// # Errors
/// If lists at the same depth have different lengths, something in them is no number, or the budget is used up.
pub fn list<'t>(tree: &Tree, id: Id, budget: &Budget) -> Result<Option<View<'t>>> {
    let Some(shape) = shape(tree, id) else { return Ok(None) };
    // The work is counted before the memory: a list that holds one list many times claims any size.
    let count = elements(&shape)?;
    budget.work(count)?;
    budget.take(count.saturating_mul(4))?;
    let mut bytes = Vec::with_capacity(count * 4);
    rows(tree, id, &shape, &mut bytes, budget)?;
    let storage = Storage { element: Element::F32, bytes: Blob::made(bytes), big_endian: false };
    Ok(Some(View::whole(storage, shape, false)))
}

/// Appends the numbers below `id`. It recurses once for each dimension of the shape.
fn rows(tree: &Tree, id: Id, shape: &[usize], bytes: &mut Vec<u8>, budget: &Budget) -> Result<()> {
    let Some((&size, inner)) = shape.split_first() else {
        let Some(number) = number(tree, id) else {
            return Err(Error::new(format!("its lists of numbers hold {}.", tree.kind(id))));
        };
        bytes.extend(number.to_le_bytes());
        return Ok(());
    };
    let Some(items) = tree.sequence(id).filter(|items| items.len() == size) else {
        return Err(Error::new(format!(
            "its lists of numbers are ragged: where the first has {size} items, another has more or fewer."
        )));
    };
    budget.work(items.len() + 1)?;
    items.iter().try_for_each(|&item| rows(tree, item, inner, bytes, budget))
}
