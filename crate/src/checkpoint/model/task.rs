//! What a file's model was trained to do: as its training record says, or as its shapes suggest.

use serde_json::{Map, Value, json};

use super::configuration::of_model;
use crate::config::{ModelConfig, SETTINGS, Setting, check};
use crate::experiment::Experiment;
use crate::task::assumed;

/// Whether a field tells a record of a task or of training from others: `name` and `steps` could stand in any.
fn telling(setting: &Setting) -> bool {
    ["task", "train"].contains(&setting.group()) && !["name", "steps"].contains(&setting.field())
}

/// Partial settings of the task and of training.
pub fn settings(
    records: &[(String, Map<String, Value>)],
    config: &ModelConfig,
    notes: &mut Vec<String>,
) -> (Map<String, Value>, Map<String, Value>) {
    let of_model = of_model(records);
    let (mut task, mut train) = (Map::new(), Map::new());
    for (_, record) in records
        .iter()
        .filter(|(_, record)| Some(record) != of_model)
        .filter(|(_, record)| SETTINGS.iter().any(|setting| telling(setting) && record.contains_key(setting.field())))
    {
        for setting in SETTINGS.iter().filter(|setting| ["task", "train"].contains(&setting.group())) {
            let given = record.get(setting.field()).and_then(|value| check(setting, value).ok());
            if let Some(value) = given {
                let group = if setting.group() == "task" { &mut task } else { &mut train };
                group.insert(setting.field().into(), value);
            }
        }
    }
    if let Some((assumed, note)) = assumed(config, &task) {
        notes.push(note);
        for (field, value) in assumed {
            task.entry(field).or_insert(value);
        }
    }
    (task, train)
}

/// Makes batches as small as a training step of a large model needs them to be.
pub fn fit_batch(
    config: &ModelConfig,
    task: &Map<String, Value>,
    train: &mut Map<String, Value>,
    notes: &mut Vec<String>,
) {
    let stated = train.get("batch_size").and_then(Value::as_u64);
    let mut size = stated.unwrap_or(Experiment::default().train.batch_size as u64);
    let too_large = |size: u64| {
        let mut train = train.clone();
        train.insert("batch_size".into(), json!(size));
        let whole = Experiment::around(config, &[&json!({ "task": task, "train": train })]);
        whole.is_err_and(|errors| errors.iter().any(|error| error.path == "train.batch_size"))
    };
    let first = size;
    while size > 1 && too_large(size) {
        size /= 2;
    }
    if size < first {
        train.insert("batch_size".into(), json!(size));
        notes.push(format!(
            "To be trained further, this model takes batches of {size}: larger ones would not fit into memory."
        ));
    }
}
