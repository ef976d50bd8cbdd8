//! Pickles and what `torch.save` makes of them: raw, in a zip file, and in the older format.

use super::archive::{self, Archive};
use super::budget::Budget;
use super::checkpoint::Checkpoint;
use super::find;
use super::gather::Gathered;
use super::legacy::{self, Legacy};
use super::pickle;
use super::shown::{at, quoted, quoted_bytes};
use super::storage::{Outside, Storages};
use super::tree::{Id, Tree};
use crate::error::{Error, Result};

/// Reads a file that starts as a pickle.
///
/// # Errors
/// If it is damaged, or holds no weights.
pub fn read_pickle(file: &[u8], budget: &Budget) -> Result<Checkpoint> {
    const PLACE: &str = "the pickle";
    let first = pickle::read(file, 0, PLACE, budget)?;
    if legacy::begins(&first) {
        let Legacy { tree, root, storages, end } = legacy::read(file, first.end, PLACE, budget)?;
        let outside = Outside::Legacy { file, storages: &storages };
        return gathered(&tree, root, outside, "torch.save (legacy)", file.len() - end, budget);
    }
    gathered(&first.tree, first.root, Outside::Nothing, "pickle", file.len() - first.end, budget)
}

/// Reads a zip file of `torch.save`.
///
/// # Errors
/// If it is damaged, or some other zip file.
pub fn read_zip(file: &[u8], budget: &Budget) -> Result<Checkpoint> {
    unpacked(file, budget).map_err(|error| {
        if !archive::has_converted_line_ends(file) {
            return error;
        }
        Error::new(
            "every line feed in it follows a carriage return. A program on its way (Git, or FTP in text mode) took it \
             for text and converted its line ends from LF to CRLF. That cannot be undone; fetch the file again, \
             as binary.",
        )
    })
}

fn unpacked(file: &[u8], budget: &Budget) -> Result<Checkpoint> {
    let archive = archive::open(file, budget)?;
    let folder = folder(&archive)?;
    let entry = |name: &str| archive.find(&format!("{folder}{name}"));
    let big_endian = match entry("byteorder").map(|number| archive.read(number, budget)).transpose()? {
        None => false,
        Some(order) => match order.bytes().trim_ascii() {
            b"little" => false,
            b"big" => true,
            other => {
                let other = quoted_bytes(other);
                return Err(Error::new(format!(
                    "entry \"byteorder\" of the zip file says {other}; it must say little or big."
                )));
            }
        },
    };
    let Some(number) = entry("data.pkl") else { return Err(Error::new("the zip file has lost its data.pkl.")) };
    let bytes = archive.read(number, budget)?;
    let place = quoted(&format!("{folder}data.pkl"));
    let pickle = pickle::read(bytes.bytes(), 0, &place, budget)?;
    let rest = bytes.bytes().len() - pickle.end;
    let outside = Outside::Zip { archive: &archive, folder: &folder, big_endian };
    gathered(&pickle.tree, pickle.root, outside, "torch.save (zip)", rest, budget)
}

/// The folder of the archive in which `torch.save` put everything, with a slash at its end (or empty).
fn folder(archive: &Archive) -> Result<String> {
    let mut found: Option<&str> = None;
    for name in archive.names() {
        let Ok(name) = std::str::from_utf8(name) else { continue };
        let Some(folder) = name.strip_suffix("data.pkl").filter(|folder| folder.is_empty() || folder.ends_with('/'))
        else {
            continue;
        };
        if folder.trim_end_matches('/').contains('/') || folder.len() > 1000 {
            continue;
        }
        if let Some(first) = found {
            return Err(Error::new(format!(
                "both {} and {} in the zip file could be meant.",
                quoted(first),
                quoted(folder)
            )));
        }
        found = Some(folder);
    }
    let has = |wanted: &dyn Fn(&str) -> bool| archive.names().any(|name| std::str::from_utf8(name).is_ok_and(wanted));
    if has(&|name| name.contains("/code/") || name.ends_with("constants.pkl")) {
        return Err(Error::new(
            "it is a TorchScript archive, which holds a program. Load it in Python with torch.jit.load and save its \
             weights: torch.save(model.state_dict(), \"weights.pt\").",
        ));
    }
    if let Some(folder) = found {
        return Ok(folder.into());
    }
    let what = if has(&|name| name.ends_with(".npy")) {
        "it is an .npz archive of NumPy arrays"
    } else {
        "it has no entry data.pkl"
    };
    let names: Vec<String> = archive.names().take(5).map(quoted_bytes).collect();
    Err(Error::new(format!(
        "{what}, so torch.save did not write it. Its first entries: {}. If a checkpoint is packed in it, unpack it \
         first.",
        if names.is_empty() { "none".into() } else { names.join(", ") }
    )))
}

/// The weights of a pickle's value. `rest`: how many bytes follow the pickle.
fn gathered<'t>(
    tree: &'t Tree<'t>,
    root: Id,
    outside: Outside<'t>,
    format: &str,
    rest: usize,
    budget: &'t Budget,
) -> Result<Checkpoint> {
    let mut gathered = Gathered::new(Storages::new(tree, outside, budget), false);
    let whole = find::weights(&mut gathered, root)?;
    if rest > 0 {
        gathered.note(|| format!("{rest} bytes after the end of the pickle were not read."));
    }
    gathered
        .finish(if whole { format!("whole module, {format}") } else { format.into() })
        .map_err(|error| at(format, error))
}
