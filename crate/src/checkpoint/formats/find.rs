//! Where in a file's value the weights are: the value itself, something under a usual key, or a whole module.

use super::fields::{has_fields, named};
use super::gather::Gathered;
use super::module::{self, is_module};
use super::numbers::is_list;
use super::rebuild::is_tensor;
use super::shown::quoted;
use super::tree::Id;
use crate::error::{Error, Result};

/// Keys under which people store a state dict, the likeliest first.
const KEYS: [&str; 9] =
    ["model", "state_dict", "model_state_dict", "net", "weights", "tensors", "params", "parameters", "module"];

/// How many dicts may lie around the weights.
const MOST_LEVELS: usize = 4;

/// How many items of a list are searched, from its start.
const MOST_ITEMS: usize = 64;

/// Reads the weights below `root`, and the settings that lie beside them on the way. The result is whether they are a
/// whole module's.
///
/// # Errors
/// If there are none, or several that could be meant, or they cannot be read.
pub fn weights(gathered: &mut Gathered, root: Id) -> Result<bool> {
    let (tree, budget) = (gathered.storages.tree, gathered.storages.budget);
    let mut at = root;
    for level in 0..MOST_LEVELS {
        if is_module(tree, at, budget)? {
            module::read(gathered, at)?;
            return Ok(true);
        }
        let Some(fields) = named(tree, at, budget)? else {
            at = only_item(gathered, at)?;
            continue;
        };
        let lists = gathered.lists;
        let under_key = |lists: bool| -> Result<Option<Id>> {
            for key in KEYS {
                if let Some(&(_, child)) = fields.iter().find(|(name, _)| *name == key)
                    && holds_weights(gathered, child, lists, MOST_LEVELS - level)?
                {
                    return Ok(Some(child));
                }
            }
            Ok(None)
        };
        let chosen = match under_key(false)? {
            None if lists => under_key(true)?,
            chosen => chosen,
        };
        if let Some(chosen) = chosen {
            let mut others = budget.list(fields.len())?;
            others.list.extend(fields.iter().filter(|&&(_, id)| id != chosen).copied());
            gathered.beside(&others)?;
            at = chosen;
            continue;
        }
        if fields.iter().any(|&(_, id)| is_tensor(tree, id) || (lists && is_list(tree, id))) {
            // A plain number is a tensor where nothing but weights is expected.
            state_dict(gathered, &fields, level > 0)?;
            return Ok(false);
        }
        at = only_field(gathered, &fields, MOST_LEVELS - level)?.ok_or_else(|| nothing(gathered, root))?;
        let mut others = budget.list(fields.len())?;
        others.list.extend(fields.iter().filter(|&&(_, id)| id != at).copied());
        gathered.beside(&others)?;
    }
    Err(nothing(gathered, root))
}

/// Reads a state dict; what in it is no tensor counts as standing beside it.
fn state_dict(gathered: &mut Gathered, fields: &[(&str, Id)], nothing_else: bool) -> Result<()> {
    let (tree, budget) = (gathered.storages.tree, gathered.storages.budget);
    let mut others = budget.list(fields.len())?;
    for &(name, id) in fields {
        let is = is_tensor(tree, id) || (gathered.lists && (nothing_else || is_list(tree, id)));
        if !is || !gathered.tensor(name, id, false)? {
            others.list.push((name, id));
        }
    }
    gathered.beside(&others)
}

/// Whether a value is a module or has tensors in it, or under one of the usual keys.
fn holds_weights(gathered: &Gathered, id: Id, lists: bool, levels: usize) -> Result<bool> {
    let (tree, budget) = (gathered.storages.tree, gathered.storages.budget);
    if is_module(tree, id, budget)? {
        return Ok(true);
    }
    if is_tensor(tree, id) || levels == 0 {
        return Ok(false);
    }
    let Some(fields) = named(tree, id, budget)? else { return Ok(false) };
    if fields.iter().any(|&(_, value)| is_tensor(tree, value) || (lists && is_list(tree, value))) {
        return Ok(true);
    }
    for &(name, value) in fields.iter() {
        if KEYS.contains(&name) && holds_weights(gathered, value, lists, levels - 1)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The one field that holds weights, whatever its name.
fn only_field(gathered: &mut Gathered, fields: &[(&str, Id)], levels: usize) -> Result<Option<Id>> {
    let mut found: Option<(&str, Id)> = None;
    for &(name, id) in fields {
        if holds_weights(gathered, id, false, levels)? {
            if let Some((first, _)) = found {
                return Err(Error::new(format!(
                    "both {} and {} hold tensors; save the one that is meant, or put it under \"model\".",
                    quoted(first),
                    quoted(name)
                )));
            }
            found = Some((name, id));
        }
    }
    if let Some((name, _)) = found {
        gathered.note(|| format!("The weights were found under {}.", quoted(name)));
    }
    Ok(found.map(|(_, id)| id))
}

/// The one item of a list or tuple that holds weights, as in a pickled pair of weights and configuration. The settings
/// of the others are kept under "config".
fn only_item(gathered: &mut Gathered, id: Id) -> Result<Id> {
    let mut found = None;
    let items = gathered.storages.tree.sequence(id).unwrap_or(&[]);
    for (number, &item) in items.iter().take(MOST_ITEMS).enumerate() {
        if holds_weights(gathered, item, false, MOST_LEVELS)? {
            if let Some((first, _)) = found {
                return Err(Error::new(format!(
                    "items {first} and {number} of a list both hold tensors; save the one that is meant."
                )));
            }
            found = Some((number, item));
        }
    }
    let Some((number, item)) = found else { return Err(nothing(gathered, id)) };
    gathered.note(|| format!("The weights were found in item {number} of a list."));
    let tree = gathered.storages.tree;
    for &other in items.iter().take(MOST_ITEMS).filter(|&&other| other != item && has_fields(tree, other)) {
        gathered.settings("config", other)?;
    }
    Ok(item)
}

/// The error for a file without weights: what it is, and what would be accepted.
fn nothing(gathered: &Gathered, root: Id) -> Error {
    let tree = gathered.storages.tree;
    let names = named(tree, root, gathered.storages.budget).ok().flatten();
    let names = names.map(|fields| fields.iter().take(8).map(|(name, _)| quoted(name)).collect::<Vec<_>>().join(", "));
    let holds = match names {
        Some(names) if !names.is_empty() => format!("{} with {names}", tree.kind(root)),
        _ => tree.kind(root),
    };
    Error::new(format!(
        "no weights were found in it. It holds {holds}; a state dict (names and tensors) is expected, by itself or \
         under \"model\", \"state_dict\", \"model_state_dict\", \"net\" or \"weights\", or a whole torch.nn.Module."
    ))
}
