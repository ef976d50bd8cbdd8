//! The GPU that the kernels share with burn: its device and queue, the buffers behind burn's tensors, and
//! waiting for it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use burn_tensor::{Device, Tensor};
use burn_wgpu::{AutoCompiler, Wgpu, WgpuSetup, wgpu};
use cubecl::wgpu::WgpuServer;

use crate::error::{Error, Result};

/// burn's GPU, as wgpu has it.
#[derive(Clone, Debug)]
pub struct Shared {
    /// The GPU as burn has it.
    pub device: Device,
    /// The same as wgpu has it.
    pub gpu: wgpu::Device,
    /// Where work for it is submitted.
    pub queue: wgpu::Queue,
}

thread_local! {
    /// burn has one WebGPU device a thread.
    static SHARED: RefCell<Option<Shared>> = const { RefCell::new(None) };
}

/// Makes burn's device known here. No kernels train on a device that is not.
pub fn share(device: Device, setup: WgpuSetup) {
    SHARED.set(Some(Shared { device, gpu: setup.device, queue: setup.queue }));
}

/// What stands behind a device, if that is burn's GPU.
pub fn of(device: &Device) -> Option<Shared> {
    SHARED.with_borrow(Clone::clone).filter(|shared| shared.device == *device)
}

/// What `make` makes on the GPU.
///
/// # Errors
/// If the GPU refuses it.
pub async fn checked<T>(gpu: &wgpu::Device, make: impl FnOnce() -> T) -> Result<T> {
    let scopes =
        [wgpu::ErrorFilter::Validation, wgpu::ErrorFilter::OutOfMemory].map(|filter| gpu.push_error_scope(filter));
    let made = make();
    // Scopes end before anything is awaited: wgpu panics if others begin or end in between.
    let answers: Vec<_> = scopes.into_iter().rev().map(wgpu::ErrorScopeGuard::pop).collect();
    for answer in answers {
        if let Some(error) = answer.await {
            return Err(Error::new(format!("WebGPU refuses the training kernels: {error}.")));
        }
    }
    Ok(made)
}

/// Records the copy of a buffer's first `length` values into a new tensor, `[length]`.
///
/// # Errors
/// If the tensor's memory can't be reached.
pub fn tensor(
    encoder: &mut wgpu::CommandEncoder,
    device: &Device,
    buffer: &wgpu::Buffer,
    length: usize,
) -> Result<Tensor<1>> {
    let unreachable = |why: String| Error::new(format!("The GPU's memory could not be reached: {why}."));
    let tensor: Tensor<1> = Tensor::empty([length], device);
    let primitive = tensor.clone().try_into_primitive::<Wgpu>().map_err(|error| unreachable(format!("{error:?}")))?;
    let resource = primitive
        .client
        .get_resource::<WgpuServer<AutoCompiler>>(primitive.handle.clone())
        .map_err(|error| unreachable(format!("{error:?}")))?;
    // The memory that the tensor got may have been another's, which burn has yet to read: what it recorded goes first.
    primitive.client.flush().map_err(|error| unreachable(format!("{error:?}")))?;
    let target = resource.resource();
    encoder.copy_buffer_to_buffer(buffer, 0, &target.buffer, target.offset, 4 * length as u64);
    Ok(tensor)
}

/// The first `length` values of a buffer, once all that was submitted is done.
///
/// # Errors
/// If the GPU fails.
pub async fn read(buffer: &wgpu::Buffer, length: usize) -> Result<Vec<f32>> {
    let failed = || Error::new("The GPU gave no results: it is lost, or out of memory.");
    let bytes = 4 * length as u64;
    mapped(buffer, bytes).await.map_err(|_| failed())?;
    let view = buffer.get_mapped_range(..bytes).map_err(|_| failed())?;
    let values = view.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect();
    drop(view);
    buffer.unmap();
    Ok(values)
}

/// Waits until the first bytes of a buffer can be read.
async fn mapped(buffer: &wgpu::Buffer, bytes: u64) -> std::result::Result<(), wgpu::BufferAsyncError> {
    type Answer = (Option<std::result::Result<(), wgpu::BufferAsyncError>>, Option<Waker>);
    // wgpu asks for what could be sent to another thread.
    let answer: Arc<Mutex<Answer>> = Arc::default();
    let given = answer.clone();
    buffer.map_async(wgpu::MapMode::Read, ..bytes, move |result| {
        let mut given = given.lock().unwrap_or_else(PoisonError::into_inner);
        given.0 = Some(result);
        if let Some(waker) = given.1.take() {
            waker.wake();
        }
    });
    poll_fn(|context| {
        let mut answer = answer.lock().unwrap_or_else(PoisonError::into_inner);
        match answer.0.take() {
            Some(result) => Poll::Ready(result),
            None => {
                answer.1 = Some(context.waker().clone());
                Poll::Pending
            }
        }
    })
    .await
}
