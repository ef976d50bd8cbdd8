//! The update of the weights, in tiles: a workgroup sums up one tile's gradient over the rows of the batch and
//! takes Adam's step.

use super::words::{Word, record};

/// Edge of a tile, in weights; `update` in `wgsl/update.wgsl` is written for this one.
const EDGE: usize = 32;

/// What the rows of `x` are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Rows {
    /// Activations.
    Activations,
    /// 1 at the row's token.
    Tokens,
    /// 1 at the row's position.
    Positions,
    /// Normalised activations, which are multiplied with the gradient one by one: the weights of a norm.
    Normed,
}

impl Word for Rows {
    fn word(self) -> u32 {
        self as u32
    }
}

record! {
    /// A tile of a weight matrix `[inner, columns]`, whose gradient is the sum of `x[k] y[n]` over all rows of
    /// the batch; a bias's is the sum of `y[n]`.
    Tile, read by tile_at from tables {
        /// What the rows of `x` are.
        kind: Rows,
        /// Where `x`, `[rows, inner]`, begins in a sequence's part of the activations; that of a norm is
        /// `[rows, columns]`.
        x: usize,
        /// Where `y`, `[rows, columns]`, begins there.
        y: usize,
        /// Rows of a sequence.
        rows: usize,
        /// Rows of the matrix; 1 of a norm's weights.
        inner: usize,
        /// Columns of the matrix.
        columns: usize,
        /// Where the matrix begins among the parameters.
        weight: usize,
        /// Columns of a block: heads' matrices are stored in blocks, one after the other.
        wide: usize,
        /// Where the bias begins, `[columns]`.
        bias: Option<usize>,
        /// First row of the matrix that is in this tile.
        k: usize,
        /// First column that is.
        n: usize,
    }
}

impl Tile {
    /// All tiles of the matrix that this one begins.
    pub fn cut(self) -> impl Iterator<Item = Self> {
        let starts = |size: usize| (0..size).step_by(EDGE);
        starts(self.inner).flat_map(move |k| starts(self.columns).map(move |n| Self { k, n, ..self }))
    }

    /// Its rows and columns of the matrix.
    fn weights(&self) -> impl Iterator<Item = (usize, usize)> {
        let columns = self.n..self.columns.min(self.n + EDGE);
        (self.k..self.inner.min(self.k + EDGE)).flat_map(move |k| columns.clone().map(move |n| (k, n)))
    }

    /// Where row `k` of column `n` stands among the parameters.
    fn place(&self, (k, n): (usize, usize)) -> usize {
        let Self { inner, weight, wide, .. } = *self;
        weight + n / wide * inner * wide + k * wide + n % wide
    }
}

/// The parameters, and after them, for the way back, every matrix transposed, in its matrix's place.
pub fn with_transposes(tiles: &[Tile], parameters: &[f32]) -> Vec<f32> {
    let mut out = parameters.to_vec();
    out.resize(2 * parameters.len(), 0.0);
    for tile in tiles.iter().filter(|tile| tile.kind != Rows::Normed) {
        for (k, n) in tile.weights() {
            out[parameters.len() + tile.weight + n * tile.inner + k] = parameters[tile.place((k, n))];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Tile {
        /// The parameters that this tile updates: its weights and, in the first row of tiles, its columns' biases.
        pub fn parameters(&self) -> Vec<usize> {
            let bias = self.bias.filter(|_| self.k == 0);
            let first_row = self.weights().filter(|(k, _)| *k == 0);
            let biases = first_row.filter_map(|(_, n)| bias.map(|bias| bias + n));
            self.weights().map(|at| self.place(at)).chain(biases).collect()
        }
    }

    /// Two heads of three columns, `[heads, inner, 3]`, are the matrix `[inner, 6]`; its transpose is `[6, inner]`.
    #[test]
    fn heads_are_transposed_side_by_side() {
        let matrix = Tile {
            kind: Rows::Activations,
            x: 0,
            y: 0,
            rows: 1,
            inner: 40,
            columns: 6,
            weight: 2,
            wide: 3,
            bias: None,
            k: 0,
            n: 0,
        };
        let parameters: Vec<f32> = (0..242).map(|i| i as f32).collect();
        let params = with_transposes(&matrix.cut().collect::<Vec<_>>(), &parameters);
        assert_eq!(params[..242], parameters);
        for (k, n) in (0..40).flat_map(|k| (0..6).map(move |n| (k, n))) {
            let (head, column) = (n / 3, n % 3);
            assert_eq!(
                params[242 + 2 + n * 40 + k],
                parameters[2 + head * 120 + k * 3 + column],
                "row {k}, column {n}"
            );
        }
    }
}
