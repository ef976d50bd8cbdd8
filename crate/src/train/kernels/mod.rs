//! The training step by hand, on WebGPU: two dispatches a step whatever the model, and one for the batches of many steps.
//!
//! `sequences` gives every sequence of a batch a workgroup, which takes it through the whole model and back and leaves the activations and
//! their gradients, row by row. `update` makes the gradients of the weights of them, tile by tile, with Adam at each tile's end. `draw` makes the
//! batches of many steps at once, with the same counter-based numbers as the CPU. Nothing but the step count changes from step to step, and that
//! stands on the device: hundreds of steps are recorded in one pass without creating anything, and their losses are read together.
//!
//! [`plan`] says what stands where and which functions are called in which order, [`program`] writes the shader (its functions are in `wgsl/`),
//! `engine` has the buffers and submits. All sums are taken in a fixed order. Kernels keep to what every WebGPU device has: 256 threads and
//! 16 KB a workgroup, eight storage buffers, no subgroups, no f16.
//!
//! Not here: what they do not cover (see [`Program::new`]), which burn's autodiff trains, and anything but training: models are
//! looked at through burn.

mod calls;
#[cfg(feature = "webgpu")]
mod engine;
mod plan;
mod program;
#[cfg(feature = "webgpu")]
mod shared;
mod tiles;

#[cfg(feature = "webgpu")]
pub use engine::Kernels;
pub use program::Program;
#[cfg(feature = "webgpu")]
pub use shared::share;
