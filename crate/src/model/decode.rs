//! Greedy decoding of many sequences at once: on the CPU by hand, token by token with what was read kept ([`Inference`]); elsewhere in as few forward
//! passes as the answers allow.
//!
//! A pass over prompts followed by a guess gives the model's choice after every token. Up to the first that differs from the guess, and
//! with that one, the choices are what greedy generation gives (later positions cannot change earlier ones); the choices are then the next
//! guess. A good guess takes one pass, the worst as many as there are new tokens (Jacobi decoding: Santilli et al., 2023).

use super::{Generation, Hooks, Inference, Intervention, Model, Tokens, argmax, read};
use crate::config::AttentionDirection;
use crate::error::Result;

/// What answers prompts of one model, at its parameters of the moment.
#[derive(Debug)]
pub struct Decoder {
    /// By hand, where that is possible.
    inference: Option<Inference>,
    interventions: Vec<Intervention>,
}

impl Decoder {
    /// For some `sequences` of at most `positions` tokens, answers and all.
    pub fn new(model: &Model, interventions: Vec<Intervention>, sequences: usize, positions: usize) -> Self {
        let inference = if interventions.is_empty() { model.inference(sequences, positions) } else { None };
        Self { inference, interventions }
    }

    pub fn inference(&mut self) -> Option<&mut Inference> {
        self.inference.as_mut()
    }

    /// How many sequences of `positions` tokens should be decoded together, so that whoever waits in between doesn't wait long: at most
    /// `most`, so that progress is told often too.
    pub fn sequences_a_pass(&self, model: &Model, positions: usize, most: usize) -> usize {
        let through_layers = model.sequences_a_pass(positions, most);
        self.inference
            .as_ref()
            .map_or(through_layers, |inference| inference.sequences_a_pass(positions, through_layers))
    }

    /// The next part of some answers: all of them by hand, one forward pass, or, of a model that reads ahead and under interventions, which may tie
    /// rows together, all in as many passes as they have tokens.
    ///
    /// # Errors
    /// If a prompt does not fit the model; if the device fails.
    pub async fn advance(&mut self, decoding: &mut Decoding, model: &Model) -> Result<()> {
        if let Some(inference) = &mut self.inference {
            return decoding.by_hand(model, inference);
        }
        if self.interventions.is_empty() && model.config().attention_dir == AttentionDirection::Causal {
            return decoding.advance(model).await;
        }
        decoding.by_steps(model, &self.interventions).await
    }
}

/// Answers under way to prompts of equal length.
#[derive(Debug)]
pub struct Decoding {
    prompts: Vec<Vec<usize>>,
    /// Right up to `known`, a guess beyond.
    answers: Vec<Vec<usize>>,
    known: Vec<usize>,
}

impl Decoding {
    /// `guesses` are as many and as long as the answers shall be.
    pub fn new(prompts: Vec<Vec<usize>>, guesses: Vec<Vec<usize>>) -> Self {
        let known = vec![0; prompts.len()];
        Self { prompts, answers: guesses, known }
    }

    /// All of the answers that are not done.
    ///
    /// # Errors
    /// If a prompt does not fit the model.
    fn by_hand(&mut self, model: &Model, inference: &mut Inference) -> Result<()> {
        let open: Vec<usize> =
            (0..self.prompts.len()).filter(|row| self.known[*row] < self.answers[*row].len()).collect();
        let Some(first) = open.first() else { return Ok(()) };
        let new = self.answers[*first].len();
        for row in &open {
            Tokens::check_row(&self.prompts[*row], &format!("tokens[{row}]"), model.config())?;
        }
        let prompts: Vec<&[usize]> = open.iter().map(|row| &self.prompts[*row][..]).collect();
        let answers = inference.greedy(&prompts, new);
        for (row, answer) in open.into_iter().zip(answers) {
            self.answers[row] = answer;
            self.known[row] = new;
        }
        Ok(())
    }

    /// One forward pass of a causal model over the rows that are not done.
    ///
    /// # Errors
    /// If a prompt does not fit the model; if the device fails.
    async fn advance(&mut self, model: &Model) -> Result<()> {
        let open: Vec<usize> =
            (0..self.prompts.len()).filter(|row| self.known[*row] < self.answers[*row].len()).collect();
        let Some(first) = open.first() else { return Ok(()) };
        let (prompt, new) = (self.prompts[*first].len(), self.answers[*first].len());
        // The last token is chosen, and not read.
        let whole = |row: &usize| [&self.prompts[*row][..], &self.answers[*row][..new - 1]].concat();
        let tokens = Tokens::new(&open.iter().map(whole).collect::<Vec<_>>(), model.config())?;
        let rows = prompt - 1..tokens.positions;
        let logits = model.logits(&model.weights(), tokens.tensor(&model.device()), None, rows, &mut Hooks::none());
        let logits = read(logits).await?;
        let width = model.config().d_vocab_out;
        for (row, logits) in open.into_iter().zip(logits.chunks_exact(new * width)) {
            let chosen: Vec<usize> = logits.chunks_exact(width).map(argmax).collect();
            let same = chosen.iter().zip(&self.answers[row]).take_while(|(a, b)| a == b).count();
            self.known[row] = (same + 1).min(new);
            self.answers[row] = chosen;
        }
        Ok(())
    }

    /// All at once, token by token.
    ///
    /// # Errors
    /// If a prompt does not fit the model; if the device fails.
    async fn by_steps(&mut self, model: &Model, changes: &[Intervention]) -> Result<()> {
        let new = self.answers.first().map_or(0, Vec::len);
        let rows = model.generate(&self.prompts, &Generation::greedy(new), changes).await?;
        self.answers = rows.into_iter().zip(&self.prompts).map(|(row, prompt)| row[prompt.len()..].to_vec()).collect();
        self.known.fill(new);
        Ok(())
    }

    /// The answers, once all are known.
    pub fn answers(&self) -> Option<impl Iterator<Item = &[usize]>> {
        let done = self.answers.iter().zip(&self.known).all(|(answer, known)| *known >= answer.len());
        done.then(|| self.answers.iter().map(Vec::as_slice))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;
    use burn::tensor::Device;
    use pollster::block_on;

    /// By guesses, of which many are wrong, and by hand.
    #[test]
    fn both_ways_give_the_same_answers() {
        let experiment =
            Experiment::resolve(&serde_json::json!({ "model": { "normalization_type": "LN", "n_layers": 2 } }))
                .unwrap();
        let model = Model::new(&experiment.model, &Device::flex());
        let prompts: Vec<Vec<usize>> =
            (0..60).map(|row| (0..7).map(|place| (row * 7 + place * place * 5) % 64).collect()).collect();
        let answers = |mut decoder: Decoder| {
            let mut decoding = Decoding::new(prompts.clone(), vec![vec![3; 5]; 60]);
            while decoding.answers().is_none() {
                block_on(decoder.advance(&mut decoding, &model)).unwrap();
            }
            decoding.answers().unwrap().map(<[usize]>::to_vec).collect::<Vec<_>>()
        };
        let by_hand = Decoder::new(&model, Vec::new(), 60, 12);
        assert!(by_hand.inference.is_some());
        assert_eq!(answers(by_hand), answers(Decoder { inference: None, interventions: Vec::new() }));
    }
}
