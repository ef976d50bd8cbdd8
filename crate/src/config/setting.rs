//! A row of the table of settings: the kind, range, default and help of one field of a record.

use serde_json::{Map, Value};

/// One field of a record.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// `group.field`, e.g. `task.list_length`, or the name alone of a field without a group. Links use it as it is.
    pub path: &'static str,
    /// The names of the tasks that have the field; empty: all tasks.
    pub tasks: &'static [&'static str],
    /// Which values the field takes.
    pub kind: Kind,
    /// Whether `null` is accepted as a value.
    pub optional: bool,
    /// The value if none is given. It may depend on fields *above* this one in the table.
    pub default: fn(&Above) -> Value,
    /// How the default depends on other fields, in words; `None` if it does not.
    pub derived: Option<&'static str>,
    /// What the field means, for a reader who has read one blog post on attention.
    pub help: &'static str,
}

/// Which values a setting takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A whole number; both ends of the range are included.
    Integer {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// A number; both ends of the range are included.
    Real {
        /// The smallest.
        min: f64,
        /// The largest.
        max: f64,
        /// Whether a control should have a logarithmic scale.
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
        /// The length of the longest list; the shortest has one number.
        most: usize,
    },
    /// A text.
    Text {
        /// What the text looks like, in words.
        form: &'static str,
        /// Returns the text in its canonical form, or `None` if the setting does not accept it.
        read: fn(&str) -> Option<String>,
    },
    /// A list of texts.
    Texts {
        /// As in [`Kind::Text`].
        form: &'static str,
        /// As in [`Kind::Text`].
        read: fn(&str) -> Option<String>,
        /// The length of the longest list.
        most: usize,
        /// Whether a link has a field for each text, instead of one field for all of them.
        each: bool,
    },
}

/// What a task with its settings requires of a model, and the input that the page shows first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs {
    /// The positions of its longest sequence.
    pub positions: usize,
    /// The tokens of its vocabulary.
    pub d_vocab: usize,
    /// The input that the page shows first.
    pub example: Vec<usize>,
}

/// The values of the rows above a row of the table: what its default may depend on.
#[derive(Clone, Copy, Debug)]
pub struct Above<'a> {
    /// Values by path.
    pub values: &'a Map<String, Value>,
    /// What the task requires. It is known in the rows below those of the task.
    pub needs: &'a Needs,
}

impl Above<'_> {
    /// The whole number at `path`; 0 if there is none.
    pub(super) fn integer(&self, path: &str) -> u64 {
        self.values.get(path).and_then(Value::as_u64).unwrap_or(0)
    }

    /// The name of the task.
    pub(super) fn task(&self) -> &str {
        self.values.get("task.name").and_then(Value::as_str).unwrap_or("")
    }
}

impl Setting {
    /// The setting with a default that depends on other fields; `how` says so in words.
    pub(super) const fn derived(self, how: &'static str) -> Self {
        Self { derived: Some(how), ..self }
    }

    /// The setting, also accepting `null`.
    pub(super) const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// The setting as a field of these tasks only.
    pub(super) const fn only(self, tasks: &'static [&'static str]) -> Self {
        Self { tasks, ..self }
    }

    /// The setting with a field in a link for each of its texts.
    pub(super) const fn each(self) -> Self {
        match self.kind {
            Kind::Texts { form, read, most, .. } => Self { kind: Kind::Texts { form, read, most, each: true }, ..self },
            _ => self,
        }
    }

    /// Whether records of this task have the field.
    pub fn is_of(&self, task: &str) -> bool {
        self.tasks.is_empty() || self.tasks.contains(&task)
    }

    /// The field's group (`task`, `model`, `train`, `sampling`, `view`, …); the name of a field without a group.
    pub fn group(&self) -> &'static str {
        self.path.split_once('.').map_or(self.path, |(group, _)| group)
    }

    /// The field's name within its group.
    pub fn field(&self) -> &'static str {
        self.path.split_once('.').map_or(self.path, |(_, field)| field)
    }

    /// The field's value in a record, if it is there.
    pub fn of<'a>(&self, record: &'a Value) -> Option<&'a Value> {
        match self.path.split_once('.') {
            Some((group, field)) => record.get(group)?.get(field),
            None => record.get(self.path),
        }
    }

    /// Sets the field's value in a record.
    ///
    /// # Panics
    /// If the record has something else than an object in the place of the field's group.
    pub fn put(&self, record: &mut Map<String, Value>, value: Value) {
        match self.path.split_once('.') {
            Some((group, field)) => {
                record.entry(group).or_insert_with(|| Value::Object(Map::new()))[field] = value;
            }
            None => drop(record.insert(self.path.into(), value)),
        }
    }
}
