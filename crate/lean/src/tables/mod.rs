//! The training step of a one-layer attention-only model without norm, by hand: exact gradients of every parameter in a fraction of the
//! multiplications, on the CPU.
//!
//! Such a model reads each position as the sum of two rows of one table, its token's embedding and its position's. All of its algebra is
//! therefore algebra of tables, `R = d_vocab + positions` rows (79 in the notebook's model) instead of a row for every position of
//! every sequence (1200 in a batch of it): attention scores are entries of `Q Kᵀ`, `[R, R]`; what a source adds to the logits is a row of
//! `V W_O W_U`. Sequences only look entries up (`sequences`), and scatter their gradients into tables of the same shapes, from which the chain
//! rule gives the gradient of every parameter (`algebra`). Biases are in the rows of the tokens, since every position has exactly one.
//!
//! Legend: `R` rows, `C` d_model, `D` d_head, `H` n_heads, `V` tokens that are read, `O` tokens that are predicted, `P` the same padded to whole
//! SIMD registers.
//! Not here: any other model, which the step through rows trains.

mod algebra;
mod sequences;

use crate::architecture::{AttentionDirection, ModelConfig, PositionalEmbedding};
use crate::batch::Sequences;
use crate::layout::Layout;

/// Values of a SIMD register.
const LANES: usize = 4;

/// Sizes of a model's tables.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Shape {
    c: usize,
    d: usize,
    h: usize,
    /// Tokens that are read, which are the table's first rows.
    v: usize,
    /// Tokens that are predicted.
    o: usize,
    /// `R`.
    rows: usize,
    /// `P`, in whole SIMD registers.
    panels: usize,
    /// What scores are multiplied with.
    scale: f32,
}

/// Where the parameters begin in the flat vector.
#[derive(Clone, Copy, Debug, Default)]
struct Offsets {
    w_q: usize,
    w_k: usize,
    w_v: usize,
    w_o: usize,
    b_q: usize,
    b_k: usize,
    b_v: usize,
    b_o: usize,
    w_u: usize,
    b_u: usize,
}

/// The step of one model: its tables, made once and used again.
#[derive(Clone, Debug)]
pub struct Step {
    shape: Shape,
    offsets: Offsets,
    tables: algebra::Tables,
}

impl Step {
    /// The step for a model and sequences of at most `positions` tokens, `batch` of them; `None` where it does not apply, or where tables
    /// would be as large as what they save.
    pub fn new(config: &ModelConfig, layout: &Layout, positions: usize, batch: usize) -> Option<Self> {
        let rows = config.d_vocab + positions;
        let applies = config.n_layers == 1
            && config.attn_only
            && config.normalization_type.is_none()
            && config.positional_embedding_type == PositionalEmbedding::Standard
            && config.attention_dir == AttentionDirection::Causal
            && positions > 0
            && rows <= (batch * positions).max(256);
        if !applies {
            return None;
        }
        let attention = |name: &str| layout.offset(&format!("blocks.0.attn.{name}"));
        let offsets = Offsets {
            w_q: attention("W_Q"),
            w_k: attention("W_K"),
            w_v: attention("W_V"),
            w_o: attention("W_O"),
            b_q: attention("b_Q"),
            b_k: attention("b_K"),
            b_v: attention("b_V"),
            b_o: attention("b_O"),
            w_u: layout.offset("unembed.W_U"),
            b_u: layout.offset("unembed.b_U"),
        };
        // The embeddings of tokens and those of positions are one matrix, which is where the parameters begin.
        let embeddings = ["embed.W_E", "pos_embed.W_pos"].map(|name| layout.offset(name));
        assert_eq!(embeddings, [0, config.d_vocab * config.d_model], "the layout begins with the embeddings");
        let shape = Shape {
            c: config.d_model,
            d: config.d_head,
            h: config.n_heads,
            v: config.d_vocab,
            o: config.d_vocab_out,
            rows,
            panels: config.d_vocab_out.div_ceil(LANES),
            scale: (1.0 / config.attention_scale()) as f32,
        };
        Some(Self { shape, offsets, tables: algebra::Tables::new(&shape) })
    }

    /// The mean cross entropy at the counted positions.
    pub fn loss(&mut self, parameters: &[f32], sequences: &Sequences) -> f32 {
        self.tables.fill(&self.shape, &self.offsets, parameters);
        sequences::run(&self.shape, &mut self.tables, sequences)
    }

    /// The mean cross entropy at the counted positions; the gradient of every parameter is written to `gradient`, as long as
    /// `parameters`.
    pub fn gradient(&mut self, parameters: &[f32], sequences: &Sequences, gradient: &mut [f32]) -> f32 {
        let loss = self.loss(parameters, sequences);
        gradient.fill(0.0);
        self.tables.gradient(&self.shape, &self.offsets, parameters, gradient);
        loss
    }
}
