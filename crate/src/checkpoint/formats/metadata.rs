//! Settings that stand in a file beside the weights, as flat JSON objects: they may say what the model is.

use serde_json::{Map, Number, Value};

use super::budget::Budget;
use super::fields::named;
use super::numpy;
use super::shown::joined;
use super::tree::{Id, Node, Tree};
use crate::error::Result;

/// How many bytes a text may have; longer ones (a tokenizer, a training script) are no settings.
const LONGEST_TEXT: usize = 1000;

/// How many items a list may have; longer ones (losses of every epoch) are no settings.
const LONGEST_LIST: usize = 64;

/// The memory that an entry of a JSON map takes beside its texts, in bytes, roughly.
const ENTRY: usize = 120;

/// The work of looking at a setting, beside its text.
const SETTING: usize = 160;

/// The fields of a dict or object that are numbers, booleans, texts, None, or short lists of these; `None` if it has no
/// such fields.
///
/// # Errors
/// If a key comes twice, or the budget is used up.
pub fn dict(tree: &Tree, id: Id, budget: &Budget) -> Result<Option<Map<String, Value>>> {
    let Some(fields) = named(tree, id, budget)? else { return Ok(None) };
    let mut kept = Map::new();
    for &(name, id) in fields.iter() {
        if let Some(value) = value(tree, id, budget)? {
            budget.take(ENTRY + name.len())?;
            kept.insert(name.into(), value);
        }
    }
    Ok((!kept.is_empty()).then_some(kept))
}

/// A value as JSON; `None` if it is too large or too deep for a setting.
///
/// # Errors
/// If the budget is used up.
pub fn value(tree: &Tree, id: Id, budget: &Budget) -> Result<Option<Value>> {
    if let Some(scalar) = scalar(tree, id, budget)? {
        return Ok(Some(scalar));
    }
    let Some(items) = tree.sequence(id).filter(|items| items.len() <= LONGEST_LIST) else { return Ok(None) };
    budget.take(items.len() * size_of::<Value>())?;
    let mut list = Vec::with_capacity(items.len());
    for &item in items {
        match scalar(tree, item, budget)? {
            Some(item) => list.push(item),
            None => return Ok(None),
        }
    }
    Ok(Some(Value::Array(list)))
}

/// A value that is one thing.
fn scalar(tree: &Tree, id: Id, budget: &Budget) -> Result<Option<Value>> {
    budget.work(SETTING)?;
    if let Some(value) = plain(tree, tree.node(id), budget)? {
        return Ok(Some(value));
    }
    if let Some(number) = numpy::scalar(tree, id, budget)? {
        return plain(tree, &number, budget);
    }
    let Some(object) = tree.object(id) else { return Ok(None) };
    let args = tree.sequence(object.args).unwrap_or(&[]);
    match (tree.maker(object), args) {
        (Some(("torch", "device")), &[kind, index]) => match (tree.text(kind), tree.int(index)) {
            (Some(kind), Some(index)) => text(&format!("{}:{index}", kind.get(..20).unwrap_or(kind)), budget),
            _ => Ok(None),
        },
        // Some enums pickle a member by its name: getattr(Class, "MEMBER").
        (Some(("builtins" | "__builtin__", "getattr")), &[_, member]) => {
            tree.text(member).map_or(Ok(None), |member| text(member, budget))
        }
        (Some((module, _)), parts) if module.starts_with("pathlib") && parts.len() <= LONGEST_LIST => {
            budget.work(parts.len())?;
            let length = parts.iter().map(|&part| tree.text(part).map_or(0, str::len)).sum::<usize>();
            let parts = parts.iter().map(|&part| tree.text(part).filter(|_| length <= LONGEST_TEXT));
            parts.collect::<Option<Vec<&str>>>().map_or(Ok(None), |parts| text(&parts.join("/"), budget))
        }
        // A list, a set, bytes: no single thing.
        (Some(("builtins" | "__builtin__" | "_codecs" | "collections", _)), _) => Ok(None),
        // An enum's member, a torch.device, a Decimal: an object made from one plain value stands for that value.
        (Some(_), &[arg]) if object.state.is_none() => plain(tree, tree.node(arg), budget),
        _ => Ok(None),
    }
}

/// A node that needs no knowledge of classes; for a class or function, its name.
fn plain(tree: &Tree, node: &Node, budget: &Budget) -> Result<Option<Value>> {
    Ok(Some(match node {
        Node::Null => Value::Null,
        Node::Bool(bool) => Value::Bool(*bool),
        Node::Int(int) => Value::Number((*int).into()),
        Node::Wide(bytes) => {
            let wide = i128::from_le_bytes(*bytes);
            u64::try_from(wide).map_or_else(|_| Value::String(wide.to_string()), |wide| Value::Number(wide.into()))
        }
        // JSON has no infinities and no NaN.
        Node::Float(float) => match Number::from_f64(*float) {
            Some(number) => Value::Number(number),
            None if float.is_nan() => Value::String("nan".into()),
            None => Value::String(if *float > 0.0 { "inf" } else { "-inf" }.into()),
        },
        Node::Text(string) | Node::Old(string) => return text(string, budget),
        Node::Class(module, name) => match (tree.text(*module), tree.text(*name)) {
            // torch.float32: PyTorch's types are known by their names alone.
            (Some("torch"), Some(name)) => return text(name, budget),
            (Some(module), Some(name)) => return text(&joined(module, name), budget),
            _ => return Ok(None),
        },
        _ => return Ok(None),
    }))
}

fn text(text: &str, budget: &Budget) -> Result<Option<Value>> {
    if text.len() > LONGEST_TEXT {
        return Ok(None);
    }
    budget.work(text.len())?;
    budget.take(text.len())?;
    Ok(Some(Value::String(text.into())))
}
