//! What a file's model was trained to do: as its training record says, or as its shapes suggest.

use serde_json::{Map, Value, json};

use super::record::of_model;
use crate::config::settings::SETTINGS;
use crate::config::{ModelConfig, check};
use crate::experiment::Experiment;

/// Fields that only a record of a task or of training has.
const TELLING: [&str; 7] =
    ["list_length", "max_value", "mid_token", "bos_token", "train_seed", "num_samples", "batch_size"];

/// Longest list that is assumed of a model with a long context.
const LONGEST: usize = 50;

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
        .filter(|(_, record)| Some(record) != of_model && TELLING.iter().any(|field| record.contains_key(*field)))
    {
        for setting in SETTINGS.iter().filter(|setting| ["task", "train"].contains(&setting.group())) {
            let given = record.get(setting.field()).and_then(|value| check(setting, value).ok());
            if let Some(value) = given {
                let group = if setting.group() == "task" { &mut task } else { &mut train };
                group.insert(setting.field().into(), value);
            }
        }
    }
    if !task.contains_key("max_value") && !task.contains_key("mid_token") {
        let (assumed, note) = assumed(config);
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

/// The task that a sorter of these sizes would have: its vocabulary ends with BOS and MID, its context holds one sequence.
fn assumed(config: &ModelConfig) -> (Map<String, Value>, String) {
    let without_bos = config.d_vocab == config.d_vocab_out + 1 || config.n_ctx % 2 == 1;
    let special = if without_bos { 1 } else { 2 };
    let numbers = config.d_vocab.saturating_sub(special).min(config.d_vocab_out).min(1000);
    let (bos, mid) = (config.d_vocab.saturating_sub(2), config.d_vocab.saturating_sub(1));
    let length = (config.n_ctx.saturating_sub(special) / 2).min(LONGEST);
    let bos = if without_bos { Value::Null } else { json!(bos) };
    let said = if without_bos { "none".into() } else { bos.to_string() };
    let note = format!(
        "What the tokens mean is not in the file: it is taken for a sorter of {length} numbers from 0 to {}, BOS {said}, MID {mid}.",
        numbers.saturating_sub(1)
    );
    let task =
        json!({ "list_length": length, "min_value": 0, "max_value": numbers, "bos_token": bos, "mid_token": mid });
    (task.as_object().cloned().unwrap_or_default(), note)
}
