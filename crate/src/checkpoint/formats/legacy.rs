//! `torch.save` as it was before PyTorch 1.6, and as `pickle` still writes every tensor's storage: four pickles (a
//! magic number, a version, facts about the machine, the value), a pickled list of storage keys, and after it each
//! storage as a count and its elements, always little-endian.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use super::budget::Budget;
use super::bytes::Cursor;
use super::element::Element;
use super::pickle::{self, Pickle};
use super::reference::{Reference, key, reference};
use super::shown::{at, quoted};
use super::tree::{Id, Node, Tree};
use crate::error::{Error, Result};

/// The value of the first pickle.
const MAGIC: i128 = 0x1950_a86a_20f9_469c_fc6c;

/// The value of the second pickle.
const VERSION: i64 = 1001;

/// The work of looking at one reference to a storage, or at one storage.
const STORAGE: usize = 64;

/// A legacy file: its value, and where its storages lie.
pub struct Legacy<'a> {
    /// The values of its main pickle.
    pub tree: Tree<'a>,
    /// The value that the main pickle stands for.
    pub root: Id,
    /// Key and place of each storage, sorted by key.
    pub storages: Vec<(String, Range<usize>)>,
    /// The offset of its end.
    pub end: usize,
}

/// Whether a file with this first pickle is a legacy file.
pub fn begins(first: &Pickle) -> bool {
    matches!(first.tree.node(first.root), Node::Wide(bytes) if i128::from_le_bytes(*bytes) == MAGIC)
}

/// Reads the rest of a legacy file whose first pickle ends at `start`. `place` says in errors what the bytes are.
///
/// # Errors
/// With the place where the file stops being one.
pub fn read<'a>(bytes: &'a [u8], start: usize, place: &str, budget: &Budget) -> Result<Legacy<'a>> {
    let version = pickle::read(bytes, start, place, budget)?;
    if version.tree.int(version.root) != Some(VERSION) {
        return Err(Error::new(format!(
            "{place}, byte {start}: version {VERSION} of torch.save's older format is expected here, but {} stands \
             here.",
            version.tree.kind(version.root)
        )));
    }
    let machine = pickle::read(bytes, version.end, place, budget)?;
    let value = pickle::read(bytes, machine.end, place, budget)?;
    let keys = pickle::read(bytes, value.end, place, budget)?;
    let mut cursor = Cursor::new(bytes, keys.end);
    let storages = storages(&mut cursor, &value.tree, &keys, place, budget)?;
    Ok(Legacy { tree: value.tree, root: value.root, storages, end: cursor.at })
}

/// Where the storages lie that follow the list of their keys.
fn storages(
    cursor: &mut Cursor,
    tree: &Tree,
    keys: &Pickle,
    place: &str,
    budget: &Budget,
) -> Result<Vec<(String, Range<usize>)>> {
    let Some(list) = keys.tree.sequence(keys.root) else {
        return Err(Error::new(format!(
            "{place}, before byte {}: the list of storage keys is expected here.",
            keys.end
        )));
    };
    let elements = elements(tree, place, budget)?;
    let mut storages: Vec<(String, Range<usize>)> = Vec::new();
    for &id in list {
        budget.work(STORAGE)?;
        let (start, key) = (cursor.at, key(&keys.tree, id).map_err(|error| at(place, error))?);
        let here = |error| at(format_args!("{place}, byte {start}, storage {}", quoted(&key)), error);
        let Some(element) = elements.get(&key) else {
            return Err(here(Error::new("the value has no such storage.")));
        };
        let length = cursor.u64().and_then(|count| {
            let length = count.saturating_mul(element.size() as u64);
            cursor.take(length)
        });
        let length = length.map_err(here)?.len();
        budget.take(key.len())?;
        budget.push(&mut storages, (key, cursor.at - length..cursor.at))?;
    }
    storages.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    match storages.array_windows().find(|[(a, _), (b, _)]| a == b) {
        Some([(key, _), _]) => {
            Err(Error::new(format!("{place}: the storage {} comes twice; each may come once.", quoted(key))))
        }
        None => Ok(storages),
    }
}

/// The element type of each storage that the value refers to, by key. Of several references to one storage the first
/// says the type, as in PyTorch.
fn elements(tree: &Tree, place: &str, budget: &Budget) -> Result<BTreeMap<String, Element>> {
    let mut elements = BTreeMap::new();
    for node in tree.nodes() {
        let Node::Persistent(outside) = node else { continue };
        budget.work(STORAGE)?;
        let Some(Reference { key, element, .. }) = reference(tree, *outside).map_err(|error| at(place, error))? else {
            continue;
        };
        let size = key.len() + 2 * size_of::<(String, Element)>();
        if let Entry::Vacant(entry) = elements.entry(key) {
            budget.take(size)?;
            entry.insert(element);
        }
    }
    Ok(elements)
}
