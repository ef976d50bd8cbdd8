//! Interventions: changes of activations during a forward pass. Every ablation of a part of the model is one.

use burn_tensor::{Bool, Tensor, TensorData};

use super::hook_points::{Axis, axes, hook_names, shape};
use crate::config::ModelConfig;
use crate::error::{Error, Result};

/// A change of all or some values of one activation.
#[derive(Clone, Debug, PartialEq)]
pub struct Intervention {
    /// The hook's name, as in TransformerLens.
    pub hook: String,
    /// What happens to the selected values.
    pub action: Action,
    /// Which values change.
    pub at: Selection,
}

/// What happens to the selected values.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Each becomes 0.
    Zero,
    /// Each becomes its mean over the batch.
    Mean,
    /// Each becomes that of the next sequence of the batch; in the last sequence, that of the first.
    Resample,
    /// Each becomes one of these values.
    Replace(Values),
    /// One of these values is added to each.
    Add(Values),
}

/// Numbers whose shape broadcasts to the activation's, as in NumPy.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    /// The size of each axis; empty for a single number.
    pub shape: Vec<usize>,
    /// The numbers, in row order.
    pub data: Vec<f32>,
}

/// Which values of an activation: those whose index is listed on every axis. `None` selects a whole axis; only an axis
/// that the hook has can be listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Sequences of the batch.
    pub batch: Option<Vec<usize>>,
    /// Positions; in scores and patterns, destination positions.
    pub positions: Option<Vec<usize>>,
    /// Heads.
    pub heads: Option<Vec<usize>>,
    /// Source positions, in scores and patterns.
    pub sources: Option<Vec<usize>>,
}

impl Selection {
    /// The indices listed on an axis.
    fn listed(&self, axis: Axis) -> Option<&[usize]> {
        match axis {
            Axis::Batch => self.batch.as_deref(),
            Axis::Position => self.positions.as_deref(),
            Axis::Head => self.heads.as_deref(),
            Axis::Source => self.sources.as_deref(),
            Axis::Inner => None,
        }
    }
}

impl Intervention {
    /// Whether all interventions fit a forward pass of `batch` sequences of `positions` tokens.
    ///
    /// # Errors
    /// As [`Intervention::check`]; the first is called `interventions[0]`.
    pub fn check_all(all: &[Self], config: &ModelConfig, batch: usize, positions: usize) -> Result<()> {
        all.iter()
            .enumerate()
            .try_for_each(|(number, it)| it.check(&format!("interventions[{number}]"), config, batch, positions))
    }

    /// Whether the intervention fits a forward pass of `batch` sequences of `positions` tokens. Errors call it `name`.
    ///
    /// # Errors
    /// If the model has no such hook, if the hook lacks a listed axis or index, or if the values do not broadcast.
    pub fn check(&self, name: &str, config: &ModelConfig, batch: usize, positions: usize) -> Result<()> {
        let hook = &self.hook;
        let known = hook_names(config);
        if !known.contains(hook) {
            return Err(Error::new(format!("{name}.hook is {hook}; this model has the hooks {}.", known.join(", "))));
        }
        let shape = shape(hook, config, batch, positions);
        for (field, axis) in
            [("batch", Axis::Batch), ("positions", Axis::Position), ("heads", Axis::Head), ("sources", Axis::Source)]
        {
            let Some(listed) = self.at.listed(axis) else { continue };
            let Some(index) = axes(hook).iter().position(|has| *has == axis) else {
                return Err(Error::new(format!(
                    "{name}.{field} is given; {hook}, of shape {shape:?}, has no such axis."
                )));
            };
            let size = shape[index];
            if let Some(beyond) = listed.iter().find(|index| **index >= size) {
                return Err(Error::new(format!(
                    "{name}.{field} names {beyond}; in {hook} they are 0 to {}.",
                    size - 1
                )));
            }
        }
        let (Action::Replace(values) | Action::Add(values)) = &self.action else { return Ok(()) };
        let held = values.shape.iter().try_fold(1usize, |product, size| product.checked_mul(*size));
        if held != Some(values.data.len()) {
            let message =
                format!("{name}.value holds {} numbers, and its shape is {:?}.", values.data.len(), values.shape);
            return Err(Error::new(message));
        }
        let fits = values.shape.len() <= shape.len()
            && values.shape.iter().rev().zip(shape.iter().rev()).all(|(given, size)| *given == 1 || given == size);
        if !fits {
            return Err(Error::new(format!(
                "{name}.value has shape {:?}; it must broadcast to that of {hook}, {shape:?}.",
                values.shape
            )));
        }
        Ok(())
    }

    /// The activation after the change. Positions beyond it have no effect: during generation, the sequence has yet to
    /// reach them.
    pub(super) fn apply<const R: usize>(&self, value: Tensor<R>) -> Tensor<R> {
        let changed = match &self.action {
            Action::Zero => value.zeros_like(),
            Action::Mean => value.clone().mean_dim(0).expand(value.dims()),
            Action::Resample => {
                let rows = value.dims()[0];
                if rows == 1 {
                    return value;
                }
                Tensor::cat(vec![value.clone().narrow(0, 1, rows - 1), value.clone().narrow(0, 0, 1)], 0)
            }
            Action::Replace(values) => values.like(&value),
            Action::Add(values) => value.clone() + values.like(&value),
        };
        match self.mask(&value) {
            Some(mask) => value.mask_where(mask, changed),
            None => changed,
        }
    }

    /// Which values are selected; `None`: all of them.
    fn mask<const R: usize>(&self, value: &Tensor<R>) -> Option<Tensor<R, Bool>> {
        let dims = value.dims();
        let mut shape = [1; R];
        let mut mask = vec![true];
        for (dim, axis) in axes(&self.hook).iter().enumerate() {
            let Some(listed) = self.at.listed(*axis) else { continue };
            shape[dim] = dims[dim];
            let along = |selected| (0..dims[dim]).map(move |index| selected && listed.contains(&index));
            mask = mask.into_iter().flat_map(along).collect();
        }
        let selects = axes(&self.hook).iter().any(|axis| self.at.listed(*axis).is_some());
        selects
            .then(|| Tensor::<R, Bool>::from_data(TensorData::new(mask, shape), &value.device().inner()).expand(dims))
    }
}

impl Values {
    /// The numbers broadcast to the shape of `value`, on its device, and tracked by autodiff if it is.
    fn like<const R: usize>(&self, value: &Tensor<R>) -> Tensor<R> {
        let mut shape = [1; R];
        shape[R - self.shape.len()..].copy_from_slice(&self.shape);
        let device = value.device().inner();
        // During generation, the sequence is shorter than the values, which were made for its final length.
        let part: [std::ops::Range<usize>; R] = std::array::from_fn(|dim| 0..shape[dim].min(value.dims()[dim]));
        let own =
            Tensor::<R>::from_data(TensorData::new(self.data.clone(), shape), &device).slice(part).expand(value.dims());
        if value.device() == device { own } else { own.autodiff() }
    }
}
