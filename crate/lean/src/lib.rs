//! The transformer written by hand for the CPU: [`Lean`], the training step with exact gradients of every parameter,
//! and [`Inference`], the forward pass with a cache. Both take a fraction of the time of a tensor library with
//! automatic differentiation. Below them are the architecture ([`ModelConfig`]), where its parameters lie ([`Layout`]),
//! random numbers ([`random`]) and [`Adam`].
//!
//! Both follow one of two paths. `tables` is the faster one, for models of one attention-only layer without norm, whose
//! algebra fits into tables with a row for every token and every position. `rows` is for all other models: layer by
//! layer, on only those rows of the residual stream that reach the loss or the logits that are asked for.
//!
//! This crate is compiled for speed, all others for size. It knows slices and no tensors. Its oracle is burn: the tests
//! of the crate `tinylens` compare every gradient with burn's automatic differentiation and all logits with its forward
//! pass.
#![deny(missing_docs)]

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

/// The training step of one model, with buffers that every step uses again.
#[derive(Clone, Debug)]
pub enum Lean {
    /// Through tables.
    Tables(Box<tables::Step>),
    /// Through rows.
    Rows(Box<rows::Step>),
}

impl Lean {
    /// The step for batches of about `batch` sequences, of which the model reads at most `positions` positions. Tables
    /// are chosen where they cover the model and are smaller than such a batch.
    pub fn new(config: &ModelConfig, layout: &Layout, positions: usize, batch: usize) -> Self {
        match tables::Step::new(config, layout, positions, batch) {
            Some(step) => Self::Tables(Box::new(step)),
            None => Self::Rows(Box::new(rows::Step::new(config, layout, positions, batch))),
        }
    }

    /// Which path the step takes: "tables" or "rows".
    pub fn path(&self) -> &'static str {
        match self {
            Self::Tables(_) => "tables",
            Self::Rows(_) => "rows",
        }
    }

    /// The mean cross entropy at the counted positions of any number of sequences.
    ///
    /// # Panics
    /// If there are fewer `parameters` than in the layout, or if a sequence has more positions than the step was made
    /// for, a token that is not in the vocabulary, or a counted position whose target is no class.
    pub fn loss(&mut self, parameters: &[f32], sequences: &Sequences) -> f32 {
        let loss = match self {
            Self::Tables(step) => step.loss(parameters, sequences),
            Self::Rows(step) => step.loss(parameters, sequences),
        };
        (loss / sequences.count() as f64) as f32
    }

    /// The mean cross entropy at the counted positions. Its gradient with respect to `parameters` is written to
    /// `gradient`, both `[parameters]`.
    ///
    /// # Panics
    /// As [`loss`](Self::loss), and if `gradient` is shorter than `parameters`.
    pub fn gradient(&mut self, parameters: &[f32], sequences: &Sequences, gradient: &mut [f32]) -> f32 {
        let count = sequences.count();
        (self.part(parameters, sequences, count, gradient) / count as f64) as f32
    }

    /// The summed cross entropy at the counted positions of a part of a batch. Written to `gradient` is the gradient of
    /// that sum divided by `count`: where `count` positions of the whole batch count, the gradients of its parts add up
    /// to that of its mean loss.
    ///
    /// # Panics
    /// As [`gradient`](Self::gradient).
    pub fn part(&mut self, parameters: &[f32], sequences: &Sequences, count: usize, gradient: &mut [f32]) -> f64 {
        match self {
            Self::Tables(step) => step.part(parameters, sequences, count, gradient),
            Self::Rows(step) => step.part(parameters, sequences, count, gradient),
        }
    }
}

/// `sum += part`.
///
/// # Panics
/// If they differ in length.
pub fn add(sum: &mut [f32], part: &[f32]) {
    vector::add(sum, part);
}
