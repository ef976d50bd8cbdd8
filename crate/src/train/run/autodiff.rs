//! Steps of a run by burn's autodiff: on any device, of any model. Not in the module that has the CPU only.

use std::ops::Range;

use burn::tensor::{Int, Tensor, TensorData};

use super::Run;
use crate::config::AttentionDirection;
use crate::error::Result;
use crate::model::{Padding, read};
use crate::task::Batch;
use crate::train::loss::{Targets, loss};

impl Run {
    /// A few steps by burn's autodiff.
    pub(super) async fn autodiff_chunk(&mut self, n: u32) -> Result<Vec<f32>> {
        let batches: Vec<Batch> =
            (self.progress.steps..self.progress.steps + n).map(|step| self.task.train_batch(step)).collect();
        let tokens: Vec<i32> = batches.iter().flat_map(|batch| &batch.tokens).copied().collect();
        let total = tokens.len();
        let tokens = Tensor::<1, Int>::from_data(TensorData::new(tokens, [total]), &self.model.device());
        let mut start = 0;
        let mut losses = Vec::with_capacity(batches.len());
        for batch in &batches {
            let end = start + batch.tokens.len();
            let tokens = tokens.clone().slice(start..end).reshape([batch.len(), batch.positions]);
            let (rows, targets) = self.targets(batch);
            let padding = self.padding(batch)?;
            losses.push(self.one_step(tokens, padding.as_ref(), rows, targets));
            start = end;
        }
        read(Tensor::cat(losses, 0)).await
    }

    /// Where the logits of a batch count, and against what where that is not simply what follows.
    fn targets(&self, batch: &Batch) -> (Range<usize>, Option<Targets>) {
        let task = self.task.config();
        if let Some(length) = batch.uniform() {
            return (task.counted(length), None);
        }
        let ranges: Vec<Range<usize>> = batch.lengths.iter().map(|length| task.counted(*length)).collect();
        let first = ranges.iter().map(|range| range.start).min().unwrap_or(0);
        let rows = first..batch.positions - 1;
        let row = |(tokens, counted): (&[i32], &Range<usize>)| {
            rows.clone().map(|at| if counted.contains(&at) { tokens[at + 1] } else { -1 }).collect::<Vec<_>>()
        };
        let tokens: Vec<i32> = batch.sequences().zip(&ranges).flat_map(row).collect();
        let count = ranges.iter().map(ExactSizeIterator::len).sum();
        let shape = [tokens.len()];
        let tokens = Tensor::from_data(TensorData::new(tokens, shape), &self.model.device());
        (rows, Some(Targets { tokens, count }))
    }

    /// The mask of a batch's padding, for a model that would see it.
    fn padding(&self, batch: &Batch) -> Result<Option<Padding>> {
        if batch.uniform().is_some() || self.experiment.model.attention_dir == AttentionDirection::Causal {
            return Ok(None);
        }
        let seen = batch.positions - 1;
        let mask: Vec<Vec<bool>> = batch
            .lengths
            .iter()
            .map(|length| (0..seen).map(|position| position < self.task.config().sequence_length(*length)).collect())
            .collect();
        Padding::new(&mask, mask.len(), seen).map(Some)
    }

    /// One step on sequences `[B, T]` whose logits count at `rows`: the loss, `[1]`, before the update.
    fn one_step(
        &mut self,
        tokens: Tensor<2, Int>,
        padding: Option<&Padding>,
        rows: Range<usize>,
        targets: Option<Targets>,
    ) -> Tensor<1> {
        let weights = self.model.tracked_weights();
        let loss = loss(&self.model, &weights, tokens, padding, rows, targets);
        let gradient = weights.gradient(&mut loss.backward());
        self.progress.steps += 1;
        let lr = self.progress.plateau.lr;
        let parameters =
            self.adam.step(self.model.parameters(), gradient, lr, self.progress.steps, &self.experiment.train);
        self.model = self.model.with_parameters(parameters);
        loss.inner()
    }
}
