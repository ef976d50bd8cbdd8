//! The loss: mean cross entropy of the sorted numbers, nothing else.

use std::ops::Range;

use burn::tensor::{Int, Tensor, activation};

use crate::config::TaskConfig;
use crate::model::{Cache, Model, Weights};

/// Positions whose logits count for lists of `length` numbers: from MID to the last but one (`logits[:, L+1:-1]`).
pub fn counted(length: usize) -> Range<usize> {
    length + 1..TaskConfig::sequence_length(length) - 1
}

/// Mean cross entropy of `logits[:, L+1:-1]` against `tokens[:, L+2:]`, `[1]`, for sequences `[B, 2L + 2]`.
pub fn loss(model: &Model, weights: &Weights, tokens: Tensor<2, Int>, length: usize) -> Tensor<1> {
    let [batch, positions] = tokens.dims();
    let rows = counted(length);
    let targets = tokens.clone().slice([0..batch, rows.start + 1..positions]);
    // The last token is a target only: no counted position can attend to it.
    let seen = tokens.slice([0..batch, 0..positions - 1]);
    let logits = model.logits(weights, seen, rows, &mut Cache::none());
    let [batch, counted, d_vocab] = logits.dims();
    let log_probabilities = activation::log_softmax(logits.reshape([batch * counted, d_vocab]), 1);
    let hot = weights.one_hot(targets.reshape([batch * counted]), d_vocab);
    (log_probabilities * hot).sum().mul_scalar(-1.0 / (batch * counted) as f64)
}
