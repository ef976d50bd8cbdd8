//! Sorting: BOS, a list of numbers, MID, the numbers sorted, EOS; each of the three special tokens can be left out. The
//! model is asked for what comes after MID (or after the list) only.
//!
//! Legend: `L` numbers in a list, `T` positions of a sequence: `2L` and one for each of BOS, MID and EOS.

mod ablation;
mod answer;
mod assumed;
mod claims;
mod example;
mod pattern;
mod settings;

use ablation::{CHANGES, Changed};
pub use assumed::assumed;
use claims::Sorter;
use example::example;
pub use settings::Sort;

use super::{Ablation, Claims, Inputs, Request, Task};
use crate::config::{ConfigError, ModelConfig, Needs};
use crate::error::Result;

impl Task for Sort {
    fn needs(&self) -> Needs {
        let last = self.special().into_iter().filter_map(|(.., token)| token).max().unwrap_or(0);
        Needs {
            positions: self.sequence_length(self.list_length),
            d_vocab: (last + 1).max(self.max_value),
            example: example(self.list_length, self.min_value, self.max_value),
        }
    }

    fn contradictions(&self, model: &ModelConfig) -> Vec<ConfigError> {
        let mut errors = Vec::new();
        let mut refuse = |wrong: bool, path: &str, message: String| {
            if wrong {
                errors.push(ConfigError::new(path, message));
            }
        };
        let Self { list_length, min_value, max_value, repeats, .. } = *self;
        if min_value >= max_value {
            let message = format!("task.max_value is {max_value}; it must be more than task.min_value, {min_value}.");
            return vec![ConfigError::new("task.max_value", message)];
        }
        for (_, path, token) in self.special() {
            let Some(token) = token else { continue };
            let message = format!(
                "{path} is {token}, which is also a number of the lists; choose one outside {min_value} to {}.",
                max_value - 1
            );
            refuse(self.numbers().contains(&token), path, message);
            let message = format!("{path} is {token}; it must be less than model.d_vocab, {}.", model.d_vocab);
            refuse(token >= model.d_vocab, path, message);
        }
        if let Some(mid) = self.mid_token {
            let message = format!("task.mid_token is {mid}, as is task.bos_token; they must differ.");
            refuse(self.bos_token == Some(mid), "task.mid_token", message);
        }
        if let Some(eos) = self.eos_token {
            let same = [self.mid_token, self.bos_token].contains(&Some(eos));
            refuse(same, "task.eos_token", format!("task.eos_token is {eos}, as is BOS or MID; they must differ."));
            let message = format!(
                "task.eos_token is {eos}; the model writes it, so that it must be less than model.d_vocab_out, {}.",
                model.d_vocab_out
            );
            refuse(eos >= model.d_vocab_out, "task.eos_token", message);
        }
        for (path, tokens) in [("model.d_vocab", model.d_vocab), ("model.d_vocab_out", model.d_vocab_out)] {
            let message = format!("{path} is {tokens}; the numbers of the task take at least {max_value}.");
            refuse(max_value > tokens, path, message);
        }
        let values = self.numbers().len();
        let message = format!(
            "task.list_length is {list_length}; without repeats there are only {values} different numbers to fill it \
             with."
        );
        refuse(!repeats && values < list_length, "task.list_length", message);
        let positions = self.sequence_length(list_length);
        let n_ctx = model.n_ctx;
        let message =
            format!("model.n_ctx is {n_ctx}; a sequence of {list_length} numbers takes at least {positions}.");
        refuse(n_ctx < positions, "model.n_ctx", message);
        errors
    }

    fn inputs(&self) -> Inputs {
        Inputs {
            min: self.min_value,
            values: self.max_value.saturating_sub(self.min_value),
            longest: self.list_length,
            var_length: self.var_length,
            repeats: self.repeats,
        }
    }

    fn label(&self, token: usize) -> String {
        let named = self.special().into_iter().find(|(.., special)| *special == Some(token));
        named.map_or_else(|| token.to_string(), |(name, ..)| name.into())
    }

    fn token(&self, name: &str) -> Option<usize> {
        self.special().into_iter().find(|(special, ..)| *special == name)?.2
    }

    fn write(&self, list: &[usize], tokens: &mut Vec<usize>) -> usize {
        let start = tokens.len();
        tokens.extend(self.bos_token);
        tokens.extend(list);
        tokens.extend(self.mid_token);
        let prompt = tokens.len();
        tokens.extend(list);
        tokens[prompt..].sort_unstable();
        tokens.extend(self.eos_token);
        prompt - start
    }

    fn ablations(&self) -> Vec<&'static str> {
        CHANGES.map(|(name, _)| name).to_vec()
    }

    fn ablation(&self, model: &ModelConfig, request: &Request) -> Result<Box<dyn Ablation>> {
        Ok(Box::new(Changed::new(self, model, request)?))
    }

    fn claims(&self, model: &ModelConfig, seed: u32) -> Result<Box<dyn Claims>> {
        Ok(Box::new(Sorter::new(self, model, seed)?))
    }
}

#[cfg(test)]
mod tests {
    use crate::experiment::Experiment;
    use crate::task::TaskConfig;
    use serde_json::{Value, json};

    fn task(partial: Value) -> TaskConfig {
        Experiment::resolve(&json!({ "task": partial })).unwrap().task
    }

    #[test]
    fn a_sequence_is_bos_the_list_mid_the_list_sorted() {
        let usual = task(json!({}));
        let usual = usual.task();
        assert_eq!(usual.sequence(&[6, 2, 59, 50, 20]), [65, 6, 2, 59, 50, 20, 66, 2, 6, 20, 50, 59]);
        assert_eq!(usual.prompt(&[6, 2, 59, 50, 20]), [65, 6, 2, 59, 50, 20, 66]);
        assert_eq!([65, 66, 67, 6].map(|token| usual.label(token)), ["BOS", "MID", "67", "6"]);
        assert_eq!([usual.token("BOS"), usual.token("EOS"), usual.token("ANS")], [Some(65), None, None]);
        let without_bos = task(json!({ "bos_token": null, "mid_token": 65 }));
        assert_eq!(without_bos.task().sequence(&[6, 2, 59]), [6, 2, 59, 65, 2, 6, 59]);
        let without_mid = task(json!({ "mid_token": null }));
        assert_eq!(without_mid.task().sequence(&[6, 2]), [65, 6, 2, 2, 6]);
        assert_eq!(without_mid.task().prompt(&[6, 2]), [65, 6, 2]);
    }
}
