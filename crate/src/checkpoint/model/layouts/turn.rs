//! Turning tensors: axes in another order, parts of a fused matrix.

use crate::checkpoint::StoredTensor;

/// A tensor of this shape whose values `at` gives, by index.
pub fn build<const R: usize>(
    name: String,
    shape: [usize; R],
    dtype: &str,
    at: impl Fn([usize; R]) -> f32,
) -> StoredTensor {
    let total: usize = shape.iter().product();
    let mut index = [0; R];
    let mut values = Vec::with_capacity(total);
    for _ in 0..total {
        values.push(at(index));
        for axis in (0..R).rev() {
            index[axis] += 1;
            if index[axis] < shape[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
    StoredTensor { name, shape: shape.to_vec(), values, dtype: dtype.into() }
}

/// A matrix with its axes exchanged.
pub fn transpose(tensor: &StoredTensor, name: String) -> StoredTensor {
    let [rows, columns] = [tensor.shape[0], tensor.shape[1]];
    build(name, [columns, rows], &tensor.dtype, |[column, row]| tensor.values[row * columns + column])
}
