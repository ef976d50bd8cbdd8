//! Buffers, pipelines and submissions of a [`Program`].

use std::cell::OnceCell;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use burn::backend::wgpu::wgpu;
use burn::tensor::{Device, Tensor};

use super::Program;
use super::shared::{Shared, load, of, unload};
use crate::error::{Error, Result};
use crate::experiment::Experiment;
use crate::model::Layout;
use crate::task::Sort;
use crate::train::adam::rates;

/// A run's values as burn has them, `[parameters]` each: parameters, Adam's mean and its mean square.
pub type Tensors = [Tensor<1>; 3];

/// What steps leave.
#[derive(Debug)]
pub struct Trained {
    /// Each step's, before its update.
    pub losses: Vec<f32>,
    pub tensors: Tensors,
    /// By which [`Kernels`] knows these tensors again.
    pub stamp: u64,
}

/// The step of one experiment on burn's GPU.
#[derive(Debug)]
pub struct Kernels {
    shared: Shared,
    program: Program,
    experiment: Experiment,
    built: Option<Built>,
    /// The stamp of the tensors whose values the buffers hold, and the last that was given.
    holds: Option<u64>,
    stamps: u64,
}

#[derive(Debug)]
struct Built {
    /// In the order of their bindings.
    buffers: Vec<wgpu::Buffer>,
    staging: wgpu::Buffer,
    group: wgpu::BindGroup,
    draw: wgpu::ComputePipeline,
    sequences: wgpu::ComputePipeline,
    update: wgpu::ComputePipeline,
    turn: wgpu::ComputePipeline,
    /// Made when it is first wanted: the schedule may never ask.
    measure: OnceCell<wgpu::ComputePipeline>,
    module: wgpu::ShaderModule,
    layout: wgpu::PipelineLayout,
}

impl Built {
    fn measure(&self, gpu: &wgpu::Device) -> &wgpu::ComputePipeline {
        self.measure.get_or_init(|| pipeline(gpu, &self.layout, &self.module, "measure"))
    }
}

fn pipeline(
    gpu: &wgpu::Device,
    layout: &wgpu::PipelineLayout,
    module: &wgpu::ShaderModule,
    name: &str,
) -> wgpu::ComputePipeline {
    gpu.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(name),
        layout: Some(layout),
        module,
        entry_point: Some(name),
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    })
}

/// Where buffers stand among the bindings.
const PARAMS: usize = 0;
const MOMENTS: usize = 1;
const TOKENS: usize = 4;
const CONTROL: usize = 5;
const TABLES: usize = 6;
const RESULTS: usize = 7;

impl Kernels {
    /// The step of an experiment, if it is covered, the device is burn's GPU and its buffers may be as large as it needs. `held_out_lists`: how many
    /// held-out lists the schedule goes by.
    pub fn new(experiment: &Experiment, layout: &Layout, device: &Device, held_out_lists: usize) -> Option<Self> {
        let shared = of(device)?;
        let program = Program::new(experiment, layout, held_out_lists)?;
        let limits = shared.gpu.limits();
        let most = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
        let fits = program.sizes.all().iter().all(|words| 4 * *words as u64 <= most)
            && program.plan.tiles.len() <= limits.max_compute_workgroups_per_dimension as usize;
        fits.then(|| Self { shared, program, experiment: experiment.clone(), built: None, holds: None, stamps: 0 })
    }

    /// Most steps of one call.
    pub fn most_steps(&self) -> u32 {
        self.program.steps as u32
    }

    /// Makes buffers and pipelines, once.
    ///
    /// # Errors
    /// If the GPU refuses one.
    pub async fn prepare(&mut self) -> Result<()> {
        if self.built.is_some() {
            return Ok(());
        }
        let gpu = &self.shared.gpu;
        let scopes =
            [wgpu::ErrorFilter::Validation, wgpu::ErrorFilter::OutOfMemory].map(|filter| gpu.push_error_scope(filter));
        let built = self.build();
        for scope in scopes.into_iter().rev() {
            if let Some(error) = scope.pop().await {
                return Err(Error::new(format!("WebGPU refuses the training kernels: {error}.")));
            }
        }
        self.write(&built.buffers[TABLES], 0, &self.program.tables);
        let held_out =
            Sort::new(&self.experiment.task, &self.experiment.train).test_batch(0, self.program.held_out_lists);
        let held_out: Vec<u32> = held_out.tokens.into_iter().map(|token| token as u32).collect();
        self.write(&built.buffers[TOKENS], self.program.places.held_out, &held_out);
        self.built = Some(built);
        Ok(())
    }

    fn build(&self) -> Built {
        let gpu = &self.shared.gpu;
        let buffer = |words: usize, usage| {
            gpu.create_buffer(&wgpu::BufferDescriptor {
                label: Some("tinylens"),
                size: 4 * words.max(1) as u64,
                usage,
                mapped_at_creation: false,
            })
        };
        let storage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
        let buffers: Vec<wgpu::Buffer> =
            self.program.sizes.all().into_iter().map(|words| buffer(words, storage)).collect();
        let staging = buffer(self.program.sizes.results, wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST);
        let entry = |binding: usize| wgpu::BindGroupLayoutEntry {
            binding: binding as u32,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: wgpu::BufferBindingType::Storage { read_only: binding == TABLES },
                has_dynamic_offset: false,
                min_binding_size: None,
            },
            count: None,
        };
        let entries: Vec<_> = (0..buffers.len()).map(entry).collect();
        let layout = gpu.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries });
        let bound: Vec<_> = buffers
            .iter()
            .enumerate()
            .map(|(binding, buffer)| wgpu::BindGroupEntry {
                binding: binding as u32,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        let group = gpu.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout: &layout, entries: &bound });
        let layout = gpu.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let source = wgpu::ShaderSource::Wgsl(self.program.source.as_str().into());
        let module = gpu.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some("tinylens"), source });
        let [draw, sequences, update, turn] =
            ["draw", "sequences", "update", "turn"].map(|name| pipeline(gpu, &layout, &module, name));
        Built { buffers, staging, group, draw, sequences, update, turn, measure: OnceCell::new(), module, layout }
    }

    fn write(&self, buffer: &wgpu::Buffer, at: usize, words: &[u32]) {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.shared.queue.write_buffer(buffer, 4 * at as u64, &bytes);
    }

    /// Trains `n` steps, at most [`Kernels::most_steps`], the first of which is number `done`, counted from 0. `stamp`: that of `tensors`, if
    /// they came from here.
    ///
    /// # Errors
    /// If the GPU fails.
    pub async fn step(&mut self, tensors: &Tensors, stamp: Option<u64>, done: u32, n: u32, lr: f64) -> Result<Trained> {
        self.prepare().await?;
        self.hold(tensors, stamp)?;
        let built = self.built()?;
        let mut words = vec![done];
        for step in done..done + n {
            words.extend(rates(lr, step + 1, &self.experiment.train).map(f32::to_bits));
        }
        self.write(&built.buffers[TABLES], 0, &words);
        self.write(&built.buffers[CONTROL], 0, &[0, 0]);
        let mut encoder = self.encoder();
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_bind_group(0, &built.group, &[]);
            pass.set_pipeline(&built.draw);
            pass.dispatch_workgroups(self.program.groups as u32, n, 1);
            let (batch, tiles) = (self.experiment.train.batch_size as u32, self.program.plan.tiles.len() as u32);
            for _ in 0..n {
                pass.set_pipeline(&built.sequences);
                pass.dispatch_workgroups(batch, 1, 1);
                pass.set_pipeline(&built.update);
                pass.dispatch_workgroups(tiles, 1, 1);
            }
        }
        let length = self.program.plan.parameters;
        let mut out = |buffer: usize, at| unload(&mut encoder, &self.shared.device, &built.buffers[buffer], at, length);
        let tensors = [out(PARAMS, 0)?, out(MOMENTS, 0)?, out(MOMENTS, length)?];
        // Should it fail from here on, the buffers are ahead of the tensors.
        self.holds = None;
        let losses = self.read(encoder, 0, n as usize).await?;
        self.stamps += 1;
        self.holds = Some(self.stamps);
        Ok(Trained { losses, tensors, stamp: self.stamps })
    }

    /// Mean cross entropy over the held-out lists.
    ///
    /// # Errors
    /// If the GPU fails.
    pub async fn held_out_loss(&mut self, tensors: &Tensors, stamp: Option<u64>) -> Result<f64> {
        self.prepare().await?;
        self.hold(tensors, stamp)?;
        let built = self.built()?;
        let mut encoder = self.encoder();
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_bind_group(0, &built.group, &[]);
            pass.set_pipeline(built.measure(&self.shared.gpu));
            let lists = self.program.held_out_lists.min(self.experiment.train.batch_size);
            pass.dispatch_workgroups(lists as u32, 1, 1);
        }
        let lists = self.program.held_out_lists;
        let losses = self.read(encoder, self.program.places.held_out_loss, lists).await?;
        let counted = self.experiment.task.counted(self.experiment.task.list_length).len() * lists;
        Ok(losses.into_iter().map(f64::from).sum::<f64>() / counted as f64)
    }

    /// Makes the buffers hold these tensors' values.
    fn hold(&mut self, [parameters, mean, square]: &Tensors, stamp: Option<u64>) -> Result<()> {
        if self.holds.is_some() && self.holds == stamp {
            return Ok(());
        }
        self.holds = None;
        let built = self.built()?;
        let mut encoder = self.encoder();
        let length = self.program.plan.parameters;
        load(&mut encoder, parameters, &built.buffers[PARAMS], 0)?;
        load(&mut encoder, mean, &built.buffers[MOMENTS], 0)?;
        load(&mut encoder, square, &built.buffers[MOMENTS], length)?;
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_bind_group(0, &built.group, &[]);
            pass.set_pipeline(&built.turn);
            pass.dispatch_workgroups(self.program.plan.tiles.len() as u32, 1, 1);
        }
        self.shared.queue.submit([encoder.finish()]);
        self.holds = stamp;
        Ok(())
    }

    fn built(&self) -> Result<&Built> {
        self.built.as_ref().ok_or_else(|| Error::new("The training kernels are not there yet."))
    }

    fn encoder(&self) -> wgpu::CommandEncoder {
        self.shared.gpu.create_command_encoder(&wgpu::CommandEncoderDescriptor::default())
    }

    /// Submits what was recorded, and reads `length` results from `start` on.
    async fn read(&self, mut encoder: wgpu::CommandEncoder, start: usize, length: usize) -> Result<Vec<f32>> {
        let Built { buffers, staging, .. } = self.built()?;
        let bytes = 4 * length as u64;
        encoder.copy_buffer_to_buffer(&buffers[RESULTS], 4 * start as u64, staging, 0, bytes);
        self.shared.queue.submit([encoder.finish()]);
        let failed = || Error::new("The GPU gave no results: it is lost, or out of memory.");
        mapped(staging, bytes).await.map_err(|_| failed())?;
        let view = staging.get_mapped_range(..bytes).map_err(|_| failed())?;
        let values =
            view.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect();
        drop(view);
        staging.unmap();
        Ok(values)
    }
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
