//! Training steps on the CPU in shards: a batch is cut into a fixed number of shards, and its gradient is the sum of
//! their gradients, in their order. The result does not depend on who computes which shard, so that several workers can
//! share a step and the run stays reproducible to the bit.
//!
//! The number of shards is a function of the experiment alone, never of the machine or of timings. A [`Crew`] decides
//! who computes which shard; the workers themselves are in `pkg/crew.mjs`.

use std::future::Future;
use std::pin::Pin;

use tinylens_lean::{Batch, Lean, add};

use crate::error::{Error, Result};
use crate::experiment::Experiment;
use crate::model::Layout;
use crate::task::Data;

/// The number of shards of an expensive step. Four suit two workers as well as four. With more shards, layer 0, which
/// computes its projections once for each distinct pair of token and position, would meet the same pairs in too many of
/// them.
const SHARDS: usize = 4;

/// The multiply-adds of a forward pass from which a step is expensive: it takes about 10 ms, and sharing it is
/// worthwhile.
const EXPENSIVE: f64 = 5e7;

/// How many shards a step of this experiment has on the CPU; 1 if it is not shared.
pub fn shards(experiment: &Experiment, lean: &Lean) -> usize {
    if !matches!(lean, Lean::Rows(_))
        || experiment.train.batch_size < 2 * SHARDS
        || multiply_adds(experiment) < EXPENSIVE
    {
        return 1;
    }
    SHARDS
}

/// The training step by hand of an experiment.
pub(super) fn lean(experiment: &Experiment, layout: &Layout) -> Lean {
    // The model does not read the last token of a sequence; it is only a target.
    let positions = experiment.task.task().needs().positions - 1;
    Lean::new(&experiment.model, layout, positions, experiment.train.batch_size)
}

/// About how many multiply-adds a forward pass over a batch takes, without the projections of layer 0. These are
/// computed once for each pair of token and position, and sharing does not speed them up.
fn multiply_adds(experiment: &Experiment) -> f64 {
    let model = &experiment.model;
    let positions = experiment.task.task().needs().positions as f64;
    let [layers, c, m, heads] =
        [model.n_layers, model.d_model, model.d_mlp, model.n_heads * model.d_head].map(|size| size as f64);
    let mlps = if model.attn_only { 0.0 } else { layers * 2.0 * c * m };
    let projections = (layers - 1.0) * 4.0 * c * heads;
    let attention = layers * positions * heads;
    experiment.train.batch_size as f64 * positions * (mlps + projections + attention)
}

/// What a shard contributes to a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The loss summed over the shard's counted positions.
    pub loss: f64,
    /// The gradient of that sum divided by the number of counted positions of the whole batch, `[parameters]`. The
    /// shards' gradients add up to that of the batch's mean loss.
    pub gradient: Vec<f32>,
}

/// Resolves to the parts of the shards handed out, in their order; `None` for one that its worker did not deliver.
pub type Parts<'a> = Pin<Box<dyn Future<Output = Vec<Option<Part>>> + 'a>>;

/// Computes some of a step's shards elsewhere, at the same time as the run.
pub trait Crew {
    /// Starts computing the last of the `shards` shards of step `step`, at these parameters. Returns the number of the
    /// first of them: the shards before it, of which there is at least one, are left to the run.
    fn hand_out(&self, step: u32, parameters: &[f32], shards: usize) -> usize;

    /// The parts of the shards that the last [`Crew::hand_out`] took. It never fails: the run computes what is missing.
    fn collect(&self) -> Parts<'_>;
}

/// A batch cut into shards.
pub struct Cut<'a> {
    batch: &'a Batch,
    shards: usize,
    /// How many positions of the whole batch count.
    count: usize,
}

impl<'a> Cut<'a> {
    /// A batch cut into `shards` shards.
    pub fn new(batch: &'a Batch, shards: usize) -> Self {
        Self { batch, shards, count: batch.sequences().count() }
    }

    /// Computes a [`Part`]: returns its loss and writes its gradient to `gradient`.
    fn part(&self, shard: usize, lean: &mut Lean, parameters: &[f32], gradient: &mut [f32]) -> f64 {
        let [start, end] = [shard, shard + 1].map(|shard| self.batch.len() * shard / self.shards);
        if start == end {
            gradient.fill(0.0); // the last batch of an epoch may have fewer sequences than there are shards
            return 0.0;
        }
        lean.part(parameters, &self.batch.part(start..end), self.count, gradient)
    }

    /// Returns the mean loss of the whole batch and writes its gradient to `gradient`, `[parameters]`. `step` is what
    /// the crew is told.
    pub async fn gradient(
        &self,
        step: u32,
        lean: &mut Lean,
        parameters: &[f32],
        crew: Option<&dyn Crew>,
        gradient: &mut [f32],
    ) -> f32 {
        let own = crew.map_or(self.shards, |crew| crew.hand_out(step, parameters, self.shards));
        let own = if (1..self.shards).contains(&own) { own } else { self.shards };
        let mut scratch = vec![0.0; gradient.len()];
        let mut loss = self.part(0, lean, parameters, gradient);
        let mut compute = |shard: usize, gradient: &mut [f32]| {
            let loss = self.part(shard, lean, parameters, &mut scratch);
            add(gradient, &scratch);
            loss
        };
        for shard in 1..own {
            loss += compute(shard, gradient);
        }
        let mut parts = match crew {
            Some(crew) if own < self.shards => crew.collect().await.into_iter(),
            _ => Vec::new().into_iter(),
        };
        for shard in own..self.shards {
            let part = parts.next().flatten().filter(|part| part.gradient.len() == gradient.len());
            loss += match part {
                Some(part) => {
                    add(gradient, &part.gradient);
                    part.loss
                }
                None => compute(shard, gradient),
            };
        }
        (loss / self.count as f64) as f32
    }
}

/// What a helping worker needs to compute shards of a run's steps. It makes the batches itself, from the step numbers,
/// and keeps neither parameters nor optimiser state.
#[derive(Debug)]
pub struct Helper {
    data: Data,
    lean: Lean,
    shards: usize,
    /// The number of parameters of the model.
    parameters: usize,
    /// The last step and its batch, of which further shards may follow.
    at: Option<(u32, Batch)>,
}

impl Helper {
    /// A helper for runs of this experiment.
    pub fn new(experiment: &Experiment) -> Self {
        let layout = Layout::new(&experiment.model);
        let lean = lean(experiment, &layout);
        let shards = shards(experiment, &lean);
        Self { data: Data::new(&experiment.task, &experiment.train), lean, shards, parameters: layout.len(), at: None }
    }

    /// How many shards a step has; 1 if steps are not shared.
    pub fn shards(&self) -> usize {
        self.shards
    }

    /// Computes a shard of step `step` at these parameters.
    ///
    /// # Errors
    /// If steps are not shared or have no such shard; if the model does not have so many parameters.
    pub fn part(&mut self, step: u32, shard: usize, parameters: &[f32]) -> Result<Part> {
        if self.shards == 1 || shard >= self.shards || parameters.len() != self.parameters {
            return Err(Error::new(format!(
                "Shard {shard} at {} parameters is asked for; this experiment has {} parameters and {} shards a step.",
                parameters.len(),
                self.parameters,
                self.shards
            )));
        }
        let batch = match self.at.take() {
            Some((at, batch)) if at == step => batch,
            _ => self.data.train_batch(step),
        };
        let mut gradient = vec![0.0; parameters.len()];
        let loss = Cut::new(&batch, self.shards).part(shard, &mut self.lean, parameters, &mut gradient);
        self.at = Some((step, batch));
        Ok(Part { loss, gradient })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    use crate::train::Run;
    use burn_tensor::Device;
    use serde_json::json;

    /// Two layers with norms and MLPs, just expensive enough to be shared. Every third batch has 3 lists, fewer than
    /// there are shards.
    fn experiment() -> Experiment {
        Experiment::resolve(&json!({
            "task": { "list_length": 8, "max_value": 20 },
            "model": {
                "n_layers": 2, "n_heads": 2, "d_model": 64, "d_mlp": 256, "attn_only": false,
                "normalization_type": "LN",
            },
            "train": { "batch_size": 100, "num_samples": 203 },
        }))
        .unwrap()
    }

    /// Leaves `own` shards to the run and computes the others with a [`Helper`], but does not deliver shard `lost`.
    struct OneHelper {
        helper: RefCell<Helper>,
        own: usize,
        lost: Option<usize>,
        parts: RefCell<Vec<Option<Part>>>,
    }

    impl Crew for OneHelper {
        fn hand_out(&self, step: u32, parameters: &[f32], shards: usize) -> usize {
            let mut helper = self.helper.borrow_mut();
            let part = |shard| (Some(shard) != self.lost).then(|| helper.part(step, shard, parameters).unwrap());
            *self.parts.borrow_mut() = (self.own..shards).map(part).collect();
            self.own
        }

        fn collect(&self) -> Parts<'_> {
            Box::pin(async { self.parts.take() })
        }
    }

    fn bits(values: &[f32]) -> Vec<u32> {
        values.iter().map(|x| x.to_bits()).collect()
    }

    #[test]
    fn the_bits_do_not_depend_on_who_computes_the_shards() {
        let experiment = experiment();
        assert_eq!(Helper::new(&experiment).shards(), SHARDS);
        let train = |crew: Option<&dyn Crew>| {
            let mut run = pollster::block_on(Run::new(experiment.clone(), &Device::flex()));
            let losses = pollster::block_on(run.step_with(4, crew)).unwrap();
            (bits(&losses), bits(&pollster::block_on(run.model().read_parameters()).unwrap()))
        };
        let alone = train(None);
        for (own, lost) in [(1, None), (2, None), (3, None), (4, None), (2, Some(3)), (1, Some(1))] {
            let helper = RefCell::new(Helper::new(&experiment));
            let crew = OneHelper { helper, own, lost, parts: RefCell::default() };
            assert_eq!(train(Some(&crew)), alone, "{own} shards left to the run, {lost:?} lost");
        }
    }

    #[test]
    fn the_shards_gradients_add_up_to_the_batchs() {
        let experiment = experiment();
        let data = Data::new(&experiment.task, &experiment.train);
        let layout = Layout::new(&experiment.model);
        let mut lean = lean(&experiment, &layout);
        let parameters = layout.initial(&experiment.model);
        for step in [0, 2] {
            let batch = data.train_batch(step);
            let [mut sum, mut whole] = [(); 2].map(|()| vec![0.0; parameters.len()]);
            let cut = Cut::new(&batch, SHARDS);
            let loss = pollster::block_on(cut.gradient(step, &mut lean, &parameters, None, &mut sum));
            let expected = lean.gradient(&parameters, &batch.sequences(), &mut whole);
            assert!((loss - expected).abs() < 1e-6, "{loss} {expected}");
            let largest = whole.iter().fold(0f32, |max, x| max.max(x.abs()));
            let difference = sum.iter().zip(&whole).fold(0f32, |max, (a, b)| max.max((a - b).abs()));
            assert!(difference < 3e-6 * largest, "{difference} of {largest}");
        }
    }

    #[test]
    fn cheap_steps_and_steps_through_tables_are_not_shared() {
        let shards = |given| Helper::new(&Experiment::resolve(&given).unwrap()).shards();
        assert_eq!(shards(json!({})), 1);
        assert_eq!(shards(json!({ "model": { "n_heads": 2, "d_model": 64 } })), 1);
        assert_eq!(shards(json!({ "model": { "normalization_type": "LN" } })), 1);
    }
}
