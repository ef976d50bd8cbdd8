//! Training: the loss, Adam, the learning-rate schedule, evaluation, and a [`Run`], which is an experiment under way.
//!
//! A step is computed by hand, on the CPU (`model::lean`) and on WebGPU ([`kernels`]), or by burn's autodiff (`loss`, [`Adam`]), which is the oracle
//! that both are measured against and trains what the kernels do not cover. The seam between them is a [`Run`]'s state: flat parameters, Adam's two flat moments, counters. Not here: the browser, and when to step (the caller pulls).

mod adam;
mod evaluate;
pub mod kernels;
mod loss;
mod plateau;
mod run;
mod shards;
mod snapshot;

pub use adam::Adam;
pub use evaluate::{Evaluation, Evaluator};
pub use loss::{Targets, loss};
pub use run::Run;
pub use shards::{Crew, Helper, Part, Parts};
pub use tinylens_lean::{Lean, Sequences};
