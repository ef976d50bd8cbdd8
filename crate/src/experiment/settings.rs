//! The table of settings as the page reads it.

use serde::Serialize;
use serde_json::Value;

use super::Record;
use crate::config::{Kind, SETTINGS};

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
    /// The tasks that have the field; empty: all of them.
    tasks: &'static [&'static str],
}

/// The table as records, each with its default in the default experiment.
pub fn settings() -> Vec<SettingRecord> {
    let usual = Record::default();
    SETTINGS
        .iter()
        .map(|setting| {
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
                default: usual.value(setting).clone(),
                derived: setting.derived,
                help: setting.help,
                tasks: setting.tasks,
            }
        })
        .collect()
}
