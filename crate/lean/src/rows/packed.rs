//! A batch without what doesn't reach the loss, and the rows that each layer reads and writes.
//!
//! Legend: `N` positions read, of all sequences one after the other; `M` counted positions; `U` distinct pairs of token and position.

use std::ops::Range;

use crate::batch::Sequences;

/// A batch, packed.
#[derive(Clone, Debug, Default)]
pub struct Packed {
    /// `[U]`: token and position. Before attention, layer 0 does the same for all positions with the same pair, so that it does it once.
    pub pairs: Vec<[usize; 2]>,
    /// `[N]`: the pair of every position.
    pair_of: Vec<usize>,
    /// `[N]`: its place in its sequence.
    positions: Vec<usize>,
    /// `[M]`: which of the `N` rows counts.
    counted: Vec<usize>,
    /// `[M]`: the class that is right there.
    pub targets: Vec<usize>,
    /// The rows of every sequence that counts somewhere, among `N`, and its counted ones, among `M`.
    sequences: Vec<(Range<usize>, Range<usize>)>,
}

impl Packed {
    /// A causal model reads no position after the last counted one, a bidirectional model all that hold tokens.
    pub fn new(batch: &Sequences, d_vocab: usize, causal: bool) -> Self {
        let mut packed = Self::default();
        let mut tokens = Vec::new();
        for sequence in batch.each() {
            let span = sequence.span();
            if span.is_empty() {
                continue;
            }
            let (start, first) = (packed.positions.len(), packed.counted.len());
            packed.positions.extend(0..if causal { span.end } else { sequence.length });
            for position in span.filter(|position| sequence.counted[*position]) {
                packed.counted.push(start + position);
                packed.targets.push(sequence.targets[position] as usize);
            }
            packed.sequences.push((start..packed.positions.len(), first..packed.counted.len()));
            tokens.push(sequence.tokens);
        }
        packed.pair_of = vec![0; packed.positions.len()];
        // For every token, the last position at which it was met, and the pair that the two are.
        let mut met = vec![(usize::MAX, 0); d_vocab];
        for position in 0..batch.positions {
            for (tokens, (rows, _)) in tokens.iter().zip(&packed.sequences) {
                if position >= rows.len() {
                    continue;
                }
                let token = tokens[position] as usize;
                if met[token].0 != position {
                    met[token] = (position, packed.pairs.len());
                    packed.pairs.push([token, position]);
                }
                packed.pair_of[rows.start + position] = met[token].1;
            }
        }
        packed
    }

    /// What a layer reads and writes.
    pub fn route(&self, first: bool, last: bool) -> Route {
        let keys: Vec<usize> = if first { self.pair_of.clone() } else { (0..self.positions.len()).collect() };
        let positions = if first { self.pairs.iter().map(|pair| pair[1]).collect() } else { self.positions.clone() };
        let spans = self
            .sequences
            .iter()
            .map(|(rows, counted)| Span { keys: rows.clone(), outgoing: if last { counted } else { rows }.clone() });
        let at =
            if last { self.counted.iter().map(|row| self.positions[*row]).collect() } else { self.positions.clone() };
        let from = if last { self.counted.iter().map(|row| keys[*row]).collect() } else { keys.clone() };
        let narrows = from.len() < positions.len();
        let queries = if narrows { (0..from.len()).collect() } else { from.clone() };
        Route { spans: spans.collect(), keys, from, at, positions, narrows, queries }
    }
}

/// The rows of one layer: `in` rows of the residual stream come in (`U` into the first layer, `N` into the others), `out` rows go out
/// (`M` of the last layer, `N` of the others).
#[derive(Clone, Debug)]
pub struct Route {
    /// `[N]`: the incoming row of every position that is attended to.
    pub keys: Vec<usize>,
    /// `[out]`: the incoming row of every position that goes on.
    pub from: Vec<usize>,
    /// `[out]`: the position of each of these.
    pub at: Vec<usize>,
    /// `[in]`: the position of every incoming row.
    pub positions: Vec<usize>,
    /// Whether fewer rows go out than come in. Queries are then computed for the outgoing rows, else for the incoming ones.
    pub narrows: bool,
    /// `[out]`: the row of queries of every outgoing row.
    pub queries: Vec<usize>,
    /// One for each sequence.
    pub spans: Vec<Span>,
}

/// A sequence's share of a layer's rows.
#[derive(Clone, Debug)]
pub struct Span {
    /// Its part of [`Route::keys`].
    pub keys: Range<usize>,
    /// Its part of [`Route::from`].
    pub outgoing: Range<usize>,
}

/// `out[i] = x[rows[i]]`, of rows of `width` values.
pub fn gather(out: &mut Vec<f32>, x: &[f32], rows: &[usize], width: usize) {
    out.resize(rows.len() * width, 0.0);
    for (out, row) in out.chunks_exact_mut(width).zip(rows) {
        out.copy_from_slice(&x[row * width..(row + 1) * width]);
    }
}

/// Backward of [`gather`]: `grad_x[rows[i]] += grad_out[i]`.
pub fn scatter(grad_x: &mut [f32], grad_out: &[f32], rows: &[usize], width: usize) {
    for (grad, row) in grad_out.chunks_exact(width).zip(rows) {
        super::super::vector::add(&mut grad_x[row * width..(row + 1) * width], grad);
    }
}
