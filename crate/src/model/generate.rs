//! Generation: the model's next token is appended to the sequence, and the model is run again.

use std::collections::BTreeMap;

use super::{Generation, Hooks, Inference, Intervention, Model, Tokens, read};
use crate::error::{Error, Result};

/// The most sequences whose keys and values are kept at the same time.
const MOST_TOGETHER: usize = 200;

impl Model {
    /// Each prompt followed by its generated tokens. Without interventions, prompts may differ in length, and a row
    /// does not depend on the others, except that all rows of one prompt length are filled up with the stop token to
    /// equal length.
    ///
    /// # Errors
    /// If a prompt is empty, has a token outside the vocabulary or would grow past `n_ctx`; if an option is out of
    /// range or an intervention does not fit; if the device fails.
    pub async fn generate(
        &self,
        prompts: &[Vec<usize>],
        options: &Generation,
        interventions: &[Intervention],
    ) -> Result<Vec<Vec<usize>>> {
        options.check()?;
        let mut by_length: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, prompt) in prompts.iter().enumerate() {
            self.check_prompt(prompt, &format!("prompts[{number}]"), options)?;
            by_length.entry(prompt.len()).or_default().push(number);
        }
        if let (Some(first), false) = (prompts.first(), interventions.is_empty()) {
            if by_length.len() > 1 {
                return Err(Error::new("The prompts differ in length; with interventions they must be equally long."));
            }
            let positions = first.len() + options.max_new_tokens;
            Intervention::check_all(interventions, self.config(), prompts.len(), positions)?;
        }
        let mut out = prompts.to_vec();
        for (length, numbers) in by_length {
            let positions = length + options.max_new_tokens;
            let mut inference = if interventions.is_empty() { self.inference(numbers.len(), positions) } else { None };
            // The pass by hand keeps keys and values, so that the number of rows is limited. Otherwise all rows go
            // together: an intervention may make a row depend on others.
            let most = self.sequences_a_pass(positions, MOST_TOGETHER);
            let together =
                inference.as_ref().map_or(numbers.len(), |inference| inference.sequences_a_pass(positions, most));
            for numbers in numbers.chunks(together) {
                let rows: Vec<Vec<usize>> = numbers.iter().map(|number| prompts[*number].clone()).collect();
                let rows = self.continued(rows, numbers, options, interventions, inference.as_mut()).await?;
                numbers.iter().zip(rows).for_each(|(number, row)| out[*number] = row);
            }
            if let Some(stop) = options.stop_token {
                let longest = numbers.iter().map(|number| out[*number].len()).max().unwrap_or(0);
                numbers.iter().for_each(|number| out[*number].resize(longest, stop));
            }
        }
        Ok(out)
    }

    /// The prompts `rows`, equally long, each followed by its generated tokens, until all have ended. `numbers` are the
    /// prompts' indices in the whole call; random draws depend on them.
    async fn continued(
        &self,
        mut rows: Vec<Vec<usize>>,
        numbers: &[usize],
        options: &Generation,
        interventions: &[Intervention],
        mut inference: Option<&mut Inference>,
    ) -> Result<Vec<Vec<usize>>> {
        let mut ended = vec![false; rows.len()];
        // The tokens of every row that the pass by hand has not read yet, [rows, unread].
        let mut unread = rows.concat();
        if let Some(inference) = &mut inference {
            inference.begin(rows.len());
        }
        for _ in 0..options.max_new_tokens {
            if ended.iter().all(|ended| *ended) && options.stop_token.is_some() {
                break;
            }
            let computed;
            let logits = match &mut inference {
                Some(inference) => {
                    // A model may predict classes that are not tokens.
                    for token in unread.chunks(1) {
                        Tokens::check_row(token, "tokens", self.config())?;
                    }
                    let last = unread.len() / rows.len();
                    inference.read(&unread, last - 1..last)
                }
                None => {
                    computed = self.last_logits(&Tokens::new(&rows, self.config())?, interventions).await?;
                    &computed
                }
            };
            unread.clear();
            let logits = logits.chunks_exact(self.config().d_vocab_out);
            for (index, (row, logits)) in rows.iter_mut().zip(logits).enumerate() {
                let next = match options.stop_token {
                    Some(stop) if ended[index] => stop,
                    _ => options.choose(logits, row, numbers[index]),
                };
                ended[index] |= Some(next) == options.stop_token;
                row.push(next);
                unread.push(next);
            }
        }
        Ok(rows)
    }

    /// Whether a prompt and its new tokens fit the model, and the stop token too. Errors call the prompt `name`.
    fn check_prompt(&self, prompt: &[usize], name: &str, options: &Generation) -> Result<()> {
        let (n_ctx, d_vocab) = (self.config().n_ctx, self.config().d_vocab);
        Tokens::check_row(prompt, name, self.config())?;
        let new = options.max_new_tokens;
        if prompt.len().saturating_add(new) > n_ctx {
            let message = format!(
                "{name} has {} tokens and {new} more are asked for; this model has {n_ctx} positions (n_ctx).",
                prompt.len()
            );
            return Err(Error::new(message));
        }
        if let Some(stop) = options.stop_token.filter(|stop| *stop >= d_vocab) {
            return Err(Error::new(format!(
                "options.stopToken is {stop}; tokens of this model are 0 to {}.",
                d_vocab - 1
            )));
        }
        Ok(())
    }

    /// The logits at the last position of each sequence, `[B, V out]`.
    async fn last_logits(&self, tokens: &Tokens, interventions: &[Intervention]) -> Result<Vec<f32>> {
        let last = tokens.positions - 1..tokens.positions;
        let mut hooks = Hooks::none().with(interventions);
        read(self.logits(&self.weights(), tokens.tensor(&self.device()), None, last, &mut hooks)).await
    }
}
