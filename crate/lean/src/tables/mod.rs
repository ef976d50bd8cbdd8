//! Models of one attention-only layer without norm, through tables: the training step ([`Step`]) and the forward pass
//! ([`Inference`]).
//!
//! Such a model reads each position as the sum of two rows of one table: its token's embedding and its position's. All
//! of its algebra can therefore be done on tables of `R = d_vocab + positions` rows (78 in the notebook's model)
//! instead of on a row for every position of every sequence (1100 in a batch of it). Attention scores are entries of
//! `Q Kᵀ`, `[R, R]`; what a source adds to the logits is a row of `V W_O W_U`. Sequences only look entries up, and
//! scatter their gradients into tables of the same shapes (`sequences`), from which the chain rule gives the gradient
//! of every parameter (`algebra`). Biases are added to the tokens' rows, since every position has exactly one token.
//!
//! Legend: `R` rows, `C` d_model, `D` d_head, `H` n_heads, `V` d_vocab, `O` d_vocab_out, `P` the same padded to whole
//! SIMD registers.

mod algebra;
mod inference;
mod sequences;

use algebra::{Gradients, Tables};
pub use inference::Inference;

use crate::architecture::{AttentionDirection, ModelConfig, PositionalEmbedding};
use crate::batch::Sequences;
use crate::layout::Layout;

/// Values in a SIMD register.
const LANES: usize = 4;

/// Sizes of a model's tables, and where its parameters are.
#[derive(Clone, Copy, Debug)]
struct Shape {
    /// `C`.
    c: usize,
    /// `D`.
    d: usize,
    /// `H`.
    h: usize,
    /// `V`: the first rows of a table are the tokens'.
    v: usize,
    /// `O`.
    o: usize,
    /// `R`.
    rows: usize,
    /// `P`, in SIMD registers.
    panels: usize,
    /// The factor of attention scores.
    scale: f32,
    /// Where the parameters are.
    offsets: Offsets,
}

/// Where each parameter begins in the flat vector. The embeddings, `[R, C]`, come first.
#[derive(Clone, Copy, Debug)]
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

impl Shape {
    /// The tables of a model that reads at most `positions`; `None` if tables do not cover the model.
    fn new(config: &ModelConfig, layout: &Layout, positions: usize) -> Option<Self> {
        let ModelConfig {
            n_layers,
            n_heads: h,
            d_model: c,
            d_head: d,
            d_mlp: _, // there is no MLP
            n_ctx: _, // `positions` is at most this
            d_vocab: v,
            d_vocab_out: o,
            attn_only,
            act_fn: _, // there is no MLP
            normalization_type,
            eps: _, // there is no norm
            positional_embedding_type,
            rotary_dim: _, // nothing is rotated
            rotary_base: _,
            rotary_adjacent_pairs: _,
            attention_dir,
            use_attn_scale: _, // covered by `attention_scale`
            attn_scale: _,
            init_mode: _, // only initial values depend on it
            seed: _,
        } = *config;
        let covered = n_layers == 1
            && attn_only
            && normalization_type.is_none()
            && positional_embedding_type == PositionalEmbedding::Standard
            && attention_dir == AttentionDirection::Causal;
        if !covered {
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
        let embeddings = ["embed.W_E", "pos_embed.W_pos"].map(|name| layout.offset(name));
        assert_eq!(embeddings, [0, v * c], "the layout begins with the embeddings of tokens and positions");
        let scale = (1.0 / config.attention_scale()) as f32;
        Some(Self { c, d, h, v, o, rows: v + positions, panels: o.div_ceil(LANES), scale, offsets })
    }
}

/// The training step of one model, with tables that every step uses again.
#[derive(Clone, Debug)]
pub struct Step {
    tables: Tables,
    gradients: Gradients,
}

impl Step {
    /// The step for batches of `batch` sequences of at most `positions`; `None` if tables do not cover the model or are
    /// no smaller than such a batch.
    pub fn new(config: &ModelConfig, layout: &Layout, positions: usize, batch: usize) -> Option<Self> {
        let shape = Shape::new(config, layout, positions)?;
        let worth = positions > 0 && shape.rows <= (batch * positions).max(256);
        worth.then(|| Self { tables: Tables::new(shape), gradients: Gradients::new(&shape) })
    }

    /// The summed cross entropy at the counted positions.
    pub fn loss(&mut self, parameters: &[f32], sequences: &Sequences) -> f64 {
        self.forward(parameters, sequences, sequences.count())
    }

    /// The summed cross entropy at the counted positions; the gradient of that sum divided by `count` is written to
    /// `gradient`.
    pub fn part(&mut self, parameters: &[f32], sequences: &Sequences, count: usize, gradient: &mut [f32]) -> f64 {
        let loss = self.forward(parameters, sequences, count);
        gradient.fill(0.0);
        self.gradients.backward(&self.tables, parameters, gradient);
        loss
    }

    /// The summed cross entropy; the tables' gradients of that sum divided by `count` are in `self.gradients`.
    fn forward(&mut self, parameters: &[f32], sequences: &Sequences, count: usize) -> f64 {
        self.tables.fill(parameters);
        self.gradients.clear();
        sequences::run(&self.tables, &mut self.gradients, sequences, count)
    }
}
