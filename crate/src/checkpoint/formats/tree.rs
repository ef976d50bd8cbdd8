//! What a file says, as values: the nodes of a pickle or of JSON, which refer to each other by number.
//!
//! Numbers instead of pointers because a pickle's values may contain each other: a cycle is harmless here, and nothing recurses
//! when the tree is dropped. There is no behaviour: a class is two names, and an object made from it is a record of how it
//! was made. What a few known ones mean is said elsewhere (`rebuild`, `numpy`, `records`).

use std::borrow::Cow;

use super::budget::{Budget, Lent};
use super::bytes::quoted;
use crate::error::{Error, Result};

/// A node's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(u32);

/// A value as it stands in the file.
#[derive(Debug)]
pub enum Node<'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer that needs up to 128 bits, little-endian (bytes, because an `i128` would double the size of every node).
    Wide([u8; 16]),
    /// An integer of more than 128 bits.
    Huge,
    Float(f64),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    /// A `str` of Python 2 that is UTF-8: text or bytes, whichever its reader expects. Any other is [`Node::Bytes`].
    Old(Cow<'a, str>),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    Set(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// A class or function by its module and name (both text).
    Class(Id, Id),
    Object(Box<Object>),
    /// What the file stores outside the pickle: torch's storages.
    Persistent(Id),
    /// A number in Python's registry of extensions, which we do not have.
    Extension(i64),
}

impl Node<'_> {
    /// The node for an integer.
    pub fn integer(value: i128) -> Self {
        i64::try_from(value).map_or(Node::Wide(value.to_le_bytes()), Node::Int)
    }

    /// The record of a new object.
    pub fn object(callable: Id, args: Id) -> Self {
        Node::Object(Box::new(Object { callable, args, state: None, items: Vec::new(), entries: Vec::new() }))
    }
}

/// A record of how an object was made: `callable(*args)`, then a state, items and entries given to it.
#[derive(Debug)]
pub struct Object {
    pub callable: Id,
    /// A tuple.
    pub args: Id,
    /// What `__setstate__` or `__dict__.update` would have got.
    pub state: Option<Id>,
    /// Appended, as to a list.
    pub items: Vec<Id>,
    /// Set, as in a dict.
    pub entries: Vec<(Id, Id)>,
}

/// How many bytes of a name are compared for one step of work.
const NAME_BYTES: usize = 8;

/// All nodes of a file.
#[derive(Debug, Default)]
pub struct Tree<'a> {
    nodes: Vec<Node<'a>>,
}

impl<'a> Tree<'a> {
    pub fn add(&mut self, node: Node<'a>, budget: &Budget) -> Result<Id> {
        let id = u32::try_from(self.nodes.len()).map_err(|_| Error::new("it has more than 4294967295 values."))?;
        budget.push(&mut self.nodes, node)?;
        Ok(Id(id))
    }

    pub fn node(&self, id: Id) -> &Node<'a> {
        self.nodes.get(id.0 as usize).unwrap_or(&Node::Null)
    }

    pub fn node_mut(&mut self, id: Id) -> Option<&mut Node<'a>> {
        self.nodes.get_mut(id.0 as usize)
    }

    pub fn nodes(&self) -> &[Node<'a>] {
        &self.nodes
    }

    pub fn text(&self, id: Id) -> Option<&str> {
        match self.node(id) {
            Node::Text(text) | Node::Old(text) => Some(text),
            _ => None,
        }
    }

    pub fn int(&self, id: Id) -> Option<i64> {
        match self.node(id) {
            Node::Int(int) => Some(*int),
            _ => None,
        }
    }

    /// A list of sizes or strides: what `torch.Size`, a tuple or a list holds.
    pub fn ints(&self, id: Id) -> Option<impl ExactSizeIterator<Item = Option<i64>> + '_> {
        self.sequence(id).map(|items| items.iter().map(|&item| self.int(item)))
    }

    pub fn object(&self, id: Id) -> Option<&Object> {
        match self.node(id) {
            Node::Object(object) => Some(object),
            _ => None,
        }
    }

    /// An argument of the call that made an object.
    pub fn arg(&self, object: &Object, index: usize) -> Option<Id> {
        match self.node(object.args) {
            Node::Tuple(args) => args.get(index).copied(),
            _ => None,
        }
    }

    /// The module and name of a class or function. Legacy `torch.save` writes a module's class as something outside the pickle:
    /// ("module", class, source file, source).
    pub fn class(&self, id: Id) -> Option<(&str, &str)> {
        let class = match self.node(id) {
            Node::Persistent(outside) => match self.sequence(*outside)? {
                [kind, class, ..] if self.text(*kind) == Some("module") => *class,
                _ => return None,
            },
            _ => id,
        };
        match self.node(class) {
            Node::Class(module, name) => Some((self.text(*module)?, self.text(*name)?)),
            _ => None,
        }
    }

    /// The class of an object, or the function that returned it. `copyreg`'s helpers have the class as their first argument.
    pub fn maker(&self, object: &Object) -> Option<(&str, &str)> {
        match self.class(object.callable)? {
            ("copyreg" | "copy_reg", "_reconstructor" | "__newobj__" | "__newobj_ex__") => {
                self.class(self.arg(object, 0)?)
            }
            maker => Some(maker),
        }
    }

    /// The items of a list, tuple or set, or of an object that is one (`torch.Size`, a set before protocol 4).
    pub fn sequence(&self, id: Id) -> Option<&[Id]> {
        match self.node(id) {
            Node::List(items) | Node::Tuple(items) | Node::Set(items) => Some(items),
            Node::Object(object) => match self.maker(object)? {
                ("torch", "Size") | ("builtins" | "__builtin__", "set" | "frozenset" | "list" | "tuple") => {
                    match self.arg(object, 0).map(|arg| self.node(arg)) {
                        Some(Node::List(items) | Node::Tuple(items)) => Some(items),
                        Some(_) => None,
                        None => Some(&[]),
                    }
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The bytes of a `bytes` or `bytearray`, however its protocol wrote it. Before protocol 3 that is text, in Latin-1, with a call
    /// of `_codecs.encode`: such bytes are made anew by every call.
    ///
    /// # Errors
    /// If that text has a character that is no byte, or the memory is not there.
    pub fn bytes(&self, id: Id, budget: &Budget) -> Result<Option<Cow<'_, [u8]>>> {
        let object = match self.node(id) {
            Node::Bytes(bytes) => return Ok(Some(Cow::Borrowed(bytes))),
            Node::Old(text) => return Ok(Some(Cow::Borrowed(text.as_bytes()))),
            Node::Object(object) => object,
            _ => return Ok(None),
        };
        match self.maker(object) {
            Some(("_codecs", "encode") | ("builtins" | "__builtin__", "bytes" | "bytearray")) => {}
            _ => return Ok(None),
        }
        let Some(first) = self.arg(object, 0) else { return Ok(Some(Cow::Borrowed(&[]))) };
        match self.node(first) {
            Node::Bytes(bytes) => Ok(Some(Cow::Borrowed(bytes))),
            Node::Old(text) => Ok(Some(Cow::Borrowed(text.as_bytes()))),
            Node::Text(text) => {
                // One text may be the bytes of many tensors.
                budget.work(text.len())?;
                let count = text.chars().count();
                budget.take(count)?;
                let mut bytes = Vec::with_capacity(count);
                for character in text.chars() {
                    bytes.push(u8::try_from(character).map_err(|_| {
                        Error::new(format!(
                            "bytes are written as Latin-1 text here, but {character:?} is no character of Latin-1."
                        ))
                    })?);
                }
                Ok(Some(Cow::Owned(bytes)))
            }
            _ => Ok(None),
        }
    }

    /// Names and values of a dict, or of an object: entries (an `OrderedDict`'s, whose Python 2 form has them as an argument), then
    /// attributes. None for anything else.
    fn fields(&self, id: Id) -> Option<impl Iterator<Item = (Id, Id)> + '_> {
        let none: (&[(Id, Id)], &[Id]) = (&[], &[]);
        let (entries, pairs, states) = match self.node(id) {
            Node::Dict(entries) => (entries.as_slice(), none.1, [none.0; 2]),
            Node::Object(object) => {
                let pairs = match self.maker(object) {
                    Some(("collections", "OrderedDict")) => {
                        self.arg(object, 0).and_then(|arg| self.sequence(arg)).unwrap_or(&[])
                    }
                    _ => &[],
                };
                (object.entries.as_slice(), pairs, self.states(object))
            }
            _ => return None,
        };
        let pairs = pairs.iter().filter_map(|&pair| match self.sequence(pair)? {
            &[key, value] => Some((key, value)),
            _ => None,
        });
        let [attributes, slots] = states;
        Some(pairs.chain(entries.iter().chain(attributes).chain(slots).copied()))
    }

    /// The attributes in an object's state: a dict, or for a class with `__slots__` a pair of (dict or None, dict).
    fn states(&self, object: &Object) -> [&[(Id, Id)]; 2] {
        let dict = |id: Id| match self.node(id) {
            Node::Dict(entries) => entries.as_slice(),
            _ => &[],
        };
        match object.state.map(|state| (state, self.node(state))) {
            Some((_, Node::Tuple(both))) => match both.as_slice() {
                &[attributes, slots] => [dict(attributes), dict(slots)],
                _ => [&[], &[]],
            },
            Some((state, _)) => [dict(state), &[]],
            None => [&[], &[]],
        }
    }

    /// Whether [`Tree::named`] would find something to look into.
    pub fn has_fields(&self, id: Id) -> bool {
        match self.node(id) {
            Node::Dict(_) => true,
            Node::Object(object) => {
                !object.entries.is_empty() || self.states(object).iter().any(|state| !state.is_empty())
            }
            _ => false,
        }
    }

    /// The fields of a dict or object whose names are text, in order; none for anything else.
    ///
    /// # Errors
    /// If a name comes twice (no pickler writes that, and readers would disagree on which one counts), or the work or memory is
    /// more than the file may cost.
    pub fn named<'b>(&self, id: Id, budget: &'b Budget) -> Result<Option<Lent<'b, (&str, Id)>>> {
        let Some(fields) = self.fields(id) else { return Ok(None) };
        let count = self.fields(id).map_or(0, Iterator::count);
        budget.work(count + 1)?;
        let mut named = budget.list(count)?;
        for (name, value) in fields.filter_map(|(key, value)| Some((self.text(key)?, value))) {
            // Names are compared, and one long text may be the name of many fields.
            budget.work(name.len() / NAME_BYTES)?;
            named.list.push((name, value));
        }
        let mut names = budget.list(count)?;
        names.list.extend(named.iter().map(|&(name, _)| name));
        match twice(&mut names.list) {
            Some(name) => Err(Error::new(format!("the key {} comes twice; each may come once.", quoted(name)))),
            None => Ok(Some(named)),
        }
    }

    /// What a value is, for people.
    pub fn kind(&self, id: Id) -> String {
        match self.node(id) {
            Node::Null => "None".into(),
            Node::Bool(_) => "a boolean".into(),
            Node::Int(_) | Node::Wide(_) | Node::Huge => "an integer".into(),
            Node::Float(_) => "a number".into(),
            Node::Text(_) | Node::Old(_) => "text".into(),
            Node::Bytes(_) => "bytes".into(),
            Node::List(_) => "a list".into(),
            Node::Tuple(_) => "a tuple".into(),
            Node::Set(_) => "a set".into(),
            Node::Dict(_) => "a dict".into(),
            Node::Class(..) => "a class or function".into(),
            Node::Object(object) => match self.maker(object) {
                Some((module, name)) => format!("an object made by {}", quoted(&joined(module, name))),
                None => "an object of unknown class".into(),
            },
            Node::Persistent(_) => "a reference to something outside the pickle".into(),
            Node::Extension(number) => format!("number {number} of Python's registry of extensions"),
        }
    }
}

/// `module.name`, of which an error shows no more than the start.
pub fn joined(module: &str, name: &str) -> String {
    let short = |text: &str| text.chars().take(100).collect::<String>();
    format!("{}.{}", short(module), short(name))
}

/// A name that comes more than once. Sorts the names.
pub fn twice<'n>(names: &mut [&'n str]) -> Option<&'n str> {
    names.sort_unstable();
    names.windows(2).find_map(|pair| match pair {
        [a, b] if a == b => Some(*a),
        _ => None,
    })
}
