//! The model by hand, on the CPU: the training step, with exact gradients of every parameter, in a fraction of the time of autodiff; and a
//! [`Inference`], the forward pass alone, with what was read kept. And what is below them: the transformer's [`ModelConfig`], where its parameters
//! are ([`Layout`]), random numbers, Adam.
//!
//! There are two steps. `tables` is the fastest, for a model of one attention-only layer without norm, whose whole algebra fits into tables with
//! a row for every token and position. `rows` is for every other model: layer by layer, forward and back, with only the rows that reach
//! the loss. burn's autodiff is the oracle of both: the tests of the crate above compare every gradient.
//!
//! Not here: anything that is not hot. This crate is compiled for speed where all others are compiled for size, knows no tensors but slices, and nothing of burn.

mod adam;
mod architecture;
mod batch;
mod inference;
mod layout;
mod matrix;
pub mod random;
mod rows;
mod tables;
mod vector;

pub use adam::{Adam, State};
pub use architecture::{Activation, AttentionDirection, InitMode, ModelConfig, Normalization, PositionalEmbedding};
pub use batch::{Batch, Sequences};
pub use inference::{Inference, argmax};
pub use layout::{Entry, Layout};
pub use rows::turns;

/// The step of one model: its buffers, made once and used again.
#[derive(Clone, Debug)]
pub enum Lean {
    Tables(Box<tables::Step>),
    Rows(Box<rows::Step>),
}

impl Lean {
    /// The step for a model and batches of `batch` sequences of which it reads at most `positions`.
    pub fn new(config: &ModelConfig, layout: &Layout, positions: usize, batch: usize) -> Self {
        match tables::Step::new(config, layout, positions, batch) {
            Some(step) => Self::Tables(Box::new(step)),
            None => Self::Rows(Box::new(rows::Step::new(config, layout, positions, batch))),
        }
    }

    /// "tables" or "rows".
    pub fn path(&self) -> &'static str {
        match self {
            Self::Tables(_) => "tables",
            Self::Rows(_) => "rows",
        }
    }

    /// The mean cross entropy at the counted positions.
    pub fn loss(&mut self, parameters: &[f32], sequences: &Sequences) -> f32 {
        let loss = match self {
            Self::Tables(step) => step.loss(parameters, sequences),
            Self::Rows(step) => step.loss(parameters, sequences),
        };
        (loss / sequences.count() as f64) as f32
    }

    /// The mean cross entropy at the counted positions; the gradient of every parameter is written to `gradient`, as long as
    /// `parameters`.
    pub fn gradient(&mut self, parameters: &[f32], sequences: &Sequences, gradient: &mut [f32]) -> f32 {
        let count = sequences.count();
        (self.part(parameters, sequences, count, gradient) / count as f64) as f32
    }

    /// The summed cross entropy of a part of a batch in which `count` positions count; its part of the gradient of the batch's mean
    /// is written to `gradient`.
    pub fn part(&mut self, parameters: &[f32], sequences: &Sequences, count: usize, gradient: &mut [f32]) -> f64 {
        match self {
            Self::Tables(step) => step.part(parameters, sequences, count, gradient),
            Self::Rows(step) => step.part(parameters, sequences, count, gradient),
        }
    }
}

/// `sum += part`, of equal length.
pub fn add(sum: &mut [f32], part: &[f32]) {
    vector::add(sum, part);
}
