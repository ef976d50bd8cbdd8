//! What a row of the table of settings says: each field of a record once, with its kind, range, default and a sentence of help.
//! Validation, the page's controls, links and docs/links.md are read off it.

use serde::Serialize;
use serde_json::{Map, Value};

pub use super::table::SETTINGS;

/// One field of a record.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// `group.field`, e.g. `task.list_length`; a name alone where there is no group. What a link calls it.
    pub path: &'static str,
    pub kind: Kind,
    /// Whether `null` is a value too.
    pub optional: bool,
    /// The value when none is given. It may follow fields that stand *above* it in the table.
    pub default: fn(&Resolved) -> Value,
    /// When the default follows other fields: how, for people.
    pub derived: Option<&'static str>,
    /// What it means, for somebody who has read one blog post on attention.
    pub help: &'static str,
}

/// What values a setting takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A whole number, both ends included.
    Integer {
        min: u64,
        max: u64,
    },
    /// A number, both ends included; `log`: a control should step through decades.
    Real {
        min: f64,
        max: f64,
        log: bool,
    },
    Boolean,
    /// One of these strings.
    Choice(&'static [&'static str]),
    /// Whole numbers from 0 to `max`, 1 to `most` of them.
    Integers {
        max: u64,
        most: usize,
    },
    /// A text. `form`: what it looks like, for people; `read` gives it as it is written, or nothing.
    Text {
        form: &'static str,
        read: fn(&str) -> Option<String>,
    },
    /// Such texts, in order, at most `most`. `each`: a link has one field for each, and not one for all.
    Texts {
        form: &'static str,
        read: fn(&str) -> Option<String>,
        most: usize,
        each: bool,
    },
}

/// Values settled so far, by path: what a derived default may look at.
pub struct Resolved<'a>(pub &'a Map<String, Value>);

impl Resolved<'_> {
    pub(super) fn integer(&self, path: &str) -> u64 {
        self.0.get(path).and_then(Value::as_u64).unwrap_or(0)
    }

    pub(super) fn is_null(&self, path: &str) -> bool {
        self.0.get(path).is_some_and(Value::is_null)
    }
}

impl Setting {
    pub(super) const fn derived(self, how: &'static str) -> Self {
        Self { derived: Some(how), ..self }
    }

    pub(super) const fn optional(self) -> Self {
        Self { optional: true, ..self }
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
            Some((group, field)) => record.entry(group).or_insert_with(|| Value::Object(Map::new()))[field] = value,
            None => drop(record.insert(self.path.into(), value)),
        }
    }
}

/// A row of the table as the page reads it.
#[derive(Debug, Serialize)]
pub struct SettingRecord {
    path: &'static str,
    group: &'static str,
    label: &'static str,
    kind: &'static str,
    min: Option<f64>,
    max: Option<f64>,
    choices: Vec<Option<&'static str>>,
    optional: bool,
    log: bool,
    default: Value,
    derived: Option<&'static str>,
    help: &'static str,
}

/// The table as records, each with its default in the default experiment.
pub fn records() -> Vec<SettingRecord> {
    let mut values = Map::new();
    SETTINGS
        .iter()
        .map(|setting| {
            let default = (setting.default)(&Resolved(&values));
            values.insert(setting.path.into(), default.clone());
            let (kind, min, max, log) = match setting.kind {
                Kind::Integer { min, max } => ("integer", Some(min as f64), Some(max as f64), false),
                Kind::Real { min, max, log } => ("real", Some(min), Some(max), log),
                Kind::Boolean => ("boolean", None, None, false),
                Kind::Choice(_) => ("choice", None, None, false),
                Kind::Integers { max, .. } => ("integers", Some(0.0), Some(max as f64), false),
                Kind::Text { .. } => ("text", None, None, false),
                Kind::Texts { .. } => ("texts", None, None, false),
            };
            let mut choices = Vec::new();
            if let Kind::Choice(names) = setting.kind {
                choices.extend(setting.optional.then_some(None));
                choices.extend(names.iter().map(|name| Some(*name)));
            }
            let (path, group, label) = (setting.path, setting.group(), setting.field());
            SettingRecord {
                path,
                group,
                label,
                kind,
                min,
                max,
                choices,
                optional: setting.optional,
                log,
                default,
                derived: setting.derived,
                help: setting.help,
            }
        })
        .collect()
}
