//! Completes partial records from the table of settings, field by field. Whether the fields are consistent with each
//! other is checked elsewhere.

use serde_json::{Map, Value};

use crate::config::{Above, ConfigError, Needs, SETTINGS, Setting, check, setting};
use crate::task::TaskConfig;

/// Fields that get their values one after the other, in the order of the table.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// Values by path.
    pub values: Map<String, Value>,
    /// What the task requires, once all of its fields have values.
    needs: Option<Needs>,
}

impl Settled {
    /// Whether the task has this field. Until the task is known, it has every field.
    pub fn has(&self, setting: &Setting) -> bool {
        let task = self.values.get("task.name").and_then(Value::as_str);
        task.is_none_or(|task| setting.is_of(task))
    }

    /// The default of the next field.
    pub fn default_of(&mut self, setting: &Setting) -> Value {
        let unknown = Needs { positions: 0, d_vocab: 0, example: Vec::new() };
        if self.needs.is_none() && setting.group() != "task" {
            self.needs = self.task().map(|task| task.task().needs());
        }
        (setting.default)(&Above { values: &self.values, needs: self.needs.as_ref().unwrap_or(&unknown) })
    }

    /// Gives the next field its value.
    pub fn put(&mut self, setting: &Setting, value: Value) {
        self.values.insert(setting.path.into(), value);
    }

    /// The task, from the fields so far; `None` if they do not make one.
    fn task(&self) -> Option<TaskConfig> {
        let mut record = Map::new();
        for (path, value) in &self.values {
            setting(path)?.put(&mut record, value.clone());
        }
        serde_json::from_value(record.remove("task")?).ok()
    }
}

/// The value of every field in `rows` that the task of `given` has: as given, or its default. An invalid field gets its
/// default too, and an error.
pub(super) fn settle<'a>(
    rows: &[Setting],
    given: impl Fn(&Setting) -> Option<&'a Value>,
) -> (Map<String, Value>, Vec<ConfigError>) {
    let mut settled = Settled::default();
    let mut errors = Vec::new();
    for setting in rows {
        if !settled.has(setting) {
            errors.extend(given(setting).map(|_| ConfigError::new(setting.path, other_task(setting))));
            continue;
        }
        let value = match given(setting).map(|value| check(setting, value)) {
            Some(Ok(value)) => value,
            wrong => {
                errors.extend(wrong.and_then(Result::err));
                settled.default_of(setting)
            }
        };
        settled.put(setting, value);
    }
    (settled.values, errors)
}

/// Why the task cannot have a field.
fn other_task(setting: &Setting) -> String {
    format!("{} is a field of {} alone.", setting.path, setting.tasks.join(" and "))
}

/// The record of values by path: `{ task: { … }, …, device, … }`.
pub(super) fn nested(mut values: Map<String, Value>) -> Value {
    let mut record = Map::new();
    for setting in SETTINGS {
        if let Some(value) = values.remove(setting.path) {
            setting.put(&mut record, value);
        }
    }
    Value::Object(record)
}

/// Completes a partial record.
///
/// # Errors
/// All unknown names and all invalid fields.
pub(super) fn complete(partial: &Value) -> Result<Value, Vec<ConfigError>> {
    let mut errors = unknown_names(partial);
    let (values, wrong) = settle(SETTINGS, |setting| setting.of(partial));
    errors.extend(wrong);
    if errors.is_empty() { Ok(nested(values)) } else { Err(errors) }
}

/// A checked record in its Rust type.
pub(super) fn typed<T: serde::de::DeserializeOwned>(record: Value) -> Result<T, Vec<ConfigError>> {
    serde_json::from_value(record).map_err(|error| vec![ConfigError::new("", error.to_string())])
}

/// An error for each group and field that the table does not have.
fn unknown_names(partial: &Value) -> Vec<ConfigError> {
    let Value::Object(groups) = partial else {
        return vec![ConfigError::new("", "An experiment must be an object with the fields task, model and train.")];
    };
    let mut errors = Vec::new();
    for (group, fields) in groups {
        let rows: Vec<&Setting> = SETTINGS.iter().filter(|setting| setting.group() == group).collect();
        let known: Vec<&str> = rows.iter().map(|setting| setting.field()).collect();
        match fields {
            _ if rows.is_empty() => errors.push(ConfigError::new(group.as_str(), no_such_group(group))),
            _ if rows[0].path == group => {}
            Value::Object(fields) => {
                errors.extend(fields.keys().filter(|field| !known.contains(&field.as_str())).map(|field| {
                    ConfigError::new(
                        format!("{group}.{field}"),
                        format!("{group} has no field {field}; it has {}.", known.join(", ")),
                    )
                }))
            }
            _ => errors.push(ConfigError::new(
                group.as_str(),
                format!("{group} must be an object with fields such as {}.", known[0]),
            )),
        }
    }
    errors
}

fn no_such_group(group: &str) -> String {
    let mut others: Vec<&str> = SETTINGS.iter().map(|setting| setting.group()).collect();
    others.dedup();
    others.retain(|group| !["task", "model", "train"].contains(group));
    format!(
        "An experiment has no field {group}; it has task, model and train, and a link may also have {}.",
        others.join(", ")
    )
}
