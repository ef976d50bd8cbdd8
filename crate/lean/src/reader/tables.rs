//! Reading through tables: one attention-only layer without norm, as in the training step through tables (which see). A position is the sum of
//! its token's row and its place's; a score is four entries of a table, and what a source adds to the logits two rows of another.
//!
//! Legend: `R` rows, first the tokens', which have the biases in them, then the places'; `P` d_vocab_out, padded to whole SIMD registers.

use std::ops::Range;

use super::super::matrix::{Matrix, multiply, multiply_part};
use super::super::vector::{add, add_scaled, exp_less_max};
use crate::architecture::{ModelConfig, PositionalEmbedding};
use crate::layout::Layout;

/// Most values of all tables together, 32 MB of them.
const MOST_VALUES: usize = 8_000_000;

/// Operations of long work that take some ten milliseconds.
const MOST_WORK: usize = 40_000_000;

/// The tables of a model, and what was read through them.
#[derive(Clone, Debug)]
pub struct Tables {
    h: usize,
    /// Tokens that are read, and that are predicted.
    v: usize,
    o: usize,
    /// `R`, `P`, and most positions of a sequence.
    rows: usize,
    padded: usize,
    positions: usize,
    /// `[H, R, R]`: attention scores of every query row with every key row.
    s: Vec<f32>,
    /// `[H, R, P]`: what every value row adds to the logits.
    z: Vec<f32>,
    /// `[R, P]`: what every row adds to the logits by itself.
    x: Vec<f32>,
    /// `[batch, positions]`: the tokens of the sequences.
    tokens: Vec<usize>,
    /// `[batch, positions, H, P]`: what attending to each adds to the logits.
    written: Vec<f32>,
    /// `[P]` and `[positions]`: one destination's logits and pattern.
    logits: Vec<f32>,
    pattern: Vec<f32>,
}

impl Tables {
    /// `None` for a model that is not covered, and where the tables would be as large as what they save.
    pub fn new(
        config: &ModelConfig,
        layout: &Layout,
        parameters: &[f32],
        sequences: usize,
        positions: usize,
    ) -> Option<Self> {
        let ModelConfig { d_model: c, d_head: d, n_heads: h, d_vocab: v, d_vocab_out: o, .. } = *config;
        let (rows, padded) = (v + positions, o.next_multiple_of(8));
        let applies = config.n_layers == 1
            && config.attn_only
            && config.normalization_type.is_none()
            && config.positional_embedding_type == PositionalEmbedding::Standard
            && rows <= sequences.saturating_mul(positions)
            && h * rows * (rows + padded) <= MOST_VALUES;
        if !applies {
            return None;
        }
        let part = |name: &str, from: usize, length: usize| &parameters[layout.offset(name) + from..][..length];
        let attention = |name: &str, from: usize, length: usize| part(&format!("blocks.0.attn.{name}"), from, length);
        let mut embedded = [part("embed.W_E", 0, v * c), part("pos_embed.W_pos", 0, positions * c)].concat();
        // A matrix and a bias, of every row of the embeddings. Each position has one token, and so the bias once.
        let affine = |embedded: &[f32], matrix: &[f32], bias: &[f32], width: usize| {
            let mut table = vec![0.0; rows * width];
            multiply_part(
                &mut table,
                width,
                Matrix::new(embedded, rows, c),
                Matrix::new(matrix, c, bias.len()),
                1.0,
                false,
            );
            table[..v * width].chunks_exact_mut(width).for_each(|row| add(&mut row[..bias.len()], bias));
            table
        };
        let w_u = part("unembed.W_U", 0, c * o);
        let scale = (1.0 / config.attention_scale()) as f32;
        let (mut s, mut z) = (vec![0.0; h * rows * rows], vec![0.0; h * rows * padded]);
        let mut m = vec![0.0; d * padded];
        for head in 0..h {
            let [q, k, values] = [("W_Q", "b_Q"), ("W_K", "b_K"), ("W_V", "b_V")]
                .map(|(w, b)| affine(&embedded, attention(w, head * c * d, c * d), attention(b, head * d, d), d));
            multiply(
                &mut s[head * rows * rows..],
                Matrix::new(&q, rows, d),
                Matrix::new(&k, rows, d).t(),
                scale,
                false,
            );
            let w_o = Matrix::new(attention("W_O", head * d * c, d * c), d, c);
            multiply_part(&mut m, padded, w_o, Matrix::new(w_u, c, o), 1.0, false);
            multiply(
                &mut z[head * rows * padded..],
                Matrix::new(&values, rows, d),
                Matrix::new(&m, d, padded),
                1.0,
                false,
            );
        }
        embedded[..v * c].chunks_exact_mut(c).for_each(|row| add(row, attention("b_O", 0, c)));
        let x = affine(&embedded, w_u, part("unembed.b_U", 0, o), padded);
        let (tokens, written) = (Vec::new(), Vec::new());
        Some(Self {
            h,
            v,
            o,
            rows,
            padded,
            positions,
            s,
            z,
            x,
            tokens,
            written,
            logits: vec![0.0; padded],
            pattern: vec![0.0; positions],
        })
    }

    pub fn heads(&self) -> usize {
        self.h
    }

    /// How many sequences take some ten milliseconds.
    pub fn sequences_a_pass(&self, positions: usize) -> usize {
        MOST_WORK / (positions * (3 * self.padded + self.h * (3 * self.padded + positions * (self.padded + 16))))
    }

    pub fn begin(&mut self, batch: usize) {
        self.tokens.resize(batch * self.positions, 0);
        self.written.resize(batch * self.positions * self.h * self.padded, 0.0);
    }

    /// As [`Reader::read`](super::Reader::read), after `seen` positions of each of `batch` sequences. Of all destinations the patterns are written
    /// to `patterns[0]`, `[batch, H, n, n]`, where these are asked for, of whole sequences.
    pub fn read(
        &mut self,
        batch: usize,
        seen: usize,
        tokens: &[usize],
        wanted: Range<usize>,
        logits: &mut Vec<f32>,
        mut patterns: Option<&mut [Vec<f32>]>,
    ) {
        let Self { h, v, o, padded, positions, .. } = *self;
        let n = tokens.len() / batch;
        logits.resize(batch * wanted.len() * o, 0.0);
        let mut out = logits.chunks_exact_mut(o);
        for (sequence, new) in tokens.chunks_exact(n).enumerate() {
            let start = sequence * positions;
            self.tokens[start + seen..start + seen + n].copy_from_slice(new);
            self.write(sequence, seen..seen + n);
            for destination in wanted.clone() {
                let position = seen + destination;
                let token = self.tokens[start + position];
                let [of_token, of_place] = [token, v + position].map(|row| &self.x[row * padded..(row + 1) * padded]);
                self.logits.iter_mut().zip(of_token).zip(of_place).for_each(|((out, a), b)| *out = a + b);
                for head in 0..h {
                    self.attend(head, start, position);
                    let pattern = &self.pattern[..=position];
                    for (source, weight) in pattern.iter().enumerate() {
                        let place = ((start + source) * h + head) * padded;
                        add_scaled(&mut self.logits, &self.written[place..place + padded], *weight);
                    }
                    if let Some(patterns) = &mut patterns {
                        let place = ((sequence * h + head) * n + destination) * n;
                        patterns[0][place..=place + position].copy_from_slice(pattern);
                    }
                }
                if let Some(out) = out.next() {
                    out.copy_from_slice(&self.logits[..o]);
                }
            }
        }
    }

    /// What attending to some positions of a sequence adds to the logits.
    fn write(&mut self, sequence: usize, positions: Range<usize>) {
        let Self { h, v, rows, padded, .. } = *self;
        for position in positions {
            let row = sequence * self.positions + position;
            let written = &mut self.written[row * h * padded..(row + 1) * h * padded];
            for (head, out) in written.chunks_exact_mut(padded).enumerate() {
                let [of_token, of_place] =
                    [self.tokens[row], v + position].map(|row| &self.z[(head * rows + row) * padded..][..padded]);
                out.iter_mut().zip(of_token).zip(of_place).for_each(|((out, a), b)| *out = a + b);
            }
        }
    }

    /// The pattern of a head at the destination `position` of the sequence that begins at `start`.
    fn attend(&mut self, head: usize, start: usize, position: usize) {
        let Self { v, rows, .. } = *self;
        let [of_token, of_place] =
            [self.tokens[start + position], v + position].map(|row| &self.s[(head * rows + row) * rows..][..rows]);
        let pattern = &mut self.pattern[..=position];
        let positions = of_token[v..].iter().zip(&of_place[v..]);
        for ((score, key), (a, b)) in pattern.iter_mut().zip(&self.tokens[start..]).zip(positions) {
            *score = (of_token[*key] + of_place[*key]) + (a + b);
        }
        let scale = 1.0 / exp_less_max(pattern);
        pattern.iter_mut().for_each(|weight| *weight *= scale);
    }
}
