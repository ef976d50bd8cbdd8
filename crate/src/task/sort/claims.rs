//! The notebook's conclusions, as claims about any sorter.

use std::cmp::Reverse;

use super::ablation::Changed;
use super::answer;
use super::pattern::Counts;
use super::settings::Sort;
use crate::config::ModelConfig;
use crate::error::Result;
use crate::task::{Ablation, Case, Choice, Claim, Claims, Copied, Heads, Rate, Request, Task};

/// The ablations whose answers are counted, at random sites and with random numbers.
const ABLATIONS: [&str; 6] =
    ["baseline", "mid_injection", "mid_replacement", "bos_injection", "bos_replacement", "bos_only"];

/// The claims about a sorter, being counted.
#[derive(Debug)]
pub(super) struct Sorter {
    task: Sort,
    heads: Heads<Counts>,
    names: Vec<&'static str>,
    ablations: Vec<Box<dyn Ablation>>,
    /// For each ablation: lists; answers that are the rest, sorted, and then its largest; answers equal to the clean
    /// one.
    counts: Vec<[u64; 3]>,
    /// The answer to BOS alone.
    bos_only: Vec<usize>,
}

impl Sorter {
    /// Nothing is counted yet.
    ///
    /// # Errors
    /// If the task does not fit the model.
    pub fn new(task: &Sort, model: &ModelConfig, seed: u32) -> Result<Self> {
        let (mut names, mut ablations) = (Vec::new(), Vec::<Box<dyn Ablation>>::new());
        for name in ABLATIONS {
            let token = if name.starts_with("bos") { task.bos_token } else { task.mid_token };
            if name != "baseline" && token.is_none() {
                continue;
            }
            let value = (!name.ends_with("injection")).then_some(Choice::Random);
            let request = Request { name, site: Some(Choice::Random), value, seed };
            ablations.push(Box::new(Changed::new(task, model, &request)?));
            names.push(name);
        }
        Ok(Self {
            task: task.clone(),
            heads: Heads::new(model, Counts::new(task)),
            counts: vec![[0; 3]; ablations.len()],
            names,
            ablations,
            bos_only: Vec::new(),
        })
    }

    /// The claims about attention, for the head that attends to the next larger number most often.
    fn attention(&self) -> Vec<Claim> {
        let (head, who) = self.heads.best(|head| head.places.iter().map(|place| place[1]).sum());
        let total = |which: usize| head.places.iter().map(|place| place[which]).sum::<u64>();
        let share = |place: &[u64; 3]| format!("{:.0} %", 100.0 * place[1] as f64 / place[0].max(1) as f64);
        let by_place = head.places.iter().map(share).collect::<Vec<_>>().join(", ");
        let mut claims = Vec::new();
        if self.task.list_length > 1 {
            let text = format!(
                "Each sorted number attends most to the smallest number larger than itself{who}; by place: {by_place}."
            );
            claims.push(Claim::new("next_larger", text, Rate::of(total(1), total(0))));
            let text = format!("Each sorted number attends most to one of the next two larger numbers{who}.");
            claims.push(Claim::new("next_two", text, Rate::of(total(2), total(0))));
            let text = format!(
                "The smallest number larger than a sorted number gets most of its attention: mean weight{who}."
            );
            claims.push(Claim::new("next_larger_weight", text, head.weight.rate()));
        }
        let text = format!("The last position, which no number follows, attends most to the largest number{who}.");
        claims.push(Claim::new("last_position", text, Rate::of(head.last[1], head.last[0])));
        if self.task.bos_token.is_some() {
            let text = format!(
                "Attention to BOS is flat: every later position gives it as much (entropy, as a share of uniform){who}."
            );
            claims.push(Claim::new("bos_flat", text, head.bos.rate()));
        }
        claims
    }

    /// BOS alone has one answer, so that there is nothing to estimate.
    fn bos_only(&self) -> Option<Claim> {
        let answer = &self.bos_only;
        let times = |token: &usize| answer.iter().filter(|other| *other == token).count();
        let most = *answer.iter().max_by_key(|token| (times(token), Reverse(**token)))?;
        let share = times(&most) as f64 / answer.len() as f64;
        let text = format!(
            "BOS alone makes the model repeat one number: {}, in {:.0} % of {} tokens.",
            self.task.label(most),
            100.0 * share,
            answer.len()
        );
        Some(Claim::new("bos_only", text, Rate { rate: share, low: share, high: share }))
    }
}

impl Claims for Sorter {
    fn look(&mut self, head: usize, sequence: &[usize], pattern: &[f32]) {
        self.heads.of(head).count(&self.task, sequence, pattern);
    }

    fn ablations(&self) -> &[Box<dyn Ablation>] {
        &self.ablations
    }

    fn answer(&mut self, ablation: usize, case: &Case, answer: &[usize], clean: &[usize]) {
        if self.names[ablation] == "bos_only" {
            self.bos_only = answer.to_vec();
            return;
        }
        let [_, [largest_again, _], ..] = answer::score(&self.task, &case.expected, answer);
        let counts = &mut self.counts[ablation];
        counts[0] += 1;
        counts[1] += largest_again;
        counts[2] += u64::from(answer == clean);
    }

    fn claims(&self, copied: Copied) -> Vec<Claim> {
        let mut claims = self.attention();
        claims.push(copied.claim(&self.heads));
        for (name, [lists, largest_again, unchanged]) in self.names.iter().zip(&self.counts) {
            let (text, hits) = match *name {
                "mid_injection" => (
                    "With MID in place of a number, the rest is sorted and its largest number repeated.",
                    largest_again,
                ),
                "bos_injection" => (
                    "With BOS in place of a number, the rest is sorted and its largest number repeated.",
                    largest_again,
                ),
                "mid_replacement" => ("A number in place of MID changes nothing in the answer.", unchanged),
                "bos_replacement" => ("A number in place of BOS changes nothing in the answer.", unchanged),
                _ => continue,
            };
            claims.push(Claim::new(name, text, Rate::of(*hits, *lists)));
        }
        claims.extend(self.bos_only());
        claims
    }
}
