//! The table of settings as the page reads it.

use serde::Serialize;
use serde_json::Value;

use super::Record;
use crate::config::{Kind, SETTINGS};

/// A row of the table of settings: everything that a control needs.
#[derive(Debug, Serialize)]
pub struct SettingRecord {
    /// `model.d_head`.
    path: &'static str,
    /// `task`, `model`, `train`, `view`, …; of a field without a group, its path.
    group: &'static str,
    /// The field's name within its group.
    label: &'static str,
    kind: KindName,
    /// The least value; `None` where the kind has no range.
    min: Option<f64>,
    /// The largest value; `None` where the kind has no range.
    max: Option<f64>,
    /// `None` is a choice too if the setting is optional.
    choices: Vec<Option<&'static str>>,
    /// Whether `None` is a value too.
    optional: bool,
    /// Whether a control should step through decades.
    log: bool,
    /// The value in the default experiment. (Of `integers` and `texts`, for which there are no controls, a list.)
    default: Value,
    /// How the value follows other settings when it is left out.
    derived: Option<&'static str>,
    /// What the field means.
    help: &'static str,
    /// The tasks that have the field; empty: all of them.
    tasks: &'static [&'static str],
}

/// Which values a setting takes, apart from their range.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum KindName {
    Integer,
    Real,
    Boolean,
    Choice,
    Integers,
    Text,
    Texts,
}

/// The table as records, each with its default in the default experiment.
pub fn settings() -> Vec<SettingRecord> {
    let usual = Record::default();
    SETTINGS
        .iter()
        .map(|setting| {
            let (kind, min, max, log) = match setting.kind {
                Kind::Integer { min, max } => (KindName::Integer, Some(min as f64), Some(max as f64), false),
                Kind::Real { min, max, log } => (KindName::Real, Some(min), Some(max), log),
                Kind::Boolean => (KindName::Boolean, None, None, false),
                Kind::Choice(_) => (KindName::Choice, None, None, false),
                Kind::Integers { max, .. } => (KindName::Integers, Some(0.0), Some(max as f64), false),
                Kind::Text { .. } => (KindName::Text, None, None, false),
                Kind::Texts { .. } => (KindName::Texts, None, None, false),
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
