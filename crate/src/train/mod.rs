//! Training: the loss, Adam, the learning-rate schedule, evaluation, and a [`Run`], which is an experiment under way.
//!
//! The step here is burn's autodiff over any model: the oracle that leaner steps are to be measured against. Its seam is a [`Run`]'s
//! state: flat parameters, Adam's two flat moments, counters. Not here: the browser, and when to step (the caller pulls).

mod adam;
mod evaluate;
mod lean;
mod loss;
mod plateau;
mod run;
mod snapshot;

pub use adam::Adam;
pub use evaluate::{Evaluation, Evaluator};
pub use lean::{Lean, Sequences};
pub use loss::{Targets, loss};
pub use run::Run;
