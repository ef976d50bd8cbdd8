//! Training: a [`Run`] is an experiment under way. It keeps the schedule and the counters, and pulls its steps from a
//! [`Trainer`](trainer::Trainer): the host (`crate/lean`, on the CPU) or the WebGPU kernels ([`kernels`]). Also
//! evaluation, and a run as a file. When to step is the caller's business.

mod evaluate;
#[cfg(feature = "webgpu")]
pub mod gpu;
mod host;
pub mod kernels;
mod plateau;
mod run;
mod shards;
mod snapshot;
mod trainer;

pub use evaluate::{Evaluation, Evaluator};
pub use run::Run;
pub use shards::{Crew, Helper, Part, Parts};
pub use snapshot::Snapshot;
