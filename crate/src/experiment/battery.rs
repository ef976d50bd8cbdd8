//! An ablation over many inputs: rates with intervals, what was emitted where, and the inputs that failed.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::group::{Group, check};
use crate::error::Result;
use crate::model::{Decoder, Intervention, Model};
use crate::task::{Ablation, Case, Rate, Task};

/// Most failed inputs that are kept.
const MOST_FAILURES: usize = 100;

/// Most inputs decoded together.
const MOST_A_PASS: usize = 200;

/// An input that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The input.
    pub list: Vec<usize>,
    /// What the model was given.
    pub prompt: Vec<usize>,
    /// What it answered.
    pub answer: Vec<usize>,
}

/// What a battery measured. In JSON, each measure is a field of its own, and all are in `measures` too.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How many inputs were answered.
    pub lists: u32,
    /// The ablation's measures.
    pub measures: Measures,
    /// The first inputs that failed: those whose answers missed the first measure.
    pub failed: Vec<Failure>,
    /// `[place][kind]`: for every place of the answer, how many tokens of each kind.
    pub confusion: Vec<Vec<u64>>,
}

/// Measures by their names, in the order in which the ablation has them.
#[derive(Clone, Debug, PartialEq)]
pub struct Measures(Vec<(&'static str, Rate)>);

impl Measures {
    /// A measure by its name.
    pub fn get(&self, name: &str) -> Option<Rate> {
        self.0.iter().find(|(other, _)| *other == name).map(|(_, rate)| *rate)
    }
}

impl Serialize for Measures {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("lists", &self.lists)?;
        for (name, rate) in &self.measures.0 {
            map.serialize_entry(name, rate)?;
        }
        map.serialize_entry("measures", &self.measures)?;
        map.serialize_entry("failures", &self.failed.iter().map(|failure| &failure.list).collect::<Vec<_>>())?;
        map.serialize_entry("failed", &self.failed)?;
        map.serialize_entry("confusion", &self.confusion)?;
        map.end()
    }
}

/// A battery under way. Each call computes one forward pass, so that the caller can do other things in between.
#[derive(Debug)]
pub struct Battery {
    ablation: Box<dyn Ablation>,
    decoder: Decoder,
    inputs: u32,
    done: u32,
    batch: usize,
    /// Cases that are not answered yet; the last group is the next.
    open: Vec<Group>,
    /// For each measure: hits and trials.
    scores: Vec<[u64; 2]>,
    failed: Vec<Failure>,
    confusion: Vec<Vec<u64>>,
}

impl Battery {
    /// A battery of a task's ablation over so many random inputs; over one, if all prompts are the same.
    ///
    /// # Errors
    /// If the task or an intervention does not fit the model; if there are no inputs or too many.
    pub fn new(
        ablation: Box<dyn Ablation>,
        task: &dyn Task,
        model: &Model,
        interventions: Vec<Intervention>,
        inputs: u32,
    ) -> Result<Self> {
        check(task, model, inputs)?;
        let inputs = if ablation.is_constant() { 1 } else { inputs };
        let config = model.config();
        let positions = task.needs().positions;
        let batch = model.sequences_a_pass(positions, MOST_A_PASS);
        for (number, change) in interventions.iter().enumerate() {
            change.check(&format!("interventions[{number}]"), config, batch, positions)?;
        }
        let decoder = Decoder::new(model, interventions, inputs as usize, positions);
        let batch = decoder.sequences_a_pass(model, positions, MOST_A_PASS);
        let scores = vec![[0; 2]; ablation.measures().len()];
        let (open, failed, confusion) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { ablation, decoder, inputs, done: 0, batch, open, scores, failed, confusion })
    }

    /// How many inputs are answered, and how many inputs there are.
    pub fn progress(&self) -> (u32, u32) {
        (self.done - self.open.iter().map(Group::len).sum::<usize>() as u32, self.inputs)
    }

    /// Computes the next forward pass; returns the report once all inputs are answered.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn advance(&mut self, model: &Model) -> Result<Option<Report>> {
        if self.open.is_empty() && self.done < self.inputs {
            let next = self.inputs.min(self.done + self.batch as u32);
            self.open = Group::of((self.done..next).map(|number| self.ablation.case(number)));
            self.done = next;
        }
        if let Some(mut group) = self.open.pop() {
            group.advance(&mut self.decoder, model).await?;
            if let Some(answers) = group.answers() {
                answers.for_each(|(_, case, answer)| self.count(case, answer));
            } else {
                self.open.push(group);
            }
        }
        Ok((self.open.is_empty() && self.done == self.inputs).then(|| self.report()))
    }

    fn count(&mut self, case: &Case, answer: &[usize]) {
        let score = self.ablation.score(case, answer);
        for (sum, [hits, trials]) in self.scores.iter_mut().zip(&score) {
            sum[0] += hits;
            sum[1] += trials;
        }
        let kinds = vec![0; self.ablation.kinds()];
        self.confusion.resize(self.confusion.len().max(answer.len()), kinds);
        for (place, token) in answer.iter().enumerate() {
            self.confusion[place][self.ablation.kind(case, place, *token)] += 1;
        }
        let missed = score.first().is_some_and(|[hits, trials]| hits < trials);
        if missed && self.failed.len() < MOST_FAILURES {
            let (list, prompt) = (case.input.clone(), case.prompt.clone());
            self.failed.push(Failure { list, prompt, answer: answer.to_vec() });
        }
    }

    fn report(&mut self) -> Report {
        let rates = self.scores.iter().map(|[hits, trials]| Rate::of(*hits, *trials));
        Report {
            lists: self.inputs,
            measures: Measures(self.ablation.measures().iter().copied().zip(rates).collect()),
            failed: std::mem::take(&mut self.failed),
            confusion: std::mem::take(&mut self.confusion),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;
    use crate::model::Generation;
    use crate::task::{Choice, Request};
    use burn_tensor::Device;
    use pollster::block_on;
    use serde_json::json;

    /// Decoding from guesses gives the same answers as generating token by token, in every ablation of every task, with
    /// a model that is often wrong.
    #[test]
    fn guessing_changes_nothing() {
        for (name, steps) in [("sort", 150), ("max_of_list", 20)] {
            let experiment = Experiment::resolve(&json!({
                "task": { "name": name, "max_value": 8, "list_length": 4 }, "model": { "d_model": 32 },
            }))
            .unwrap();
            let (task, config) = (experiment.task.clone(), experiment.model.clone());
            let task = task.task();
            let mut run = block_on(crate::train::Run::new(experiment, &Device::flex()));
            block_on(run.step(steps)).unwrap();
            let model = run.model();
            let mut rates = Vec::new();
            for name in task.ablations() {
                let site = ["shorter", "mid_injection"].contains(&name).then_some(Choice::Random);
                let ablation = || task.ablation(&config, &Request { name, site, value: None, seed: 3 }).unwrap();
                let mut battery = Battery::new(ablation(), task, &model, Vec::new(), 250).unwrap();
                let report = loop {
                    if let Some(report) = block_on(battery.advance(&model)).unwrap() {
                        break report;
                    }
                };
                let (ablation, mut exact) = (ablation(), 0);
                for number in 0..report.lists {
                    let case = ablation.case(number);
                    let greedy = Generation::greedy(case.guess.len());
                    let whole =
                        block_on(model.generate(std::slice::from_ref(&case.prompt), &greedy, &[])).unwrap().remove(0);
                    exact += ablation.score(&case, &whole[case.prompt.len()..])[0][0];
                }
                assert_eq!(report.measures.get("exact"), Some(Rate::of(exact, u64::from(report.lists))), "{name}");
                let most = report.confusion.iter().map(|place| place.iter().sum::<u64>()).max();
                assert_eq!(most, Some(u64::from(report.lists)));
                rates.push(report.measures.0[0].1.rate);
            }
            assert!(rates[0] > 0.1 && rates[0] < 1.0, "some right, some wrong: {rates:?}");
        }
    }
}
