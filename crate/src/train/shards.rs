//! A step on the CPU in shards: the batch is cut into a fixed number of them, and the gradient is the sum of theirs, in their order. What
//! a run comes to then does not depend on who computed which: several workers can share a step, and lose no bit of reproducibility.
//!
//! How many shards there are is a function of the experiment alone, never of the machine or of timings. Not here: workers
//! (`pkg/crew.mjs`), nor who computes what: a [`Crew`] says that.

use std::future::Future;
use std::pin::Pin;

use tinylens_lean::{Batch, Lean, add};

use crate::error::{Error, Result};
use crate::experiment::Experiment;
use crate::model::Layout;
use crate::task::Data;

/// Shards of a dear step. Four suit two workers and four; more of them, and layer 0, which does its projections once for each distinct
/// pair of token and position, meets the same pairs in too many shards.
const SHARDS: usize = 4;

/// Multiply-adds of one forward pass, from which a step takes long enough (some ten milliseconds) for sharing it to pay.
const DEAR: f64 = 5e7;

/// How many shards a step of this experiment has on the CPU; 1: it is not shared.
pub fn shards(experiment: &Experiment, lean: &Lean) -> usize {
    if !matches!(lean, Lean::Rows(_)) || experiment.train.batch_size < 2 * SHARDS || multiply_adds(experiment) < DEAR {
        return 1;
    }
    SHARDS
}

/// The step by hand of an experiment.
pub(super) fn lean(experiment: &Experiment, layout: &Layout) -> Lean {
    // The last token of a sequence is a target only.
    let positions = experiment.task.task().needs().positions - 1;
    Lean::new(&experiment.model, layout, positions, experiment.train.batch_size)
}

/// About how many there are in a forward pass, without what layer 0 does once for each pair of token and position: shards share none of that.
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

/// One shard's part of a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Summed over the shard's counted positions.
    pub loss: f64,
    /// Of the whole batch's mean loss; the parts add up to the gradient.
    pub gradient: Vec<f32>,
}

/// The parts in order, without those that their worker did not deliver.
pub type Parts<'a> = Pin<Box<dyn Future<Output = Vec<Option<Part>>> + 'a>>;

/// Computes some of a step's shards elsewhere.
pub trait Crew {
    /// Begins the shards of step `step` from some number on, which it returns: those before it, at least one, are the run's own.
    fn hand_out(&self, step: u32, parameters: &[f32], shards: usize) -> usize;

    /// The parts that were handed out. It never fails: the run computes itself what is missing.
    fn collect(&self) -> Parts<'_>;
}

/// The shards of a batch.
pub struct Cut<'a> {
    batch: &'a Batch,
    shards: usize,
    /// How many positions of the whole batch count.
    count: usize,
}

impl<'a> Cut<'a> {
    /// A batch in so many shards.
    pub fn new(batch: &'a Batch, shards: usize) -> Self {
        Self { batch, shards, count: batch.sequences().count() }
    }

    /// The summed loss of one shard; its part of the gradient is written to `gradient`.
    fn part(&self, shard: usize, lean: &mut Lean, parameters: &[f32], gradient: &mut [f32]) -> f64 {
        let [start, end] = [shard, shard + 1].map(|shard| self.batch.len() * shard / self.shards);
        if start == end {
            gradient.fill(0.0); // the last batch of an epoch may have fewer sequences than there are shards
            return 0.0;
        }
        lean.part(parameters, &self.batch.part(start..end), self.count, gradient)
    }

    /// The mean loss of the whole batch; its gradient is written to `gradient`. `step` is for the crew.
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

/// What a worker beside the run's own needs to compute shards of its steps: no weights, no optimiser. Batches come from step numbers.
#[derive(Debug)]
pub struct Helper {
    data: Data,
    lean: Lean,
    shards: usize,
    parameters: usize,
    /// The step whose batch is at hand: its shards come one after the other.
    at: Option<(u32, Batch)>,
}

impl Helper {
    pub fn new(experiment: &Experiment) -> Self {
        let layout = Layout::new(&experiment.model);
        let lean = lean(experiment, &layout);
        let shards = shards(experiment, &lean);
        Self { data: Data::new(&experiment.task, &experiment.train), lean, shards, parameters: layout.len(), at: None }
    }

    /// How many shards its steps have.
    pub fn shards(&self) -> usize {
        self.shards
    }

    /// One shard of step `step`, at these parameters.
    ///
    /// # Errors
    /// If the steps have no such shard, are not cut at all, or the model has another number of parameters.
    pub fn part(&mut self, step: u32, shard: usize, parameters: &[f32]) -> Result<Part> {
        if self.shards == 1 || shard >= self.shards || parameters.len() != self.parameters {
            return Err(Error::new(format!(
                "Shard {shard} at {} parameters is asked for; this experiment has {} and its steps {} shards.",
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
    use burn::tensor::Device;
    use serde_json::json;

    /// Two layers with norm and MLP, just dear enough; batches of two sizes, the smaller with fewer lists than there are shards.
    fn experiment() -> Experiment {
        Experiment::resolve(&json!({
            "task": { "list_length": 8, "max_value": 20 },
            "model": { "n_layers": 2, "n_heads": 2, "d_model": 64, "d_mlp": 256, "attn_only": false, "normalization_type": "LN" },
            "train": { "batch_size": 100, "num_samples": 203 },
        }))
        .unwrap()
    }

    /// Keeps `own` shards for the run; the parts that it delivers are a [`Helper`]'s, except for shard `lost`.
    struct Hired {
        helper: RefCell<Helper>,
        own: usize,
        lost: Option<usize>,
        parts: RefCell<Vec<Option<Part>>>,
    }

    impl Crew for Hired {
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
    fn whoever_computes_the_shards_the_bits_are_the_same() {
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
            let crew = Hired { helper, own, lost, parts: RefCell::default() };
            assert_eq!(train(Some(&crew)), alone, "{own} of its own, {lost:?} lost");
        }
    }

    #[test]
    fn the_shards_add_up_to_the_whole_batch() {
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
            let apart = sum.iter().zip(&whole).fold(0f32, |max, (a, b)| max.max((a - b).abs()));
            assert!(apart < 3e-6 * largest, "{apart} of {largest}");
        }
    }

    #[test]
    fn what_is_cheap_or_goes_through_tables_is_not_shared() {
        let shards = |given| Helper::new(&Experiment::resolve(&given).unwrap()).shards();
        assert_eq!(shards(json!({})), 1);
        assert_eq!(shards(json!({ "model": { "n_heads": 2, "d_model": 64 } })), 1);
        assert_eq!(shards(json!({ "model": { "normalization_type": "LN" } })), 1);
    }
}
