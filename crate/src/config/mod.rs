//! The configuration of a run: [`ModelConfig`] and [`TrainConfig`], with the field names of TransformerLens and of the
//! notebook; and [`SETTINGS`], the one table that gives every field of a record its range, default and help. The fields
//! of a task are interpreted by `task`.
//!
//! Configurations that [`Experiment::resolve`](../experiment/struct.Experiment.html#method.resolve) returns are valid:
//! every value is within its range, and the fields are consistent with each other.

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

/// Why a field cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigError {
    /// The field's path in the record, e.g. `task.list_length`; empty if the error concerns no single field.
    pub path: String,
    /// A sentence that says what was given, and what would be accepted.
    pub message: String,
}

impl ConfigError {
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

/// The messages of several errors as one text.
pub fn describe(errors: &[ConfigError]) -> String {
    errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join(" ")
}

impl From<Vec<ConfigError>> for Error {
    fn from(errors: Vec<ConfigError>) -> Self {
        Self::new(describe(&errors))
    }
}

/// The training data and the optimiser: Adam, with the notebook's `ReduceLROnPlateau` on the held-out loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainConfig {
    /// The number of inputs in the training set; `None`: new inputs in every step.
    pub num_samples: Option<usize>,
    /// The share of all possible inputs that is trained on, each once an epoch; `None`: `num_samples` inputs are drawn.
    pub train_fraction: Option<f64>,
    /// Inputs per step.
    pub batch_size: usize,
    /// Seed of the training inputs and of their order.
    pub train_seed: u32,
    /// Seed of the held-out inputs, and of which inputs are held out.
    pub test_seed: u32,
    /// The learning rate at the beginning.
    pub lr: f64,
    /// Adam's decay rate of the mean gradient.
    pub beta1: f64,
    /// Adam's decay rate of the mean squared gradient.
    pub beta2: f64,
    /// Added to Adam's denominator.
    pub adam_eps: f64,
    /// Whether the learning rate is lowered when the held-out loss stops falling.
    pub plateau: bool,
    /// What the learning rate is multiplied by when it is lowered.
    pub plateau_factor: f64,
    /// How many epochs without improvement are tolerated before the learning rate is lowered.
    pub plateau_patience: usize,
    /// The smallest relative decrease of the held-out loss that counts as an improvement.
    pub plateau_threshold: f64,
}

impl TrainConfig {
    /// The settings of Adam, apart from the learning rate.
    pub fn adam(&self) -> Adam {
        Adam { beta1: self.beta1, beta2: self.beta2, eps: self.adam_eps }
    }
}
