//! JSON as a [`Tree`]. serde_json reads it, but the values are built here: its own `Value` takes the last of two equal
//! keys and any amount of memory.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::budget::Budget;
use super::fields::twice;
use super::shown::quoted;
use super::tree::{Id, Node, Tree};
use crate::error::{Error, Result};

/// Reads a JSON text.
///
/// # Errors
/// With line and column, if it is none, a key comes twice, or the budget is used up.
pub fn read<'a>(text: &'a [u8], budget: &Budget) -> Result<(Tree<'a>, Id)> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    budget.work(text.len())?;
    // serde_json puts texts with escapes together in a buffer, which may double as it grows.
    let buffer = if text.contains(&b'\\') { text.len().saturating_mul(2) } else { 0 };
    budget.take(buffer)?;
    let mut tree = Tree::default();
    let mut json = serde_json::Deserializer::from_slice(text);
    let root = Values { tree: &mut tree, budget }.deserialize(&mut json).and_then(|root| json.end().map(|()| root));
    budget.give(buffer);
    let root = root.map_err(|error| {
        let error = error.to_string();
        let hint =
            if error.starts_with("expected value") { "; JSON has no NaN, no Infinity and no comments" } else { "" };
        Error::new(format!("{error}{hint}."))
    })?;
    Ok((tree, root))
}

/// Adds the next value to a tree.
struct Values<'t, 'a, 'b> {
    tree: &'t mut Tree<'a>,
    budget: &'b Budget,
}

impl<'a> Values<'_, 'a, '_> {
    fn add<E: serde::de::Error>(self, node: Node<'a>) -> std::result::Result<Id, E> {
        self.tree.add(node, self.budget).map_err(E::custom)
    }

    fn inner(&mut self) -> Values<'_, 'a, '_> {
        Values { tree: self.tree, budget: self.budget }
    }
}

impl<'a> DeserializeSeed<'a> for Values<'_, 'a, '_> {
    type Value = Id;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> std::result::Result<Id, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Values<'_, 'a, '_> {
    type Value = Id;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> std::result::Result<Id, E> {
        self.add(Node::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> std::result::Result<Id, E> {
        self.add(Node::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> std::result::Result<Id, E> {
        self.add(Node::Int(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> std::result::Result<Id, E> {
        self.add(Node::integer(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> std::result::Result<Id, E> {
        self.add(Node::Float(value))
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'a str) -> std::result::Result<Id, E> {
        self.add(Node::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<Id, E> {
        self.budget.take(text.len()).map_err(E::custom)?;
        self.add(Node::Text(Cow::Owned(text.into())))
    }

    fn visit_seq<A: SeqAccess<'a>>(mut self, mut items: A) -> std::result::Result<Id, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.inner())? {
            self.budget.push(&mut list, item).map_err(A::Error::custom)?;
        }
        self.add(Node::List(list))
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut fields: A) -> std::result::Result<Id, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = fields.next_key_seed(self.inner())? {
            let value = fields.next_value_seed(self.inner())?;
            self.budget.push(&mut entries, (key, value)).map_err(A::Error::custom)?;
        }
        let mut names = self.budget.list(entries.len()).map_err(A::Error::custom)?;
        names.list.extend(entries.iter().filter_map(|&(key, _)| self.tree.text(key)));
        if let Some(name) = twice(&mut names.list) {
            return Err(A::Error::custom(format!(
                "the key {} comes twice in one object; each may come once",
                quoted(name)
            )));
        }
        drop(names);
        self.add(Node::Dict(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::formats::fields::named;

    fn error(text: &str) -> String {
        read(text.as_bytes(), &Budget::new(text.len())).map(drop).unwrap_err().to_string()
    }

    #[test]
    fn says_the_line_and_what_is_wrong() {
        assert!(error("{\"a\": 1,\n \"a\": 2}").contains("\"a\" comes twice"));
        assert!(error("[1,\n NaN]").contains("line 2"));
        assert!(error(&"[".repeat(100_000)).contains("recursion limit"));
        assert!(error("[1] 2").contains("trailing"));
    }

    #[test]
    fn reads_escapes_and_large_integers() {
        let text = br#"{"k\u0041": [18446744073709551615, -1, 1e3, null, true]}"#;
        let budget = Budget::new(text.len());
        let (tree, root) = read(text, &budget).unwrap();
        let fields = named(&tree, root, &budget).unwrap().unwrap();
        let &[(name, list)] = &fields[..] else { panic!() };
        assert_eq!(name, "kA");
        assert_eq!(tree.sequence(list).unwrap().len(), 5);
    }
}
