//! Batches as the words that are uploaded: many steps at once, what Adam needs of each, and their sequences.

use tinylens_lean::Sequences;

use super::words::{NONE, constants, record};
use crate::error::{Error, Result};

/// Words before the first batch: how many batches there are.
const HEAD: usize = 1;

/// The size that all batches of a run share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchShape {
    /// Most sequences of a batch.
    pub batch: usize,
    /// Positions of a sequence that the model reads.
    pub positions: usize,
    /// The first position that can count towards the loss in any sequence: the last layer computes none before it.
    pub first_counted: usize,
}

record! {
    /// What a step needs to know of its batch.
    Step, read by step_words from batches {
        /// How many sequences there are; the last batch of an epoch may be short.
        sequences: usize,
        /// 1 over the counted positions: turns sums over them into the mean.
        scale: f32,
        /// Adam's `lr / (1 - β₁ᵗ)`.
        rate: f32,
        /// Adam's `1 / sqrt(1 - β₂ᵗ)`.
        root: f32,
    }
}

impl BatchShape {
    /// Rows of logits: positions from the first that can count.
    pub fn rows(&self) -> usize {
        self.positions - self.first_counted
    }

    /// Words of a sequence: its length, its tokens, and its targets from the first position that can count.
    fn sequence_words(&self) -> usize {
        1 + self.positions + self.rows()
    }

    /// Words of a batch.
    fn batch_words(&self) -> usize {
        Step::WORDS + self.batch * self.sequence_words()
    }

    /// Words of `batches` batches together.
    pub fn words(&self, batches: usize) -> usize {
        HEAD + batches * self.batch_words()
    }

    /// The words of some batches, each with its step's rates: Adam's `lr / (1 - β₁ᵗ)` and `1 / sqrt(1 - β₂ᵗ)`. A batch
    /// may have fewer sequences and positions than this shape: it is padded.
    ///
    /// # Errors
    /// If a batch is larger than this shape, or counts a position before the first that can count.
    pub fn pack<'a>(&self, batches: impl ExactSizeIterator<Item = (Sequences<'a>, [f32; 2])>) -> Result<Vec<u32>> {
        let mut words = Vec::with_capacity(self.words(batches.len()));
        words.push(batches.len() as u32);
        for (sequences, [rate, root]) in batches {
            self.check(&sequences)?;
            let end = words.len() + self.batch_words();
            let scale = 1.0 / sequences.count() as f32;
            words.extend(Step { sequences: sequences.len(), scale, rate, root }.words());
            self.write(&sequences, &mut words);
            words.resize(end, 0);
        }
        Ok(words)
    }

    fn write(&self, sequences: &Sequences, words: &mut Vec<u32>) {
        for number in 0..sequences.len() {
            let Sequences { tokens, targets, counted, lengths, .. } = sequences.part(number..number + 1);
            words.push(lengths[0] as u32);
            let start = words.len();
            words.extend(tokens.iter().map(|token| *token as u32));
            words.resize(start + self.positions, 0);
            let rows = targets.iter().zip(counted).skip(self.first_counted);
            words.extend(rows.map(|(target, counted)| if *counted { *target as u32 } else { NONE }));
            words.resize(start + self.positions + self.rows(), NONE);
        }
    }

    fn check(&self, sequences: &Sequences) -> Result<()> {
        let Self { batch, positions, first_counted } = *self;
        if sequences.positions > positions || sequences.len() > batch {
            return Err(Error::new(format!(
                "A batch has {} sequences of {} positions; the kernels were made for at most {batch} of at most \
                 {positions}.",
                sequences.len(),
                sequences.positions,
            )));
        }
        let mut early =
            sequences.counted.chunks(sequences.positions.max(1)).flat_map(|row| row.iter().take(first_counted));
        if early.any(|counted| *counted) {
            return Err(Error::new(format!("A position before {first_counted} counts; the kernels compute none.")));
        }
        Ok(())
    }

    /// WGSL: the constants by which the shader finds its way in a batch, and how it reads a [`Step`].
    pub fn wgsl(&self) -> String {
        constants!(
            BATCH_WORDS = self.batch_words(),
            SEQUENCE_WORDS = self.sequence_words(),
            FIRST_BATCH = HEAD,
            FIRST_SEQUENCE = Step::WORDS,
            FIRST_TOKEN = 1,
            FIRST_TARGET = 1 + self.positions,
        ) + &Step::wgsl()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinylens_lean::Batch;

    const SHAPE: BatchShape = BatchShape { batch: 2, positions: 3, first_counted: 1 };

    fn batch() -> Batch {
        let (tokens, targets, counted) = (vec![7, 8, 9], vec![-1, 5, 6], vec![false, true, false]);
        Batch { positions: 3, tokens, targets, counted, lengths: vec![2] }
    }

    fn packed(batch: &Batch) -> std::result::Result<Vec<u32>, String> {
        SHAPE.pack([(batch.sequences(), [0.5, 2.0])].into_iter()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_short_batch_is_padded_and_targets_that_do_not_count_are_none() {
        let words = packed(&batch()).unwrap();
        let [scale, rate, root] = [1.0f32, 0.5, 2.0].map(f32::to_bits);
        assert_eq!(words, [1, 1, scale, rate, root, 2, 7, 8, 9, 5, NONE, 0, 0, 0, 0, 0, 0]);
        assert_eq!(words.len(), SHAPE.words(1));
    }

    #[test]
    fn a_batch_of_short_sequences_is_padded() {
        let (tokens, targets, counted) = (vec![7, 8, 9, 4], vec![-1, 5, -1, 6], vec![false, true, false, true]);
        let words = packed(&Batch { positions: 2, tokens, targets, counted, lengths: vec![2, 2] }).unwrap();
        assert_eq!(words[5..], [2, 7, 8, 0, 5, NONE, 2, 9, 4, 0, 6, NONE]);
        assert_eq!(words.len(), SHAPE.words(1));
    }

    #[test]
    fn a_batch_that_is_too_large_is_refused() {
        let many = Batch { positions: 1, lengths: vec![1; 3], ..batch() };
        let why = "A batch has 3 sequences of 1 positions; the kernels were made for at most 2 of at most 3.";
        assert_eq!(packed(&many).unwrap_err(), why);
        let early = Batch { counted: vec![true, true, false], ..batch() };
        assert_eq!(packed(&early).unwrap_err(), "A position before 1 counts; the kernels compute none.");
    }
}
