//! The parameters of one forward pass: views of the flat tensor, each a leaf of the autodiff graph when gradients are wanted.

#[cfg(feature = "autodiff")]
use burn::tensor::Gradients;
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::{Layout, Model};

/// 0 to `n` - 1. burn's `arange` makes these of another type of number on the host and converts them, on WebGPU too.
pub(super) fn counting(n: usize, device: &Device) -> Tensor<1, Int> {
    Tensor::from_data(TensorData::new((0..n as i32).collect::<Vec<_>>(), [n]), device)
}

/// Views of a model's parameters.
#[derive(Debug)]
pub struct Weights<'a> {
    layout: &'a Layout,
    /// One for each entry of the layout, `[entry.len()]`.
    leaves: Vec<Tensor<1>>,
    tracked: bool,
}

impl Model {
    /// The parameters for a forward pass whose gradients nobody wants.
    pub fn weights(&self) -> Weights<'_> {
        self.views(false)
    }

    /// The parameters as leaves of a new autodiff graph.
    #[cfg(feature = "autodiff")]
    pub fn tracked_weights(&self) -> Weights<'_> {
        self.views(true)
    }

    fn views(&self, tracked: bool) -> Weights<'_> {
        let leaves = self.layout.entries().iter().map(|entry| {
            let view = self.parameters.clone().slice(entry.range());
            if tracked { view.autodiff().require_grad() } else { view }
        });
        Weights { layout: &self.layout, leaves: leaves.collect(), tracked }
    }
}

impl Weights<'_> {
    /// A parameter under its name, in its shape.
    ///
    /// # Panics
    /// If the layout has no such parameter, or with another rank: a mistake in the forward pass, never in an input.
    pub(super) fn get<const R: usize>(&self, name: &str) -> Tensor<R> {
        self.find(name).unwrap_or_else(|| panic!("the layout has no {name}"))
    }

    /// A parameter, if this model has it.
    pub(super) fn find<const R: usize>(&self, name: &str) -> Option<Tensor<R>> {
        let index = self.layout.entries().iter().position(|entry| entry.name == name)?;
        let shape: [usize; R] =
            self.layout.entries()[index].shape.as_slice().try_into().expect("the rank of the layout");
        Some(self.leaves[index].clone().reshape(shape))
    }

    /// Token numbers as one-hot rows, `[rows, V]`; a number outside the vocabulary as zeros. A product with them is faster, forward and backward, than a lookup whose gradient
    /// scatters, at the vocabularies of toy models.
    pub fn one_hot(&self, tokens: Tensor<1, Int>, d_vocab: usize) -> Tensor<2> {
        let rows = tokens.dims()[0];
        let vocabulary = counting(d_vocab, &tokens.device()).reshape([1, d_vocab]);
        self.constant(tokens.reshape([rows, 1]).equal(vocabulary).float())
    }

    /// A tensor that is no parameter, as the forward pass needs it to meet them.
    pub(super) fn constant<const R: usize>(&self, value: Tensor<R>) -> Tensor<R> {
        if self.tracked { value.autodiff() } else { value }
    }

    /// Where the parameters are.
    pub(super) fn device(&self) -> Device {
        self.leaves[0].device().inner()
    }

    /// The gradient of every parameter, `[parameters]`, in the layout's order; zero for those the loss does not depend on.
    #[cfg(feature = "autodiff")]
    pub fn gradient(&self, gradients: &mut Gradients) -> Tensor<1> {
        let parts = self
            .leaves
            .iter()
            .map(|leaf| leaf.grad_remove(gradients).unwrap_or_else(|| leaf.clone().inner().zeros_like()));
        Tensor::cat(parts.collect(), 0)
    }
}
