//! What the crate must know about the devices that its callers choose.

#[cfg(feature = "webgpu")]
mod product;

use burn_tensor::{Device, Tensor};

/// Whether tensors on this device are in the host's memory, where they can be read without waiting: those on the CPU.
pub fn in_host_memory(device: &Device) -> bool {
    *device == Device::flex()
}

/// The matrix product of `a`, `[…, rows, inner]`, and `b`, `[…, inner, columns]`: `[…, rows, columns]`. The axes before
/// the last two must have the same lengths in both.
pub fn product<const R: usize>(a: Tensor<R>, b: Tensor<R>) -> Tensor<R> {
    #[cfg(feature = "webgpu")]
    return product::product(a, b);
    #[cfg(not(feature = "webgpu"))]
    a.matmul(b)
}
