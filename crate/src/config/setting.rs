//! What a row of the table of settings says of one field: its kind, its range, its default and a sentence of help.

use serde_json::{Map, Value};

/// One field of a record.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// `group.field`, e.g. `task.list_length`; a name alone where there is no group. Links use it as it is.
    pub path: &'static str,
    /// The tasks that have the field, by name; empty: all of them.
    pub tasks: &'static [&'static str],
    /// Which values the field takes.
    pub kind: Kind,
    /// Whether `null` is a value too.
    pub optional: bool,
    /// The value when none is given. It may follow fields that stand *above* it in the table.
    pub default: fn(&Above) -> Value,
    /// How the default follows other fields, for people; `None` if it does not.
    pub derived: Option<&'static str>,
    /// What the field means, for somebody who has read one blog post on attention.
    pub help: &'static str,
}

/// Which values a setting takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A whole number; both ends are included.
    Integer {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// A number; both ends are included.
    Real {
        /// The least.
        min: f64,
        /// The most.
        max: f64,
        /// Whether a control should step through decades.
        log: bool,
    },
    /// True or false.
    Boolean,
    /// One of these strings.
    Choice(&'static [&'static str]),
    /// A list of whole numbers.
    Integers {
        /// The largest number.
        max: u64,
        /// The longest list; the shortest has one number.
        most: usize,
    },
    /// A text.
    Text {
        /// What it looks like, for people.
        form: &'static str,
        /// Gives the text in its canonical form, or nothing if it is not of this form.
        read: fn(&str) -> Option<String>,
    },
    /// A list of texts.
    Texts {
        /// As in [`Kind::Text`].
        form: &'static str,
        /// As in [`Kind::Text`].
        read: fn(&str) -> Option<String>,
        /// The longest list.
        most: usize,
        /// Whether a link has one field for each text instead of one for all.
        each: bool,
    },
}

/// What a task of these settings takes of a model, and the input that a page shows until somebody types another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Positions of its longest sequence.
    pub positions: usize,
    /// Tokens of its vocabulary.
    pub d_vocab: usize,
    /// An input.
    pub example: Vec<usize>,
}

/// What stands above a row of the table, once it is settled: all that a default may follow.
#[derive(Clone, Copy, Debug)]
pub struct Above<'a> {
    /// Values by path.
    pub values: &'a Map<String, Value>,
    /// What the task needs, for the rows below those of the task.
    pub needs: &'a Needs,
}

impl Above<'_> {
    /// The whole number at `path`; 0 where there is none.
    pub(super) fn integer(&self, path: &str) -> u64 {
        self.values.get(path).and_then(Value::as_u64).unwrap_or(0)
    }

    /// The name of the task.
    pub(super) fn task(&self) -> &str {
        self.values.get("task.name").and_then(Value::as_str).unwrap_or("")
    }
}

impl Setting {
    pub(super) const fn derived(self, how: &'static str) -> Self {
        Self { derived: Some(how), ..self }
    }

    pub(super) const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// A field that only these tasks have.
    pub(super) const fn only(self, tasks: &'static [&'static str]) -> Self {
        Self { tasks, ..self }
    }

    /// A link has one field for each of its texts.
    pub(super) const fn each(self) -> Self {
        match self.kind {
            Kind::Texts { form, read, most, .. } => Self { kind: Kind::Texts { form, read, most, each: true }, ..self },
            _ => self,
        }
    }

    /// Whether a record of this task has the field.
    pub fn is_of(&self, task: &str) -> bool {
        self.tasks.is_empty() || self.tasks.contains(&task)
    }

    /// `task`, `model`, `train`, `sampling`, `view`, …; of a field without a group, its name.
    pub fn group(&self) -> &'static str {
        self.path.split_once('.').map_or(self.path, |(group, _)| group)
    }

    /// The field's name within its group.
    pub fn field(&self) -> &'static str {
        self.path.split_once('.').map_or(self.path, |(_, field)| field)
    }

    /// Its value in a record, where there is one.
    pub fn of<'a>(&self, record: &'a Value) -> Option<&'a Value> {
        match self.path.split_once('.') {
            Some((group, field)) => record.get(group)?.get(field),
            None => record.get(self.path),
        }
    }

    /// Puts a value in its place in a record.
    pub fn put(&self, record: &mut Map<String, Value>, value: Value) {
        match self.path.split_once('.') {
            Some((group, field)) => {
                record.entry(group).or_insert_with(|| Value::Object(Map::new()))[field] = value;
            }
            None => drop(record.insert(self.path.into(), value)),
        }
    }
}
