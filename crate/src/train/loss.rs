//! The loss: mean cross entropy of the answers (the sorted numbers, and EOS), nothing else.

use std::ops::Range;

use burn::tensor::{Int, Tensor, activation};

use crate::model::{Hooks, Model, Padding, Weights};

/// What the logits of sequences that differ in length are measured against.
#[derive(Clone, Debug)]
pub struct Targets {
    /// `[B · rows]`; -1 where none counts.
    pub tokens: Tensor<1, Int>,
    /// How many count.
    pub count: usize,
}

/// Mean cross entropy, `[1]`, of the logits at the positions `rows` of sequences `[B, T]`, whose last token is a target only; without
/// `targets` against the tokens that follow, at every such position.
pub fn loss(
    model: &Model,
    weights: &Weights,
    tokens: Tensor<2, Int>,
    padding: Option<&Padding>,
    rows: Range<usize>,
    targets: Option<Targets>,
) -> Tensor<1> {
    let [batch, positions] = tokens.dims();
    let (targets, count) = match targets {
        Some(Targets { tokens, count }) => (tokens, count),
        None => {
            let next = tokens.clone().slice([0..batch, rows.start + 1..rows.end + 1]);
            (next.reshape([batch * rows.len()]), batch * rows.len())
        }
    };
    // No counted position may attend to the last token.
    let seen = tokens.slice([0..batch, 0..positions - 1]);
    let logits = model.logits(weights, seen, padding, rows, &mut Hooks::none());
    let [batch, counted, d_vocab] = logits.dims();
    let log_probabilities = activation::log_softmax(logits.reshape([batch * counted, d_vocab]), 1);
    let hot = weights.one_hot(targets, d_vocab);
    (log_probabilities * hot).sum().mul_scalar(-1.0 / count as f64)
}
