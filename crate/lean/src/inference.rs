//! The forward pass for reading only: logits, patterns, and answers token by token, of many sequences at once.
//!
//! What was read of a sequence is cached, so that one more token costs one more position: the keys and values of every
//! layer (`rows`, any causal model), or what each position adds to the logits of others (`tables`). Sequences are not
//! padded, and there are no hooks.

use std::ops::Range;

use crate::{Layout, ModelConfig, rows, tables};

/// The most sequences of one pass through tables, so that callers report progress and hear of a stop often enough.
const MOST: usize = 100;

/// The forward pass of a model with fixed parameters, and what it has read so far.
#[derive(Clone, Debug)]
pub struct Inference {
    path: Path,
    /// The most positions of a sequence.
    positions: usize,
    /// How many sequences are being read.
    batch: usize,
    /// How many positions of each of them have been read.
    seen: usize,
    d_vocab: usize,
    d_vocab_out: usize,
    /// `[batch, wanted, d_vocab_out]`: the logits of the last pass.
    logits: Vec<f32>,
}

/// What the forward pass goes through.
#[derive(Clone, Debug)]
enum Path {
    Tables(Box<tables::Inference>),
    Rows(Box<rows::Inference>),
}

impl Inference {
    /// The forward pass of about `sequences` sequences of at most `positions` tokens; `None` for a bidirectional model,
    /// whose earlier positions read later ones. `parameters` are in the layout's order.
    pub fn new(
        config: &ModelConfig,
        layout: &Layout,
        parameters: Vec<f32>,
        sequences: usize,
        positions: usize,
    ) -> Option<Self> {
        let path = match tables::Inference::new(config, layout, &parameters, sequences, positions) {
            Some(tables) => Path::Tables(Box::new(tables)),
            None => Path::Rows(Box::new(rows::Inference::new(config, layout, parameters, positions)?)),
        };
        let ModelConfig { d_vocab, d_vocab_out, .. } = *config;
        Some(Self { path, positions, batch: 0, seen: 0, d_vocab, d_vocab_out, logits: Vec::new() })
    }

    /// Which path the pass takes: "tables" or "rows".
    pub fn path(&self) -> &'static str {
        match &self.path {
            Path::Tables(_) => "tables",
            Path::Rows(_) => "rows",
        }
    }

    /// The batch size that keeps one pass near 10 ms. Tables decide it from `positions`; the layer-by-layer path takes
    /// `layer_batch`.
    pub fn sequences_a_pass(&self, positions: usize, layer_batch: usize) -> usize {
        match &self.path {
            Path::Tables(tables) => tables.sequences_a_pass(positions).clamp(1, MOST),
            Path::Rows(_) => layer_batch,
        }
    }

    /// How many sequences are read together. Tables gain nothing from large batches, and the cache of a small batch
    /// stays in the processor's.
    fn together(&self) -> usize {
        match &self.path {
            Path::Tables(_) => 16,
            Path::Rows(_) => usize::MAX,
        }
    }

    /// Forgets what was read, and begins to read `batch` sequences.
    pub fn begin(&mut self, batch: usize) {
        (self.batch, self.seen) = (batch, 0);
        match &mut self.path {
            Path::Tables(tables) => tables.begin(batch),
            Path::Rows(rows) => rows.begin(batch),
        }
    }

    /// Reads the next `n` tokens of every sequence, `[batch, n]`. Returns the logits at those of the `n` positions that
    /// are `wanted`, `[batch, wanted, d_vocab_out]`.
    ///
    /// # Panics
    /// If the sequences grow longer than [`new`](Self::new) was told, if a token is not in the vocabulary, or if there
    /// is no token.
    pub fn read(&mut self, tokens: &[usize], wanted: Range<usize>) -> &[f32] {
        let (batch, seen) = (self.batch, self.seen);
        self.seen += tokens.len() / batch;
        assert!(self.seen <= self.positions, "{} tokens of at most {}", self.seen, self.positions);
        match &mut self.path {
            Path::Tables(tables) => tables.read(batch, seen, tokens, wanted, &mut self.logits),
            Path::Rows(rows) => rows.read(batch, seen, tokens, wanted, &mut self.logits),
        }
        &self.logits
    }

    /// Reads whole sequences of equal length, and calls `each` with the number of every sequence and its logits at the
    /// positions `wanted`, `[wanted, d_vocab_out]`.
    ///
    /// # Panics
    /// As [`read`](Self::read).
    pub fn logits(&mut self, sequences: &[Vec<usize>], wanted: Range<usize>, mut each: impl FnMut(usize, &[f32])) {
        let (together, width) = (self.together().min(sequences.len()).max(1), wanted.len() * self.d_vocab_out);
        for (number, some) in sequences.chunks(together).enumerate() {
            self.begin(some.len());
            let logits = self.read(&some.concat(), wanted.clone());
            logits.chunks_exact(width).enumerate().for_each(|(row, logits)| each(number * together + row, logits));
        }
    }

    /// Continues prompts of equal length greedily by `new` tokens, which it returns. A model that predicts a class that
    /// is no token reads token 0 instead before it goes on.
    ///
    /// # Panics
    /// As [`read`](Self::read).
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
                tokens.iter_mut().filter(|token| **token >= self.d_vocab).for_each(|token| *token = 0);
            }
        }
        answers
    }

    /// Reads whole sequences of equal length, and returns the patterns of every layer,
    /// `[batch, n_heads, destination, source]`.
    ///
    /// # Panics
    /// As [`read`](Self::read).
    pub fn patterns(&mut self, sequences: &[Vec<usize>]) -> Vec<Vec<f32>> {
        self.begin(sequences.len());
        self.read(&sequences.concat(), 0..sequences.first().map_or(0, Vec::len));
        match &self.path {
            Path::Tables(tables) => vec![tables.pattern().to_vec()],
            Path::Rows(rows) => rows.patterns(),
        }
    }
}

/// The index of the largest value, the first one of equal values; 0 if all are NaN or there is none.
pub fn argmax(values: &[f32]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] || values[best].is_nan() {
            best = index;
        }
    }
    best
}
