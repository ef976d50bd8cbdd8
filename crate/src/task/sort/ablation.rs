//! The notebook's experiments on tokens: what happens to the prompt of a list.

use super::answer;
use super::settings::Sort;
use crate::config::ModelConfig;
use crate::error::{Error, Result};
use crate::random::{At, Stream, block};
use crate::task::{Ablation, Case, Choice, Request, Task};

/// What happens to the prompt `BOS list MID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing.
    Baseline,
    /// The number at `site` becomes MID (or `value`).
    MidInjection,
    /// MID becomes `value`.
    MidReplacement,
    /// MID is taken out; the prompt is one shorter.
    MidDeletion,
    /// Only the first `site` numbers stay.
    Shorter,
    /// The number at `site` becomes BOS (or `value`).
    BosInjection,
    /// BOS becomes `value`.
    BosReplacement,
    /// BOS is taken out; the prompt is one shorter.
    BosDeletion,
    /// The prompt is BOS alone.
    BosOnly,
}

/// All changes by name, in the order in which the notebook has them.
pub(super) const CHANGES: [(&str, Change); 9] = [
    ("baseline", Change::Baseline),
    ("mid_injection", Change::MidInjection),
    ("mid_replacement", Change::MidReplacement),
    ("mid_deletion", Change::MidDeletion),
    ("shorter", Change::Shorter),
    ("bos_injection", Change::BosInjection),
    ("bos_replacement", Change::BosReplacement),
    ("bos_deletion", Change::BosDeletion),
    ("bos_only", Change::BosOnly),
];

/// The index in the list at which the notebook injects MID.
const MID_SITE: usize = 3;

/// The number by which the notebook replaces MID.
const MID_VALUE: usize = 27;

/// The number by which the notebook replaces BOS.
const BOS_VALUE: usize = 12;

/// A change of a task's prompts, with its site and value.
#[derive(Clone, Debug)]
pub(super) struct Changed {
    task: Sort,
    change: Change,
    site: Choice,
    value: Choice,
    seed: u32,
}

impl Changed {
    /// Without a site or value, those of the notebook (as near as the task has them).
    ///
    /// # Errors
    /// If the change makes no sense for the task or model, or the site or value is none of theirs.
    pub fn new(task: &Sort, model: &ModelConfig, request: &Request) -> Result<Self> {
        use Change::{
            BosDeletion, BosInjection, BosOnly, BosReplacement, MidDeletion, MidInjection, MidReplacement, Shorter,
        };
        let Request { name, site, value, seed } = *request;
        let Some((_, change)) = CHANGES.into_iter().find(|(other, _)| *other == name) else {
            return Err(Error::new(format!("This task has no experiment {name:?}.")));
        };
        let length = task.list_length;
        if matches!(change, BosInjection | BosReplacement | BosDeletion | BosOnly) && task.bos_token.is_none() {
            return Err(Error::new(
                "This task has no BOS (task.bos_token is null), so that nothing can be done to it; experiments on MID \
                 and the list remain.",
            ));
        }
        if matches!(change, MidInjection | MidReplacement | MidDeletion) && task.mid_token.is_none() {
            return Err(Error::new(
                "This task has no MID (task.mid_token is null), so that nothing can be done to it; experiments on BOS \
                 and the list remain.",
            ));
        }
        if change == Shorter && length < 2 {
            return Err(Error::new(
                "The task's lists have one number (task.list_length); a shorter list would have none.",
            ));
        }
        let near = |number: usize| Choice::At(number.clamp(task.min_value, task.max_value - 1));
        let (usual_site, usual_value) = match change {
            MidInjection => (Choice::At(MID_SITE.min(length - 1)), Choice::At(task.mid_token.unwrap_or(0))),
            BosInjection => (Choice::At(length - 1), Choice::At(task.bos_token.unwrap_or(0))),
            MidReplacement => (Choice::At(0), near(MID_VALUE)),
            BosReplacement => (Choice::At(0), near(BOS_VALUE)),
            Shorter => (Choice::At(length.saturating_sub(2).max(1)), Choice::At(0)),
            _ => (Choice::At(0), Choice::At(0)),
        };
        let (site, value) = (site.unwrap_or(usual_site), value.unwrap_or(usual_value));
        let changed = Self { task: task.clone(), change, site, value, seed };
        changed.check(model)?;
        Ok(changed)
    }

    fn check(&self, model: &ModelConfig) -> Result<()> {
        use Change::{BosInjection, BosReplacement, MidInjection, MidReplacement, Shorter};
        let last = self.task.list_length - 1;
        let sites = match self.change {
            MidInjection | BosInjection => Some((0, last, "an index of the list")),
            Shorter => Some((1, last, "how many numbers stay")),
            _ => None,
        };
        if let (Choice::At(site), Some((least, most, what))) = (self.site, sites)
            && !(least..=most).contains(&site)
        {
            return Err(Error::new(format!("site is {site}; here it is {what}, {least} to {most}, or \"random\".")));
        }
        let has_value = matches!(self.change, MidInjection | BosInjection | MidReplacement | BosReplacement);
        if has_value { self.value.check_token(model) } else { Ok(()) }
    }
}

impl Ablation for Changed {
    fn case(&self, number: u32) -> Case {
        let list = self.task.inputs().random(self.seed, number, self.task.list_length);
        let draws = block(self.seed, Stream::Edit, At { index: number, ..At::default() });
        let length = list.len();
        let site = |least: usize| self.site.choose(draws[0], least..length);
        let numbers = self.task.numbers();
        let value = self.value.choose(draws[1], numbers.clone());
        let mut kept = list.clone();
        let mut bos = self.task.bos_token;
        let mut mid = self.task.mid_token;
        match self.change {
            Change::Baseline => {}
            Change::MidInjection | Change::BosInjection => kept[site(0)] = value,
            Change::MidReplacement => mid = Some(value),
            Change::MidDeletion => mid = None,
            Change::Shorter => kept.truncate(site(1)),
            Change::BosReplacement => bos = Some(value),
            Change::BosDeletion => bos = None,
            Change::BosOnly => {
                kept.clear();
                mid = None;
            }
        }
        let prompt = [bos.as_slice(), &kept, mid.as_slice()].concat();
        // The numbers that are left, sorted.
        let mut rest: Vec<usize> = kept.into_iter().filter(|token| numbers.contains(token)).collect();
        rest.sort_unstable();
        // As many tokens as the whole sequence has room for, but a deletion asks for no more than the list had.
        let new_tokens = match self.change {
            Change::Shorter | Change::BosOnly => self.task.sequence_length(length) - prompt.len(),
            _ => self.task.answer_length(length),
        };
        let guess = answer::perfect(&self.task, &rest, new_tokens);
        Case { input: list, prompt, expected: rest, guess }
    }

    fn is_constant(&self) -> bool {
        self.change == Change::BosOnly
    }

    fn measures(&self) -> &'static [&'static str] {
        &answer::MEASURES
    }

    fn score(&self, case: &Case, answer: &[usize]) -> Vec<[u64; 2]> {
        answer::score(&self.task, &case.expected, answer).to_vec()
    }

    fn kinds(&self) -> usize {
        answer::KINDS
    }

    fn kind(&self, case: &Case, place: usize, token: usize) -> usize {
        answer::emitted(&self.task, &case.expected, place, token) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;
    use crate::task::TaskConfig;
    use serde_json::{Value, json};

    fn changed(partial: Value, name: &str, site: Option<Choice>, value: Option<Choice>) -> Result<Changed> {
        let Experiment { task, model, .. } = Experiment::resolve(&json!({ "task": partial })).unwrap();
        let TaskConfig::Sort(task) = task else { panic!("{task:?}") };
        Changed::new(&task, &model, &Request { name, site, value, seed: 7 })
    }

    #[test]
    fn the_notebooks_choices() {
        for (name, length, new) in [
            ("baseline", 7, 5),
            ("mid_injection", 7, 5),
            ("mid_replacement", 7, 5),
            ("mid_deletion", 6, 5),
            ("shorter", 5, 7),
            ("bos_injection", 7, 5),
            ("bos_replacement", 7, 5),
            ("bos_deletion", 6, 5),
            ("bos_only", 1, 11),
        ] {
            let case = changed(json!({}), name, None, None).unwrap().case(3);
            assert_eq!((case.prompt.len(), case.guess.len()), (length, new), "{name}");
            let [a, b, c, d, e] = case.input[..] else { panic!("five numbers") };
            let prompt: &[usize] = match name {
                "baseline" => &[65, a, b, c, d, e, 66],
                "mid_injection" => &[65, a, b, c, 66, e, 66],
                "mid_replacement" => &[65, a, b, c, d, e, 27],
                "mid_deletion" => &[65, a, b, c, d, e],
                "shorter" => &[65, a, b, c, 66],
                "bos_injection" => &[65, a, b, c, d, 65, 66],
                "bos_replacement" => &[12, a, b, c, d, e, 66],
                "bos_deletion" => &[a, b, c, d, e, 66],
                _ => &[65],
            };
            assert_eq!(case.prompt, prompt, "{name}");
            assert!(case.expected.is_sorted() && case.expected.iter().all(|number| case.input.contains(number)));
        }
    }

    #[test]
    fn random_sites_and_values_reach_all_and_repeat_by_seed() {
        let changed = changed(json!({}), "mid_injection", Some(Choice::Random), Some(Choice::Random)).unwrap();
        let mut sites = [false; 5];
        for number in 0..200 {
            let case = changed.case(number);
            assert_eq!(case, changed.case(number));
            for (site, (edited, number)) in case.prompt[1..6].iter().zip(&case.input).enumerate() {
                sites[site] |= edited != number;
            }
        }
        assert_eq!(sites, [true; 5]);
    }

    #[test]
    fn what_makes_no_sense_is_refused_in_a_sentence() {
        let refused = |partial, name, site, value, part: &str| {
            let message = changed(partial, name, site, value).unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        };
        refused(json!({ "bos_token": null }), "bos_only", None, None, "no BOS");
        refused(json!({ "mid_token": null }), "mid_deletion", None, None, "no MID");
        refused(json!({ "list_length": 1 }), "shorter", None, None, "one number");
        refused(json!({}), "mid_injection", Some(Choice::At(5)), None, "0 to 4");
        refused(json!({}), "shorter", Some(Choice::At(0)), None, "1 to 4");
        refused(json!({}), "bos_replacement", None, Some(Choice::At(67)), "0 to 66");
        refused(json!({}), "ans_replacement", None, None, "no experiment");
    }
}
