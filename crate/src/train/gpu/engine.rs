//! Buffers, pipelines and submissions of a [`Program`].

use std::cell::OnceCell;

use burn_tensor::{Device, Tensor};
use burn_wgpu::wgpu;
use bytemuck::NoUninit;
use tinylens_lean::{Adam, Batch, Sequences, State};

use super::shared::{Shared, checked, of, read, tensor};
use crate::config::ModelConfig;
use crate::error::Result;
use crate::model::Layout;
use crate::train::kernels::{BatchShape, Buffer, Limits, Program};

/// A run's parameters and optimiser state on burn's GPU, and what trains them there.
#[derive(Debug)]
pub struct Kernels {
    shared: Shared,
    program: Program,
    adam: Adam,
    /// In the order of [`Buffer::ALL`].
    buffers: [wgpu::Buffer; Buffer::ALL.len()],
    /// Where results are copied to be read.
    staging: wgpu::Buffer,
    group: wgpu::BindGroup,
    layout: wgpu::PipelineLayout,
    module: wgpu::ShaderModule,
    // Compiling takes time: each is made when it is first needed.
    sequences: OnceCell<wgpu::ComputePipeline>,
    update: OnceCell<wgpu::ComputePipeline>,
    measure: OnceCell<wgpu::ComputePipeline>,
}

impl Kernels {
    /// Kernels that train a model from a state on, with batches of a shape. `None`: the device is not the GPU that
    /// [`share`](super::share) made known.
    ///
    /// # Errors
    /// If the kernels do not cover the model, or the GPU refuses them: a sentence that says why.
    ///
    /// # Panics
    /// If the state is not that of such a model.
    pub async fn new(
        model: &ModelConfig,
        adam: &Adam,
        shape: BatchShape,
        state: &State,
        device: &Device,
    ) -> Result<Option<Self>> {
        let Some(shared) = of(device) else { return Ok(None) };
        let limits = shared.gpu.limits();
        let limits = Limits {
            buffer: limits.max_storage_buffer_binding_size.min(limits.max_buffer_size),
            workgroups: limits.max_compute_workgroups_per_dimension,
        };
        let program = Program::new(model, &Layout::new(model), adam, shape, &limits)?;
        let kernels = checked(&shared.gpu.clone(), || Self::build(shared, program, *adam)).await?;
        kernels.write(Buffer::Tables, 0, &kernels.program.tables);
        kernels.load(state);
        Ok(Some(kernels))
    }

    fn build(shared: Shared, program: Program, adam: Adam) -> Self {
        let gpu = &shared.gpu;
        let buffer = |size, usage| {
            let label = Some("tinylens");
            gpu.create_buffer(&wgpu::BufferDescriptor { label, size, usage, mapped_at_creation: false })
        };
        let storage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
        let buffers = Buffer::ALL.map(|one| buffer(program.bytes(one), storage));
        let staging =
            buffer(program.bytes(Buffer::Results), wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST);
        let entries = Buffer::ALL.map(|buffer| wgpu::BindGroupLayoutEntry {
            binding: buffer as u32,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: wgpu::BufferBindingType::Storage { read_only: buffer.read_only() },
                has_dynamic_offset: false,
                min_binding_size: None,
            },
            count: None,
        });
        let layout = gpu.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries });
        let entries = Buffer::ALL.map(|buffer| wgpu::BindGroupEntry {
            binding: buffer as u32,
            resource: buffers[buffer as usize].as_entire_binding(),
        });
        let group =
            gpu.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout: &layout, entries: &entries });
        let layout = gpu.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let source = wgpu::ShaderSource::Wgsl(program.source.as_str().into());
        let module = gpu.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some("tinylens"), source });
        let [sequences, update, measure] = [(); 3].map(|()| OnceCell::new());
        Self { shared, program, adam, buffers, staging, group, layout, module, sequences, update, measure }
    }

    /// Most steps of one submission; a call with more of them takes several.
    pub fn most_steps(&self) -> usize {
        self.program.steps
    }

    /// Makes the run's values these.
    ///
    /// # Panics
    /// If the state is not that of the kernels' model.
    pub fn load(&self, state: &State) {
        self.write(Buffer::Params, 0, &self.program.params(&state.parameters));
        self.write(Buffer::Moments, 0, &state.mean);
        self.write(Buffer::Moments, self.program.plan.parameters, &state.square);
    }

    /// The run's values.
    ///
    /// # Errors
    /// If the GPU fails.
    pub async fn unload(&self) -> Result<State> {
        let length = self.program.plan.parameters;
        let staging = self.shared.gpu.create_buffer(&wgpu::BufferDescriptor {
            label: Some("tinylens"),
            size: 4 * 3 * length as u64,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut encoder = self.encoder();
        self.copy(&mut encoder, Buffer::Params, 0, &staging, 0, length);
        self.copy(&mut encoder, Buffer::Moments, 0, &staging, length, 2 * length);
        self.shared.queue.submit([encoder.finish()]);
        let values = read(&staging, 3 * length).await;
        staging.destroy();
        let mut parameters = values?;
        let square = parameters.split_off(2 * length);
        let mean = parameters.split_off(length);
        Ok(State { parameters, mean, square })
    }

    /// A copy of the parameters as burn has them, `[parameters]`, on the same GPU.
    ///
    /// # Errors
    /// If the GPU fails.
    pub fn parameters(&self) -> Result<Tensor<1>> {
        let mut encoder = self.encoder();
        let (buffer, length) = (&self.buffers[Buffer::Params as usize], self.program.plan.parameters);
        let parameters = tensor(&mut encoder, &self.shared.device, buffer, length)?;
        self.shared.queue.submit([encoder.finish()]);
        Ok(parameters)
    }

    /// Trains a step on each batch, the first of which is step number `first`, counted from 0, at learning rate
    /// `lr`. Gives each one's mean loss, measured before its update.
    ///
    /// # Errors
    /// If a batch is not of the kernels' shape, or the GPU fails. What the run's values are then is undefined.
    pub async fn step(&mut self, first: u32, batches: &[Batch], lr: f64) -> Result<Vec<f32>> {
        let mut losses = Vec::with_capacity(batches.len());
        for some in batches.chunks(self.program.steps) {
            let done = first + losses.len() as u32;
            let rates = |number| self.adam.rates(lr, done + number as u32 + 1);
            self.upload(some.iter().enumerate().map(|(number, batch)| (batch.sequences(), rates(number))))?;
            let sequences = self.pipeline(&self.sequences, "sequences").await?;
            let update = self.pipeline(&self.update, "update").await?;
            let encoder = self.record(|pass| {
                for _ in some {
                    pass.set_pipeline(sequences);
                    pass.dispatch_workgroups(self.program.shape.batch as u32, 1, 1);
                    pass.set_pipeline(update);
                    pass.dispatch_workgroups(self.program.plan.tiles.len() as u32, 1, 1);
                }
            });
            losses.extend(self.results(encoder, 0, some.len()).await?);
        }
        Ok(losses)
    }

    /// Mean cross entropy at the counted positions of a batch of any size.
    ///
    /// # Errors
    /// If the batch is not of the kernels' positions, or the GPU fails.
    pub async fn loss(&mut self, batch: &Batch) -> Result<f64> {
        let most = self.program.shape.batch;
        let parts: Vec<_> =
            (0..batch.len()).step_by(most).map(|start| batch.part(start..batch.len().min(start + most))).collect();
        let mut sum = 0.0;
        for some in parts.chunks(self.program.steps) {
            self.upload(some.iter().map(|part| (*part, [0.0; 2])))?;
            let measure = self.pipeline(&self.measure, "measure").await?;
            let encoder = self.record(|pass| {
                pass.set_pipeline(measure);
                pass.dispatch_workgroups(most as u32, 1, 1);
            });
            sum += self.results(encoder, self.program.steps, most).await?.into_iter().map(f64::from).sum::<f64>();
        }
        Ok(sum / batch.sequences().count() as f64)
    }

    /// Uploads batches, with their rates, and sets the counters of steps to 0.
    fn upload<'a>(&self, batches: impl ExactSizeIterator<Item = (Sequences<'a>, [f32; 2])>) -> Result<()> {
        self.write(Buffer::Batches, 0, &self.program.shape.pack(batches)?);
        self.write(Buffer::Control, 0, &[0u32; 2]);
        Ok(())
    }

    /// A pipeline of one of the shader's entry points, made at the first call.
    async fn pipeline<'a>(
        &self,
        cell: &'a OnceCell<wgpu::ComputePipeline>,
        name: &str,
    ) -> Result<&'a wgpu::ComputePipeline> {
        if let Some(pipeline) = cell.get() {
            return Ok(pipeline);
        }
        let gpu = &self.shared.gpu;
        let pipeline = checked(gpu, || {
            gpu.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(name),
                layout: Some(&self.layout),
                module: &self.module,
                entry_point: Some(name),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            })
        });
        let pipeline = pipeline.await?;
        Ok(cell.get_or_init(|| pipeline))
    }

    /// A pass with dispatches of the shader.
    fn record(&self, dispatches: impl FnOnce(&mut wgpu::ComputePass)) -> wgpu::CommandEncoder {
        let mut encoder = self.encoder();
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_bind_group(0, &self.group, &[]);
        dispatches(&mut pass);
        drop(pass);
        encoder
    }

    /// Submits what was recorded, and reads `length` results from number `start` on.
    async fn results(&self, mut encoder: wgpu::CommandEncoder, start: usize, length: usize) -> Result<Vec<f32>> {
        self.copy(&mut encoder, Buffer::Results, start, &self.staging, 0, length);
        self.shared.queue.submit([encoder.finish()]);
        read(&self.staging, length).await
    }

    fn encoder(&self) -> wgpu::CommandEncoder {
        self.shared.gpu.create_command_encoder(&wgpu::CommandEncoderDescriptor::default())
    }

    /// Records a copy of `length` words of one of the buffers, from word `start` on, to word `at` of another.
    fn copy(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        from: Buffer,
        start: usize,
        to: &wgpu::Buffer,
        at: usize,
        length: usize,
    ) {
        let [start, at, bytes] = [start, at, length].map(|words| 4 * words as u64);
        encoder.copy_buffer_to_buffer(&self.buffers[from as usize], start, to, at, bytes);
    }

    /// Writes values into a buffer, from word `at` on.
    fn write(&self, buffer: Buffer, at: usize, values: &[impl NoUninit]) {
        self.shared.queue.write_buffer(&self.buffers[buffer as usize], 4 * at as u64, bytemuck::cast_slice(values));
    }
}

impl Drop for Kernels {
    /// A browser frees the memory when it next collects garbage, which may be long after the next run needs it.
    fn drop(&mut self) {
        self.buffers.iter().for_each(wgpu::Buffer::destroy);
        self.staging.destroy();
    }
}
