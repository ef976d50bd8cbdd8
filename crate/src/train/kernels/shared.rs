//! The GPU that these kernels share with burn: its device and queue, and the buffers behind burn's tensors.

use std::cell::RefCell;

use burn::backend::Wgpu;
use burn::backend::wgpu::{AutoCompiler, WgpuSetup, wgpu};
use burn::cubecl::wgpu::WgpuServer;
use burn::tensor::{Device, Tensor};

use crate::error::{Error, Result};

/// burn's GPU, as wgpu has it.
#[derive(Clone, Debug)]
pub struct Shared {
    pub device: Device,
    pub gpu: wgpu::Device,
    pub queue: wgpu::Queue,
}

thread_local! {
    /// burn has one WebGPU device a thread.
    static SHARED: RefCell<Option<Shared>> = const { RefCell::new(None) };
}

/// Makes burn's device known here. Without, its models are trained through burn alone.
pub fn share(device: Device, setup: WgpuSetup) {
    SHARED.set(Some(Shared { device, gpu: setup.device, queue: setup.queue }));
}

/// What stands behind a device, if that is burn's GPU.
pub fn of(device: &Device) -> Option<Shared> {
    SHARED.with_borrow(Clone::clone).filter(|shared| shared.device == *device)
}

/// Copies a tensor's values into a buffer, from word `at` on: queued before whatever is submitted from now on.
///
/// # Errors
/// If the tensor is not on this GPU.
pub fn load(encoder: &mut wgpu::CommandEncoder, tensor: &Tensor<1>, buffer: &wgpu::Buffer, at: usize) -> Result<()> {
    with_buffer(tensor, |source, offset, bytes| {
        encoder.copy_buffer_to_buffer(source, offset, buffer, 4 * at as u64, bytes)
    })
}

/// A new tensor of `length` values copied out of a buffer, from word `at` on.
///
/// # Errors
/// As [`load`].
pub fn unload(
    encoder: &mut wgpu::CommandEncoder,
    device: &Device,
    buffer: &wgpu::Buffer,
    at: usize,
    length: usize,
) -> Result<Tensor<1>> {
    let tensor = Tensor::empty([length], device);
    with_buffer(&tensor, |target, offset, bytes| {
        encoder.copy_buffer_to_buffer(buffer, 4 * at as u64, target, offset, bytes)
    })?;
    Ok(tensor)
}

/// Calls `copy` with a tensor's buffer, the byte where it begins there and its bytes, once all that burn has recorded is submitted: memory
/// that the tensor got may just have been another's, which burn still has to read.
fn with_buffer(tensor: &Tensor<1>, copy: impl FnOnce(&wgpu::Buffer, u64, u64)) -> Result<()> {
    let unreachable = |why: String| Error::new(format!("The GPU's memory could not be reached: {why}."));
    let bytes = 4 * tensor.dims()[0] as u64;
    let primitive = tensor.clone().try_into_primitive::<Wgpu>().map_err(|error| unreachable(format!("{error:?}")))?;
    let resource = primitive
        .client
        .get_resource::<WgpuServer<AutoCompiler>>(primitive.handle.clone())
        .map_err(|error| unreachable(format!("{error:?}")))?;
    primitive.client.flush().map_err(|error| unreachable(format!("{error:?}")))?;
    copy(&resource.resource().buffer, resource.resource().offset, bytes);
    Ok(())
}
