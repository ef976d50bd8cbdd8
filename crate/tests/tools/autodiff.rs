//! burn's autodiff, the oracle of the steps by hand: nothing that is published contains it.

use burn_tensor::{Gradients, Int, Tensor, TensorData, activation};
use pollster::block_on;
use tinylens::config::AttentionDirection;
use tinylens::model::{Hooks, Model, Padding, Weights, read};
use tinylens_lean::Batch;

/// The parameters of a model as leaves of a new graph, one for each entry of its layout.
pub struct Leaves(Vec<Tensor<1>>);

impl Leaves {
    /// Leaves that start from the model's parameters.
    pub fn new(model: &Model) -> Self {
        let leaf = |range| model.parameters().slice(range).autodiff().require_grad();
        Self(model.layout().entries().iter().map(|entry| leaf(entry.range())).collect())
    }

    /// What a forward pass takes.
    pub fn weights<'a>(&self, model: &'a Model) -> Weights<'a> {
        Weights::new(model.layout(), self.0.clone())
    }

    /// The gradient of every parameter, in the layout's order; zero for those the loss does not depend on.
    pub fn gradient(&self, gradients: &mut Gradients) -> Vec<f32> {
        let parts =
            self.0.iter().map(|leaf| leaf.grad_remove(gradients).unwrap_or_else(|| leaf.clone().inner().zeros_like()));
        block_on(read(Tensor::cat(parts.collect(), 0))).unwrap()
    }
}

/// The mean cross entropy of a batch at its counted positions, and the gradient of every parameter.
pub fn gradient(model: &Model, batch: &Batch) -> (f32, Vec<f32>) {
    let (positions, device) = (batch.positions, model.device());
    // A row of zeros in place of a target takes a position out of the sum.
    let targets = batch.targets.iter().zip(&batch.counted).map(|(target, counted)| if *counted { *target } else { -1 });
    let targets = TensorData::new(targets.collect::<Vec<_>>(), [batch.tokens.len()]);
    let tokens = TensorData::new(batch.tokens.clone(), [batch.len(), positions]);
    // Only a bidirectional model sees the padding of shorter sequences.
    let causal = model.config().attention_dir == AttentionDirection::Causal;
    let padding = (!causal && batch.lengths.iter().any(|length| *length < positions)).then(|| {
        let held = |length: &usize| (0..positions).map(|position| position < *length).collect::<Vec<_>>();
        Padding::new(&batch.lengths.iter().map(held).collect::<Vec<_>>(), batch.len(), positions).unwrap()
    });
    let leaves = Leaves::new(model);
    let weights = leaves.weights(model);
    let tokens = Tensor::<2, Int>::from_data(tokens, &device);
    let logits = model.logits(&weights, tokens, padding.as_ref(), 0..positions, &mut Hooks::none());
    let width = logits.dims()[2];
    let log_probabilities = activation::log_softmax(logits.reshape([batch.tokens.len(), width]), 1);
    let hot = weights.one_hot(Tensor::<1, Int>::from_data(targets, &device), width);
    let loss = (log_probabilities * hot).sum().mul_scalar(-1.0 / batch.sequences().count() as f64);
    let gradient = leaves.gradient(&mut loss.backward());
    (block_on(read(loss.inner())).unwrap()[0], gradient)
}
