//! A batch without what does not reach the logits that are wanted, and the rows that each layer reads and writes.
//!
//! Legend: `N` positions that are read, of all sequences one after the other; `M` those of them whose logits are wanted, in training those that
//! count; `U` distinct pairs of token and position.

use std::ops::Range;

use crate::vector::add;

/// A batch, packed.
#[derive(Clone, Debug, Default)]
pub struct Packed {
    /// `[U]`: token and position. Before attention, layer 0 does the same for all positions with the same pair, so that it does it once.
    pub pairs: Vec<[usize; 2]>,
    /// How many positions of each sequence were read before.
    seen: usize,
    /// `[N]`: the pair of every position.
    pair_of: Vec<usize>,
    /// `[N]`: its place in its sequence.
    positions: Vec<usize>,
    /// `[M]`: which of the `N` rows is wanted.
    wanted: Vec<usize>,
    /// The rows of every sequence, among `N`, and its wanted ones, among `M`.
    sequences: Vec<(Range<usize>, Range<usize>)>,
}

impl Packed {
    /// Packs the next tokens of some sequences, of each of which `seen` positions were read before, and the numbers of those tokens after
    /// which the logits are wanted.
    pub fn new<Tokens, Wanted>(d_vocab: usize, seen: usize, sequences: impl Iterator<Item = (Tokens, Wanted)>) -> Self
    where
        Tokens: Iterator<Item = usize>,
        Wanted: Iterator<Item = usize>,
    {
        let (mut packed, mut tokens) = (Self { seen, ..Self::default() }, Vec::new());
        for (read, wanted) in sequences {
            let (start, first) = (tokens.len(), packed.wanted.len());
            tokens.extend(read);
            packed.positions.extend((seen..).take(tokens.len() - start));
            packed.wanted.extend(wanted.map(|number| start + number));
            packed.sequences.push((start..tokens.len(), first..packed.wanted.len()));
        }
        packed.pair_of = vec![0; tokens.len()];
        // For every token, the last place at which it was met, and the pair that the two are.
        let mut met = vec![(usize::MAX, 0); d_vocab];
        let longest = packed.sequences.iter().map(|(rows, _)| rows.len()).max().unwrap_or(0);
        for place in 0..longest {
            for (rows, _) in packed.sequences.iter().filter(|(rows, _)| place < rows.len()) {
                let token = tokens[rows.start + place];
                if met[token].0 != place {
                    met[token] = (place, packed.pairs.len());
                    packed.pairs.push([token, seen + place]);
                }
                packed.pair_of[rows.start + place] = met[token].1;
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
            .map(|(rows, wanted)| Span { keys: rows.clone(), outgoing: if last { wanted } else { rows }.clone() });
        let (from, at): (Vec<usize>, Vec<usize>) = if last {
            self.wanted.iter().map(|row| (keys[*row], self.positions[*row])).unzip()
        } else {
            (keys.clone(), self.positions.clone())
        };
        let narrows = from.len() < positions.len();
        let queries = if narrows { (0..from.len()).collect() } else { from.clone() };
        Route { seen: self.seen, spans: spans.collect(), keys, from, at, positions, narrows, queries }
    }
}

/// The rows of one layer: `in` rows of the residual stream come in (`U` into the first layer, `N` into the others), `out` rows go out
/// (`M` of the last layer, `N` of the others).
#[derive(Clone, Debug)]
pub struct Route {
    /// How many positions of each sequence were read before.
    pub seen: usize,
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

impl Route {
    /// The position of every row of queries.
    pub fn query_positions(&self) -> &[usize] {
        if self.narrows { &self.at } else { &self.positions }
    }
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
    gather_into(out, x, rows, width);
}

/// The same into a slice.
pub fn gather_into(out: &mut [f32], x: &[f32], rows: &[usize], width: usize) {
    for (out, row) in out.chunks_exact_mut(width).zip(rows) {
        out.copy_from_slice(&x[row * width..(row + 1) * width]);
    }
}

/// Backward of [`gather`]: `grad_x[rows[i]] += grad_out[i]`.
pub fn scatter(grad_x: &mut [f32], grad_out: &[f32], rows: &[usize], width: usize) {
    for (grad, row) in grad_out.chunks_exact(width).zip(rows) {
        add(&mut grad_x[row * width..(row + 1) * width], grad);
    }
}
