//! What is shown of a run while it may be training.

use crate::model;
use crate::train;

/// A run between two calls.
pub(super) struct Shown {
    pub model: model::Model,
    pub steps: u32,
    pub learning_rate: f64,
    pub path: String,
    pub shards: usize,
}

impl Shown {
    pub fn new(run: &train::Run) -> Self {
        Self {
            model: run.model(),
            steps: run.steps(),
            learning_rate: run.learning_rate(),
            path: run.path(),
            shards: run.shards(),
        }
    }
}
