//! The loss: mean cross entropy of the sorted numbers, nothing else.

use std::ops::Range;

use burn::tensor::{Int, Tensor, activation};

use crate::model::{Hooks, Model, Weights};

/// Mean cross entropy, `[1]`, of the logits at the positions `rows` of sequences `[B, T]` against the tokens that follow them, the
/// last of which ends the sequence.
pub fn loss(model: &Model, weights: &Weights, tokens: Tensor<2, Int>, rows: Range<usize>) -> Tensor<1> {
    let [batch, positions] = tokens.dims();
    let targets = tokens.clone().slice([0..batch, rows.start + 1..positions]);
    // The last token is a target only: no counted position may attend to it.
    let seen = tokens.slice([0..batch, 0..positions - 1]);
    let logits = model.logits(weights, seen, None, rows, &mut Hooks::none());
    let [batch, counted, d_vocab] = logits.dims();
    let log_probabilities = activation::log_softmax(logits.reshape([batch * counted, d_vocab]), 1);
    let hot = weights.one_hot(targets.reshape([batch * counted]), d_vocab);
    (log_probabilities * hot).sum().mul_scalar(-1.0 / (batch * counted) as f64)
}
