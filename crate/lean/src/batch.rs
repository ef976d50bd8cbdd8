//! Batches: sequences of tokens, and what is right after each position.

use std::ops::Range;

/// A batch of sequences, with the class that is right after each position.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// How many positions of each sequence the model reads.
    pub positions: usize,
    /// `[batch, positions]`: what the model reads.
    pub tokens: Vec<i32>,
    /// `[batch, positions]`: the class, below `d_vocab_out`, that is right at each counted position; ignored elsewhere.
    pub targets: Vec<i32>,
    /// `[batch, positions]`: whether the position counts towards the loss. Padding does not count.
    pub counted: Vec<bool>,
    /// `[batch]`: how many positions of each sequence hold tokens. The rest is padding, at its end.
    pub lengths: Vec<usize>,
}

impl Batch {
    /// The number of sequences.
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Whether there is no sequence.
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// All sequences.
    pub fn sequences(&self) -> Sequences<'_> {
        let Self { positions, tokens, targets, counted, lengths } = self;
        Sequences { positions: *positions, tokens, targets, counted, lengths }
    }

    /// The sequences of a range.
    ///
    /// # Panics
    /// If `range` goes beyond the batch.
    pub fn part(&self, range: Range<usize>) -> Sequences<'_> {
        self.sequences().part(range)
    }
}

/// A batch, or a part of one, borrowed. The fields are those of [`Batch`].
#[derive(Clone, Copy, Debug)]
pub struct Sequences<'a> {
    /// How many positions of each sequence the model reads.
    pub positions: usize,
    /// `[batch, positions]`: what the model reads.
    pub tokens: &'a [i32],
    /// `[batch, positions]`: the class that is right at each counted position.
    pub targets: &'a [i32],
    /// `[batch, positions]`: whether the position counts towards the loss.
    pub counted: &'a [bool],
    /// `[batch]`: how many positions of each sequence hold tokens.
    pub lengths: &'a [usize],
}

impl<'a> Sequences<'a> {
    /// The number of sequences.
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Whether there is no sequence.
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// How many positions of all sequences count.
    pub fn count(&self) -> usize {
        self.counted.iter().filter(|counted| **counted).count()
    }

    /// The sequences of a range.
    ///
    /// # Panics
    /// If `range` goes beyond them.
    pub fn part(&self, range: Range<usize>) -> Self {
        let values = range.start * self.positions..range.end * self.positions;
        Self {
            positions: self.positions,
            tokens: &self.tokens[values.clone()],
            targets: &self.targets[values.clone()],
            counted: &self.counted[values],
            lengths: &self.lengths[range],
        }
    }

    /// The sequences one by one.
    pub(crate) fn each(&self) -> impl Iterator<Item = Sequence<'a>> {
        let Self { positions, tokens, targets, counted, lengths } = *self;
        lengths.iter().enumerate().map(move |(number, length)| {
            let row = number * positions..(number + 1) * positions;
            Sequence {
                tokens: &tokens[row.clone()],
                targets: &targets[row.clone()],
                counted: &counted[row],
                length: *length,
            }
        })
    }
}

/// One sequence of a batch; slices are `[positions]`.
pub(crate) struct Sequence<'a> {
    pub tokens: &'a [i32],
    pub targets: &'a [i32],
    pub counted: &'a [bool],
    pub length: usize,
}

impl Sequence<'_> {
    /// From the first counted position to the last; empty if none counts.
    pub fn span(&self) -> Range<usize> {
        let first = self.counted.iter().position(|counted| *counted);
        let last = self.counted.iter().rposition(|counted| *counted);
        first.zip(last).map_or(0..0, |(first, last)| first..last + 1)
    }
}
