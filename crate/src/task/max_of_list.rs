//! The largest number of a list: `BOS n SEP n SEP … ANS max`. The model predicts only the token after ANS. The task is
//! from a puzzle by Andy Arditi (andyrdt/puzzles, April 2026).

use serde::{Deserialize, Serialize};
use tinylens_lean::argmax;

use super::{Ablation, Case, Choice, Claim, Claims, Copied, Heads, Inputs, Rate, Request, Task};
use crate::config::{ConfigError, ModelConfig, Needs};
use crate::error::{Error, Result};
use crate::random::{At, Stream, block};

/// The task of the largest number. Its numbers are 0 to `max_value - 1`; BOS, SEP and ANS are the tokens after them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaxOfList {
    /// Numbers in a list.
    pub list_length: usize,
    /// One more than the largest number.
    pub max_value: usize,
}

/// Names of the special tokens; the first is token `max_value`.
const SPECIAL: [&str; 3] = ["BOS", "SEP", "ANS"];

/// The ablations: nothing changes; ANS, or the SEP after the number at index `site` of the list, becomes `value`.
/// Without `site` it is the first SEP, without `value` a random number.
const ABLATIONS: [&str; 3] = ["baseline", "ans_replacement", "sep_replacement"];

impl Task for MaxOfList {
    fn needs(&self) -> Needs {
        Needs {
            positions: 2 * self.list_length + 2,
            d_vocab: self.max_value + SPECIAL.len(),
            example: (0..self.list_length).map(|place| (3 * place + 4) % self.max_value).collect(),
        }
    }

    fn contradictions(&self, model: &ModelConfig) -> Vec<ConfigError> {
        let Needs { positions, d_vocab, .. } = self.needs();
        let least = [
            ("model.n_ctx", model.n_ctx, positions),
            ("model.d_vocab", model.d_vocab, d_vocab),
            ("model.d_vocab_out", model.d_vocab_out, self.max_value),
        ];
        let refused = least.into_iter().filter(|(_, given, least)| given < least);
        let message = |path, given, least| format!("{path} is {given}; the task takes at least {least}.");
        refused.map(|(path, given, least)| ConfigError::new(path, message(path, given, least))).collect()
    }

    fn inputs(&self) -> Inputs {
        Inputs { min: 0, values: self.max_value, longest: self.list_length, var_length: false, repeats: true }
    }

    fn label(&self, token: usize) -> String {
        let special = token.checked_sub(self.max_value).and_then(|index| SPECIAL.get(index));
        special.map_or_else(|| token.to_string(), ToString::to_string)
    }

    fn token(&self, name: &str) -> Option<usize> {
        SPECIAL.iter().position(|special| *special == name).map(|index| self.max_value + index)
    }

    fn write(&self, list: &[usize], tokens: &mut Vec<usize>) -> usize {
        let [bos, sep, ans] = [0, 1, 2].map(|index| self.max_value + index);
        for (place, number) in list.iter().enumerate() {
            tokens.extend([if place == 0 { bos } else { sep }, *number]);
        }
        tokens.push(ans);
        tokens.extend(list.iter().max());
        2 * list.len() + 1
    }

    fn ablations(&self) -> Vec<&'static str> {
        ABLATIONS.to_vec()
    }

    fn ablation(&self, model: &ModelConfig, request: &Request) -> Result<Box<dyn Ablation>> {
        let Request { name, site, value, seed } = *request;
        let last = self.list_length - 1;
        let after = match (name, site.unwrap_or(Choice::At(0))) {
            ("baseline", _) => None,
            ("ans_replacement", _) => Some(Choice::At(last)),
            ("sep_replacement", _) if last == 0 => {
                return Err(Error::new(
                    "The task's lists have one number (task.list_length), so that there is no SEP.",
                ));
            }
            ("sep_replacement", Choice::At(site)) if site >= last => {
                let most = last - 1;
                return Err(Error::new(format!(
                    "site is {site}; here it is an index of the list that SEP follows, 0 to {most}, or \"random\"."
                )));
            }
            ("sep_replacement", site) => Some(site),
            _ => return Err(Error::new(format!("This task has no experiment {name:?}."))),
        };
        let value = value.unwrap_or(Choice::Random);
        value.check_token(model)?;
        Ok(Box::new(Replaced { task: self.clone(), after, value, seed }))
    }

    fn claims(&self, model: &ModelConfig, seed: u32) -> Result<Box<dyn Claims>> {
        let baseline = self.ablation(model, &Request { name: "baseline", site: None, value: None, seed })?;
        Ok(Box::new(Maxima { heads: Heads::new(model, [0, 0]), right: [0, 0], ablations: [baseline] }))
    }
}

/// A prompt with one token replaced.
#[derive(Clone, Debug)]
struct Replaced {
    task: MaxOfList,
    /// After which index of the list the token is replaced; `None`: none is.
    after: Option<Choice>,
    value: Choice,
    seed: u32,
}

impl Ablation for Replaced {
    fn case(&self, number: u32) -> Case {
        let Self { task, after, value, seed } = self;
        let input = task.inputs().random(*seed, number, task.list_length);
        let mut prompt = (task as &dyn Task).prompt(&input);
        let draws = block(*seed, Stream::Edit, At { index: number, ..At::default() });
        if let Some(after) = after {
            let index = after.choose(draws[1], 0..task.list_length - 1);
            prompt[2 * index + 2] = value.choose(draws[0], 0..task.max_value);
        }
        let largest = input.iter().max().copied();
        let expected: Vec<usize> = largest.into_iter().collect();
        Case { input, prompt, guess: expected.clone(), expected }
    }

    fn measures(&self) -> &'static [&'static str] {
        &["exact"]
    }

    fn score(&self, case: &Case, answer: &[usize]) -> Vec<[u64; 2]> {
        vec![[u64::from(answer == case.expected), 1]]
    }

    /// The largest number of the list, another of its numbers, any other token.
    fn kinds(&self) -> usize {
        3
    }

    fn kind(&self, case: &Case, _place: usize, token: usize) -> usize {
        match token {
            t if case.expected == [t] => 0,
            t if case.input.contains(&t) => 1,
            _ => 2,
        }
    }
}

/// The claims about a model, and what is counted for them: hits and trials.
#[derive(Debug)]
struct Maxima {
    /// Sequences in which ANS attends most to the largest number.
    heads: Heads<[u64; 2]>,
    /// Right answers.
    right: [u64; 2],
    ablations: [Box<dyn Ablation>; 1],
}

impl Claims for Maxima {
    fn look(&mut self, head: usize, sequence: &[usize], pattern: &[f32]) {
        let ans = sequence.len() - 2;
        let row = &pattern[ans * sequence.len()..][..=ans];
        let [hits, trials] = self.heads.of(head);
        *hits += u64::from(sequence[argmax(row)] == sequence[ans + 1]);
        *trials += 1;
    }

    fn ablations(&self) -> &[Box<dyn Ablation>] {
        &self.ablations
    }

    fn answer(&mut self, _ablation: usize, case: &Case, answer: &[usize], _clean: &[usize]) {
        self.right[0] += u64::from(answer == case.expected);
        self.right[1] += 1;
    }

    fn claims(&self, copied: Copied) -> Vec<Claim> {
        let rate = |[hits, trials]: [u64; 2]| Rate::of(hits, trials);
        let (attends, who) = self.heads.best(|[hits, _]| *hits);
        let text = format!("ANS attends most to the largest number{who}.");
        vec![
            Claim::new("exact", "After ANS comes the largest number.", rate(self.right)),
            Claim::new("ans_attends_largest", text, rate(*attends)),
            copied.claim(&self.heads),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;
    use crate::task::TaskConfig;
    use serde_json::json;

    #[test]
    fn a_sequence_ends_with_the_largest_number() {
        let task: &dyn Task = &MaxOfList { list_length: 3, max_value: 10 };
        assert_eq!(task.sequence(&[7, 2, 9]), [10, 7, 11, 2, 11, 9, 12, 9]);
        assert_eq!(task.prompt(&[7, 2, 9]), [10, 7, 11, 2, 11, 9, 12]);
        assert_eq!([7, 10, 11, 12, 13].map(|token| task.label(token)), ["7", "BOS", "SEP", "ANS", "13"]);
        assert_eq!((task.token("ANS"), task.token("MID")), (Some(12), None));
        assert_eq!((task.needs().positions, task.needs().d_vocab), (8, 13));
    }

    #[test]
    fn an_ablation_replaces_a_special_token_and_leaves_the_list() {
        let task = MaxOfList { list_length: 3, max_value: 10 };
        let Experiment { model, .. } =
            Experiment::resolve(&json!({ "task": TaskConfig::MaxOfList(task.clone()) })).unwrap();
        let ablation =
            |task: &MaxOfList, name, site, value| task.ablation(&model, &Request { name, site, value, seed: 5 });
        let prompt = |name, site, value| ablation(&task, name, site, value).unwrap().case(1).prompt;
        let clean = prompt("baseline", Some(Choice::Random), None);
        let [10, a, 11, b, 11, c, 12] = clean[..] else { panic!("{clean:?}") };
        let nine = Some(Choice::At(9));
        assert_eq!(prompt("ans_replacement", None, nine), [10, a, 11, b, 11, c, 9]);
        assert_eq!(prompt("sep_replacement", None, nine), [10, a, 9, b, 11, c, 12]);
        assert_eq!(prompt("sep_replacement", Some(Choice::At(1)), nine), [10, a, 11, b, 9, c, 12]);
        let random = ablation(&task, "sep_replacement", Some(Choice::Random), None).unwrap();
        let mut sites = [0, 0];
        for number in 0..100 {
            let Case { input, prompt, expected, .. } = random.case(number);
            assert_eq!(input, [prompt[1], prompt[3], prompt[5]]);
            assert_eq!(expected, [*input.iter().max().unwrap()]);
            [prompt[2], prompt[4]].iter().zip(&mut sites).for_each(|(token, site)| *site += usize::from(*token < 10));
        }
        assert!(sites[0] + sites[1] == 100 && sites.iter().all(|count| *count > 30), "{sites:?}");

        let refused = |task: &MaxOfList, name, site, value| ablation(task, name, site, value).unwrap_err().to_string();
        assert!(refused(&task, "sep_replacement", Some(Choice::At(2)), None).contains("0 to 1, or \"random\""));
        assert!(refused(&task, "ans_replacement", None, Some(Choice::At(13))).contains("0 to 12"));
        assert!(refused(&task, "mid_deletion", None, None).contains("no experiment"));
        let short = MaxOfList { list_length: 1, ..task.clone() };
        assert!(refused(&short, "sep_replacement", None, None).contains("no SEP"));
    }
}
