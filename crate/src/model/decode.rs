//! Greedy decoding of many sequences at once, in as few forward passes as their answers allow.
//!
//! A pass over prompts followed by a guess gives the model's choice after every token. Up to the first that differs from the guess, and
//! with that one, the choices are what greedy generation gives (later positions cannot change earlier ones); the choices are then the next
//! guess. A good guess takes one pass, the worst as many as there are new tokens (Jacobi decoding: Santilli et al., 2023).

use super::{Generation, Hooks, Intervention, Model, Tokens, argmax, read};
use crate::error::Result;

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

    /// One forward pass of a causal model over the rows that are not done.
    ///
    /// # Errors
    /// If a prompt does not fit the model; if the device fails.
    pub async fn advance(&mut self, model: &Model) -> Result<()> {
        let open: Vec<usize> = (0..self.prompts.len()).filter(|row| self.known[*row] < self.answers[*row].len()).collect();
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

    /// All at once, token by token: for models that read ahead, and under interventions, which may tie rows together.
    ///
    /// # Errors
    /// If a prompt does not fit the model; if the device fails.
    pub async fn by_steps(&mut self, model: &Model, changes: &[Intervention]) -> Result<()> {
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
