//! Partial records completed by the table of settings, field by field. Whether the fields then fit together is another question.

use serde_json::{Map, Value};

use crate::config::settings::{Resolved, SETTINGS, Setting};
use crate::config::{ConfigError, check};

/// Every one of these rows' fields as given or by default, by path; and what is wrong with single fields, which have their defaults then.
pub(super) fn settle<'a>(
    rows: &[Setting],
    given: impl Fn(&Setting) -> Option<&'a Value>,
) -> (Map<String, Value>, Vec<ConfigError>) {
    let mut values = Map::new();
    let mut errors = Vec::new();
    for setting in rows {
        let value = match given(setting).map(|value| check(setting, value)) {
            Some(Ok(value)) => value,
            wrong => {
                errors.extend(wrong.and_then(Result::err));
                (setting.default)(&Resolved(&values))
            }
        };
        values.insert(setting.path.into(), value);
    }
    (values, errors)
}

/// Values by path as the record they make: `{ task: { … }, …, device, … }`.
pub(super) fn nested(mut values: Map<String, Value>) -> Value {
    let mut record = Map::new();
    for setting in SETTINGS {
        if let Some(value) = values.remove(setting.path) {
            setting.put(&mut record, value);
        }
    }
    Value::Object(record)
}

/// The whole record of a partial one; or all that is wrong with single fields.
pub(super) fn complete(partial: &Value) -> Result<Value, Vec<ConfigError>> {
    let mut errors = unknown_names(partial);
    let (values, wrong) = settle(SETTINGS, |setting| setting.of(partial));
    errors.extend(wrong);
    if errors.is_empty() { Ok(nested(values)) } else { Err(errors) }
}

/// Checked values as the records they describe.
pub(super) fn typed<T: serde::de::DeserializeOwned>(record: Value) -> Result<T, Vec<ConfigError>> {
    serde_json::from_value(record).map_err(|error| vec![ConfigError::new("", error.to_string())])
}

/// An error for every group or field that the table does not have.
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
        "An experiment has no field {group}; it has task, model and train, and what a link says besides: {}.",
        others.join(", ")
    )
}
