//! Claims: conclusions about how a task is done as statements about any model of it, each with a number, an interval
//! and a verdict.

use std::fmt::Debug;
use std::ops::Range;

use serde::Serialize;

use super::{Ablation, Case, Rate};

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

/// How many of some tokens a head copies: attending to one of them, it raises that token's own logit most (the OV
/// circuit, `W_E W_V W_O W_U`, over these tokens).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// How many it copies.
    pub own: usize,
    /// The layer of the head that copies most.
    pub layer: usize,
    /// Its number in the layer.
    pub head: usize,
}

/// The claims of a task, being counted over the patterns and answers of one model.
pub trait Claims: Debug {
    /// The whole sequence of random input `number`, whose patterns are counted.
    fn sequence(&self, number: u32) -> Vec<usize>;

    /// Counts the pattern `[pos, pos]` (destination, source) of a head over such a sequence. Heads are numbered through
    /// all layers.
    fn look(&mut self, head: usize, sequence: &[usize], pattern: &[f32]);

    /// The ablations whose answers are counted, the first of which changes nothing.
    fn ablations(&self) -> &[Box<dyn Ablation>];

    /// Counts an answer to one of the ablations, beside the answer to the same input without.
    fn answer(&mut self, ablation: usize, case: &Case, answer: &[usize], clean: &[usize]);

    /// The tokens that a head may copy.
    fn copied(&self) -> Range<usize>;

    /// The claims, once everything is counted.
    fn claims(&self, copied: Copied) -> Vec<Claim>;
}

/// A head's name in a claim about the best of several.
pub fn named(head: usize, n_heads: usize, several: bool) -> String {
    if several { format!(" (head {}.{}, which fits best)", head / n_heads, head % n_heads) } else { String::new() }
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
