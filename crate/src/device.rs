//! What the crate must know about the devices that its callers choose.

use burn_tensor::Device;

/// Whether tensors on this device are in the host's memory, where they can be read without waiting: those on the CPU.
pub fn in_host_memory(device: &Device) -> bool {
    *device == Device::flex()
}
