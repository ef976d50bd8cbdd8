//! The result of opening a file. It crosses from the wasm module that reads files to the one that asked for it: the
//! parameters as numbers, and the rest as JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::config::ModelConfig;
use crate::experiment::Experiment;
use crate::task::TaskConfig;

/// Where a model came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// How the file was written, and in whose layout.
    pub format: String,
    /// What was assumed, filled in or ignored, in sentences.
    pub notes: Vec<String>,
}

/// A model read from a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Opened {
    /// The model's architecture.
    pub config: ModelConfig,
    /// All parameters, in the order of [`Layout`](crate::model::Layout). They are not in the JSON.
    #[serde(skip)]
    pub parameters: Vec<f32>,
    /// Where it came from.
    pub source: Source,
    /// Partial settings of the task: those in the file, or what its shapes suggest.
    pub task: Map<String, Value>,
    /// Partial settings of training, alike.
    pub train: Map<String, Value>,
}

impl Opened {
    /// What is known of the task and of training, as a partial experiment.
    pub fn stated(&self) -> Value {
        serde_json::json!({ "task": self.task, "train": self.train })
    }

    /// The task, if it fits the model.
    pub fn task_config(&self) -> Option<TaskConfig> {
        Experiment::around(&self.config, &[&self.stated()]).ok().map(|experiment| experiment.task)
    }
}
