//! The shader of one model and shape of batches: the functions in `wgsl/`, each file with the constants that it
//! reads; and what its buffers hold.

use tinylens_lean::{Adam, turns};

use super::batches::BatchShape;
use super::calls::{CALL_WORDS, Call};
use super::plan::{Plan, STAGE};
use super::tiles::{Rows, Tile, with_transposes};
use super::words::constants;
use crate::config::{Activation, AttentionDirection, ModelConfig, Normalization, PositionalEmbedding};
use crate::error::{Error, Result};
use crate::model::Layout;

/// Most steps that are uploaded, recorded and submitted together.
const MOST_STEPS: usize = 256;

/// Most words of their batches, as far as more than one step is concerned: 8 MB.
const MOST_WORDS: usize = 1 << 21;

/// Most threads of a workgroup that works on a sequence: as many as every device has.
const MOST_THREADS: usize = 256;

/// Fewest threads of a workgroup that works on a sequence.
const FEWEST_THREADS: usize = 64;

/// How many threads share a row in norms and in the loss.
const LANES: usize = 16;

/// The shader's buffers, in the order of their bindings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Buffer {
    /// The parameters, and all matrices transposed.
    Params,
    /// Adam's mean and mean square of every parameter.
    Moments,
    /// Activations and their gradients, of every sequence of a batch.
    Act,
    /// What the passes and the update consist of, and the rotations of rotary positions; written once.
    Tables,
    /// The batches of a call.
    Batches,
    /// The two counters of steps.
    Control,
    /// Losses: each step's, and each sequence's.
    Results,
}

impl Buffer {
    /// All, in the order of their bindings.
    pub const ALL: [Self; 7] =
        [Self::Params, Self::Moments, Self::Act, Self::Tables, Self::Batches, Self::Control, Self::Results];

    /// Whether only the host writes it. The shader may then let control flow around barriers depend on it.
    pub fn read_only(self) -> bool {
        matches!(self, Self::Tables | Self::Batches)
    }

    fn wgsl(self) -> String {
        let (name, kind) = match self {
            Self::Params => ("params", "f32"),
            Self::Moments => ("moments", "f32"),
            Self::Act => ("act", "f32"),
            Self::Tables => ("tables", "u32"),
            Self::Batches => ("batches", "u32"),
            Self::Control => ("control", "u32"),
            Self::Results => ("results", "f32"),
        };
        let access = if self.read_only() { "read" } else { "read_write" };
        format!("@group(0) @binding({}) var<storage, {access}> {name}: array<{kind}>;\n", self as usize)
    }
}

/// What a device allows.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a storage buffer.
    pub buffer: u64,
    /// Workgroups of a dispatch.
    pub workgroups: u32,
}

impl Default for Limits {
    /// What every device allows.
    fn default() -> Self {
        Self { buffer: 128 << 20, workgroups: 65_535 }
    }
}

/// A shader, and what it takes to run it.
#[derive(Clone, Debug)]
pub struct Program {
    /// The shader, in WGSL.
    pub source: String,
    /// What the passes and the update consist of.
    pub plan: Plan,
    /// The size of the batches.
    pub shape: BatchShape,
    /// What the buffer of tables holds.
    pub tables: Vec<u32>,
    /// Most steps at a time.
    pub steps: usize,
}

impl Program {
    /// The program that trains a model on batches of a shape, by Adam.
    ///
    /// # Errors
    /// A sentence that says what the kernels, or the device within its limits, do not cover.
    pub fn new(model: &ModelConfig, layout: &Layout, adam: &Adam, shape: BatchShape, limits: &Limits) -> Result<Self> {
        let plan = Plan::new(model, layout, &shape)?;
        let mut tables = Vec::new();
        let calls = tables.len();
        tables.extend(plan.forward.iter().chain(&plan.backward).flat_map(|call| call.words()));
        let tiles = tables.len();
        tables.extend(plan.tiles.iter().flat_map(Tile::words));
        let rotary = tables.len();
        if model.positional_embedding_type == PositionalEmbedding::Rotary {
            tables.extend(turns(model, shape.positions).into_iter().flatten().map(f32::to_bits));
        }
        let steps = (MOST_WORDS / shape.words(1)).clamp(1, MOST_STEPS);
        let mut program = Self { source: String::new(), plan, shape, tables, steps };
        program.fits(limits)?;
        program.source = [
            Buffer::ALL.map(Buffer::wgsl).concat(),
            constants!(NONE = None::<usize>),
            program.batch(),
            program.sequence(model, layout),
            norm(model),
            attention(model, rotary),
            mlp(model),
            loss(model),
            program.entries(calls),
            program.update(adam, tiles),
        ]
        .concat();
        Ok(program)
    }

    /// Bytes that a buffer holds. In 64 bits, since what is refused may be more than a wasm module can count.
    pub fn bytes(&self, buffer: Buffer) -> u64 {
        let (times, words) = match buffer {
            Buffer::Params | Buffer::Moments => (2, self.plan.parameters),
            Buffer::Act => (self.shape.batch, self.plan.stride),
            Buffer::Tables => (1, self.tables.len()),
            Buffer::Batches => (1, self.shape.words(self.steps)),
            Buffer::Control => (1, 2),
            Buffer::Results => (1, self.steps + self.shape.batch),
        };
        4 * times as u64 * words as u64
    }

    /// What the buffer of parameters holds at these ones: the parameters, and all matrices transposed.
    pub fn params(&self, parameters: &[f32]) -> Vec<f32> {
        with_transposes(&self.plan.tiles, parameters)
    }

    fn fits(&self, limits: &Limits) -> Result<()> {
        for (buffer, what) in [
            (Buffer::Params, "the parameters and their transposes"),
            (Buffer::Act, "the activations of a batch"),
            (Buffer::Tables, "the table of what is to be computed"),
            (Buffer::Batches, "a batch"),
        ] {
            let bytes = self.bytes(buffer);
            if bytes > limits.buffer {
                let [bytes, most] = [bytes, limits.buffer].map(|bytes| bytes.div_ceil(1 << 20));
                return Err(Error::new(format!(
                    "WebGPU's kernels need {bytes} MB in one buffer for {what}, and the GPU allows {most} MB."
                )));
            }
        }
        let workgroups = self.shape.batch.max(self.plan.tiles.len());
        if workgroups > limits.workgroups as usize {
            return Err(Error::new(format!(
                "WebGPU's kernels need {workgroups} workgroups at once, and the GPU allows {}.",
                limits.workgroups
            )));
        }
        Ok(())
    }

    fn batch(&self) -> String {
        self.shape.wgsl() + include_str!("wgsl/batch.wgsl")
    }

    /// What the passes share. A thread for every column of eight rows in most of the products.
    fn sequence(&self, model: &ModelConfig, layout: &Layout) -> String {
        let BatchShape { positions, first_counted, .. } = self.shape;
        let columns = (model.n_heads * model.d_head).max(model.d_model);
        let threads = (columns * positions.div_ceil(8)).next_power_of_two().clamp(FEWEST_THREADS, MOST_THREADS);
        constants!(
            THREADS = threads,
            LANES = LANES,
            STAGE = STAGE,
            STRIDE = self.plan.stride,
            POSITIONS = positions,
            FIRST = first_counted,
            D_MODEL = model.d_model,
            W_E = layout.offset("embed.W_E"),
            ADDS_POSITIONS = model.positional_embedding_type == PositionalEmbedding::Standard,
            W_POS = layout.find("pos_embed.W_pos").map_or(0, |entry| entry.offset),
        ) + include_str!("wgsl/sequence.wgsl")
            + include_str!("wgsl/linear.wgsl")
    }

    fn entries(&self, calls: usize) -> String {
        let forward = self.plan.forward.len();
        constants!(
            CALLS = calls,
            CALL_WORDS = CALL_WORDS,
            FORWARD_CALLS = forward,
            ALL_CALLS = forward + self.plan.backward.len(),
            SEQUENCE_LOSS = self.steps,
        ) + &Call::wgsl()
            + include_str!("wgsl/entries.wgsl")
    }

    fn update(&self, adam: &Adam, tiles: usize) -> String {
        constants!(
            PARAMETERS = self.plan.parameters,
            TILES = tiles,
            TILE_WORDS = Tile::WORDS,
            ACTIVATIONS = Rows::Activations,
            TOKENS = Rows::Tokens,
            NORMED = Rows::Normed,
            KEEP1 = adam.beta1 as f32,
            TAKE1 = (1.0 - adam.beta1) as f32,
            KEEP2 = adam.beta2 as f32,
            TAKE2 = (1.0 - adam.beta2) as f32,
            ADAM_EPS = adam.eps as f32,
        ) + &Tile::wgsl()
            + include_str!("wgsl/update.wgsl")
    }
}

fn norm(model: &ModelConfig) -> String {
    constants!(
        CENTRES = matches!(model.normalization_type, Some(Normalization::LN | Normalization::LNPre)),
        NORM_EPS = model.eps as f32,
    ) + include_str!("wgsl/norm.wgsl")
}

fn attention(model: &ModelConfig, rotary: usize) -> String {
    constants!(
        N_HEADS = model.n_heads,
        D_HEAD = model.d_head,
        CAUSAL = model.attention_dir == AttentionDirection::Causal,
        ROTARY = rotary,
        // Where there is none, no call reads it; but WGSL refuses to divide by a constant zero.
        PAIRS = (model.rotary_dim / 2).max(1),
        ADJACENT_PAIRS = model.rotary_adjacent_pairs,
    ) + include_str!("wgsl/attention.wgsl")
}

fn mlp(model: &ModelConfig) -> String {
    constants!(
        ACTIVATION = model.act_fn as usize,
        RELU = Activation::Relu as usize,
        GELU = Activation::Gelu as usize,
        GELU_NEW = Activation::GeluNew as usize,
    ) + include_str!("wgsl/mlp.wgsl")
}

fn loss(model: &ModelConfig) -> String {
    constants!(D_VOCAB_OUT = model.d_vocab_out) + include_str!("wgsl/loss.wgsl")
}
