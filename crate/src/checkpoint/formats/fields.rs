//! Names and values of dicts and objects.

use super::budget::{Budget, Lent};
use super::shown::quoted;
use super::tree::{Id, Node, Object, Tree};
use crate::error::{Error, Result};

/// The work of looking at one dict or object, beside its fields.
const VISIT: usize = 32;

/// The work of looking at one field, beside its name.
const FIELD: usize = 24;

/// Where the fields of a dict or object stand.
#[derive(Default)]
struct Fields<'t> {
    /// Keys and values as tuples: the argument of an `OrderedDict` of Python 2.
    pairs: &'t [Id],
    /// A dict's entries, or what was set in an object.
    entries: &'t [(Id, Id)],
    /// An object's attributes, and those of its `__slots__`.
    attributes: [&'t [(Id, Id)]; 2],
}

impl<'t> Fields<'t> {
    /// How many there are at most: not every pair is one.
    fn most(&self) -> usize {
        let [attributes, slots] = self.attributes;
        self.pairs.len() + self.entries.len() + attributes.len() + slots.len()
    }

    fn iter(&self, tree: &'t Tree) -> impl Iterator<Item = (Id, Id)> + 't {
        let pairs = self.pairs.iter().filter_map(|&pair| match tree.sequence(pair)? {
            &[key, value] => Some((key, value)),
            _ => None,
        });
        let [attributes, slots] = self.attributes;
        pairs.chain(self.entries.iter().chain(attributes).chain(slots).copied())
    }
}

/// The fields of a dict or object; `None` for anything else.
fn fields<'t>(tree: &'t Tree, id: Id) -> Option<Fields<'t>> {
    match tree.node(id) {
        Node::Dict(entries) => Some(Fields { entries, ..Fields::default() }),
        Node::Object(object) => {
            let pairs = match tree.maker(object) {
                Some(("collections", "OrderedDict")) => {
                    tree.arg(object, 0).and_then(|arg| tree.sequence(arg)).unwrap_or(&[])
                }
                _ => &[],
            };
            Some(Fields { pairs, entries: &object.entries, attributes: attributes(tree, object) })
        }
        _ => None,
    }
}

/// The attributes in an object's state: a dict, or for a class with `__slots__` a pair of (dict or None, dict).
fn attributes<'t>(tree: &'t Tree, object: &Object) -> [&'t [(Id, Id)]; 2] {
    let dict = |id: Id| match tree.node(id) {
        Node::Dict(entries) => entries.as_slice(),
        _ => &[],
    };
    match object.state.map(|state| (state, tree.node(state))) {
        Some((_, Node::Tuple(both))) => match both.as_slice() {
            &[attributes, slots] => [dict(attributes), dict(slots)],
            _ => [&[], &[]],
        },
        Some((state, _)) => [dict(state), &[]],
        None => [&[], &[]],
    }
}

/// Whether [`named`] would find something to look into.
pub fn has_fields(tree: &Tree, id: Id) -> bool {
    match tree.node(id) {
        Node::Dict(_) => true,
        Node::Object(object) => {
            !object.entries.is_empty() || attributes(tree, object).iter().any(|attributes| !attributes.is_empty())
        }
        _ => false,
    }
}

/// The fields of a dict or object whose names are text, in order; `None` for anything else. An object's entries come
/// before its attributes.
///
/// # Errors
/// If a name comes twice (no pickler writes that, and readers would disagree on which one counts), or the budget is
/// used up.
pub fn named<'t, 'b>(tree: &'t Tree, id: Id, budget: &'b Budget) -> Result<Option<Lent<'b, (&'t str, Id)>>> {
    let Some(fields) = fields(tree, id) else { return Ok(None) };
    let most = fields.most();
    budget.work(VISIT + FIELD * most)?;
    let (mut named, mut keys) = (budget.list(most)?, budget.list(most)?);
    for (key, value) in fields.iter(tree) {
        if let Some(name) = tree.text(key) {
            budget.work(name.len())?;
            named.list.push((name, value));
            keys.list.push((key, name));
        }
    }
    // A key that is the same node is found by its number: comparing one long text with itself again and again would
    // take as long as the text, each time. Texts of different nodes are no longer in all than the file.
    keys.list.sort_unstable_by_key(|&(key, _)| key);
    let again = keys.list.array_windows().find(|[(a, _), (b, _)]| a == b).map(|[(_, name), _]| *name);
    let again = again.or_else(|| {
        keys.list.sort_unstable_by_key(|&(_, name)| name);
        keys.list.array_windows().find(|[(_, a), (_, b)]| a == b).map(|[(_, name), _]| *name)
    });
    match again {
        Some(name) => Err(Error::new(format!("the key {} comes twice; each may come once.", quoted(name)))),
        None => Ok(Some(named)),
    }
}

/// A name that comes more than once. Sorts the names.
pub fn twice<'n>(names: &mut [&'n str]) -> Option<&'n str> {
    names.sort_unstable();
    names.array_windows().find_map(|[a, b]| (a == b).then_some(*a))
}
