//! The forward pass through tables, which caches what each position adds to the logits of the destinations after it.

use std::ops::Range;

use bytemuck::{cast_slice, cast_slice_mut};
use wide::f32x4;

use super::algebra::Tables;
use super::{LANES, Shape};
use crate::architecture::ModelConfig;
use crate::layout::Layout;
use crate::vector::{add_scaled, exp_less_max};

/// The most values in all tables together: 32 MB.
const MOST_VALUES: usize = 8_000_000;

/// How many operations take about 10 ms.
const MOST_WORK: usize = 40_000_000;

/// The tables of a model, and what was read so far.
#[derive(Clone, Debug)]
pub struct Inference {
    tables: Tables,
    /// The most positions of a sequence.
    positions: usize,
    /// `[batch, positions]`: the tokens of the sequences.
    tokens: Vec<usize>,
    /// `[batch, positions, H, P]`: what each position adds to the logits of a destination that attends to it alone.
    written: Vec<f32x4>,
    /// `[P]`: the logits of one destination.
    logits: Vec<f32x4>,
    /// `[batch, H, wanted, seen + n]`: the patterns of the last pass.
    pattern: Vec<f32>,
}

impl Inference {
    /// The forward pass of `sequences` sequences of at most `positions` tokens; `None` if tables do not cover the
    /// model, are too large, or have as many rows as the sequences.
    pub fn new(
        config: &ModelConfig,
        layout: &Layout,
        parameters: &[f32],
        sequences: usize,
        positions: usize,
    ) -> Option<Self> {
        let shape = Shape::new(config, layout, positions)?;
        let Shape { h, rows, panels, .. } = shape;
        if rows > sequences.saturating_mul(positions) || h * rows * (rows + panels * LANES) > MOST_VALUES {
            return None;
        }
        let mut tables = Tables::new(shape);
        tables.fill(parameters);
        Some(Self {
            tables,
            positions,
            tokens: Vec::new(),
            written: Vec::new(),
            logits: vec![f32x4::ZERO; panels],
            pattern: Vec::new(),
        })
    }

    /// The number of sequences of `positions` tokens that keeps one pass near 10 ms.
    pub fn sequences_a_pass(&self, positions: usize) -> usize {
        let Shape { h, panels, .. } = self.tables.shape;
        let padded = panels * LANES;
        MOST_WORK / (positions * (3 * padded + h * (3 * padded + positions * (padded + 16))))
    }

    /// Makes room for `batch` sequences.
    pub fn begin(&mut self, batch: usize) {
        let Shape { h, panels, .. } = self.tables.shape;
        self.tokens.resize(batch * self.positions, 0);
        self.written.resize(batch * self.positions * h * panels, f32x4::ZERO);
    }

    /// See [`Inference::read`](crate::Inference::read). `seen` positions of each of `batch` sequences were read before.
    pub fn read(&mut self, batch: usize, seen: usize, tokens: &[usize], wanted: Range<usize>, logits: &mut Vec<f32>) {
        let Shape { h, v, o, panels, .. } = self.tables.shape;
        let n = tokens.len() / batch;
        logits.resize(batch * wanted.len() * o, 0.0);
        let mut out = logits.chunks_exact_mut(o);
        self.pattern.resize(batch * h * wanted.len() * (seen + n), 0.0);
        for (number, new) in tokens.chunks_exact(n).enumerate() {
            let sequence = number * self.positions..(number + 1) * self.positions;
            let tokens = &mut self.tokens[sequence.clone()];
            tokens[seen..seen + n].copy_from_slice(new);
            assert!(new.iter().all(|token| *token < v), "the vocabulary has {v} tokens");
            let written = &mut self.written[sequence.start * h * panels..sequence.end * h * panels];
            for (row, out) in written.chunks_exact_mut(panels).enumerate().skip(seen * h).take(n * h) {
                self.tables.written(row % h, tokens[row / h], row / h, out);
            }
            for (destination, out) in (seen + wanted.start..seen + wanted.end).zip(&mut out) {
                self.tables.direct(tokens[destination], destination, &mut self.logits);
                let logits: &mut [f32] = cast_slice_mut(&mut self.logits);
                for head in 0..h {
                    let row = (number * h + head) * wanted.len() + destination - seen - wanted.start;
                    let pattern = &mut self.pattern[row * (seen + n)..(row + 1) * (seen + n)];
                    let (pattern, future) = pattern.split_at_mut(destination + 1);
                    self.tables.scores(head, tokens, destination, pattern);
                    let scale = 1.0 / exp_less_max(pattern);
                    for (source, weight) in pattern.iter_mut().enumerate() {
                        *weight *= scale;
                        add_scaled(logits, cast_slice(&written[(source * h + head) * panels..][..panels]), *weight);
                    }
                    future.fill(0.0);
                }
                out.copy_from_slice(&logits[..o]);
            }
        }
    }

    /// The patterns of the last pass, at the positions whose logits were wanted: `[batch, H, wanted, seen + n]`.
    pub fn pattern(&self) -> &[f32] {
        &self.pattern
    }
}
