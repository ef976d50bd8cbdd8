//! Storages: the elements that a pickle's tensors refer to, wherever the file keeps them.

use std::collections::HashMap;
use std::ops::Range;

use super::archive::Archive;
use super::budget::Budget;
use super::bytes::Blob;
use super::legacy::{self, Legacy};
use super::pickle;
use super::reference::{Reference, reference};
use super::shown::{at, quoted};
use super::tree::{Id, Node, Tree};
use super::view::Storage;
use crate::error::{Error, Result};

/// What lies outside the pickle.
pub enum Outside<'t> {
    /// Nothing: a raw pickle, whose storages are inside it as bytes; or JSON.
    Nothing,
    /// Entries of a zip file.
    Zip {
        /// The zip file.
        archive: &'t Archive<'t>,
        /// The folder in which an entry is `data/KEY`, with a slash at its end.
        folder: &'t str,
        /// The byte order of all entries.
        big_endian: bool,
    },
    /// Ranges of a legacy file.
    Legacy {
        /// The file.
        file: &'t [u8],
        /// Key and range of each storage, sorted by key.
        storages: &'t [(String, Range<usize>)],
    },
}

/// The storages of one file, each found and checked once.
pub struct Storages<'t> {
    /// The pickle's values.
    pub tree: &'t Tree<'t>,
    /// What reading the file may still cost.
    pub budget: &'t Budget,
    outside: Outside<'t>,
    known: HashMap<Id, Storage<'t>>,
    entries: HashMap<usize, Blob<'t>>,
}

/// The memory that remembering a storage takes, with the map's spare room.
const REMEMBERED: usize = 4 * (size_of::<Storage>() + size_of::<Id>());

/// The work of finding a storage.
const LOOKUP: usize = 200;

/// The work of reading a nested legacy file, beside its bytes: it has five pickles.
const NESTED: usize = 1000;

impl<'t> Storages<'t> {
    /// The storages of a pickle, none of them looked up yet.
    pub fn new(tree: &'t Tree<'t>, outside: Outside<'t>, budget: &'t Budget) -> Self {
        Self { tree, budget, outside, known: HashMap::new(), entries: HashMap::new() }
    }

    /// The storage that a tensor names.
    ///
    /// # Errors
    /// If it is none, is not there, or is shorter than it is said to be.
    pub fn get(&mut self, id: Id) -> Result<Storage<'t>> {
        if let Some(storage) = self.known.get(&id) {
            return Ok(storage.clone());
        }
        let storage = match self.tree.node(id) {
            Node::Persistent(outside) => match reference(self.tree, *outside)? {
                Some(reference) => self.referred(&reference)?,
                None => {
                    return Err(Error::new(
                        "its storage is a reference outside the file that is not one of torch.save's.",
                    ));
                }
            },
            Node::Object(object) if self.tree.maker(object) == Some(("torch.storage", "_load_from_bytes")) => {
                let Some(arg) = self.tree.arg(object, 0) else { return Err(Error::new("its storage has no bytes.")) };
                self.nested(arg)?
            }
            _ => {
                return Err(Error::new(format!(
                    "its storage is {}; a storage of PyTorch is expected.",
                    self.tree.kind(id)
                )));
            }
        };
        self.budget.work(LOOKUP)?;
        self.budget.take(REMEMBERED)?;
        self.known.insert(id, storage.clone());
        Ok(storage)
    }

    fn referred(&mut self, reference: &Reference) -> Result<Storage<'t>> {
        let (bytes, big_endian) = match &self.outside {
            Outside::Nothing => {
                return Err(Error::new("its storage is outside the pickle, but this file is nothing but a pickle."));
            }
            Outside::Zip { archive, folder, big_endian } => {
                let name = format!("{folder}data/{}", reference.key);
                let Some(number) = archive.find(&name) else {
                    return Err(Error::new(format!(
                        "its storage should be entry {} of the zip file, which is not there.",
                        quoted(&name)
                    )));
                };
                let blob = match self.entries.get(&number) {
                    Some(blob) => blob.clone(),
                    None => {
                        let blob = archive.read(number, self.budget)?;
                        self.budget.take(REMEMBERED)?;
                        self.entries.insert(number, blob.clone());
                        blob
                    }
                };
                (blob, *big_endian)
            }
            Outside::Legacy { file, storages } => (Blob::File(range(file, storages, reference)?), false),
        };
        cut(&bytes, reference, big_endian)
    }

    /// A storage that the pickle holds as the bytes of a legacy file.
    ///
    /// # Errors
    /// If they are none.
    fn nested(&self, bytes: Id) -> Result<Storage<'t>> {
        const PLACE: &str = "the storage's own torch.save file";
        let blob = match self.tree.bytes(bytes, self.budget)? {
            Some(std::borrow::Cow::Borrowed(bytes)) => Blob::File(bytes),
            Some(std::borrow::Cow::Owned(bytes)) => Blob::made(bytes),
            None => return Err(Error::new(format!("its storage is {}; bytes are expected.", self.tree.kind(bytes)))),
        };
        self.budget.work(NESTED)?;
        let before = self.budget.used();
        let (reference, range) = {
            let file = blob.bytes();
            let first = pickle::read(file, 0, PLACE, self.budget)?;
            if !legacy::begins(&first) {
                return Err(Error::new("its storage's bytes are not a file of torch.save's older format."));
            }
            let Legacy { tree, root, storages, .. } = legacy::read(file, first.end, PLACE, self.budget)?;
            let outside = match tree.node(root) {
                Node::Persistent(outside) => reference(&tree, *outside)?,
                _ => None,
            };
            let Some(reference) = outside else {
                return Err(Error::new(format!("{PLACE} holds {}; a storage is expected.", tree.kind(root))));
            };
            let range = place(&storages, &reference)?;
            (reference, range)
        };
        self.budget.release_to(before);
        let bytes = blob.cut(range).ok_or_else(|| Error::new("its storage is cut short."))?;
        cut(&bytes, &reference, false).map_err(|error| at(PLACE, error))
    }
}

/// Where in a legacy file the storage of a reference lies.
fn place(storages: &[(String, Range<usize>)], reference: &Reference) -> Result<Range<usize>> {
    let found =
        storages.binary_search_by(|(key, _)| key.cmp(&reference.key)).ok().and_then(|found| storages.get(found));
    match found {
        Some((_, range)) => Ok(range.clone()),
        None => Err(Error::new(format!("its storage {} is not among the file's.", quoted(&reference.key)))),
    }
}

/// The bytes of a legacy file that a reference means.
fn range<'t>(file: &'t [u8], storages: &[(String, Range<usize>)], reference: &Reference) -> Result<&'t [u8]> {
    file.get(place(storages, reference)?).ok_or_else(|| Error::new("its storage is cut short."))
}

/// The elements that a reference means, of the bytes that its key names.
fn cut<'t>(bytes: &Blob<'t>, reference: &Reference, big_endian: bool) -> Result<Storage<'t>> {
    let Reference { element, key, count, part } = reference;
    let (offset, size) = part.unwrap_or((0, *count));
    let range = || {
        let end = offset.checked_add(size).filter(|end| end <= count)?;
        Some(offset.checked_mul(element.size())?..end.checked_mul(element.size())?)
    };
    let found = range().and_then(|range| bytes.cut(range));
    let bytes = found.ok_or_else(|| {
        Error::new(format!(
            "its storage {} should have {size} elements of {} bytes from element {offset} on, but the file has {} \
             bytes for it.",
            quoted(key),
            element.size(),
            bytes.bytes().len()
        ))
    })?;
    Ok(Storage { element: *element, bytes, big_endian })
}
