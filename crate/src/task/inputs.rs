//! The inputs of a task: lists of numbers.

use std::ops::Range;

use crate::random::{At, Stream, below, block};

/// Which lists there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inputs {
    /// The smallest number.
    pub min: usize,
    /// How many different numbers there are.
    pub values: usize,
    /// How many numbers the longest list has.
    pub longest: usize,
    /// Whether lists have any length from 1 to `longest`, or all the longest.
    pub var_length: bool,
    /// Whether a number may occur twice in a list.
    pub repeats: bool,
}

impl Inputs {
    /// The numbers that a list can have.
    pub fn numbers(&self) -> Range<usize> {
        self.min..self.min + self.values
    }

    /// How many different lists of a length there are.
    pub fn count(&self, length: usize) -> f64 {
        (0..length).map(|place| if self.repeats { self.values } else { self.values - place } as f64).product()
    }

    /// List number `index` of a seed, of `length` numbers, whether held out or not: for experiments on models, however
    /// they were trained.
    pub fn random(&self, seed: u32, index: u32, length: usize) -> Vec<usize> {
        self.draw(seed, Stream::Battery, At { index, ..At::default() }, length)
    }

    /// A random list. `at.lane` counts attempts in its upper 24 bits; the lower 8 count blocks of four numbers.
    pub(super) fn draw(&self, seed: u32, stream: Stream, at: At, length: usize) -> Vec<usize> {
        let mut bits = (0u32..).flat_map(|four| block(seed, stream, At { lane: at.lane | four, ..at }));
        let mut next = |bound: usize| below(bits.next().unwrap_or(0), bound as u32) as usize;
        if self.repeats {
            return (0..length).map(|_| self.min + next(self.values)).collect();
        }
        // Without repeats: the first places of a Fisher-Yates shuffle.
        let mut pool: Vec<usize> = self.numbers().collect();
        for place in 0..length {
            pool.swap(place, place + next(self.values - place));
        }
        pool.truncate(length);
        pool
    }

    /// How many lists there are, if they can be numbered: all of one length, with repeats, and at most 2³¹.
    pub fn all(&self) -> Option<u32> {
        let count = self.count(self.longest);
        (self.repeats && !self.var_length && count <= f64::from(1u32 << 31)).then_some(count as u32)
    }

    /// List number `number` of [`Inputs::all`], in order.
    pub(super) fn numbered(&self, number: u32) -> Vec<usize> {
        let mut list = vec![0; self.longest];
        let mut rest = number as usize;
        for place in list.iter_mut().rev() {
            *place = self.min + rest % self.values;
            rest /= self.values;
        }
        list
    }

    /// Whether a list is one of these, shorter ones included.
    ///
    /// # Errors
    /// The end of a sentence that names the list: what it has, and what it can have.
    pub fn check(&self, list: &[usize]) -> Result<(), String> {
        let numbers = self.numbers();
        let foreign = list.iter().find(|number| !numbers.contains(number));
        if foreign.is_none() && (1..=self.longest).contains(&list.len()) {
            return Ok(());
        }
        let has = foreign.map_or_else(|| format!("{} numbers", list.len()), |number| format!("the number {number}"));
        let (longest, least, most) = (self.longest, numbers.start, numbers.end - 1);
        Err(format!("has {has}; it can have 1 to {longest} numbers from {least} to {most}"))
    }
}
