//! Greedy decoding of many sequences at once. The pass by hand ([`Inference`]) reads token by token and keeps keys and
//! values; burn's forward pass is run as few times as the answers allow, by Jacobi decoding (Santilli et al., 2023):
//!
//! A forward pass over prompts that are followed by guessed answers gives the model's choice after every token. In a
//! causal model, the choices up to and including the first that differs from the guess are those of greedy generation.
//! All choices together are the next guess. A right guess takes one pass; the worst takes as many as there are new
//! tokens.

use super::{Generation, Hooks, Inference, Intervention, Model, Tokens, argmax, read};
use crate::config::AttentionDirection;
use crate::error::Result;

/// Answers prompts with one model, at its parameters when the decoder was made.
#[derive(Debug)]
pub struct Decoder {
    /// The forward pass by hand, if it covers the model and no intervention is used.
    inference: Option<Inference>,
    interventions: Vec<Intervention>,
}

impl Decoder {
    /// A decoder for `sequences` sequences of at most `positions` tokens each, prompt and answer together.
    pub fn new(model: &Model, interventions: Vec<Intervention>, sequences: usize, positions: usize) -> Self {
        let inference = if interventions.is_empty() { model.inference(sequences, positions) } else { None };
        Self { inference, interventions }
    }

    /// The forward pass by hand, if it covers the model and no intervention is used.
    pub fn inference(&mut self) -> Option<&mut Inference> {
        self.inference.as_mut()
    }

    /// How many sequences of `positions` tokens to decode together, at most `most`: so many that one forward pass takes
    /// about 10 ms on the CPU.
    pub fn sequences_a_pass(&self, model: &Model, positions: usize, most: usize) -> usize {
        let through_layers = model.sequences_a_pass(positions, most);
        let inference = self.inference.as_ref();
        inference.map_or(through_layers, |inference| inference.sequences_a_pass(positions, through_layers))
    }

    /// Computes the next part of the answers: all of them by hand; otherwise one forward pass. A bidirectional model,
    /// or one with interventions, which may make a row depend on others, computes all answers in as many passes as they
    /// have tokens.
    ///
    /// # Errors
    /// If a prompt does not fit the model; if the device fails.
    pub async fn advance(&mut self, decoding: &mut Decoding, model: &Model) -> Result<()> {
        if let Some(inference) = &mut self.inference {
            return decoding.by_hand(model, inference);
        }
        if self.interventions.is_empty() && model.config().attention_dir == AttentionDirection::Causal {
            return decoding.by_guesses(model).await;
        }
        decoding.by_tokens(model, &self.interventions).await
    }
}

/// Prompts of equal length, and their answers as far as they are known.
#[derive(Debug)]
pub struct Decoding {
    prompts: Vec<Vec<usize>>,
    /// An answer for each prompt: its first tokens, as many as `known` says, are right; the others are guessed.
    answers: Vec<Vec<usize>>,
    /// How many tokens of each answer are known to be right.
    known: Vec<usize>,
}

impl Decoding {
    /// Starts with a guessed answer for each prompt; all guesses have the length that the answers will have.
    pub fn new(prompts: Vec<Vec<usize>>, guesses: Vec<Vec<usize>>) -> Self {
        let known = vec![0; prompts.len()];
        Self { prompts, answers: guesses, known }
    }

    /// The rows whose answers are not fully known.
    fn open(&self) -> Vec<usize> {
        (0..self.prompts.len()).filter(|row| self.known[*row] < self.answers[*row].len()).collect()
    }

    /// Completes the open answers by hand.
    ///
    /// # Errors
    /// If a prompt does not fit the model.
    fn by_hand(&mut self, model: &Model, inference: &mut Inference) -> Result<()> {
        let open = self.open();
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

    /// Runs one forward pass of a causal model over the open rows and their guesses.
    ///
    /// # Errors
    /// If a prompt does not fit the model; if the device fails.
    async fn by_guesses(&mut self, model: &Model) -> Result<()> {
        let open = self.open();
        let Some(first) = open.first() else { return Ok(()) };
        let (prompt, new) = (self.prompts[*first].len(), self.answers[*first].len());
        // The model does not read the last token of an answer.
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

    /// Generates all answers together, token by token.
    ///
    /// # Errors
    /// If a prompt does not fit the model; if the device fails.
    async fn by_tokens(&mut self, model: &Model, interventions: &[Intervention]) -> Result<()> {
        let new = self.answers.first().map_or(0, Vec::len);
        let rows = model.generate(&self.prompts, &Generation::greedy(new), interventions).await?;
        self.answers = rows.into_iter().zip(&self.prompts).map(|(row, prompt)| row[prompt.len()..].to_vec()).collect();
        self.known.fill(new);
        Ok(())
    }

    /// The answers, one for each prompt, once all of them are known.
    pub fn answers(&self) -> Option<impl Iterator<Item = &[usize]>> {
        let done = self.answers.iter().zip(&self.known).all(|(answer, known)| *known >= answer.len());
        done.then(|| self.answers.iter().map(Vec::as_slice))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;
    use burn_tensor::Device;
    use pollster::block_on;

    #[test]
    fn answers_by_hand_and_by_wrong_guesses_are_the_same() {
        let experiment =
            Experiment::resolve(&serde_json::json!({ "model": { "normalization_type": "LN", "n_layers": 2 } }))
                .unwrap();
        let model = Model::new(&experiment.model, &Device::flex());
        let prompts: Vec<Vec<usize>> =
            (0..60).map(|row| (0..7).map(|position| (row * 7 + position * position * 5) % 64).collect()).collect();
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
