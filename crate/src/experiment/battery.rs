//! An experiment over many lists: rates with intervals, what was emitted where, and the lists that failed.

use serde::Serialize;

use super::ablation::{Ablation, Case, Emitted, Plan};
use crate::error::{Error, Result};
use crate::model::{Decoder, Decoding, Intervention, Model};
use crate::task::{Rate, Sort};

/// Most lists in a battery.
const MOST_LISTS: u32 = 100_000;

/// Failed lists that are kept.
const MOST_FAILURES: usize = 100;

/// Most lists decoded together.
const MOST_A_PASS: usize = 200;

/// A list that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    pub list: Vec<usize>,
    /// What the model was given, and what it answered.
    pub prompt: Vec<usize>,
    pub answer: Vec<usize>,
}

/// What came of a battery.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub lists: u32,
    pub exact: Rate,
    pub sorted_rest_then_largest: Rate,
    pub last_is_largest: Rate,
    pub special_emitted: Rate,
    /// Of the numbers that are left in the prompt, those that stand at their places.
    pub token_accuracy: Rate,
    /// The first lists that were not sorted.
    pub failures: Vec<Vec<usize>>,
    pub failed: Vec<Failure>,
    /// For every place of the answer, how many of each kind of [`Emitted`].
    pub confusion: Vec<[u64; Emitted::NAMES.len()]>,
}

/// A battery under way, one forward pass, or as much work by hand, a call.
#[derive(Debug)]
pub struct Battery {
    plan: Plan,
    task: Sort,
    decoder: Decoder,
    lists: u32,
    done: u32,
    batch: usize,
    /// Groups of cases that are being answered, prompts of equal length each.
    open: Vec<(Vec<Case>, Decoding)>,
    tally: Tally,
}

#[derive(Debug, Default)]
struct Tally {
    exact: u64,
    rest_then_largest: u64,
    last_is_largest: u64,
    special: u64,
    right: u64,
    numbers: u64,
    failed: Vec<Failure>,
    confusion: Vec<[u64; Emitted::NAMES.len()]>,
}

impl Battery {
    /// # Errors
    /// If there are no lists, or too many; if an intervention does not fit the model.
    pub fn new(plan: Plan, task: &Sort, model: &Model, interventions: Vec<Intervention>, lists: u32) -> Result<Self> {
        if lists == 0 || lists > MOST_LISTS {
            return Err(Error::new(format!("lists is {lists}; it must be a whole number from 1 to {MOST_LISTS}.")));
        }
        let lists = if plan.is_constant() { 1 } else { lists };
        let config = model.config();
        let positions = task.sequence_length(task.list_length);
        let batch = model.sequences_a_pass(positions, MOST_A_PASS);
        for (number, change) in interventions.iter().enumerate() {
            change.check(&format!("interventions[{number}]"), config, batch, positions)?;
        }
        let decoder = Decoder::new(model, interventions, lists as usize, positions);
        let batch = decoder.sequences_a_pass(model, positions, MOST_A_PASS);
        Ok(Self { plan, task: task.clone(), decoder, lists, done: 0, batch, open: Vec::new(), tally: Tally::default() })
    }

    /// Lists answered, and lists in all.
    pub fn progress(&self) -> (u32, u32) {
        (self.done - self.open.iter().map(|(cases, _)| cases.len() as u32).sum::<u32>(), self.lists)
    }

    /// The next forward pass; the report once all lists are answered.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn advance(&mut self, model: &Model) -> Result<Option<Report>> {
        if self.open.is_empty() && self.done < self.lists {
            self.begin();
        }
        if let Some((cases, mut decoding)) = self.open.pop() {
            self.decoder.advance(&mut decoding, model).await?;
            if let Some(answers) = decoding.answers() {
                cases.iter().zip(answers).for_each(|(case, answer)| self.tally.count(&self.task, case, answer));
            } else {
                self.open.push((cases, decoding));
            }
        }
        Ok((self.open.is_empty() && self.done == self.lists).then(|| self.report()))
    }

    /// The next cases, in groups of equally long prompts.
    fn begin(&mut self) {
        let next = self.lists.min(self.done + self.batch as u32);
        let mut groups: Vec<Vec<Case>> = Vec::new();
        for case in (self.done..next).map(|number| self.plan.case(number)) {
            match groups.iter_mut().find(|group| group[0].prompt.len() == case.prompt.len()) {
                Some(group) => group.push(case),
                None => groups.push(vec![case]),
            }
        }
        self.done = next;
        let task = &self.task;
        self.open.extend(groups.into_iter().map(|cases| {
            let prompts = cases.iter().map(|case| case.prompt.clone());
            let decoding = Decoding::new(prompts.collect(), cases.iter().map(|case| case.guess(task)).collect());
            (cases, decoding)
        }));
    }

    fn report(&mut self) -> Report {
        let tally = std::mem::take(&mut self.tally);
        let of = |hits: u64| Rate::of(hits, u64::from(self.lists));
        Report {
            lists: self.lists,
            exact: of(tally.exact),
            sorted_rest_then_largest: of(tally.rest_then_largest),
            last_is_largest: of(tally.last_is_largest),
            special_emitted: of(tally.special),
            token_accuracy: Rate::of(tally.right, tally.numbers),
            failures: tally.failed.iter().map(|failure| failure.list.clone()).collect(),
            failed: tally.failed,
            confusion: tally.confusion,
        }
    }
}

impl Tally {
    fn count(&mut self, task: &Sort, case: &Case, answer: &[usize]) {
        let verdict = case.verdict(task, answer);
        self.exact += u64::from(verdict.exact);
        self.rest_then_largest += u64::from(verdict.rest_then_largest);
        self.last_is_largest += u64::from(verdict.last_is_largest);
        self.special += u64::from(verdict.special);
        self.right += verdict.right as u64;
        self.numbers += case.rest.len() as u64;
        self.confusion.resize(self.confusion.len().max(answer.len()), Default::default());
        for (place, token) in answer.iter().enumerate() {
            self.confusion[place][case.emitted(task, place, *token) as usize] += 1;
        }
        if !verdict.exact && self.failed.len() < MOST_FAILURES {
            self.failed.push(Failure { list: case.list.clone(), prompt: case.prompt.clone(), answer: answer.to_vec() });
        }
    }
}

impl Ablation {
    /// All, in the order in which the notebook has them.
    pub const ALL: [Self; 9] = [
        Self::Baseline,
        Self::MidInjection,
        Self::MidReplacement,
        Self::MidDeletion,
        Self::Shorter,
        Self::BosInjection,
        Self::BosReplacement,
        Self::BosDeletion,
        Self::BosOnly,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Choice, Experiment};
    use crate::model::Generation;
    use burn::tensor::Device;
    use pollster::block_on;
    use serde_json::json;

    /// Decoding by guesses gives what generating token by token gives, in every experiment, of a model that is often wrong.
    #[test]
    fn guessing_changes_nothing() {
        let experiment =
            Experiment::resolve(&json!({ "task": { "max_value": 8, "list_length": 4 }, "model": { "d_model": 32 } }))
                .unwrap();
        let mut run = crate::train::Run::new(experiment.clone(), &Device::flex());
        block_on(run.step(150)).unwrap();
        let model = run.model();
        let mut rates = Vec::new();
        for ablation in Ablation::ALL {
            let site = matches!(ablation, Ablation::Shorter | Ablation::MidInjection).then_some(Choice::Random);
            let plan = Plan::new(&experiment.task, &experiment.model, ablation, site, None, 3).unwrap();
            let mut battery = Battery::new(plan.clone(), &experiment.task, model, Vec::new(), 250).unwrap();
            let report = loop {
                if let Some(report) = block_on(battery.advance(model)).unwrap() {
                    break report;
                }
            };
            let mut exact = 0;
            for number in 0..report.lists {
                let case = plan.case(number);
                let whole = block_on(model.generate(
                    std::slice::from_ref(&case.prompt),
                    &Generation::greedy(case.new_tokens),
                    &[],
                ))
                .unwrap()
                .remove(0);
                exact += u64::from(case.verdict(&experiment.task, &whole[case.prompt.len()..]).exact);
            }
            assert_eq!(report.exact, Rate::of(exact, u64::from(report.lists)), "{ablation:?}");
            assert_eq!(
                report.confusion.iter().map(|place| place.iter().sum::<u64>()).max(),
                Some(u64::from(report.lists))
            );
            rates.push(report.exact.rate);
        }
        assert!(rates[0] > 0.1 && rates[0] < 1.0, "some right, some wrong: {rates:?}");
    }
}
