//! What a model learns. A [`Task`] says what its tokens are called, what its sequences are and what is right in them;
//! its ablations and its claims. The data ([`Data`]: epochs, order, held-out inputs) are the same for all tasks. A task
//! is one file or folder here, a line in the registry below, and its rows in the table of settings.
//!
//! A batch is plain token numbers: no tensors here.

mod ablation;
mod claim;
mod data;
mod inputs;
mod max_of_list;
mod rate;
pub mod sort;

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

pub use ablation::{Ablation, Case, Choice, Request};
pub use claim::{Claim, Claims, Copied, Heads, Mean, Verdict};
pub use data::Data;
pub(crate) use data::trained;
pub use inputs::Inputs;
pub use max_of_list::MaxOfList;
pub use rate::Rate;
pub use sort::Sort;
pub use sort::assumed;

use crate::config::{ConfigError, ModelConfig, Needs};
use crate::error::Result;

/// A task with its settings.
pub trait Task: Debug {
    /// What it takes of a model, and an input to begin with.
    fn needs(&self) -> Needs;

    /// What the ranges of single fields can't say: of the settings, and of the settings and a model's.
    fn contradictions(&self, model: &ModelConfig) -> Vec<ConfigError>;

    /// What its inputs are.
    fn inputs(&self) -> Inputs;

    /// What a token is called: a number, or a name in capitals.
    fn label(&self, token: usize) -> String;

    /// The token of a name in capitals; `None`: the task has no such token.
    fn token(&self, name: &str) -> Option<usize>;

    /// Appends an input's whole sequence, prompt and answer, to `tokens`; gives the length of the prompt.
    fn write(&self, input: &[usize], tokens: &mut Vec<usize>) -> usize;

    /// The names of its ablations; `baseline`, which changes nothing, is the first.
    fn ablations(&self) -> Vec<&'static str>;

    /// One of its ablations.
    ///
    /// # Errors
    /// If the ablation makes no sense for the task or model, or the site or value is none of theirs.
    fn ablation(&self, model: &ModelConfig, request: &Request) -> Result<Box<dyn Ablation>>;

    /// Its claims about a model, before anything is counted. Their ablations are of random inputs, by this seed.
    ///
    /// # Errors
    /// If the task does not fit the model.
    fn claims(&self, model: &ModelConfig, seed: u32) -> Result<Box<dyn Claims>>;
}

impl dyn Task + '_ {
    /// An input's whole sequence, prompt and answer.
    pub fn sequence(&self, input: &[usize]) -> Vec<usize> {
        let mut tokens = Vec::new();
        self.write(input, &mut tokens);
        tokens
    }

    /// An input's prompt.
    pub fn prompt(&self, input: &[usize]) -> Vec<usize> {
        let mut tokens = Vec::new();
        let length = self.write(input, &mut tokens);
        tokens.truncate(length);
        tokens
    }
}

/// The registry: a variant of [`TaskConfig`] for every task, in JSON an object whose `name` says which it is.
macro_rules! tasks {
    ($($name:ident($task:ident)),*) => {
        /// A task and its settings.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "name", rename_all = "snake_case")]
        pub enum TaskConfig {
            $(#[doc = concat!("See [`", stringify!($task), "`].")] $name($task)),*
        }

        impl TaskConfig {
            /// The task that it configures.
            pub fn task(&self) -> &dyn Task {
                match self {
                    $(Self::$name(task) => task),*
                }
            }
        }
    };
}

tasks! { Sort(Sort), MaxOfList(MaxOfList) }
