//! The training step by hand, on WebGPU: two dispatches a step, whatever the model.
//!
//! `sequences` gives every sequence of a batch a workgroup, which takes it through the whole model and back and
//! leaves the activations and their gradients. `update` computes the weights' gradients from these, tile by tile,
//! and takes Adam's step at the end of each tile. The batches of many steps are uploaded together, and only the
//! count of steps, which stands on the device, changes from step to step: hundreds of steps are recorded in one
//! pass without creating anything, and their losses are read together.
//!
//! [`plan`] says what is kept where and which functions are called in which order, [`calls`] what functions
//! there are, [`tiles`] what the update consists of and [`batches`] what is uploaded; [`program`] writes the
//! shader, whose functions are in `wgsl/`. All this builds natively; `train/gpu` has the buffers and submits. All
//! sums are taken in a fixed order. The kernels keep to what every WebGPU device has: 256 threads and 16 KB a
//! workgroup, eight storage buffers, no subgroups, no f16.
//!
//! These kernels only train; burn computes what is looked at.

mod batches;
mod calls;
mod plan;
mod program;
mod tiles;
mod words;

pub use batches::BatchShape;
pub use program::{Buffer, Limits, Program};
