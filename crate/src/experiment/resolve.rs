//! The [`Experiment`], completed from a part of it and checked.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::complete::{complete, typed};
use super::limits::{MAX_PARAMETERS, MAX_STEP_BYTES, MAX_TRAINED, batch_error, contradictions_of_model, step_bytes};
use crate::config::{ConfigError, ModelConfig, TrainConfig};
use crate::task::TaskConfig;

/// Task, model and training of a run, complete and consistent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    /// What is learnt.
    pub task: TaskConfig,
    /// What learns it.
    pub model: ModelConfig,
    /// How it is trained.
    pub train: TrainConfig,
}

impl Default for Experiment {
    /// The notebook's run.
    fn default() -> Self {
        Self::resolve(&Value::Object(Map::new())).expect("the table's defaults are consistent")
    }
}

impl Experiment {
    /// Completes a partial experiment, `{ task?: {…}, model?: {…}, train?: {…} }`. A field that is left out takes its
    /// default, which may follow other fields (`d_head` follows `d_model`).
    ///
    /// # Errors
    /// Everything that is wrong, each with its path: unknown names, values out of range, fields that contradict others.
    pub fn resolve(partial: &Value) -> Result<Self, Vec<ConfigError>> {
        Self::consistent(complete(partial)?)
    }

    /// The experiment of a record whose single fields are all there and right.
    pub(super) fn consistent(record: Value) -> Result<Self, Vec<ConfigError>> {
        let experiment: Self = typed(record)?;
        let errors = experiment.contradictions();
        if errors.is_empty() { Ok(experiment) } else { Err(errors) }
    }

    /// The experiment around an existing model. Task and training are those of the partial experiments in `given`, of
    /// which later ones override earlier ones. One that names another task takes nothing from the task before it.
    ///
    /// # Errors
    /// As [`Experiment::resolve`].
    pub fn around(model: &ModelConfig, given: &[&Value]) -> Result<Self, Vec<ConfigError>> {
        Self::resolve(&merged(model, given)?)
    }

    /// Contradictions between fields.
    fn contradictions(&self) -> Vec<ConfigError> {
        let Self { task, model, train } = self;
        let mut errors = task.task().contradictions(model);
        errors.extend(batch_error(task, train));
        let positions = task.task().needs().positions;
        let own = contradictions_of_model(model, MAX_TRAINED);
        let gigabytes = step_bytes(model, train.batch_size, positions) / 1e9;
        if own.is_empty() && gigabytes * 1e9 > MAX_STEP_BYTES {
            let message = format!(
                "train.batch_size is {}; a step of this model would then take about {gigabytes:.0} GB of memory, and 2 \
                 are allowed; choose a smaller batch or model.",
                train.batch_size
            );
            errors.push(ConfigError::new("train.batch_size", message));
        }
        errors.extend(own);
        errors
    }
}

/// The task of [`Experiment::around`], for a model that is not to be trained: limits of training do not apply.
///
/// # Errors
/// As [`Experiment::resolve`].
pub fn task_around(model: &ModelConfig, given: &[&Value]) -> Result<TaskConfig, Vec<ConfigError>> {
    let mut record = complete(&merged(model, given)?)?;
    let task: TaskConfig = typed(record["task"].take())?;
    let errors = task.task().contradictions(model);
    if errors.is_empty() { Ok(task) } else { Err(errors) }
}

/// A model and the partial experiments around it, as one partial experiment.
fn merged(model: &ModelConfig, given: &[&Value]) -> Result<Value, Vec<ConfigError>> {
    let json = |error: serde_json::Error| vec![ConfigError::new("", error.to_string())];
    let usual = serde_json::to_value(Experiment::default().task).map_err(json)?;
    let name = |task: &Map<String, Value>| task.get("name").unwrap_or(&usual["name"]).clone();
    let mut whole = Map::new();
    for (group, fields) in
        given.iter().filter_map(|given| given.as_object()).flatten().filter(|(group, _)| *group != "model")
    {
        match (whole.entry(group.clone()).or_insert_with(|| Value::Object(Map::new())), fields) {
            (Value::Object(known), Value::Object(fields)) => {
                if group == "task" && fields.contains_key("name") && name(fields) != name(known) {
                    known.clear();
                }
                known.extend(fields.clone());
            }
            (known, other) => *known = other.clone(),
        }
    }
    whole.insert("model".into(), serde_json::to_value(model).map_err(json)?);
    Ok(Value::Object(whole))
}

/// Completes a partial model configuration that has no task to fit.
///
/// # Errors
/// As [`Experiment::resolve`].
pub fn resolve_model(partial: Value) -> Result<ModelConfig, Vec<ConfigError>> {
    let mut record = complete(&Value::Object(Map::from_iter([("model".to_string(), partial)])))?;
    let model = typed(record["model"].take())?;
    let errors = contradictions_of_model(&model, MAX_PARAMETERS);
    if errors.is_empty() { Ok(model) } else { Err(errors) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{SETTINGS, Setting, check, setting};
    use crate::model::Layout;
    use serde_json::json;

    fn paths(partial: Value) -> Vec<String> {
        Experiment::resolve(&partial).unwrap_err().into_iter().map(|error| error.path).collect()
    }

    #[test]
    fn the_default_is_the_notebooks() {
        let Experiment { task, model, train } = Experiment::default();
        let TaskConfig::Sort(task) = task else { panic!("{task:?}") };
        assert_eq!(
            (task.list_length, task.min_value, task.max_value, task.bos_token, task.mid_token),
            (5, 0, 64, Some(65), Some(66))
        );
        assert_eq!(
            (model.n_layers, model.n_heads, model.d_model, model.d_head, model.n_ctx, model.d_vocab),
            (1, 1, 128, 128, 12, 67)
        );
        assert_eq!(
            (train.num_samples, train.batch_size, train.train_seed, train.test_seed),
            (Some(10_000), 100, 42, 62)
        );
        assert_eq!(Layout::new(&model).len(), 84_803);
    }

    #[test]
    fn what_is_left_out_follows_what_is_given() {
        let experiment =
            Experiment::resolve(&json!({ "task": { "list_length": 7, "max_value": 10 }, "model": { "n_heads": 4 } }))
                .unwrap();
        assert_eq!((experiment.model.n_ctx, experiment.model.d_vocab, experiment.model.d_head), (16, 13, 32));
        assert_eq!(["BOS", "MID"].map(|name| experiment.task.task().token(name)), [Some(11), Some(12)]);
    }

    #[test]
    fn without_bos_sequences_are_one_shorter() {
        let Experiment { task, model, .. } = Experiment::resolve(&json!({ "task": { "bos_token": null } })).unwrap();
        let task = task.task();
        assert_eq!((task.token("BOS"), task.needs().positions, model.n_ctx), (None, 11, 11));
    }

    #[test]
    fn every_default_is_within_its_own_range() {
        for name in ["sort", "max_of_list"] {
            let (values, errors) = super::super::complete::settle(SETTINGS, |_| None);
            assert!(errors.is_empty() && values.len() > 50);
            let name = json!(name);
            let given = |setting: &Setting| (setting.path == "task.name").then_some(&name);
            for (path, value) in super::super::complete::settle(SETTINGS, given).0 {
                assert_eq!(check(setting(&path).unwrap(), &value).as_ref(), Ok(&value), "{path}");
            }
        }
    }

    #[test]
    fn a_task_has_its_own_fields_and_defaults() {
        let experiment = Experiment::resolve(&json!({ "task": { "name": "max_of_list" } })).unwrap();
        assert_eq!(
            serde_json::to_value(&experiment.task).unwrap(),
            json!({ "name": "max_of_list", "list_length": 5, "max_value": 10 })
        );
        assert_eq!((experiment.model.n_ctx, experiment.model.d_vocab, experiment.model.d_vocab_out), (12, 13, 13));
        let wrong = Experiment::resolve(&json!({ "task": { "name": "max_of_list", "mid_token": 3 } })).unwrap_err();
        assert_eq!(wrong[0].message, "task.mid_token is a field of sort alone.");
        assert_eq!(paths(json!({ "task": { "name": "max_of_list" }, "model": { "n_ctx": 11 } })), ["model.n_ctx"]);
    }

    #[test]
    fn another_task_takes_nothing_from_the_one_before() {
        let model = resolve_model(json!({ "d_vocab": 13, "n_ctx": 12 })).unwrap();
        let sort = json!({ "task": { "max_value": 10, "mid_token": 12, "bos_token": 11 } });
        let other = json!({ "task": { "name": "max_of_list" } });
        let task = task_around(&model, &[&sort, &other]).unwrap();
        assert_eq!(Experiment::around(&model, &[&sort, &other]).unwrap().task, task);
        assert_eq!(serde_json::to_value(&task).unwrap()["name"], "max_of_list");
        let shorter = json!({ "task": { "name": "max_of_list", "list_length": 3 } });
        let kept = task_around(&model, &[&shorter, &json!({ "task": { "max_value": 8 } })]).unwrap();
        assert_eq!(
            serde_json::to_value(&kept).unwrap(),
            json!({ "name": "max_of_list", "list_length": 3, "max_value": 8 })
        );
    }

    #[test]
    fn a_model_that_is_too_large_to_train_still_has_a_task() {
        let large = json!({ "n_layers": 8, "n_heads": 8, "d_model": 1024, "d_head": 128, "d_vocab": 67, "n_ctx": 12 });
        let model = resolve_model(large).unwrap();
        assert!(Experiment::around(&model, &[]).is_err());
        assert!(task_around(&model, &[]).is_ok());
    }

    #[test]
    fn fractions_of_all_inputs_are_checked() {
        let paths = |train| paths(json!({ "task": { "list_length": 2, "max_value": 10 }, "train": train }));
        assert_eq!(paths(json!({ "train_fraction": 0.5, "batch_size": 51 })), ["train.batch_size"]);
        let endless = json!({ "task": { "var_length": true }, "train": { "train_fraction": 0.5 } });
        assert_eq!(self::paths(endless), ["train.train_fraction"]);
        assert!(Experiment::resolve(&json!({ "train": { "train_fraction": 0.5 } })).is_ok());
    }

    #[test]
    fn contradictions_are_found() {
        assert_eq!(paths(json!({ "task": { "list_length": 6 }, "model": { "n_ctx": 12 } })), ["model.n_ctx"]);
        assert_eq!(paths(json!({ "task": { "bos_token": 63 } })), ["task.bos_token"]);
        assert_eq!(paths(json!({ "task": { "bos_token": 66 } })), ["task.mid_token"]);
        assert_eq!(paths(json!({ "task": { "max_value": 4, "repeats": false } })), ["task.list_length"]);
        assert_eq!(paths(json!({ "task": { "min_value": 64 } })), ["task.max_value"]);
        assert_eq!(paths(json!({ "train": { "num_samples": 50 } })), ["train.batch_size"]);
        assert_eq!(
            paths(json!({ "model": { "n_layers": 16, "d_model": 1024, "n_heads": 32, "d_head": 512 } })),
            ["model.d_model"]
        );
        assert_eq!(
            paths(json!({ "model": { "positional_embedding_type": "rotary", "rotary_dim": 130 } })),
            ["model.rotary_dim"]
        );
        assert_eq!(paths(json!({ "model": { "d_vocab": 66 } })), ["task.mid_token"]);
        assert_eq!(paths(json!({ "model": { "d_vocab_out": 63 } })), ["model.d_vocab_out"]);
        let huge = json!({
            "train": { "batch_size": 1024 },
            "task": { "list_length": 50 },
            "model": { "attn_only": false, "n_layers": 4, "d_mlp": 2048 },
        });
        assert_eq!(paths(huge), ["train.batch_size"]);
    }

    #[test]
    fn unknown_names_are_refused_by_name() {
        assert_eq!(paths(json!({ "modle": {} })), ["modle"]);
        assert_eq!(paths(json!({ "model": { "d_modle": 3 }, "train": { "lr": 2 } })), ["model.d_modle", "train.lr"]);
        assert_eq!(paths(json!({ "model": 3 })), ["model"]);
        assert_eq!(paths(json!([])), [""]);
    }

    #[test]
    fn an_experiment_survives_json() {
        let experiment = Experiment::default();
        assert_eq!(Experiment::resolve(&serde_json::to_value(&experiment).unwrap()).unwrap(), experiment);
    }
}
