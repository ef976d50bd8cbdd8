//! Claims: statements about how a model does its task, each with a number, an interval and a verdict.

use std::fmt::Debug;

use serde::Serialize;

use super::{Ablation, Case, Rate};
use crate::config::{Head, ModelConfig};

/// A claim holds if its whole interval is at or above this.
const HOLDS: f64 = 0.9;

/// A claim fails if its whole interval is at or below this.
const FAILS: f64 = 0.5;

/// What the numbers say of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The whole interval is high.
    Holds,
    /// The interval is in between, or too wide to say.
    Mixed,
    /// The whole interval is low.
    Fails,
}

/// A statement and how far it is true.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// A name that stays.
    pub id: &'static str,
    /// The statement, and what its number counts.
    pub text: String,
    /// From 0 to 1.
    pub value: f64,
    /// The lower end of its 95 % interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// What they say.
    pub verdict: Verdict,
}

impl Claim {
    /// A claim with the verdict that its number deserves.
    pub fn new(id: &'static str, text: impl Into<String>, Rate { rate, low, high }: Rate) -> Self {
        let verdict = match () {
            () if low >= HOLDS => Verdict::Holds,
            () if high <= FAILS => Verdict::Fails,
            () => Verdict::Mixed,
        };
        Self { id, text: text.into(), value: rate, low, high, verdict }
    }
}

/// The head that copies most of some tokens. It copies a token if attending to it raises the token's own logit most, of
/// all these tokens' logits (the OV circuit, `W_E W_V W_O W_U`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The head, numbered through all layers.
    pub head: usize,
    /// How many tokens it copies.
    pub own: usize,
    /// How many tokens there are.
    pub tokens: usize,
}

impl Copied {
    /// The claim that numbers are copied, about the head that `heads` calls best.
    pub fn claim<T: Clone>(self, heads: &Heads<T>) -> Claim {
        let Self { head, own, tokens } = self;
        let text = format!(
            "Attending to a number writes that number: the OV circuit's top output is its own for {own} of {tokens}{}.",
            heads.called(head)
        );
        Claim::new("ov_copies", text, Rate::of(own as u64, tokens as u64))
    }
}

/// What is counted of each head of a model.
#[derive(Clone, Debug)]
pub struct Heads<T> {
    n_heads: usize,
    counts: Vec<T>,
}

impl<T: Clone> Heads<T> {
    /// Begins with the same count for every head.
    pub fn new(model: &ModelConfig, count: T) -> Self {
        Self { n_heads: model.n_heads, counts: vec![count; model.n_layers * model.n_heads] }
    }

    /// What is counted of a head, numbered through all layers.
    ///
    /// # Panics
    /// If the model has no such head.
    pub fn of(&mut self, head: usize) -> &mut T {
        &mut self.counts[head]
    }

    /// What is counted of the head with the most hits (the first, if several have as many), and what a claim calls it.
    pub fn best(&self, hits: impl Fn(&T) -> u64) -> (&T, String) {
        let mut best = 0;
        for head in 1..self.counts.len() {
            if hits(&self.counts[head]) > hits(&self.counts[best]) {
                best = head;
            }
        }
        (&self.counts[best], self.called(best))
    }

    /// What a claim calls the best head: nothing if it is the only one.
    fn called(&self, head: usize) -> String {
        if self.counts.len() == 1 {
            return String::new();
        }
        let head = Head { layer: head / self.n_heads, head: head % self.n_heads };
        format!(" (head {head}, which fits best)")
    }
}

/// The claims of a task about one model, and what is counted for them.
pub trait Claims: Debug {
    /// Counts the pattern of a head, `[destination, source]`, over a whole sequence. Heads are numbered through all
    /// layers.
    fn look(&mut self, head: usize, sequence: &[usize], pattern: &[f32]);

    /// The ablations whose answers are counted. The first must be one that changes nothing.
    fn ablations(&self) -> &[Box<dyn Ablation>];

    /// Counts an answer under one of the ablations. `clean` is the answer to the same input under the first one.
    fn answer(&mut self, ablation: usize, case: &Case, answer: &[usize], clean: &[usize]);

    /// The claims, once everything is counted.
    fn claims(&self, copied: Copied) -> Vec<Claim>;
}

/// The mean of values between 0 and 1.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mean {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Mean {
    /// Counts a value.
    pub fn add(&mut self, value: f64) {
        self.count += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    /// The mean with its 95 % interval (normal approximation).
    pub fn rate(&self) -> Rate {
        if self.count == 0.0 {
            return Rate::of(0, 0);
        }
        let mean = self.sum / self.count;
        let variance = (self.squares / self.count - mean * mean).max(0.0);
        let reach = 1.96 * libm::sqrt(variance / self.count);
        Rate { rate: mean, low: (mean - reach).max(0.0), high: (mean + reach).min(1.0) }
    }
}
