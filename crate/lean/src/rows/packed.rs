//! A batch, reduced to what reaches the wanted logits, and the rows that each layer reads and writes.
//!
//! Legend: `N` positions that are read, of all sequences one after the other; `W` those of them whose logits are
//! wanted; `U` distinct pairs of token and position.

use std::ops::Range;

use crate::vector::add;

/// The positions of a batch that are computed.
#[derive(Clone, Debug, Default)]
pub struct Packed {
    /// `[U]`: token and position. Positions that share both share a row until the attention of layer 0.
    pub pairs: Vec<[usize; 2]>,
    /// How many positions of each sequence were read before.
    seen: usize,
    /// `[N]`: the pair of every position.
    pair_of: Vec<usize>,
    /// `[N]`: the number of every position in its sequence.
    positions: Vec<usize>,
    /// `[W]`: which of the `N` rows are wanted.
    wanted: Vec<usize>,
    /// For every sequence, its rows among `N` and its wanted rows among `W`.
    sequences: Vec<(Range<usize>, Range<usize>)>,
}

impl Packed {
    /// Packs the next tokens of some sequences, `seen` positions of each of which were read before. With the tokens
    /// come the numbers of those among them at which logits are wanted, in ascending order.
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
        // For every token, the last place at which it occurred, and the pair of both.
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

    /// The rows of a layer. Pairs come into the first one, and wanted rows go out of the last one.
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

/// The rows of one layer: `in` rows of the residual stream come in (`U` into the first layer, `N` into the others),
/// `out` rows go out (`W` of the last layer, `N` of the others).
#[derive(Clone, Debug)]
pub struct Route {
    /// How many positions of each sequence were read before.
    pub seen: usize,
    /// `[N]`: the incoming row of every position that is attended to.
    pub keys: Vec<usize>,
    /// `[out]`: the incoming row of every outgoing row.
    pub from: Vec<usize>,
    /// `[out]`: the position of every outgoing row.
    pub at: Vec<usize>,
    /// `[in]`: the position of every incoming row.
    pub positions: Vec<usize>,
    /// Whether fewer rows go out than come in. Queries are computed for the outgoing rows if so, else for the incoming
    /// rows.
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

/// `out[i] = x[rows[i]]`, in rows of `width` values.
pub fn gather(out: &mut Vec<f32>, x: &[f32], rows: &[usize], width: usize) {
    out.resize(rows.len() * width, 0.0);
    gather_into(out, x, rows, width);
}

/// The same, into a slice.
pub fn gather_into(out: &mut [f32], x: &[f32], rows: &[usize], width: usize) {
    assert!(out.len() == rows.len() * width, "{} rows of {width} into {} values", rows.len(), out.len());
    for (out, row) in out.chunks_exact_mut(width).zip(rows) {
        out.copy_from_slice(&x[row * width..(row + 1) * width]);
    }
}

/// Backward of [`gather`]: `grad_x[rows[i]] += grad_out[i]`.
pub fn scatter(grad_x: &mut [f32], grad_out: &[f32], rows: &[usize], width: usize) {
    assert!(grad_out.len() == rows.len() * width, "{} rows of {width} in {} values", rows.len(), grad_out.len());
    for (grad, row) in grad_out.chunks_exact(width).zip(rows) {
        add(&mut grad_x[row * width..(row + 1) * width], grad);
    }
}
