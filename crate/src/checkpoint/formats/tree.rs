//! What a file says, as values: the nodes of a pickle or of JSON, which refer to each other by number.
//!
//! They refer by number and not by pointer because a pickle's values may contain each other: a cycle is harmless here,
//! and nothing recurses when the tree is dropped. Nothing here has behaviour: a class is two names, and an object made
//! from it is a record of how it was made. `rebuild`, `numpy` and `metadata` know what a few of them mean.

use std::borrow::Cow;

use super::budget::Budget;
use super::shown::{joined, quoted};
use crate::error::{Error, Result};

/// A node's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(u32);

/// A value as it stands in the file.
#[derive(Debug)]
pub enum Node<'a> {
    /// Python's `None`, JSON's `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer of up to 64 bits.
    Int(i64),
    /// An integer that needs up to 128 bits, little-endian (an `i128` would double the size of every node).
    Wide([u8; 16]),
    /// An integer of more than 128 bits.
    Huge,
    /// A number.
    Float(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes; also a `str` of Python 2 that is not UTF-8.
    Bytes(Cow<'a, [u8]>),
    /// A `str` of Python 2 that is UTF-8: text or bytes, whichever its reader expects.
    Old(Cow<'a, str>),
    /// A list.
    List(Vec<Id>),
    /// A tuple.
    Tuple(Vec<Id>),
    /// A set.
    Set(Vec<Id>),
    /// A dict's keys and values.
    Dict(Vec<(Id, Id)>),
    /// A class or function by its module and name, which are both text.
    Class(Id, Id),
    /// An object of some class.
    Object(Box<Object>),
    /// What the file stores outside the pickle: torch's storages.
    Persistent(Id),
    /// A number in Python's registry of extensions, which we do not have.
    Extension(i64),
}

/// How an object was made: `callable(*args)`, then a state, items and entries were given to it.
#[derive(Debug)]
pub struct Object {
    /// The class, or the function that returned the object.
    pub callable: Id,
    /// A tuple.
    pub args: Id,
    /// What `__setstate__` or `__dict__.update` would have got.
    pub state: Option<Id>,
    /// What was appended, as to a list.
    pub items: Vec<Id>,
    /// What was set, as in a dict.
    pub entries: Vec<(Id, Id)>,
}

impl Object {
    /// An object that has been given nothing yet.
    pub fn new(callable: Id, args: Id) -> Self {
        Self { callable, args, state: None, items: Vec::new(), entries: Vec::new() }
    }
}

impl<'a> Node<'a> {
    /// The node of an integer.
    pub fn integer(value: i128) -> Self {
        i64::try_from(value).map_or(Self::Wide(value.to_le_bytes()), Self::Int)
    }

    /// The node of a `str` of Python 2. Whether it is text is found out here, once.
    pub fn python2(bytes: Cow<'a, [u8]>) -> Self {
        match bytes {
            Cow::Borrowed(bytes) => {
                std::str::from_utf8(bytes).map_or(Self::Bytes(bytes.into()), |text| Self::Old(text.into()))
            }
            Cow::Owned(bytes) => String::from_utf8(bytes)
                .map_or_else(|error| Self::Bytes(error.into_bytes().into()), |text| Self::Old(text.into())),
        }
    }
}

/// All nodes of a file. What looks at a single node takes the same time whatever the node holds.
#[derive(Debug, Default)]
pub struct Tree<'a> {
    nodes: Vec<Node<'a>>,
}

impl<'a> Tree<'a> {
    /// Adds a node.
    ///
    /// # Errors
    /// If the memory is not there.
    pub fn add(&mut self, node: Node<'a>, budget: &Budget) -> Result<Id> {
        let id = u32::try_from(self.nodes.len()).map_err(|_| Error::new("it has more than 4294967295 values."))?;
        budget.push(&mut self.nodes, node)?;
        Ok(Id(id))
    }

    /// The node of a number.
    pub fn node(&self, id: Id) -> &Node<'a> {
        self.nodes.get(id.0 as usize).unwrap_or(&Node::Null)
    }

    /// All nodes, in the order in which they were added.
    pub fn nodes(&self) -> &[Node<'a>] {
        &self.nodes
    }

    /// What can be appended to: a list, a set or an object.
    pub fn items_mut(&mut self, id: Id) -> Option<&mut Vec<Id>> {
        match self.nodes.get_mut(id.0 as usize)? {
            Node::List(list) | Node::Set(list) => Some(list),
            Node::Object(object) => Some(&mut object.items),
            _ => None,
        }
    }

    /// What keys can be set in: a dict or an object.
    pub fn entries_mut(&mut self, id: Id) -> Option<&mut Vec<(Id, Id)>> {
        match self.nodes.get_mut(id.0 as usize)? {
            Node::Dict(entries) => Some(entries),
            Node::Object(object) => Some(&mut object.entries),
            _ => None,
        }
    }

    /// The object of a number, to give it a state.
    pub fn object_mut(&mut self, id: Id) -> Option<&mut Object> {
        match self.nodes.get_mut(id.0 as usize)? {
            Node::Object(object) => Some(object),
            _ => None,
        }
    }

    /// A text.
    pub fn text(&self, id: Id) -> Option<&str> {
        match self.node(id) {
            Node::Text(text) | Node::Old(text) => Some(text),
            _ => None,
        }
    }

    /// An integer of up to 64 bits.
    pub fn int(&self, id: Id) -> Option<i64> {
        match self.node(id) {
            Node::Int(int) => Some(*int),
            _ => None,
        }
    }

    /// A list of sizes or strides: the items of a `torch.Size`, a tuple or a list, each `None` if it is no integer.
    pub fn ints(&self, id: Id) -> Option<impl ExactSizeIterator<Item = Option<i64>> + '_> {
        self.sequence(id).map(|items| items.iter().map(|&item| self.int(item)))
    }

    /// An object.
    pub fn object(&self, id: Id) -> Option<&Object> {
        match self.node(id) {
            Node::Object(object) => Some(object),
            _ => None,
        }
    }

    /// An argument of the call that made an object.
    pub fn arg(&self, object: &Object, index: usize) -> Option<Id> {
        self.plain_items(object.args)?.get(index).copied()
    }

    /// The items of a list or tuple.
    fn plain_items(&self, id: Id) -> Option<&[Id]> {
        match self.node(id) {
            Node::List(items) | Node::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// The module and name of a class or function. Legacy `torch.save` writes a module's class as something outside the
    /// pickle: ("module", class, source file, source).
    pub fn class(&self, id: Id) -> Option<(&str, &str)> {
        let class = match self.node(id) {
            Node::Persistent(outside) => match self.plain_items(*outside)? {
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

    /// The class of an object, or the function that returned it. `copyreg`'s helpers have the class as their first
    /// argument.
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
                    self.arg(object, 0).map_or(Some(&[]), |arg| self.plain_items(arg))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The bytes of a `bytes` or `bytearray`, however its protocol wrote it. Before protocol 3 that is text, in
    /// Latin-1, with a call of `_codecs.encode`; such bytes are made anew by every call.
    ///
    /// # Errors
    /// If that text has a character that is no byte, or the budget is used up.
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
