//! What a run is made of: [`TaskConfig`], [`ModelConfig`] and [`TrainConfig`], under TransformerLens's and the notebook's field
//! names, and [`settings`], the one table that gives every field its range, default and help.
//!
//! Not here: what the fields do. A record that comes from [`Experiment::resolve`](crate::experiment::Experiment::resolve) is valid:
//! every number within its range and the fields consistent with each other.

mod check;
mod edit;
mod example;
mod forms;
mod knockout;
pub mod settings;
mod table;
mod view;

use serde::{Deserialize, Serialize};

pub use tinylens_lean::{Activation, AttentionDirection, InitMode, ModelConfig, Normalization, PositionalEmbedding};

pub(crate) use check::shown;
pub use check::{check, check_item};
pub use edit::{Token, TokenEdit};
pub use example::example_list;
pub use forms::{MAX_PACKED, PANELS};
pub use knockout::{Head, Instead, Knockout, Pair};
pub use view::{ColourMap, Curve, Form, Quantity, Range, Side, Together, ViewConfig};

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

/// What the model learns: sorting. A sequence is `bos_token` (if there is one), `list_length` numbers, `mid_token` (if there
/// is one), the numbers sorted, `eos_token` (if there is one).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskConfig {
    pub name: TaskName,
    /// Numbers in a list.
    pub list_length: usize,
    /// Smallest number.
    pub min_value: usize,
    /// One more than the largest number.
    pub max_value: usize,
    /// Token at the start of every sequence; `None`: sequences start with the list.
    pub bos_token: Option<usize>,
    /// Token between the list and its sorted order; `None`: the one follows the other.
    pub mid_token: Option<usize>,
    /// Token after the sorted list, which the model is asked for too; `None`: sequences end with the list.
    pub eos_token: Option<usize>,
    /// Whether a number may occur twice in a list.
    pub repeats: bool,
    /// Whether each list draws its own length from 1 to `list_length`.
    pub var_length: bool,
}

impl TaskConfig {
    /// How many different numbers there are.
    pub fn values(&self) -> usize {
        self.max_value - self.min_value
    }

    /// Positions of a prompt for lists of `length` numbers: BOS if there is one, the list, MID if there is one.
    pub fn prompt_length(&self, length: usize) -> usize {
        usize::from(self.bos_token.is_some()) + length + usize::from(self.mid_token.is_some())
    }

    /// Positions of the answer for lists of `length` numbers: the list sorted, EOS if there is one.
    pub fn answer_length(&self, length: usize) -> usize {
        length + usize::from(self.eos_token.is_some())
    }

    /// Positions of a whole sequence for lists of `length` numbers: the prompt and the answer.
    pub fn sequence_length(&self, length: usize) -> usize {
        self.prompt_length(length) + self.answer_length(length)
    }

    /// Positions whose logits count for lists of `length` numbers: from MID (or the list's last number) to the last but one.
    pub fn counted(&self, length: usize) -> std::ops::Range<usize> {
        self.prompt_length(length) - 1..self.sequence_length(length) - 1
    }
}

/// The tasks there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskName {
    Sort,
}

/// The data and the optimiser: Adam, and the notebook's `ReduceLROnPlateau` on the held-out loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainConfig {
    /// Lists in the training set; `None`: endless, fresh lists every step.
    pub num_samples: Option<usize>,
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
    /// Steps between two looks of the learning-rate schedule at the held-out loss: an epoch, but at least 100, which is also what endless
    /// data has for one.
    pub fn schedule_steps(&self) -> u32 {
        self.num_samples.map_or(0, |samples| samples.div_ceil(self.batch_size) as u32).max(100)
    }
}
