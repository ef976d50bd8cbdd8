//! Claims: the notebook's conclusions as statements about any sorter, each with a number, an interval and a verdict.
//!
//! [`Survey`] measures them one forward pass, or as much work by hand, at a time. Where a claim is about a head and the model has several, it is about the head
//! that fits it best, which the text names.

mod attention;
mod circuit;
mod edits;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::model::{Decoder, Model};
use crate::task::{Rate, Sort};

use attention::Attention;
use edits::Edits;

/// Most lists in a survey.
const MOST_LISTS: u32 = 100_000;

/// Most lists that are looked at together.
const BATCH: usize = 100;

/// A claim holds if its whole interval is above, and fails if its whole interval is below.
const HOLDS: f64 = 0.9;
const FAILS: f64 = 0.5;

/// What the numbers say of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Holds,
    Mixed,
    Fails,
}

/// A statement and how far it is true.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    pub id: &'static str,
    /// The statement, and what its number counts.
    pub text: String,
    /// From 0 to 1.
    pub value: f64,
    pub low: f64,
    pub high: f64,
    pub verdict: Verdict,
}

impl Claim {
    fn new(id: &'static str, text: impl Into<String>, Rate { rate, low, high }: Rate) -> Self {
        let verdict = match () {
            () if low >= HOLDS => Verdict::Holds,
            () if high <= FAILS => Verdict::Fails,
            () => Verdict::Mixed,
        };
        Self { id, text: text.into(), value: rate, low, high, verdict }
    }
}

/// The mean of values between 0 and 1, with its 95 % interval (normal approximation).
#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    fn rate(&self) -> Rate {
        if self.count == 0.0 {
            return Rate::of(0, 0);
        }
        let mean = self.sum / self.count;
        let variance = (self.squares / self.count - mean * mean).max(0.0);
        let reach = 1.96 * libm::sqrt(variance / self.count);
        Rate { rate: mean, low: (mean - reach).max(0.0), high: (mean + reach).min(1.0) }
    }
}

/// A survey of all claims under way.
#[derive(Debug)]
pub struct Survey {
    task: Sort,
    lists: u32,
    attention: Attention,
    edits: Edits,
    decoder: Decoder,
    done: u32,
}

impl Survey {
    /// # Errors
    /// If there are no lists or too many, or the task does not fit the model.
    pub fn new(model: &Model, task: &Sort, lists: u32, seed: u32) -> Result<Self> {
        if lists == 0 || lists > MOST_LISTS {
            return Err(Error::new(format!("lists is {lists}; it must be a whole number from 1 to {MOST_LISTS}.")));
        }
        let edits = Edits::new(model, task, seed)?;
        let positions = task.sequence_length(task.list_length);
        let decoder = Decoder::new(model, Vec::new(), lists as usize, positions);
        Ok(Self { task: task.clone(), lists, attention: Attention::new(model, task, seed), edits, decoder, done: 0 })
    }

    /// Lists surveyed, and lists in all.
    pub fn progress(&self) -> (u32, u32) {
        (self.done, self.lists)
    }

    /// The next lists; the claims once all are done.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn advance(&mut self, model: &Model) -> Result<Option<Vec<Claim>>> {
        if self.edits.under_way() {
            self.edits.advance(model, &mut self.decoder).await?;
        } else if self.done < self.lists {
            let positions = self.task.sequence_length(self.task.list_length);
            let batch = self.decoder.sequences_a_pass(model, positions, BATCH).min(BATCH);
            let end = self.lists.min(self.done + batch as u32);
            self.attention.look(model, &mut self.decoder, self.done..end).await?;
            self.edits.begin(self.done..end);
            self.done = end;
        }
        if self.done < self.lists || self.edits.under_way() {
            return Ok(None);
        }
        let mut claims = self.attention.claims();
        claims.push(circuit::copies(model, &self.task).await?);
        claims.extend(self.edits.claims(model).await?);
        Ok(Some(claims))
    }
}

/// A head's name in a claim about the best of several.
fn named(layer: usize, head: usize, several: bool) -> String {
    if several { format!(" (head {layer}.{head}, which fits best)") } else { String::new() }
}
