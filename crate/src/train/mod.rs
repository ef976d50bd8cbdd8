//! Training: the loss, Adam, the learning-rate schedule, evaluation, and a [`Run`], which is an experiment under way.
//!
//! On the CPU a step is computed by hand (`lean`), elsewhere by burn's autodiff (`loss`, [`Adam`]), which is also the oracle that the former
//! is measured against. The seam between them is a [`Run`]'s state: flat parameters, Adam's two flat moments, counters. Not here: the browser, and when to step (the caller pulls).

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
