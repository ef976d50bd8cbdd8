//! What a run is made of: [`ModelConfig`] and [`TrainConfig`], under TransformerLens's and the notebook's field names; and
//! [`SETTINGS`], the one table that gives every field of a record its range, default and help. What a task's fields mean is
//! known to `task`.
//!
//! A record that comes from [`Experiment::resolve`](../experiment/struct.Experiment.html#method.resolve) is valid: every
//! number is within its range and the fields are consistent with each other.

mod check;
mod edit;
mod forms;
mod knockout;
mod setting;
mod table;
mod view;

use serde::{Deserialize, Serialize};

use tinylens_lean::Adam;

use crate::error::Error;

pub use tinylens_lean::{Activation, AttentionDirection, InitMode, ModelConfig, Normalization, PositionalEmbedding};

pub(crate) use check::shown;
pub use check::{check, check_item};
pub use edit::{Token, TokenEdit};
pub use forms::{MAX_PACKED, PANELS};
pub use knockout::{Head, Instead, Knockout, Pair};
pub use setting::{Above, Kind, Needs, Setting};
pub use table::{SETTINGS, setting};
pub use view::{ColourMap, Curve, Form, Quantity, Range, Side, Together};

/// A field that can't be used, named by its path in the experiment (`task.list_length`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigError {
    /// Where: `group.field`.
    pub path: String,
    /// A sentence: what was given, and what would be accepted.
    pub message: String,
}

impl ConfigError {
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

/// Several errors as one text, for callers that can show only one.
pub fn describe(errors: &[ConfigError]) -> String {
    errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join(" ")
}

impl From<Vec<ConfigError>> for Error {
    fn from(errors: Vec<ConfigError>) -> Self {
        Self::new(describe(&errors))
    }
}

/// The data and the optimiser: Adam, and the notebook's `ReduceLROnPlateau` on the held-out loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainConfig {
    /// Lists in the training set; `None`: endless, fresh lists every step.
    pub num_samples: Option<usize>,
    /// Share of all lists there are that is trained on, every one once an epoch; `None`: as `num_samples` says.
    pub train_fraction: Option<f64>,
    /// Lists a step.
    pub batch_size: usize,
    /// Seed of the training lists and their order.
    pub train_seed: u32,
    /// Seed of the held-out lists, and of which lists are held out.
    pub test_seed: u32,
    pub lr: f64,
    pub beta1: f64,
    pub beta2: f64,
    pub adam_eps: f64,
    /// Whether the learning rate is lowered when the held-out loss stops falling.
    pub plateau: bool,
    pub plateau_factor: f64,
    /// Epochs without improvement that are borne before lowering.
    pub plateau_patience: usize,
    /// Least relative fall of the loss that counts as one.
    pub plateau_threshold: f64,
}

impl TrainConfig {
    /// The optimiser's settings.
    pub fn adam(&self) -> Adam {
        Adam { beta1: self.beta1, beta2: self.beta2, eps: self.adam_eps }
    }
}
