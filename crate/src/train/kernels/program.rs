//! The shader of one experiment: its constants, the functions in `wgsl/`, and the passes that the plan wrote; and what its buffers hold.

use super::calls::{CALL_WORDS, Function, NONE};
use super::plan::Plan;
use super::tiles::{Kind, TILE_WORDS};
use crate::config::{Activation, AttentionDirection, Normalization, PositionalEmbedding};
use crate::experiment::Experiment;
use crate::model::Layout;
use crate::random::Stream;
use crate::task::{Draws, Sort};
use tinylens_lean::turns;

/// Most steps that are recorded and submitted together.
const MOST_STEPS: usize = 256;

/// Most tokens of the batches drawn together.
const MOST_TOKENS: usize = 1 << 20;

/// Most threads of a workgroup that works on a sequence, and fewest; how many of them share a row; and how many draw a group of lists.
const THREADS: usize = 256;
const FEWEST_THREADS: usize = 64;
const LANES: usize = 16;
const DRAW_THREADS: usize = 128;

/// Vectors of four in the workgroup's memory that rows are staged in: 12 of the 16 KB that every device has.
const STAGE: usize = 768;

/// The buffers, in the order of their bindings, and how many words each holds.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub params: usize,
    /// Adam's two.
    pub moments: usize,
    /// All matrices transposed.
    pub turned: usize,
    /// Activations and gradients of every sequence of a batch.
    pub act: usize,
    /// Batches of tokens, the lengths of their lists, and the held-out lists.
    pub tokens: usize,
    /// Counters of steps.
    pub control: usize,
    /// What the host writes.
    pub tables: usize,
    /// Losses: of steps, of a batch's sequences, of the held-out lists.
    pub results: usize,
}

impl Sizes {
    pub fn all(&self) -> [usize; 8] {
        [self.params, self.moments, self.turned, self.act, self.tokens, self.control, self.tables, self.results]
    }
}

/// Where things begin in the buffers, in words.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    pub rates: usize,
    pub rotary: usize,
    pub tiles: usize,
    pub calls: usize,
    pub lengths: usize,
    pub held_out: usize,
    pub held_out_loss: usize,
}

/// A shader, and what it takes to run it.
#[derive(Clone, Debug)]
pub struct Program {
    pub source: String,
    pub plan: Plan,
    pub sizes: Sizes,
    pub places: Places,
    /// What the buffer of tables holds from the start.
    pub tables: Vec<u32>,
    /// Most steps at a time.
    pub steps: usize,
    /// Workgroups that draw one batch.
    pub groups: usize,
    pub held_out_lists: usize,
}

impl Program {
    /// The program of an experiment; `None` for what it does not cover: SoLU, and models that read ahead on lists of several lengths, which
    /// see padding.
    pub fn new(experiment: &Experiment, layout: &Layout, held_out_lists: usize) -> Option<Self> {
        let Experiment { model, task, train, .. } = experiment;
        let solu = !model.attn_only && model.act_fn == Activation::SoluLn;
        let padded = model.attention_dir == AttentionDirection::Bidirectional && task.var_length;
        if solu || padded {
            return None;
        }
        let plan = Plan::new(model, layout, task);
        let positions = plan.seen + 1;
        let batch = train.batch_size;
        let steps = (MOST_TOKENS / (batch * positions)).clamp(1, MOST_STEPS);
        let pairs =
            if model.positional_embedding_type == PositionalEmbedding::Rotary { model.rotary_dim / 2 } else { 0 };
        let rates = 1;
        let rotary = rates + 2 * steps;
        let tiles = rotary + 2 * plan.seen * pairs;
        let calls = tiles + plan.tiles.len() * TILE_WORDS;
        let lengths = steps * batch * positions;
        let held_out = lengths + steps * batch;
        let held_out_loss = steps + 2 * batch;
        let places = Places { rates, rotary, tiles, calls, lengths, held_out, held_out_loss };
        let sizes = Sizes {
            params: plan.parameters,
            moments: 2 * plan.parameters,
            turned: plan.parameters,
            act: batch * plan.stride,
            tokens: held_out + held_out_lists * positions,
            control: 2,
            tables: calls + (plan.forward.len() + plan.backward.len()) * CALL_WORDS,
            results: held_out_loss + held_out_lists,
        };
        let mut tables = vec![0; sizes.tables];
        for (words, turn) in tables[rotary..tiles].chunks_exact_mut(2).zip(turns(model, plan.seen)) {
            words.copy_from_slice(&turn.map(f32::to_bits));
        }
        tables[tiles..calls].copy_from_slice(plan.tiles.as_flattened());
        for (words, call) in tables[calls..].chunks_exact_mut(CALL_WORDS).zip(plan.forward.iter().chain(&plan.backward))
        {
            words.copy_from_slice(call);
        }
        let draws = Sort::new(task, train).draws();
        let groups = draws.groups_of_a_batch;
        let mut program = Self { source: String::new(), plan, sizes, places, tables, steps, groups, held_out_lists };
        program.source = program.write(experiment, layout, &draws);
        Some(program)
    }

    fn write(&self, experiment: &Experiment, layout: &Layout, draws: &Draws) -> String {
        let Experiment { model, task, train, .. } = experiment;
        let Self { plan, places, .. } = self;
        let mut out = String::new();
        let place = |name: &str| {
            layout.entries().iter().find(|entry| entry.name == name).map_or(NONE as usize, |entry| entry.offset)
        };
        // A thread for every column of eight rows in most of the products.
        let columns = (model.n_heads * model.d_head).max(model.d_model);
        let threads = (columns * plan.seen.div_ceil(8)).next_power_of_two().clamp(FEWEST_THREADS, THREADS);
        for (name, value) in [
            ("NONE", NONE as usize),
            ("THREADS", threads),
            ("LANES", LANES),
            ("STAGE", STAGE),
            ("DRAW_THREADS", DRAW_THREADS),
            // The model.
            ("D_MODEL", model.d_model),
            ("D_HEAD", model.d_head),
            ("N_HEADS", model.n_heads),
            ("WIDTH", model.n_heads * model.d_head),
            ("D_VOCAB_OUT", model.d_vocab_out),
            ("PARAMETERS", plan.parameters),
            ("W_E", place("embed.W_E")),
            ("W_POS", place("pos_embed.W_pos")),
            ("ROTARY_DIM", model.rotary_dim),
            // The passes.
            ("SEEN", plan.seen),
            ("FIRST", plan.first),
            ("ROWS", plan.seen - plan.first),
            ("STRIDE", plan.stride),
            ("LOGITS", plan.logits),
            // The batch.
            ("POSITIONS", plan.seen + 1),
            ("BATCH", train.batch_size),
            ("SAMPLES", train.num_samples.unwrap_or(0)),
            ("EPOCH_STEPS", train.num_samples.map_or(1, |samples| samples.div_ceil(train.batch_size))),
            ("LIST_LENGTH", task.list_length),
            ("PROMPT_MORE", task.prompt_length(0)),
            ("ANSWER_MORE", task.answer_length(0)),
            ("MIN_VALUE", task.min_value),
            ("VALUES", task.values()),
            ("GROUP", draws.group),
            ("NUMBER_WORDS", (draws.group * task.list_length).div_ceil(2)),
            ("HOLDS_OUT_FROM", draws.holds_out_from),
            ("HELD_OUT_BELOW", draws.held_out_below as usize),
            ("MAX_ATTEMPTS", draws.max_attempts as usize),
            ("TRAIN_SEED", train.train_seed as usize),
            ("TEST_SEED", train.test_seed as usize),
            ("STREAM_TRAIN", Stream::Train as usize),
            ("STREAM_ORDER", Stream::Order as usize),
            ("STREAM_HELD_OUT", Stream::HeldOut as usize),
            ("STREAM_LENGTH", Stream::Length as usize),
            ("STREAM_EVEN", Stream::Even as usize),
            ("BOS", task.bos_token.unwrap_or(0)),
            ("MID", task.mid_token.unwrap_or(0)),
            ("EOS", task.eos_token.unwrap_or(0)),
            ("PADDING", draws.padding),
            ("HELD_OUT_LISTS", self.held_out_lists),
            // The buffers.
            ("FIRST_STEP", 0),
            ("RATES", places.rates),
            ("ROTARY", places.rotary),
            ("TILE_TABLE", places.tiles),
            ("TILE_WORDS", TILE_WORDS),
            ("CALLS", places.calls),
            ("CALL_WORDS", CALL_WORDS),
            ("FORWARD_CALLS", plan.forward.len()),
            ("ALL_CALLS", plan.forward.len() + plan.backward.len()),
            ("LENGTHS", places.lengths),
            ("HELD_OUT", places.held_out),
            ("SEQUENCE_LOSS", self.steps),
            ("SEQUENCE_COUNT", self.steps + train.batch_size),
            ("HELD_OUT_LOSS", places.held_out_loss),
            ("SEQUENCE_STEP", 0),
            ("UPDATE_STEP", 1),
            // The functions that a call can name.
            ("EMBED", Function::Embed as usize),
            ("FILL_ZERO", Function::FillZero as usize),
            ("COPY_ROWS", Function::CopyRows as usize),
            ("ADD_ROWS", Function::AddRows as usize),
            ("PLACE_ROWS", Function::PlaceRows as usize),
            ("LINEAR_FORWARD", Function::LinearForward as usize),
            ("LINEAR_BACKWARD", Function::LinearBackward as usize),
            ("NORM_FORWARD", Function::NormForward as usize),
            ("NORM_BACKWARD", Function::NormBackward as usize),
            ("ROTATE", Function::Rotate as usize),
            ("PRODUCTS", Function::Products as usize),
            ("SOFTMAX", Function::Softmax as usize),
            ("SOFTMAX_BACKWARD", Function::SoftmaxBackward as usize),
            ("OVER_SOURCES", Function::OverSources as usize),
            ("OVER_DESTINATIONS", Function::OverDestinations as usize),
            ("ACTIVATE", Function::Activate as usize),
            ("ACTIVATE_BACKWARD", Function::ActivateBackward as usize),
            // Choices.
            ("MATRIX", Kind::Matrix as usize),
            ("TOKEN_ROWS", Kind::Tokens as usize),
            ("NORM_WEIGHTS", Kind::Norm as usize),
            ("RELU", Activation::Relu as usize),
            ("GELU", Activation::Gelu as usize),
            ("GELU_NEW", Activation::GeluNew as usize),
            ("ACTIVATION", model.act_fn as usize),
        ] {
            out.push_str(&format!("const {name} = {value}u;\n"));
        }
        let standard = model.positional_embedding_type == PositionalEmbedding::Standard;
        let centres = matches!(model.normalization_type, Some(Normalization::LN | Normalization::LNPre));
        for (name, value) in [
            ("STANDARD_POSITIONS", standard),
            ("ROTARY_ADJACENT", model.rotary_adjacent_pairs),
            ("CAUSAL", model.attention_dir == AttentionDirection::Causal),
            ("CENTRES", centres),
            ("VAR_LENGTH", task.var_length),
            ("REPEATS", task.repeats),
            ("HAS_BOS", task.bos_token.is_some()),
            ("HAS_MID", task.mid_token.is_some()),
            ("HAS_EOS", task.eos_token.is_some()),
        ] {
            out.push_str(&format!("const {name} = {value};\n"));
        }
        for (name, value) in [
            ("NORM_EPS", model.eps),
            ("KEEP1", train.beta1),
            ("TAKE1", 1.0 - train.beta1),
            ("KEEP2", train.beta2),
            ("TAKE2", 1.0 - train.beta2),
            ("ADAM_EPS", train.adam_eps),
        ] {
            // The shortest text that reads as this float32.
            out.push_str(&format!("const {name} = {:?}f;\n", value as f32));
        }
        let access = |name| if name == "tables" { "read" } else { "read_write" };
        for (binding, (name, kind)) in BUFFERS.into_iter().enumerate() {
            let access = access(name);
            out.push_str(&format!("@group(0) @binding({binding}) var<storage, {access}> {name}: array<{kind}>;\n"));
        }
        for text in [
            include_str!("wgsl/random.wgsl"),
            include_str!("wgsl/draw.wgsl"),
            include_str!("wgsl/sequence.wgsl"),
            include_str!("wgsl/norm.wgsl"),
            include_str!("wgsl/attention.wgsl"),
            include_str!("wgsl/mlp.wgsl"),
            include_str!("wgsl/loss.wgsl"),
            include_str!("wgsl/entries.wgsl"),
            include_str!("wgsl/update.wgsl"),
        ] {
            out.push_str(text);
        }
        for (way, weights) in [("forward", "params"), ("backward", "turned")] {
            out.push_str(&include_str!("wgsl/linear.wgsl").replace("@WAY@", way).replace("@WEIGHTS@", weights));
        }
        out
    }
}

/// The shader's names of the buffers, in the order of [`Sizes`].
const BUFFERS: [(&str, &str); 8] = [
    ("params", "f32"),
    ("moments", "f32"),
    ("turned", "f32"),
    ("act", "f32"),
    ("tokens", "u32"),
    ("control", "u32"),
    ("tables", "u32"),
    ("results", "f32"),
];
