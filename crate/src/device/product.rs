//! The matrix product in the module with WebGPU.
//!
//! `Tensor::matmul` would link every kernel that burn can choose from for it (for matrix units, double buffering,
//! quantised numbers): 260 of the module's 1,560 KB with brotli. Models of this size need the simplest one.

use burn_flex::Flex;
use burn_flex::ops::matmul::matmul;
use burn_wgpu::{CubeTensor, Wgpu};
use cubecl::prelude::*;

/// How many values a workgroup computes.
const WORKGROUP: u32 = 64;

/// As [`super::product`].
///
/// # Panics
/// If the factors are on different devices, or tracked by autodiff, which is in no published module.
pub fn product<const R: usize>(a: burn_tensor::Tensor<R>, b: burn_tensor::Tensor<R>) -> burn_tensor::Tensor<R> {
    const TOGETHER: &str = "both factors are on one device, without autodiff";
    if a.device() == burn_tensor::Device::flex() {
        let [a, b] = [a, b].map(|factor| factor.try_into_primitive::<Flex>().expect(TOGETHER));
        return burn_tensor::Tensor::from_primitive::<Flex>(matmul(a, b));
    }
    let [a, b] = [a, b].map(|factor| factor.try_into_primitive::<Wgpu>().expect(TOGETHER));
    burn_tensor::Tensor::from_primitive::<Wgpu>(launch(a, b))
}

/// Records the kernel, and gives the tensor that it will fill.
fn launch(a: CubeTensor, b: CubeTensor) -> CubeTensor {
    let (client, rank) = (a.client.clone(), a.meta.num_dims());
    let mut shape = a.meta.shape().clone();
    shape[rank - 1] = b.meta.shape()[rank - 1];
    let values = shape.num_elements();
    let memory = client.empty(values * size_of::<f32>());
    let out = CubeTensor::new_contiguous(client.clone(), a.device.clone(), shape, memory, a.dtype);
    let workgroup = CubeDim::new_1d(WORKGROUP);
    let count = cubecl::calculate_cube_count_elemwise(&client, values, workgroup);
    let (a, b) = (a.into_tensor_arg(), b.into_tensor_arg());
    dot_products::launch(&client, count, workgroup, a, b, out.clone().into_tensor_arg(), rank);
    out
}

/// Computes one value of the product, the dot product of a row of `a` and a column of `b`. Both may be views of any
/// strides; `out` is contiguous.
#[cube(launch)]
fn dot_products(a: &Tensor<f32>, b: &Tensor<f32>, out: &mut Tensor<f32>, #[comptime] rank: usize) {
    if ABSOLUTE_POS >= out.len() {
        terminate!();
    }
    let (row, column, inner) = comptime!((rank - 2, rank - 1, rank - 1));
    let columns = out.shape(column);
    let rows = out.shape(row);
    let mut at_a = ABSOLUTE_POS / columns % rows * a.stride(row);
    let mut at_b = ABSOLUTE_POS % columns * b.stride(column);
    let mut matrix = ABSOLUTE_POS / columns / rows;
    #[unroll]
    for before in 0..rank - 2 {
        let axis = rank - 3 - before;
        let index = matrix % out.shape(axis);
        matrix /= out.shape(axis);
        at_a += index * a.stride(axis);
        at_b += index * b.stride(axis);
    }
    let mut sum = 0.0f32;
    for _ in 0..a.shape(inner) {
        sum += a[at_a] * b[at_b];
        at_a += a.stride(inner);
        at_b += b.stride(row);
    }
    out[ABSOLUTE_POS] = sum;
}
