//! Claims about what the model writes when BOS or MID is injected or replaced, beside what it writes when nothing is.

use std::ops::Range;

use super::Claim;
use crate::error::Result;
use crate::experiment::ablation::{Ablation, Case, Choice, Plan};
use crate::model::{Decoder, Decoding, Generation, Model};
use crate::task::{Rate, Sort, Task};

/// The edits, at random sites and with random numbers, in the order in which they are decoded; the first is none.
const EDITS: [Ablation; 5] = [
    Ablation::Baseline,
    Ablation::MidInjection,
    Ablation::MidReplacement,
    Ablation::BosInjection,
    Ablation::BosReplacement,
];

/// Answers to edited prompts, counted.
#[derive(Debug)]
pub struct Edits {
    task: Sort,
    plans: Vec<(Ablation, Plan)>,
    /// The edit being decoded, and what is left of this batch's edits, last first.
    open: Vec<(usize, Vec<Case>, Decoding)>,
    /// This batch's answers without an edit.
    clean: Vec<Vec<usize>>,
    /// For each plan: lists; answers that are the rest, sorted, and the largest again; answers as without the edit.
    counts: Vec<[u64; 3]>,
}

impl Edits {
    pub fn new(model: &Model, task: &Sort, seed: u32) -> Result<Self> {
        let mut plans = Vec::new();
        for edit in EDITS {
            let missing = match edit {
                Ablation::BosInjection | Ablation::BosReplacement => task.bos_token.is_none(),
                Ablation::MidInjection | Ablation::MidReplacement => task.mid_token.is_none(),
                _ => false,
            };
            if missing {
                continue;
            }
            let injects = matches!(edit, Ablation::MidInjection | Ablation::BosInjection);
            let value = (!injects).then_some(Choice::Random);
            plans.push((edit, Plan::new(task, model.config(), edit, Some(Choice::Random), value, seed)?));
        }
        let counts = vec![[0; 3]; plans.len()];
        Ok(Self { task: task.clone(), plans, open: Vec::new(), clean: Vec::new(), counts })
    }

    pub fn under_way(&self) -> bool {
        !self.open.is_empty()
    }

    /// Queues these lists under every edit.
    pub fn begin(&mut self, lists: Range<u32>) {
        for (index, (_, plan)) in self.plans.iter().enumerate().rev() {
            let cases: Vec<Case> = lists.clone().map(|number| plan.case(number)).collect();
            let decoding = Decoding::new(
                cases.iter().map(|case| case.prompt.clone()).collect(),
                cases.iter().map(|case| case.guess(&self.task)).collect(),
            );
            self.open.push((index, cases, decoding));
        }
    }

    /// One forward pass, or as much work by hand.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn advance(&mut self, model: &Model, decoder: &mut Decoder) -> Result<()> {
        let Some((index, cases, mut decoding)) = self.open.pop() else { return Ok(()) };
        decoder.advance(&mut decoding, model).await?;
        let Some(answers) = decoding.answers().map(|answers| answers.map(<[usize]>::to_vec).collect::<Vec<_>>()) else {
            self.open.push((index, cases, decoding));
            return Ok(());
        };
        if index == 0 {
            self.clean.clone_from(&answers);
        }
        let counts = &mut self.counts[index];
        for ((case, answer), clean) in cases.iter().zip(&answers).zip(&self.clean) {
            counts[0] += 1;
            counts[1] += u64::from(case.verdict(&self.task, answer).rest_then_largest);
            counts[2] += u64::from(answer == clean);
        }
        Ok(())
    }

    /// # Errors
    /// If the device fails.
    pub async fn claims(&self, model: &Model) -> Result<Vec<Claim>> {
        let mut claims = Vec::new();
        for ((edit, _), [lists, largest, unchanged]) in self.plans.iter().zip(&self.counts) {
            let (id, text, hits) = match edit {
                Ablation::MidInjection => (
                    "mid_injection",
                    "With MID in place of a number, the rest is sorted and its largest number repeated.",
                    largest,
                ),
                Ablation::BosInjection => (
                    "bos_injection",
                    "With BOS in place of a number, the rest is sorted and its largest number repeated.",
                    largest,
                ),
                Ablation::MidReplacement => {
                    ("mid_replacement", "A number in place of MID changes nothing in the answer.", unchanged)
                }
                Ablation::BosReplacement => {
                    ("bos_replacement", "A number in place of BOS changes nothing in the answer.", unchanged)
                }
                _ => continue,
            };
            claims.push(Claim::new(id, text, Rate::of(*hits, *lists)));
        }
        claims.extend(self.bos_only(model).await?);
        Ok(claims)
    }

    /// BOS alone: one answer, so that there is nothing to estimate.
    async fn bos_only(&self, model: &Model) -> Result<Option<Claim>> {
        let Some(bos) = self.task.bos_token else { return Ok(None) };
        let new = self.task.sequence_length(self.task.list_length) - 1;
        let answer = model.generate(&[vec![bos]], &Generation::greedy(new), &[]).await?.remove(0).split_off(1);
        let most = answer
            .iter()
            .max_by_key(|token| (answer.iter().filter(|other| other == token).count(), std::cmp::Reverse(**token)));
        let Some(most) = most.copied() else { return Ok(None) };
        let share = answer.iter().filter(|token| **token == most).count() as f64 / new as f64;
        let label = self.task.label(most);
        let text =
            format!("BOS alone makes the model repeat one number: {label}, in {:.0} % of {new} tokens.", 100.0 * share);
        Ok(Some(Claim::new("bos_only", text, Rate { rate: share, low: share, high: share })))
    }
}
