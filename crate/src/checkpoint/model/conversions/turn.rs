//! Tensors made from others: axes in another order, parts of a fused matrix.

use crate::checkpoint::formats::StoredTensor;

/// A tensor of a shape; `at` gives the value at each index.
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
///
/// # Panics
/// If the tensor is no matrix.
pub fn transpose(tensor: &StoredTensor, name: String) -> StoredTensor {
    let [rows, columns] = [tensor.shape[0], tensor.shape[1]];
    build(name, [columns, rows], &tensor.dtype, |[column, row]| tensor.values[row * columns + column])
}
