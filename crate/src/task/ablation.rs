//! Ablations: prompts with something taken out or put in, and what an answer to them is worth.

use std::fmt::Debug;

/// A fixed choice, or one drawn for every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This one.
    At(usize),
    /// A random one.
    Random,
}

/// How an ablation is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// One of the names in [`Task::ablations`](super::Task::ablations).
    pub name: &'a str,
    /// Where; what it means is the ablation's. `None`: the usual place.
    pub site: Option<Choice>,
    /// The token that is put there. `None`: the usual one.
    pub value: Option<Choice>,
    /// Seed of inputs, sites and values.
    pub seed: u32,
}

/// An input, the prompt made of it, and what should come after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The input before the ablation.
    pub input: Vec<usize>,
    /// What the model is given.
    pub prompt: Vec<usize>,
    /// What the answer should begin with.
    pub expected: Vec<usize>,
    /// As many tokens as the model is asked for: a place to start decoding from, nothing else.
    pub guess: Vec<usize>,
}

/// An ablation of a task, ready to make cases.
pub trait Ablation: Debug {
    /// Case number `number`: a function of the seed and the number alone.
    fn case(&self, number: u32) -> Case;

    /// Whether every case has the same prompt.
    fn is_constant(&self) -> bool {
        false
    }

    /// What is measured of an answer, by the names that the API gives them. An answer that misses the first has failed.
    fn measures(&self) -> &'static [&'static str];

    /// For each measure: hits and trials of one answer.
    fn score(&self, case: &Case, answer: &[usize]) -> Vec<[u64; 2]>;

    /// How many kinds of token an answer can have.
    fn kinds(&self) -> usize;

    /// Of which kind the token at a place of the answer is, below [`Ablation::kinds`].
    fn kind(&self, case: &Case, place: usize, token: usize) -> usize;
}
