//! The notebook's experiments on tokens: what a list's prompt becomes, and what an answer to it must be to count.
//!
//! Legend: `L` numbers in a list; the *rest* are the numbers that are still in the prompt, sorted.

use serde::{Deserialize, Serialize};

use crate::config::ModelConfig;
use crate::error::{Error, Result};
use crate::random::{At, Stream, below, block};
use crate::task::{Sort, Task};

/// What happens to the prompt `BOS list MID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ablation {
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

/// A fixed choice, or one drawn for every list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    At(usize),
    Random,
}

/// A list, the prompt made of it, and what the answer should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub list: Vec<usize>,
    pub prompt: Vec<usize>,
    /// The numbers that are left, sorted.
    pub rest: Vec<usize>,
    pub new_tokens: usize,
}

/// An experiment on a task, ready to make cases.
#[derive(Clone, Debug)]
pub struct Plan {
    task: Sort,
    ablation: Ablation,
    /// Where; what it means is the ablation's.
    site: Choice,
    value: Choice,
    seed: u32,
}

/// The notebook's own choices: `list[3]` becomes MID, MID is replaced by 27, BOS by 12.
const MID_SITE: usize = 3;
const MID_VALUE: usize = 27;
const BOS_VALUE: usize = 12;

impl Plan {
    /// Without a site or value, those of the notebook (as near as the task has them).
    ///
    /// # Errors
    /// If the experiment makes no sense for the task or model, or the site or value is none of theirs.
    pub fn new(
        task: &Sort,
        model: &ModelConfig,
        ablation: Ablation,
        site: Option<Choice>,
        value: Option<Choice>,
        seed: u32,
    ) -> Result<Self> {
        use Ablation::{
            BosDeletion, BosInjection, BosOnly, BosReplacement, MidDeletion, MidInjection, MidReplacement, Shorter,
        };
        let length = task.list_length;
        if matches!(ablation, BosInjection | BosReplacement | BosDeletion | BosOnly) && task.bos_token.is_none() {
            return Err(Error::new(
                "This task has no BOS (task.bos_token is null), so that nothing can be done to it; experiments on MID and the list remain.",
            ));
        }
        if matches!(ablation, MidInjection | MidReplacement | MidDeletion) && task.mid_token.is_none() {
            return Err(Error::new(
                "This task has no MID (task.mid_token is null), so that nothing can be done to it; experiments on BOS and the list remain.",
            ));
        }
        if ablation == Shorter && length < 2 {
            return Err(Error::new(
                "The task's lists have one number (task.list_length); a shorter list would have none.",
            ));
        }
        let numbers = task.min_value..task.max_value;
        let near = |number: usize| Choice::At(number.clamp(numbers.start, numbers.end - 1));
        let defaults = match ablation {
            MidInjection => (Choice::At(MID_SITE.min(length - 1)), Choice::At(task.mid_token.unwrap_or(0))),
            BosInjection => (Choice::At(length - 1), Choice::At(task.bos_token.unwrap_or(0))),
            MidReplacement => (Choice::At(0), near(MID_VALUE)),
            BosReplacement => (Choice::At(0), near(BOS_VALUE)),
            Shorter => (Choice::At(length.saturating_sub(2).max(1)), Choice::At(0)),
            _ => (Choice::At(0), Choice::At(0)),
        };
        let plan = Self {
            task: task.clone(),
            ablation,
            site: site.unwrap_or(defaults.0),
            value: value.unwrap_or(defaults.1),
            seed,
        };
        plan.check(model)?;
        Ok(plan)
    }

    fn check(&self, model: &ModelConfig) -> Result<()> {
        use Ablation::{BosInjection, BosReplacement, MidInjection, MidReplacement, Shorter};
        let last = self.task.list_length - 1;
        let sites = match self.ablation {
            MidInjection | BosInjection => Some((0, last, "an index of the list")),
            Shorter => Some((1, last, "how many numbers stay")),
            _ => None,
        };
        if let (Choice::At(site), Some((least, most, what))) = (self.site, sites)
            && !(least..=most).contains(&site)
        {
            return Err(Error::new(format!("site is {site}; here it is {what}, {least} to {most}, or \"random\".")));
        }
        let has_value = matches!(self.ablation, MidInjection | BosInjection | MidReplacement | BosReplacement);
        if let (Choice::At(value), true) = (self.value, has_value)
            && value >= model.d_vocab
        {
            return Err(Error::new(format!(
                "value is {value}; tokens of this model are 0 to {}, or \"random\".",
                model.d_vocab - 1
            )));
        }
        let needed = self.task.sequence_length(self.task.list_length);
        if needed > model.n_ctx {
            let length = self.task.list_length;
            return Err(Error::new(format!(
                "task.list_length is {length}; its sequences have {needed} tokens, and this model reads {} (n_ctx).",
                model.n_ctx
            )));
        }
        Ok(())
    }

    /// Whether every list gives the same prompt.
    pub fn is_constant(&self) -> bool {
        self.ablation == Ablation::BosOnly
    }

    /// Case number `number`: a function of the seed and the number alone.
    pub fn case(&self, number: u32) -> Case {
        let list = self.task.inputs().random(self.seed, number, self.task.list_length);
        let draws = block(self.seed, Stream::Edit, At { index: number, ..At::default() });
        let length = list.len();
        let site = |least: usize| match self.site {
            Choice::At(site) => site,
            Choice::Random => least + below(draws[0], (length - least) as u32) as usize,
        };
        let value = match self.value {
            Choice::At(value) => value,
            Choice::Random => self.task.min_value + below(draws[1], self.task.numbers().len() as u32) as usize,
        };
        let mut kept = list.clone();
        let mut bos = self.task.bos_token;
        let mut mid = self.task.mid_token;
        match self.ablation {
            Ablation::Baseline => {}
            Ablation::MidInjection | Ablation::BosInjection => kept[site(0)] = value,
            Ablation::MidReplacement => mid = Some(value),
            Ablation::MidDeletion => mid = None,
            Ablation::Shorter => kept.truncate(site(1)),
            Ablation::BosReplacement => bos = Some(value),
            Ablation::BosDeletion => bos = None,
            Ablation::BosOnly => {
                kept.clear();
                mid = None;
            }
        }
        let prompt = [bos.as_slice(), &kept, mid.as_slice()].concat();
        let numbers = self.task.min_value..self.task.max_value;
        let mut rest: Vec<usize> = kept.into_iter().filter(|token| numbers.contains(token)).collect();
        rest.sort_unstable();
        // As many tokens as the whole sequence has room for, but a deletion asks for no more than the list had.
        let new_tokens = match self.ablation {
            Ablation::Shorter | Ablation::BosOnly => self.task.sequence_length(length) - prompt.len(),
            _ => self.task.answer_length(length),
        };
        Case { list, prompt, rest, new_tokens }
    }
}

/// What an answer was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// It begins with the rest, sorted (and EOS, where the task has it).
    pub exact: bool,
    /// After the rest, sorted, comes the largest of it, to the end or to EOS, at least once.
    pub rest_then_largest: bool,
    /// Its last number is the largest of the rest.
    pub last_is_largest: bool,
    /// It holds MID, BOS, or EOS where none is due.
    pub special: bool,
    /// How many of the rest stand at their places.
    pub right: usize,
}

/// What a token of an answer was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Emitted {
    /// The one that belongs there.
    Right,
    /// One of the rest that belongs before.
    Earlier,
    /// One of the rest that belongs after.
    Later,
    /// The largest again, after the end of the rest.
    LargestAgain,
    /// A number that is not in the prompt.
    Foreign,
    Mid,
    Bos,
    Eos,
}

impl Emitted {
    /// Names, in the order of the variants.
    pub const NAMES: [&'static str; 8] =
        ["right", "earlier number", "later number", "largest again", "not in the list", "MID", "BOS", "EOS"];
}

impl Case {
    /// The answer that a perfect sorter which repeats the largest number (or ends) would give: a place to start decoding from, nothing
    /// else.
    pub fn guess(&self, task: &Sort) -> Vec<usize> {
        let again = task.eos_token.or(self.rest.last().copied()).unwrap_or(task.min_value);
        (0..self.new_tokens).map(|place| self.rest.get(place).copied().unwrap_or(again)).collect()
    }

    pub fn verdict(&self, task: &Sort, answer: &[usize]) -> Verdict {
        let n = self.rest.len();
        let end = task.eos_token.and_then(|eos| answer.iter().position(|token| *token == eos)).unwrap_or(answer.len());
        let numbers = &answer[..end];
        let largest = self.rest.last();
        let begins = n > 0 && numbers.len() >= n && numbers[..n] == self.rest[..];
        // The answer may have no room for its EOS.
        let ended = task.eos_token.is_none() || end == n || answer.len() == n;
        let special = |token: &usize| [task.mid_token, task.bos_token].contains(&Some(*token));
        Verdict {
            exact: begins && ended,
            rest_then_largest: begins && numbers.len() > n && numbers[n..].iter().all(|token| Some(token) == largest),
            last_is_largest: n > 0 && numbers.last() == largest,
            special: answer.iter().any(special) || (task.eos_token.is_some() && end < n),
            right: numbers.iter().zip(&self.rest).filter(|(a, b)| a == b).count(),
        }
    }

    /// What the token at `place` of an answer was.
    pub fn emitted(&self, task: &Sort, place: usize, token: usize) -> Emitted {
        match token {
            t if self.rest.get(place) == Some(&t) => Emitted::Right,
            t if Some(t) == task.mid_token => Emitted::Mid,
            t if Some(t) == task.bos_token => Emitted::Bos,
            t if Some(t) == task.eos_token => Emitted::Eos,
            t if place >= self.rest.len() && self.rest.last() == Some(&t) => Emitted::LargestAgain,
            t if self.rest[..place.min(self.rest.len())].contains(&t) => Emitted::Earlier,
            t if self.rest.contains(&t) => Emitted::Later,
            _ => Emitted::Foreign,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;
    use serde_json::json;

    fn plan(
        partial: serde_json::Value,
        ablation: Ablation,
        site: Option<Choice>,
        value: Option<Choice>,
    ) -> Result<Plan> {
        let experiment = Experiment::resolve(&json!({ "task": partial })).unwrap();
        Plan::new(&experiment.task, &experiment.model, ablation, site, value, 7)
    }

    #[test]
    fn the_notebooks_choices() {
        for (ablation, length, new) in [
            (Ablation::Baseline, 7, 5),
            (Ablation::MidInjection, 7, 5),
            (Ablation::MidReplacement, 7, 5),
            (Ablation::MidDeletion, 6, 5),
            (Ablation::Shorter, 5, 7),
            (Ablation::BosInjection, 7, 5),
            (Ablation::BosReplacement, 7, 5),
            (Ablation::BosDeletion, 6, 5),
            (Ablation::BosOnly, 1, 11),
        ] {
            let case = plan(json!({}), ablation, None, None).unwrap().case(3);
            assert_eq!((case.prompt.len(), case.new_tokens), (length, new), "{ablation:?}");
            let [a, b, c, d, e] = case.list[..] else { panic!("five numbers") };
            let prompt: &[usize] = match ablation {
                Ablation::Baseline => &[65, a, b, c, d, e, 66],
                Ablation::MidInjection => &[65, a, b, c, 66, e, 66],
                Ablation::MidReplacement => &[65, a, b, c, d, e, 27],
                Ablation::MidDeletion => &[65, a, b, c, d, e],
                Ablation::Shorter => &[65, a, b, c, 66],
                Ablation::BosInjection => &[65, a, b, c, d, 65, 66],
                Ablation::BosReplacement => &[12, a, b, c, d, e, 66],
                Ablation::BosDeletion => &[a, b, c, d, e, 66],
                Ablation::BosOnly => &[65],
            };
            assert_eq!(case.prompt, prompt, "{ablation:?}");
            assert!(case.rest.is_sorted() && case.rest.iter().all(|number| case.list.contains(number)));
        }
    }

    #[test]
    fn random_sites_and_values_reach_all_and_repeat_by_seed() {
        let plan = plan(json!({}), Ablation::MidInjection, Some(Choice::Random), Some(Choice::Random)).unwrap();
        let mut sites = [false; 5];
        for number in 0..200 {
            let case = plan.case(number);
            assert_eq!(case, plan.case(number));
            for (site, (edited, number)) in case.prompt[1..6].iter().zip(&case.list).enumerate() {
                sites[site] |= edited != number;
            }
        }
        assert_eq!(sites, [true; 5]);
    }

    #[test]
    fn what_makes_no_sense_is_refused_in_a_sentence() {
        let refused = |partial, ablation, site, value, part: &str| {
            let message = plan(partial, ablation, site, value).unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        };
        refused(json!({ "bos_token": null }), Ablation::BosOnly, None, None, "no BOS");
        refused(json!({ "mid_token": null }), Ablation::MidDeletion, None, None, "no MID");
        refused(json!({ "list_length": 1 }), Ablation::Shorter, None, None, "one number");
        refused(json!({}), Ablation::MidInjection, Some(Choice::At(5)), None, "0 to 4");
        refused(json!({}), Ablation::Shorter, Some(Choice::At(0)), None, "1 to 4");
        refused(json!({}), Ablation::BosReplacement, None, Some(Choice::At(67)), "0 to 66");
    }

    #[test]
    fn verdicts_on_answers() {
        let task = Experiment::default().task;
        let case = Case {
            list: vec![6, 2, 59, 50, 20],
            prompt: vec![65, 6, 2, 59, 66, 20, 66],
            rest: vec![2, 6, 20, 59],
            new_tokens: 5,
        };
        let verdict = |answer: &[usize]| {
            let Verdict { exact, rest_then_largest, last_is_largest, special, right } = case.verdict(&task, answer);
            (exact, rest_then_largest, last_is_largest, special, right)
        };
        assert_eq!(verdict(&[2, 6, 20, 59, 59]), (true, true, true, false, 4));
        assert_eq!(verdict(&[2, 6, 20, 59, 3]), (true, false, false, false, 4));
        assert_eq!(verdict(&[2, 6, 59, 59, 59]), (false, false, true, false, 3));
        assert_eq!(verdict(&[2, 66, 20, 59, 59]), (false, false, true, true, 3));
        let kinds: Vec<Emitted> =
            [2, 2, 59, 59, 59].iter().enumerate().map(|(i, token)| case.emitted(&task, i, *token)).collect();
        assert_eq!(kinds, [Emitted::Right, Emitted::Earlier, Emitted::Later, Emitted::Right, Emitted::LargestAgain]);
    }

    #[test]
    fn with_eos_an_answer_must_end() {
        let experiment = Experiment::resolve(&json!({ "task": { "eos_token": 67 } })).unwrap();
        let plan = Plan::new(&experiment.task, &experiment.model, Ablation::Shorter, None, None, 7).unwrap();
        let case = plan.case(0);
        assert_eq!((case.rest.len(), case.new_tokens), (3, 8));
        let whole = |tail: &[usize]| case.verdict(&experiment.task, &[&case.rest[..], tail].concat());
        let largest = case.rest[2];
        assert!(whole(&[67, 67, 67, 67, 67]).exact && !whole(&[67, 67, 67, 67, 67]).special);
        assert!(!whole(&[largest, 67, 67, 67, 67]).exact && whole(&[largest, 67, 67, 67, 67]).rest_then_largest);
        assert!(case.verdict(&experiment.task, &[case.rest[0], 67, 67, 67, 67, 67, 67, 67]).special);
    }
}
