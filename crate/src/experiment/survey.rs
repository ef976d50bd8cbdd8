//! A survey: all claims of a task measured on a model, over many random inputs.

use std::ops::Range;

use super::copies::copies;
use super::group::{Group, check};
use crate::error::Result;
use crate::model::{Decoder, Model};
use crate::task::{Claim, Claims, TaskConfig};

/// Most inputs whose patterns are computed together.
const BATCH: usize = 100;

/// A survey under way. Each call computes one forward pass, so that the caller can do other things in between.
#[derive(Debug)]
pub struct Survey {
    task: TaskConfig,
    claims: Box<dyn Claims>,
    inputs: u32,
    seed: u32,
    decoder: Decoder,
    done: u32,
    /// Cases of this batch that are not answered yet, with the indices of their ablations; the last group is the next.
    open: Vec<(usize, Group)>,
    /// For each input of this batch, the answer under the first ablation, which changes nothing.
    clean: Vec<Vec<usize>>,
}

impl Survey {
    /// A survey over so many random inputs of a seed.
    ///
    /// # Errors
    /// If the task does not fit the model; if there are no inputs or too many.
    pub fn new(model: &Model, task: &TaskConfig, inputs: u32, seed: u32) -> Result<Self> {
        check(task.task(), model, inputs)?;
        let claims = task.task().claims(model.config(), seed)?;
        let decoder = Decoder::new(model, Vec::new(), inputs as usize, task.task().needs().positions);
        let (open, clean) = (Vec::new(), Vec::new());
        Ok(Self { task: task.clone(), claims, inputs, seed, decoder, done: 0, open, clean })
    }

    /// How many inputs are surveyed, and how many inputs there are.
    pub fn progress(&self) -> (u32, u32) {
        (self.done, self.inputs)
    }

    /// Computes the next forward pass; returns the claims once all inputs are surveyed.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn advance(&mut self, model: &Model) -> Result<Option<Vec<Claim>>> {
        if let Some((ablation, group)) = self.open.pop() {
            self.answer(ablation, group, model).await?;
        } else if self.done < self.inputs {
            let positions = self.task.task().needs().positions;
            let batch = self.decoder.sequences_a_pass(model, positions, BATCH).min(BATCH);
            let inputs = self.done..self.inputs.min(self.done + batch as u32);
            self.look(model, inputs.clone()).await?;
            self.ask(inputs.clone());
            self.done = inputs.end;
        }
        if self.done < self.inputs || !self.open.is_empty() {
            return Ok(None);
        }
        let copied = copies(model, self.task.task().inputs().numbers()).await?;
        Ok(Some(self.claims.claims(copied)))
    }

    /// Counts the patterns over the whole sequences of some inputs.
    async fn look(&mut self, model: &Model, numbers: Range<u32>) -> Result<()> {
        let (task, inputs) = (self.task.task(), self.task.task().inputs());
        let sequence = |number| task.sequence(&inputs.random(self.seed, number, inputs.longest));
        let rows: Vec<Vec<usize>> = numbers.map(sequence).collect();
        let (square, n_heads) = (rows[0].len() * rows[0].len(), model.config().n_heads);
        let patterns = match self.decoder.inference() {
            Some(inference) => inference.patterns(&rows),
            None => model.patterns(&rows).await?,
        };
        for (layer, patterns) in patterns.into_iter().enumerate() {
            for (cell, pattern) in patterns.chunks_exact(square).enumerate() {
                self.claims.look(layer * n_heads + cell % n_heads, &rows[cell / n_heads], pattern);
            }
        }
        Ok(())
    }

    /// Makes the cases of some inputs under every ablation; an ablation whose prompts are all the same has one.
    fn ask(&mut self, inputs: Range<u32>) {
        self.clean = vec![Vec::new(); inputs.len()];
        for (index, ablation) in self.claims.ablations().iter().enumerate().rev() {
            let inputs = match (ablation.is_constant(), inputs.start) {
                (false, _) => inputs.clone(),
                (true, 0) => 0..1,
                (true, _) => continue,
            };
            let groups = Group::of(inputs.map(|number| ablation.case(number)));
            self.open.extend(groups.into_iter().map(|group| (index, group)));
        }
    }

    /// Computes the next part of a group's answers, and counts them once they are all known.
    async fn answer(&mut self, ablation: usize, mut group: Group, model: &Model) -> Result<()> {
        group.advance(&mut self.decoder, model).await?;
        if let Some(answers) = group.answers() {
            for (input, case, answer) in answers {
                if ablation == 0 {
                    self.clean[input] = answer.to_vec();
                }
                self.claims.answer(ablation, case, answer, &self.clean[input]);
            }
        } else {
            self.open.push((ablation, group));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Battery, Experiment};
    use crate::task::{Choice, Rate, Request};
    use burn_tensor::Device;
    use pollster::block_on;
    use serde_json::json;

    /// What a survey claims of answers is what a battery over the same inputs measures, and no input is left out.
    #[test]
    fn claims_about_answers_are_what_batteries_measure() {
        for (partial, steps, ids, id, name, measure) in [
            (
                json!({ "task": { "name": "max_of_list", "list_length": 3 }, "model": { "d_model": 32 } }),
                60,
                "exact ans_attends_largest ov_copies",
                "exact",
                "baseline",
                "exact",
            ),
            (
                json!({ "task": { "list_length": 4, "max_value": 8, "mid_token": null }, "model": { "d_model": 32 } }),
                300,
                "next_larger next_two next_larger_weight last_position bos_flat ov_copies bos_injection \
                 bos_replacement bos_only",
                "bos_injection",
                "bos_injection",
                "sortedRestThenLargest",
            ),
        ] {
            let experiment = Experiment::resolve(&partial).unwrap();
            let task = experiment.task.clone();
            let mut run = block_on(crate::train::Run::new(experiment, &Device::flex()));
            block_on(run.step(steps)).unwrap();
            let model = run.model();
            let mut survey = Survey::new(&model, &task, 250, 1).unwrap();
            let claims = loop {
                if let Some(claims) = block_on(survey.advance(&model)).unwrap() {
                    break claims;
                }
            };
            assert_eq!(survey.progress(), (250, 250));
            assert_eq!(claims.iter().map(|claim| claim.id).collect::<Vec<_>>().join(" "), ids);
            let request = Request { name, site: Some(Choice::Random), value: None, seed: 1 };
            let ablation = task.task().ablation(model.config(), &request).unwrap();
            let mut battery = Battery::new(ablation, task.task(), &model, Vec::new(), 250).unwrap();
            let report = loop {
                if let Some(report) = block_on(battery.advance(&model)).unwrap() {
                    break report;
                }
            };
            let claim = claims.iter().find(|claim| claim.id == id).unwrap();
            let Rate { rate, low, high } = report.measures.get(measure).unwrap();
            assert_eq!((claim.value, claim.low, claim.high), (rate, low, high), "{id}");
            assert!(rate > 0.1 && rate < 0.9, "some right, some wrong: {rate}");
        }
    }

    #[test]
    fn a_survey_needs_inputs_and_a_task_that_fits() {
        let Experiment { task, model, .. } = Experiment::default();
        let model = Model::new(&model, &Device::flex());
        let refused = |task: &TaskConfig, inputs| Survey::new(&model, task, inputs, 0).unwrap_err().to_string();
        assert!(refused(&task, 0).contains("lists is 0; it must be a whole number from 1 to 100000"));
        assert!(refused(&task, 100_001).contains("lists is 100001"));
        let longer = Experiment::resolve(&json!({ "task": { "list_length": 9 } })).unwrap().task;
        assert!(refused(&longer, 10).contains("model.n_ctx is 12; a sequence of 9 numbers takes at least 20"));
    }
}
