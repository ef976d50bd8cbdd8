//! Products of small matrices, in one thread and with a fixed order of sums: without fused multiply-adds, the bits are
//! the same natively and in every browser.
//!
//! A tile of [`ROWS`] by [`COLUMNS`] sums is kept in eight SIMD registers. `b` is packed into panels of `COLUMNS`
//! columns. If `a` is transposed, it is packed into panels of `ROWS` rows; otherwise its rows are read where they are.
//! Long sums are taken [`DEPTH`] terms at a time, so that panels stay in the first-level cache.

use std::cell::RefCell;

use bytemuck::cast;
use wide::f32x4;

/// Rows of a tile, and of a panel of `a`.
const ROWS: usize = 4;

/// Columns of a tile, and of a panel of `b`: two SIMD registers.
const COLUMNS: usize = 8;

/// How many terms of a sum are taken together.
const DEPTH: usize = 256;

thread_local! {
    /// The panels of the product that is being computed, kept for the next one.
    static PANELS: RefCell<Panels> = RefCell::default();
}

/// The packed operands of a product.
#[derive(Default)]
struct Panels {
    a: Vec<[f32; ROWS]>,
    b: Vec<[f32; COLUMNS]>,
}

/// A matrix in row order, or the transpose of one.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    /// The distance, in values, from one row to the next; in a transpose from one column to the next.
    stride: usize,
    transposed: bool,
}

impl<'a> Matrix<'a> {
    /// `[rows, columns]`.
    pub fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        Self::part(values, rows, columns, columns)
    }

    /// `[rows, columns]`: the first columns of rows that are `stride` values apart.
    pub fn part(values: &'a [f32], rows: usize, columns: usize, stride: usize) -> Self {
        assert!(holds(values, rows, columns, stride), "a matrix needs {rows} by {columns} values, {stride} apart");
        Self { values, rows, columns, stride, transposed: false }
    }

    /// The transpose.
    pub fn t(self) -> Self {
        Self { rows: self.columns, columns: self.rows, transposed: !self.transposed, ..self }
    }
}

/// Whether a slice has all the values of a matrix.
fn holds(values: &[f32], rows: usize, columns: usize, stride: usize) -> bool {
    columns <= stride && (rows == 0 || values.len() >= (rows - 1) * stride + columns)
}

/// `out = scale · a b`, or `out += scale · a b` if `add`.
pub fn multiply(out: &mut [f32], a: Matrix, b: Matrix, scale: f32, add: bool) {
    multiply_part(out, b.columns, a, b, scale, add);
}

/// The same, into the first columns of rows that are `stride` values apart.
pub fn multiply_part(out: &mut [f32], stride: usize, a: Matrix, b: Matrix, scale: f32, add: bool) {
    let (m, k, n) = (a.rows, a.columns, b.columns);
    assert!(k == b.rows && holds(out, m, n, stride), "[{m}, {k}] times [{}, {n}] into {}", b.rows, out.len());
    PANELS.with_borrow_mut(|panels| {
        let mut start = 0;
        loop {
            let depth = DEPTH.min(k - start);
            pack(&mut panels.b, b, start, depth);
            if a.transposed {
                pack(&mut panels.a, a.t(), start, depth);
            }
            let add = add || start > 0;
            for column in (0..n).step_by(COLUMNS) {
                let b = &panels.b[column / COLUMNS * depth..][..depth];
                let width = COLUMNS.min(n - column);
                for row in (0..m).step_by(ROWS) {
                    let sums = if a.transposed {
                        tile_of_panel(&panels.a[row / ROWS * depth..][..depth], b)
                    } else {
                        // A tile's rows beyond the last one repeat it; their sums are not stored.
                        let of = |i: usize| &a.values[(row + i).min(m - 1) * a.stride + start..][..depth];
                        tile_of_rows([of(0), of(1), of(2), of(3)], b)
                    };
                    for i in 0..ROWS.min(m - row) {
                        store(&mut out[(row + i) * stride + column..][..width], &sums[i], scale, add);
                    }
                }
            }
            start += depth;
            if start >= k {
                break;
            }
        }
    });
}

/// Writes one row of a tile, or adds it.
#[inline(always)]
fn store(out: &mut [f32], sums: &[f32x4; 2], scale: f32, add: bool) {
    let sums = [sums[0] * f32x4::splat(scale), sums[1] * f32x4::splat(scale)];
    if let Ok(out) = <&mut [[f32; 4]; 2]>::try_from(out.as_chunks_mut().0) {
        for half in 0..2 {
            out[half] = *(sums[half] + if add { f32x4::new(out[half]) } else { f32x4::ZERO }).as_array();
        }
    } else {
        let sums: [f32; COLUMNS] = cast(sums);
        for j in 0..out.len() {
            out[j] = sums[j] + if add { out[j] } else { 0.0 };
        }
    }
}

/// The sums of one tile, two registers for each row.
type Sums = [[f32x4; 2]; ROWS];

/// The sums of one tile of two panels, `[depth, ROWS]` and `[depth, COLUMNS]`.
#[inline(always)]
fn tile_of_panel(a: &[[f32; ROWS]], b: &[[f32; COLUMNS]]) -> Sums {
    let mut sums = [[f32x4::ZERO; 2]; ROWS];
    let depth = a.len().min(b.len());
    let (a, b) = (&a[..depth], &b[..depth]);
    for p in 0..depth {
        add_term(&mut sums, a[p], &b[p]);
    }
    sums
}

/// The same of four rows of `a` that are not packed, `[depth]` each.
#[inline(always)]
fn tile_of_rows(a: [&[f32]; ROWS], b: &[[f32; COLUMNS]]) -> Sums {
    let mut sums = [[f32x4::ZERO; 2]; ROWS];
    let depth = b.len();
    let [a0, a1, a2, a3] = [&a[0][..depth], &a[1][..depth], &a[2][..depth], &a[3][..depth]];
    for p in 0..depth {
        add_term(&mut sums, [a0[p], a1[p], a2[p], a3[p]], &b[p]);
    }
    sums
}

/// Adds one term to every sum of a tile.
#[inline(always)]
fn add_term(sums: &mut Sums, a: [f32; ROWS], b: &[f32; COLUMNS]) {
    let [b0, b1, b2, b3, b4, b5, b6, b7] = *b;
    let b = [f32x4::new([b0, b1, b2, b3]), f32x4::new([b4, b5, b6, b7])];
    for i in 0..ROWS {
        let a = f32x4::splat(a[i]);
        sums[i][0] += a * b[0];
        sums[i][1] += a * b[1];
    }
}

/// Packs rows `start..start + depth` of a matrix into panels of `WIDTH` of its columns, the last one padded with zeros.
#[inline]
#[expect(clippy::manual_memcpy, reason = "a call for a few values")]
fn pack<const WIDTH: usize>(out: &mut Vec<[f32; WIDTH]>, matrix: Matrix, start: usize, depth: usize) {
    let Matrix { values, columns, stride, transposed, .. } = matrix;
    let panels = columns.div_ceil(WIDTH);
    if out.len() < panels * depth {
        out.resize(panels * depth, [0.0; WIDTH]);
    }
    for panel in 0..panels {
        let first = panel * WIDTH;
        let width = WIDTH.min(columns - first);
        let out = &mut out[panel * depth..][..depth];
        if width < WIDTH {
            out.fill([0.0; WIDTH]);
        }
        if transposed {
            // Four columns at a time are transposed in SIMD registers.
            let whole = width - width % 4;
            for j in (0..whole).step_by(4) {
                let column = |j: usize| &values[(first + j) * stride + start..][..depth];
                let [a, b, c, d] = [column(j), column(j + 1), column(j + 2), column(j + 3)];
                let aligned = depth - depth % 4;
                for p in (0..aligned).step_by(4) {
                    let rows = f32x4::transpose([four(a, p), four(b, p), four(c, p), four(d, p)]);
                    for i in 0..4 {
                        put(&mut out[p + i], j, *rows[i].as_array());
                    }
                }
                for p in aligned..depth {
                    put(&mut out[p], j, [a[p], b[p], c[p], d[p]]);
                }
            }
            for j in whole..width {
                let column = &values[(first + j) * stride + start..][..depth];
                for p in 0..depth {
                    out[p][j] = column[p];
                }
            }
        } else {
            for p in 0..depth {
                let row = &values[(start + p) * stride + first..][..width];
                if let Ok(row) = <&[f32; WIDTH]>::try_from(row) {
                    out[p] = *row;
                } else {
                    for j in 0..width {
                        out[p][j] = row[j];
                    }
                }
            }
        }
    }
}

/// The four values from `at` on.
#[inline(always)]
fn four(values: &[f32], at: usize) -> f32x4 {
    let values = &values[at..at + 4];
    f32x4::new([values[0], values[1], values[2], values[3]])
}

/// Writes the four values from `at` on.
#[inline(always)]
#[expect(clippy::manual_memcpy, reason = "a call for a few values")]
fn put(values: &mut [f32], at: usize, four: [f32; 4]) {
    let values = &mut values[at..at + 4];
    for i in 0..4 {
        values[i] = four[i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{At, Stream, block};

    /// Numbers from -1 to 1.
    fn drawn(length: usize, lane: u32) -> Vec<f32> {
        (0..length as u32)
            .map(|index| block(1, Stream::Edit, At { step: 0, index, lane })[0] as i32 as f32 / 2f32.powi(31))
            .collect()
    }

    /// Compares products with the definition in float64: all remainders of tiles, sums longer than a panel, parts of
    /// wider rows, and transposes.
    #[test]
    fn products_are_those_of_the_definition() {
        for (case, (m, k, n)) in [(1, 1, 1), (4, 3, 8), (5, 300, 9), (7, 257, 15), (2, 513, 23), (13, 16, 6), (3, 0, 4)]
            .into_iter()
            .enumerate()
        {
            for (transposed_a, transposed_b, scale, add) in [
                (false, false, 1.0, false),
                (true, false, 0.5, true),
                (false, true, -2.0, false),
                (true, true, 1.0, true),
            ] {
                let wide = |rows: usize, columns: usize| ((columns + case), rows * (columns + case));
                let [(stride_a, length_a), (stride_b, length_b), (stride, length)] = [
                    if transposed_a { wide(k, m) } else { wide(m, k) },
                    if transposed_b { wide(n, k) } else { wide(k, n) },
                    wide(m, n),
                ];
                let (a, b, before) = (drawn(length_a, 1), drawn(length_b, 2), drawn(length, 3));
                let of_a =
                    if transposed_a { Matrix::part(&a, k, m, stride_a).t() } else { Matrix::part(&a, m, k, stride_a) };
                let of_b =
                    if transposed_b { Matrix::part(&b, n, k, stride_b).t() } else { Matrix::part(&b, k, n, stride_b) };
                let mut out = before.clone();
                multiply_part(&mut out, stride, of_a, of_b, scale, add);
                for (at, (got, before)) in out.iter().zip(before).enumerate() {
                    let (i, j) = (at / stride, at % stride);
                    let value = |values: &[f32], stride: usize, transposed: bool, i: usize, j: usize| {
                        f64::from(values[if transposed { j * stride + i } else { i * stride + j }])
                    };
                    let term =
                        |p: usize| value(&a, stride_a, transposed_a, i, p) * value(&b, stride_b, transposed_b, p, j);
                    let sum = if j < n { f64::from(scale) * (0..k).map(term).sum::<f64>() } else { 0.0 };
                    let expected = sum + if add || j >= n { f64::from(before) } else { 0.0 };
                    assert!(
                        (f64::from(*got) - expected).abs() < 1e-5 * expected.abs().max(1.0),
                        "[{m}, {k}] times [{k}, {n}], ({i}, {j}): {got}, {expected}"
                    );
                }
            }
        }
    }
}
