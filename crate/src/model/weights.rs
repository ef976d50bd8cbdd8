//! The parameters of a forward pass, one by one: views of the model's flat tensor, or other tensors in their place.

use burn_tensor::{Device, Int, Tensor, TensorData};

use super::{Layout, Model};

/// The numbers 0 to `n` - 1, `[n]`. burn's `arange` makes them on the host as well, even for WebGPU, and then has to
/// convert their type.
pub(super) fn counting(n: usize, device: &Device) -> Tensor<1, Int> {
    Tensor::from_data(TensorData::new((0..n as i32).collect::<Vec<_>>(), [n]), device)
}

/// A model's parameters under their names.
#[derive(Debug)]
pub struct Weights<'a> {
    layout: &'a Layout,
    /// A tensor for each entry of the layout, `[entry.len()]`.
    leaves: Vec<Tensor<1>>,
}

impl Model {
    /// The model's own parameters.
    pub fn weights(&self) -> Weights<'_> {
        let view = |entry: &super::Entry| self.parameters.clone().slice(entry.range());
        Weights::new(&self.layout, self.layout.entries().iter().map(view).collect())
    }
}

impl<'a> Weights<'a> {
    /// The tensors `leaves` as the parameters of a layout, one for each of its entries, `[entry.len()]`. They may be
    /// leaves of an autodiff graph.
    pub fn new(layout: &'a Layout, leaves: Vec<Tensor<1>>) -> Self {
        Self { layout, leaves }
    }

    /// The parameter of a name, in its own shape.
    ///
    /// # Panics
    /// If the layout has no parameter of this name, or its rank is not `R`. Either is a bug in the forward pass; no
    /// input can cause it.
    pub(super) fn get<const R: usize>(&self, name: &str) -> Tensor<R> {
        self.find(name).unwrap_or_else(|| panic!("the layout has no {name}"))
    }

    /// The parameter of a name, in its own shape; `None` if the model has no such parameter.
    ///
    /// # Panics
    /// If its rank is not `R`.
    pub(super) fn find<const R: usize>(&self, name: &str) -> Option<Tensor<R>> {
        let (entry, leaf) = self.layout.entries().iter().zip(&self.leaves).find(|(entry, _)| entry.name == name)?;
        let shape: [usize; R] = entry.shape.as_slice().try_into().expect("the rank of the layout");
        Some(leaf.clone().reshape(shape))
    }

    /// One-hot rows of the token numbers `[rows]`, `[rows, V]`; the row of a number outside the vocabulary is zero.
    /// With a toy model's vocabulary, a product with these rows is faster than a lookup, whose gradient is a scatter.
    pub fn one_hot(&self, tokens: Tensor<1, Int>, d_vocab: usize) -> Tensor<2> {
        let rows = tokens.dims()[0];
        let vocabulary = counting(d_vocab, &tokens.device()).reshape([1, d_vocab]);
        self.constant(tokens.reshape([rows, 1]).equal(vocabulary).float())
    }

    /// `value`, a tensor that is not a parameter, made compatible with the parameters: tracked by autodiff if they are.
    pub(super) fn constant<const R: usize>(&self, value: Tensor<R>) -> Tensor<R> {
        if self.leaves[0].is_autodiff() { value.autodiff() } else { value }
    }

    /// The device that the parameters are on, without autodiff.
    pub(super) fn device(&self) -> Device {
        self.leaves[0].device().inner()
    }
}
