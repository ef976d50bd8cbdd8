//! Ablations: prompts with something taken out or put in, and what an answer to them is worth.

use std::fmt::Debug;
use std::ops::Range;

use crate::config::ModelConfig;
use crate::error::{Error, Result};
use crate::random::below;

/// The site or value of an ablation: the same in every case, or drawn for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This one.
    At(usize),
    /// A random one.
    Random,
}

impl Choice {
    /// What is chosen in one case. A random choice is in `range`, and is a function of the 32 random `bits`.
    pub(super) fn choose(self, bits: u32, range: Range<usize>) -> usize {
        match self {
            Self::At(chosen) => chosen,
            Self::Random => range.start + below(bits, range.len() as u32) as usize,
        }
    }

    /// Checks that a value is a token of the model.
    ///
    /// # Errors
    /// If it is not.
    pub(super) fn check_token(self, model: &ModelConfig) -> Result<()> {
        match self {
            Self::At(token) if token >= model.d_vocab => {
                let last = model.d_vocab - 1;
                Err(Error::new(format!("value is {token}; tokens of this model are 0 to {last}, or \"random\".")))
            }
            Self::At(_) | Self::Random => Ok(()),
        }
    }
}

/// What the caller wants of an ablation.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// One of the names in [`Task::ablations`](super::Task::ablations).
    pub name: &'a str,
    /// Where something changes; each ablation says what the number means. `None`: the ablation's default.
    pub site: Option<Choice>,
    /// The token that is put there. `None`: the ablation's default.
    pub value: Option<Choice>,
    /// Seed of the random inputs, sites and values.
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
    /// A guess of the answer, as long as the answer must be. A good guess saves time and changes nothing.
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

    /// What is measured of an answer, by the names in the JavaScript API. An answer fails if it misses the first
    /// measure.
    fn measures(&self) -> &'static [&'static str];

    /// The hits and trials of one answer, for each measure.
    fn score(&self, case: &Case, answer: &[usize]) -> Vec<[u64; 2]>;

    /// How many kinds of token are told apart in answers.
    fn kinds(&self) -> usize;

    /// The kind of the token at a place of an answer, less than [`Ablation::kinds`].
    fn kind(&self, case: &Case, place: usize, token: usize) -> usize;
}
