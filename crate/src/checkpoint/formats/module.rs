//! A whole `torch.nn.Module` as a pickle holds it: an object with dicts of parameters, buffers and modules.

use super::budget::Budget;
use super::fields::named;
use super::gather::{Gathered, sized};
use super::shown::{at, quoted};
use super::tree::{Id, Node, Tree};
use crate::error::{Error, Result};

/// How deep modules may lie in modules.
const MOST_LEVELS: usize = 64;

/// Attributes that say what the model is.
const CONFIGURATIONS: [&str; 2] = ["cfg", "config"];

/// How many attributes of an object are searched for the dicts that every module has: they are among the first that
/// torch.nn.Module sets.
const SEARCHED: usize = 100;

/// Whether a value is a module: an object whose state has the dicts that every module has.
///
/// # Errors
/// If the budget is used up.
pub fn is_module(tree: &Tree, id: Id, budget: &Budget) -> Result<bool> {
    let Some(Node::Dict(state)) = tree.object(id).and_then(|object| object.state).map(|state| tree.node(state)) else {
        return Ok(false);
    };
    let state = state.get(..SEARCHED).unwrap_or(state);
    budget.work(2 * state.len())?;
    let has = |wanted: &str| state.iter().any(|&(key, _)| tree.text(key) == Some(wanted));
    Ok(has("_parameters") && has("_modules"))
}

/// Reads a module's parameters and buffers, named and ordered as its `state_dict()` has them, and its configuration.
///
/// # Errors
/// If a module contains itself, or a tensor cannot be read.
pub fn read(gathered: &mut Gathered, root: Id) -> Result<()> {
    let (tree, budget) = (gathered.storages.tree, gathered.storages.budget);
    if let Some(fields) = named(tree, root, budget)? {
        for &(name, id) in fields.iter() {
            if CONFIGURATIONS.contains(&name) {
                gathered.settings(name, id)?;
            }
        }
    }
    walk(gathered, root, "", &mut Vec::new())
}

/// Reads a module inside others. `path` stands in front of the names of its parts, `above` holds the modules that it
/// lies in. A shared module comes under each of its names, as in PyTorch; the budget sees to it that these are not too
/// many.
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
    let within = |error| at(whose(), error);
    let Some(fields) = named(tree, id, budget).map_err(within)? else { return Ok(()) };
    let part = |wanted: &str| fields.iter().find(|(name, _)| *name == wanted).map(|&(_, id)| id);
    let parts = |wanted: &str| match part(wanted) {
        Some(id) => named(tree, id, budget).map_err(within),
        None => Ok(None),
    };
    let unsaved = part("_non_persistent_buffers_set").and_then(|set| tree.sequence(set)).unwrap_or(&[]);
    for (kind, buffers) in [("_parameters", false), ("_buffers", true)] {
        let Some(tensors) = parts(kind)? else { continue };
        for &(name, id) in tensors.iter() {
            sized(path.len() + name.len())?;
            if buffers {
                budget.work(unsaved.len() * (1 + name.len()))?;
            }
            let skipped = buffers && unsaved.iter().any(|&unsaved| tree.text(unsaved) == Some(name));
            if skipped || matches!(tree.node(id), Node::Null) {
                continue;
            }
            let name = format!("{path}{name}");
            if !gathered.tensor(&name, id, buffers)? {
                return Err(Error::new(format!("{} is {}; a tensor is expected.", quoted(&name), tree.kind(id))));
            }
        }
    }
    let Some(modules) = parts("_modules")? else { return Ok(()) };
    above.push(id);
    for &(name, id) in modules.iter() {
        if is_module(tree, id, budget)? {
            sized(path.len() + name.len())?;
            walk(gathered, id, &format!("{path}{name}."), above)?;
        } else if !matches!(tree.node(id), Node::Null) {
            gathered.note(|| {
                let kind = tree.kind(id);
                format!("{} was left out: it is {kind}, not a module.", quoted(&format!("{path}{name}")))
            });
        }
    }
    above.pop();
    Ok(())
}
