//! The entries of a zip file, found by name and read as bytes. `torch.save` needs only entries that are stored or
//! deflated.
//!
//! Dates are ignored (PyTorch writes zeros, which strict readers reject), and so is what the local headers repeat from
//! the directory.

use std::io::Read;
use std::ops::Range;

use rawzip::{CompressionMethod, ZipArchive};

use super::budget::Budget;
use super::bytes::Blob;
use super::shown::{at, quoted_bytes};
use crate::error::{Error, Result};

/// The work of looking at an entry of the directory, beside its name.
const ENTRY: usize = 32;

/// What the directory says of an entry.
struct Entry {
    name: Vec<u8>,
    /// Where its bytes lie in the file; `None` if that is beyond the file's end.
    range: Option<Range<usize>>,
    /// Its length, inflated.
    length: u64,
    method: CompressionMethod,
    encrypted: bool,
    crc: u32,
}

/// A zip file's directory.
pub struct Archive<'a> {
    file: &'a [u8],
    /// Sorted by name.
    entries: Vec<Entry>,
}

fn damaged(error: rawzip::Error) -> Error {
    Error::new(format!("the zip file's directory cannot be read ({error}); the file is cut short or damaged."))
}

/// Reads the directory of the zip file in `file`.
///
/// # Errors
/// If there is none (a file cut short has lost it), or two entries have the same name.
pub fn open<'a>(file: &'a [u8], budget: &Budget) -> Result<Archive<'a>> {
    let zip = ZipArchive::from_slice(file).map_err(damaged)?;
    let mut headers = zip.entries();
    let mut entries = Vec::new();
    while let Some(header) = headers.next_entry().map_err(damaged)? {
        let path = header.file_path();
        let name: &[u8] = path.as_ref();
        budget.work(ENTRY + name.len())?;
        budget.take(name.len())?;
        let range = zip.get_entry(header.wayfinder()).ok().and_then(|entry| {
            let (start, end) = entry.compressed_data_range();
            Some(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
        });
        let entry = Entry {
            name: name.to_vec(),
            range,
            length: header.uncompressed_size_hint(),
            method: header.compression_method(),
            encrypted: header.flags().is_encrypted(),
            crc: header.crc32(),
        };
        budget.push(&mut entries, entry)?;
    }
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    if let Some([entry, _]) = entries.array_windows().find(|[a, b]| a.name == b.name) {
        return Err(Error::new(format!(
            "the zip file has two entries named {}; each name may come once.",
            quoted_bytes(&entry.name)
        )));
    }
    Ok(Archive { file, entries })
}

/// Whether every line feed in a file follows a carriage return, and there are so many of them that this is no chance.
/// Such a zip file was taken for text on its way, and its line ends converted.
pub fn has_converted_line_ends(file: &[u8]) -> bool {
    const LEAST: usize = 6;
    let (mut feeds, mut before) = (0, 0);
    for &byte in file {
        if byte == b'\n' {
            if before != b'\r' {
                return false;
            }
            feeds += 1;
        }
        before = byte;
    }
    feeds >= LEAST
}

impl<'a> Archive<'a> {
    /// The names of all entries, sorted.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.entries.iter().map(|entry| entry.name.as_slice())
    }

    /// The number of the entry with a name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.entries.binary_search_by(|entry| entry.name.as_slice().cmp(name.as_bytes())).ok()
    }

    /// An entry's bytes, inflated if need be. The memory of inflated bytes counts as kept for good, so that a zip bomb
    /// ends.
    ///
    /// # Errors
    /// If the entry is damaged, or of a kind that `torch.save` does not write, or the budget is used up.
    pub fn read(&self, number: usize, budget: &Budget) -> Result<Blob<'a>> {
        let Some(entry) = self.entries.get(number) else { return Err(Error::new("the zip file has no such entry.")) };
        self.bytes(entry, budget)
            .map_err(|error| at(format_args!("entry {} of the zip file", quoted_bytes(&entry.name)), error))
    }

    fn bytes(&self, entry: &Entry, budget: &Budget) -> Result<Blob<'a>> {
        if entry.encrypted {
            return Err(Error::new("it is encrypted; unpack the file and save it without a password."));
        }
        let Some(packed) = entry.range.clone().and_then(|range| self.file.get(range)) else {
            return Err(Error::new("its bytes lie beyond the end of the file; the file is cut short or damaged."));
        };
        let blob = match entry.method {
            CompressionMethod::STORE => Blob::File(packed),
            CompressionMethod::DEFLATE => inflate(packed, entry.length, budget)?,
            method => {
                return Err(Error::new(format!(
                    "it is compressed by method {method}; Tinylens reads STORE and DEFLATE."
                )));
            }
        };
        let length = blob.bytes().len();
        if length as u64 != entry.length {
            return Err(Error::new(format!("it has {length} bytes, but the directory says {}.", entry.length)));
        }
        // Entries may overlap, so checking one is work. What is inflated counts as memory.
        if let Blob::File(bytes) = blob {
            budget.work(bytes.len())?;
        }
        // Zero stands for no checksum: torch.serialization.set_crc32_options(False) leaves them out.
        if entry.crc != 0 && rawzip::crc32(blob.bytes()) != entry.crc {
            return Err(Error::new("its bytes do not match its checksum; the file is damaged."));
        }
        Ok(blob)
    }
}

fn inflate(packed: &[u8], length: u64, budget: &Budget) -> Result<Blob<'static>> {
    let room = usize::try_from(length).unwrap_or(usize::MAX).saturating_add(1);
    budget.take(room)?;
    let mut bytes = Vec::with_capacity(room);
    // There is room for one byte more than announced: it shows that the announcement is wrong.
    let mut decoder = flate2::bufread::DeflateDecoder::new(packed).take(room as u64);
    decoder
        .read_to_end(&mut bytes)
        .map_err(|error| Error::new(format!("it cannot be inflated ({error}); the file is damaged.")))?;
    Ok(Blob::made(bytes))
}
