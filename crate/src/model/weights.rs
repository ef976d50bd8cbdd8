//! The parameters of one forward pass: views of the flat tensor, or any other tensors in their place.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::{Layout, Model};

/// 0 to `n` - 1. burn's `arange` makes these of another type of number on the host and converts them, on WebGPU too.
pub(super) fn counting(n: usize, device: &Device) -> Tensor<1, Int> {
    Tensor::from_data(TensorData::new((0..n as i32).collect::<Vec<_>>(), [n]), device)
}

/// A model's parameters, one by one.
#[derive(Debug)]
pub struct Weights<'a> {
    layout: &'a Layout,
    /// One for each entry of the layout, `[entry.len()]`.
    leaves: Vec<Tensor<1>>,
}

impl Model {
    /// The parameters as they are.
    pub fn weights(&self) -> Weights<'_> {
        let view = |entry: &super::Entry| self.parameters.clone().slice(entry.range());
        Weights::new(&self.layout, self.layout.entries().iter().map(view).collect())
    }
}

impl<'a> Weights<'a> {
    /// Parameters of a layout, one for each of its entries, `[entry.len()]`: leaves of an autodiff graph, for instance.
    pub fn new(layout: &'a Layout, leaves: Vec<Tensor<1>>) -> Self {
        Self { layout, leaves }
    }

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
        if self.leaves[0].is_autodiff() { value.autodiff() } else { value }
    }

    /// Where the parameters are.
    pub(super) fn device(&self) -> Device {
        self.leaves[0].device().inner()
    }
}
