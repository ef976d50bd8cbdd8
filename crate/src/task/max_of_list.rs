//! The largest number of a list: `BOS n SEP n SEP … ANS max`. The model is asked for the token after ANS only. After a
//! puzzle of Andy Arditi's (andyrdt/puzzles, April 2026).

use std::ops::Range;

use serde::{Deserialize, Serialize};
use tinylens_lean::argmax;

use super::{Ablation, Case, Choice, Claim, Claims, Copied, Inputs, Rate, Request, Task, named};
use crate::config::{ConfigError, ModelConfig, Needs};
use crate::error::{Error, Result};
use crate::random::{At, Stream, below, block};

/// The task of the largest number. Its numbers are 0 to `max_value - 1`; BOS, SEP and ANS are the tokens after them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaxOfList {
    /// Numbers in a list.
    pub list_length: usize,
    /// One more than the largest number.
    pub max_value: usize,
}

/// Names of the special tokens, the first of which is `max_value`.
const SPECIAL: [&str; 3] = ["BOS", "SEP", "ANS"];

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
        let replaces = match name {
            "baseline" => None,
            "ans_replacement" => Some(2 * self.list_length),
            "sep_replacement" => Some(2),
            _ => return Err(Error::new(format!("This task has no experiment {name:?}."))),
        };
        let last = 2 * self.list_length;
        let at = match site {
            Some(Choice::At(at)) if at > last => {
                return Err(Error::new(format!("site is {at}; here it is a position of the prompt, 0 to {last}.")));
            }
            Some(Choice::At(at)) => replaces.map(|_| at),
            Some(Choice::Random) => return Err(Error::new("site is \"random\"; here it is a position of the prompt.")),
            None => replaces,
        };
        if let Some(Choice::At(token)) =
            value.filter(|value| matches!(value, Choice::At(token) if *token >= model.d_vocab))
        {
            let most = model.d_vocab - 1;
            return Err(Error::new(format!("value is {token}; tokens of this model are 0 to {most}, or \"random\".")));
        }
        Ok(Box::new(Replaced { task: self.clone(), at, value: value.unwrap_or(Choice::Random), seed }))
    }

    fn claims(&self, model: &ModelConfig, seed: u32) -> Result<Box<dyn Claims>> {
        let baseline = self.ablation(model, &Request { name: "baseline", site: None, value: None, seed })?;
        Ok(Box::new(Maxima {
            task: self.clone(),
            seed,
            n_heads: model.n_heads,
            largest: vec![0; model.n_layers * model.n_heads],
            lists: 0,
            right: 0,
            ablations: vec![baseline],
        }))
    }
}

/// Its ablations: a position of the prompt (of ANS, of the first SEP) gets another token, a random number unless said
/// otherwise.
const ABLATIONS: [&str; 3] = ["baseline", "ans_replacement", "sep_replacement"];

/// A prompt with one token replaced.
#[derive(Clone, Debug)]
struct Replaced {
    task: MaxOfList,
    /// Which position; `None`: nothing is replaced.
    at: Option<usize>,
    value: Choice,
    seed: u32,
}

impl Ablation for Replaced {
    fn case(&self, number: u32) -> Case {
        let input = self.task.inputs().random(self.seed, number, self.task.list_length);
        let mut prompt = (&self.task as &dyn Task).prompt(&input);
        let draw = block(self.seed, Stream::Edit, At { index: number, ..At::default() })[0];
        if let Some(at) = self.at {
            prompt[at] = match self.value {
                Choice::At(token) => token,
                Choice::Random => below(draw, self.task.max_value as u32) as usize,
            };
        }
        let expected: Vec<usize> = input.iter().max().copied().into_iter().collect();
        Case { input, prompt, guess: expected.clone(), expected }
    }

    fn measures(&self) -> &'static [&'static str] {
        &["exact"]
    }

    fn score(&self, case: &Case, answer: &[usize]) -> Vec<[u64; 2]> {
        vec![[u64::from(answer == case.expected), 1]]
    }

    /// The largest number, another of the list, anything else.
    fn kinds(&self) -> usize {
        3
    }

    fn kind(&self, case: &Case, _place: usize, token: usize) -> usize {
        if case.expected == [token] { 0 } else { 2 - usize::from(case.input.contains(&token)) }
    }
}

/// The claims about a model of the task, being counted.
#[derive(Debug)]
struct Maxima {
    task: MaxOfList,
    seed: u32,
    n_heads: usize,
    /// For each head: lists whose ANS attends most to a largest number.
    largest: Vec<u64>,
    lists: u64,
    right: u64,
    ablations: Vec<Box<dyn Ablation>>,
}

impl Claims for Maxima {
    fn sequence(&self, number: u32) -> Vec<usize> {
        let list = self.task.inputs().random(self.seed, number, self.task.list_length);
        (&self.task as &dyn Task).sequence(&list)
    }

    fn look(&mut self, head: usize, sequence: &[usize], pattern: &[f32]) {
        let ans = sequence.len() - 2;
        let row = &pattern[ans * sequence.len()..][..=ans];
        self.largest[head] += u64::from(sequence[argmax(row)] == sequence[ans + 1]);
        self.lists += u64::from(head == 0);
    }

    fn ablations(&self) -> &[Box<dyn Ablation>] {
        &self.ablations
    }

    fn answer(&mut self, _ablation: usize, case: &Case, answer: &[usize], _clean: &[usize]) {
        self.right += u64::from(answer == case.expected);
    }

    fn copied(&self) -> Range<usize> {
        0..self.task.max_value
    }

    fn claims(&self, Copied { own, layer, head }: Copied) -> Vec<Claim> {
        let several = self.largest.len() > 1;
        // The first of equals.
        let best = (0..self.largest.len()).rev().max_by_key(|head| self.largest[*head]).unwrap_or(0);
        let numbers = self.task.max_value;
        let attends = format!("ANS attends most to the largest number{}.", named(best, self.n_heads, several));
        let copies = format!(
            "Attending to a number writes that number: the OV circuit's top output is its own for {own} of {numbers}{}.",
            named(layer * self.n_heads + head, self.n_heads, several)
        );
        vec![
            Claim::new("exact", "After ANS comes the largest number.", Rate::of(self.right, self.lists)),
            Claim::new("ans_attends_largest", attends, Rate::of(self.largest[best], self.lists)),
            Claim::new("ov_copies", copies, Rate::of(own as u64, numbers as u64)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_ends_with_the_largest_number() {
        let task: &dyn Task = &MaxOfList { list_length: 3, max_value: 10 };
        assert_eq!(task.sequence(&[7, 2, 9]), [10, 7, 11, 2, 11, 9, 12, 9]);
        assert_eq!(task.prompt(&[7, 2, 9]), [10, 7, 11, 2, 11, 9, 12]);
        assert_eq!([7, 10, 11, 12, 13].map(|token| task.label(token)), ["7", "BOS", "SEP", "ANS", "13"]);
        assert_eq!((task.token("ANS"), task.token("MID")), (Some(12), None));
        assert_eq!((task.needs().positions, task.needs().d_vocab), (8, 13));
    }
}
