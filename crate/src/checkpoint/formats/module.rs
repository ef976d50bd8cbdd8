//! A whole `torch.nn.Module` as a pickle holds it: an object with dicts of parameters, buffers and modules.

use super::bytes::quoted;
use super::gather::{Gathered, sized};
use super::tree::{Id, Node, Tree};
use crate::error::{Error, Result};

/// How deep modules may lie in modules.
const MOST_LEVELS: usize = 64;

/// Attributes that say what the model is.
const CONFIGURATIONS: [&str; 2] = ["cfg", "config"];

/// Whether a value is a module: an object whose state has the dicts that every module has.
pub fn is_module(tree: &Tree, id: Id) -> bool {
    let Some(Node::Dict(state)) = tree.object(id).and_then(|object| object.state).map(|state| tree.node(state)) else {
        return false;
    };
    // They are among the first attributes that torch.nn.Module sets; an object of thousands is not searched.
    let has = |wanted: &str| state.iter().take(100).any(|&(key, _)| tree.text(key) == Some(wanted));
    has("_parameters") && has("_modules")
}

/// Reads a module's parameters and buffers, named and ordered as its `state_dict()` has them, and its configuration.
///
/// # Errors
/// If a module contains itself, or a tensor cannot be read.
pub fn read(gathered: &mut Gathered, root: Id) -> Result<()> {
    let (tree, budget) = (gathered.storages.tree, gathered.storages.budget);
    if let Some(fields) = tree.named(root, budget)? {
        for &(name, id) in fields.iter() {
            if CONFIGURATIONS.contains(&name) {
                gathered.record(name, id)?;
            }
        }
    }
    walk(gathered, root, "", &mut Vec::new())
}

/// `path` is the name of the module in front of its parts', `above` the modules it lies in. Modules may be shared, and then come
/// under each of their names, as in PyTorch; that they are not shared a billion times is the budget's concern.
fn walk(gathered: &mut Gathered, id: Id, path: &str, above: &mut Vec<Id>) -> Result<()> {
    let (tree, budget) = (gathered.storages.tree, gathered.storages.budget);
    let whose = || {
        if path.is_empty() {
            "the module".to_string()
        } else {
            format!("module {}", quoted(path.trim_end_matches('.')))
        }
    };
    if above.contains(&id) {
        return Err(Error::new(format!("{} contains itself.", whose())));
    }
    if above.len() >= MOST_LEVELS {
        return Err(Error::new(format!("{} lies in {MOST_LEVELS} others; modules may not lie deeper.", whose())));
    }
    let within = |error| super::bytes::at(whose(), error);
    let Some(fields) = tree.named(id, budget).map_err(within)? else { return Ok(()) };
    let part = |wanted: &str| fields.iter().find(|(name, _)| *name == wanted).map(|&(_, id)| id);
    let parts = |wanted: &str| match part(wanted) {
        Some(id) => tree.named(id, budget).map_err(within),
        None => Ok(None),
    };
    let unsaved = part("_non_persistent_buffers_set").and_then(|set| tree.sequence(set)).unwrap_or(&[]);
    for (kind, buffers) in [("_parameters", false), ("_buffers", true)] {
        let Some(tensors) = parts(kind)? else { continue };
        for &(name, id) in tensors.iter() {
            if buffers {
                budget.work(unsaved.len())?;
            }
            let skipped = buffers && unsaved.iter().any(|&unsaved| tree.text(unsaved) == Some(name));
            if skipped || matches!(tree.node(id), Node::Null) {
                continue;
            }
            sized(path.len() + name.len())?;
            let name = format!("{path}{name}");
            if !gathered.tensor(&name, id, buffers)? {
                return Err(Error::new(format!("{} is {}; a tensor is expected.", quoted(&name), tree.kind(id))));
            }
        }
    }
    let Some(modules) = parts("_modules")? else { return Ok(()) };
    above.push(id);
    for &(name, id) in modules.iter() {
        if is_module(tree, id) {
            sized(path.len() + name.len())?;
            walk(gathered, id, &format!("{path}{name}."), above)?;
        } else if !matches!(tree.node(id), Node::Null) {
            gathered.note(format!(
                "{} was left out: it is {}, not a module.",
                quoted(&format!("{path}{name}")),
                tree.kind(id)
            ));
        }
    }
    above.pop();
    Ok(())
}
