//! The forward pass by hand, on the CPU, for whoever only reads: logits, patterns, and answers token by token, of many sequences at once.
//!
//! What was read of a sequence is kept, so that one more token costs one more position: keys and values of every layer (`rows`, any causal
//! model), or what each source adds to the logits (`tables`, one attention-only layer without norm). burn's forward pass is the oracle of
//! both. Not here: bidirectional models, which see what comes later; padding, hooks and interventions.

use std::ops::Range;

use crate::{Layout, ModelConfig, rows, tables};

/// Most sequences of one call through tables, so that progress is told, and a stop heard, often.
const MOST: usize = 100;

/// A model at its parameters of the moment, ready to read.
#[derive(Clone, Debug)]
pub struct Inference {
    /// The path through the sequences that are being read.
    way: Way,
    /// Of these sequences: how many, and how many positions of each have been read.
    batch: usize,
    seen: usize,
    d_vocab_out: usize,
    /// `[batch, wanted, V out]`: of the last pass.
    logits: Vec<f32>,
}

#[derive(Clone, Debug)]
enum Way {
    Tables(Box<tables::Inference>),
    Rows(Box<rows::Inference>),
}

impl Inference {
    /// A reader of some `sequences` of at most `positions` tokens; `None` for a model that is not covered. `parameters` are in the layout's order.
    pub fn new(
        config: &ModelConfig,
        layout: &Layout,
        parameters: Vec<f32>,
        sequences: usize,
        positions: usize,
    ) -> Option<Self> {
        let way = match tables::Inference::new(config, layout, &parameters, sequences, positions) {
            Some(tables) => Way::Tables(Box::new(tables)),
            None => Way::Rows(Box::new(rows::Inference::new(config, layout, parameters, positions)?)),
        };
        Some(Self { way, batch: 0, seen: 0, d_vocab_out: config.d_vocab_out, logits: Vec::new() })
    }

    /// "tables" or "rows".
    pub fn path(&self) -> &'static str {
        match &self.way {
            Way::Tables(_) => "tables",
            Way::Rows(_) => "rows",
        }
    }

    /// How many sequences of `positions` tokens take some ten milliseconds, at most [`MOST`] of those through tables; `through_layers`: as many as do where each costs a pass
    /// through every layer.
    pub fn sequences_a_pass(&self, positions: usize, through_layers: usize) -> usize {
        match &self.way {
            Way::Tables(tables) => tables.sequences_a_pass(positions).clamp(1, MOST),
            Way::Rows(_) => through_layers,
        }
    }

    /// How many sequences go through together. Tables gain nothing from many, and keep what few need close at hand.
    fn together(&self) -> usize {
        match &self.way {
            Way::Tables(_) => 16,
            Way::Rows(_) => usize::MAX,
        }
    }

    /// Forgets what was read. Next come `batch` sequences.
    pub fn begin(&mut self, batch: usize) {
        (self.batch, self.seen) = (batch, 0);
        match &mut self.way {
            Way::Tables(tables) => tables.begin(batch),
            Way::Rows(rows) => rows.begin(batch),
        }
    }

    /// Reads as many more tokens of every sequence, `[batch, n]`; gives the logits at the positions `wanted` of these, `[batch, wanted, V out]`.
    ///
    /// # Panics
    /// If sequences grow longer than was said, or a token is not in the vocabulary.
    pub fn read(&mut self, tokens: &[usize], wanted: Range<usize>) -> &[f32] {
        match &mut self.way {
            Way::Tables(tables) => tables.read(self.batch, self.seen, tokens, wanted, &mut self.logits),
            Way::Rows(rows) => rows.read(self.batch, self.seen, tokens, wanted, &mut self.logits),
        }
        self.seen += tokens.len() / self.batch;
        &self.logits
    }

    /// Logits at the positions `wanted` of whole sequences, equally long; `each` is given every sequence's number, and its logits,
    /// `[wanted, V out]`.
    pub fn logits(&mut self, sequences: &[Vec<usize>], wanted: Range<usize>, mut each: impl FnMut(usize, &[f32])) {
        let (together, width) = (self.together().min(sequences.len()).max(1), wanted.len() * self.d_vocab_out);
        for (number, some) in sequences.chunks(together).enumerate() {
            self.begin(some.len());
            let logits = self.read(&some.concat(), wanted.clone());
            logits.chunks_exact(width).enumerate().for_each(|(row, logits)| each(number * together + row, logits));
        }
    }

    /// The `new` tokens that greedily follow each of some prompts, equally long.
    pub fn greedy(&mut self, prompts: &[&[usize]], new: usize) -> Vec<Vec<usize>> {
        let mut answers = Vec::with_capacity(prompts.len());
        let together = self.together().min(prompts.len()).max(1);
        for prompts in prompts.chunks(together) {
            self.begin(prompts.len());
            let first = answers.len();
            answers.extend(prompts.iter().map(|_| Vec::with_capacity(new)));
            let (mut tokens, mut last) = (prompts.concat(), prompts[0].len() - 1);
            for _ in 0..new {
                let width = self.d_vocab_out;
                let logits = self.read(&tokens, last..last + 1);
                tokens = logits.chunks_exact(width).map(argmax).collect();
                last = 0;
                answers[first..].iter_mut().zip(&tokens).for_each(|(answer, token)| answer.push(*token));
            }
        }
        answers
    }

    /// Every layer's patterns of whole sequences, equally long: `[batch, H, T, T]` (destination, source), row by row.
    pub fn patterns(&mut self, sequences: &[Vec<usize>]) -> Vec<Vec<f32>> {
        self.begin(sequences.len());
        self.read(&sequences.concat(), 0..sequences.first().map_or(0, Vec::len));
        match &self.way {
            Way::Tables(tables) => vec![tables.pattern().to_vec()],
            Way::Rows(rows) => rows.patterns(),
        }
    }
}

/// The index of the largest value, the first of equals; 0 if none is a number.
pub fn argmax(values: &[f32]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] || values[best].is_nan() {
            best = index;
        }
    }
    best
}
