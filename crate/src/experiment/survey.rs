//! A survey: all claims of a task measured on a model, one forward pass, or as much work by hand, at a time.

use std::ops::Range;

use super::copies::copies;
use crate::error::{Error, Result};
use crate::model::{Decoder, Decoding, Model};
use crate::task::{Case, Claim, Claims, Task};

/// Most inputs of a survey.
const MOST_INPUTS: u32 = 100_000;

/// Most inputs that are looked at together.
const BATCH: usize = 100;

/// A survey under way.
#[derive(Debug)]
pub struct Survey {
    claims: Box<dyn Claims>,
    inputs: u32,
    /// Positions of a whole sequence.
    positions: usize,
    decoder: Decoder,
    done: u32,
    /// The ablations of this batch that are not answered yet, last first.
    open: Vec<(usize, Vec<Case>, Decoding)>,
    /// This batch's answers to the first ablation, which changes nothing.
    clean: Vec<Vec<usize>>,
}

impl Survey {
    /// A survey over so many random inputs of a seed.
    ///
    /// # Errors
    /// If there are no inputs or too many, or the task does not fit the model.
    pub fn new(model: &Model, task: &dyn Task, inputs: u32, seed: u32) -> Result<Self> {
        if inputs == 0 || inputs > MOST_INPUTS {
            return Err(Error::new(format!("lists is {inputs}; it must be a whole number from 1 to {MOST_INPUTS}.")));
        }
        let claims = task.claims(model.config(), seed)?;
        let positions = task.needs().positions;
        let decoder = Decoder::new(model, Vec::new(), inputs as usize, positions);
        Ok(Self { claims, inputs, positions, decoder, done: 0, open: Vec::new(), clean: Vec::new() })
    }

    /// Inputs surveyed, and inputs in all.
    pub fn progress(&self) -> (u32, u32) {
        (self.done, self.inputs)
    }

    /// The next part; the claims once all is done.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn advance(&mut self, model: &Model) -> Result<Option<Vec<Claim>>> {
        if let Some(open) = self.open.pop() {
            self.answer(open, model).await?;
        } else if self.done < self.inputs {
            let batch = self.decoder.sequences_a_pass(model, self.positions, BATCH).min(BATCH);
            let inputs = self.done..self.inputs.min(self.done + batch as u32);
            self.look(model, inputs.clone()).await?;
            self.ask(inputs.clone());
            self.done = inputs.end;
        }
        if self.done < self.inputs || !self.open.is_empty() {
            return Ok(None);
        }
        let copied = copies(model, self.claims.copied()).await?;
        Ok(Some(self.claims.claims(copied)))
    }

    /// Counts the patterns of some inputs.
    async fn look(&mut self, model: &Model, inputs: Range<u32>) -> Result<()> {
        let rows: Vec<Vec<usize>> = inputs.map(|number| self.claims.sequence(number)).collect();
        let (square, n_heads) = (rows[0].len() * rows[0].len(), model.config().n_heads);
        let patterns = match self.decoder.inference() {
            Some(inference) => inference.patterns(&rows),
            None => model.patterns(&rows).await?,
        };
        for (layer, patterns) in patterns.into_iter().enumerate() {
            for (cell, pattern) in patterns.chunks_exact(square).enumerate() {
                self.claims.look(layer * n_heads + cell % n_heads, &rows[cell / n_heads], pattern);
            }
        }
        Ok(())
    }

    /// Queues some inputs under every ablation; those that have one prompt, once.
    fn ask(&mut self, inputs: Range<u32>) {
        for (index, ablation) in self.claims.ablations().iter().enumerate().rev() {
            let inputs = match (ablation.is_constant(), inputs.start) {
                (false, _) => inputs.clone(),
                (true, 0) => 0..1,
                (true, _) => continue,
            };
            let cases: Vec<Case> = inputs.map(|number| ablation.case(number)).collect();
            let prompts = cases.iter().map(|case| case.prompt.clone()).collect();
            let guesses = cases.iter().map(|case| case.guess.clone()).collect();
            self.open.push((index, cases, Decoding::new(prompts, guesses)));
        }
    }

    /// One forward pass, or as much work by hand, towards some answers.
    async fn answer(&mut self, open: (usize, Vec<Case>, Decoding), model: &Model) -> Result<()> {
        let (index, cases, mut decoding) = open;
        self.decoder.advance(&mut decoding, model).await?;
        let Some(answers) = decoding.answers().map(|answers| answers.map(<[usize]>::to_vec).collect::<Vec<_>>()) else {
            self.open.push((index, cases, decoding));
            return Ok(());
        };
        if index == 0 {
            self.clean.clone_from(&answers);
        }
        for ((case, answer), clean) in cases.iter().zip(&answers).zip(&self.clean) {
            self.claims.answer(index, case, answer, clean);
        }
        Ok(())
    }
}
