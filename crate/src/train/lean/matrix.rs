//! Products of small matrices, through the `gemm` crate: one thread, a fixed order of sums.

use gemm::{Parallelism, gemm};

/// A matrix in row order, or the transpose of one.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    /// Values from one row, and from one column, to the next.
    strides: [isize; 2],
}

impl<'a> Matrix<'a> {
    /// `[rows, columns]`.
    pub fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        Self::part(values, rows, columns, columns)
    }

    /// `[rows, columns]`, the first columns of rows that are `stride` values apart.
    pub fn part(values: &'a [f32], rows: usize, columns: usize, stride: usize) -> Self {
        assert!(holds(values, rows, columns, stride), "a matrix needs {rows} by {columns} values, {stride} apart");
        Self { values, rows, columns, strides: [stride as isize, 1] }
    }

    /// The transpose.
    pub fn t(self) -> Self {
        Self { rows: self.columns, columns: self.rows, strides: [self.strides[1], self.strides[0]], ..self }
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

/// The same into the first columns of rows that are `stride` values apart.
pub fn multiply_part(out: &mut [f32], stride: usize, a: Matrix, b: Matrix, scale: f32, add: bool) {
    let (m, k, n) = (a.rows, a.columns, b.columns);
    assert!(k == b.rows && holds(out, m, n, stride), "[{m}, {k}] times [{}, {n}] into {}", b.rows, out.len());
    // SAFETY: `Matrix::part` and the assertion above hold every index of the three matrices within its slice, and `out`, being borrowed
    // mutably, overlaps neither of the others.
    unsafe {
        gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            stride as isize,
            add,
            a.values.as_ptr(),
            a.strides[1],
            a.strides[0],
            b.values.as_ptr(),
            b.strides[1],
            b.strides[0],
            1.0,
            scale,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}
