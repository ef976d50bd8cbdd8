//! The transformer's architecture. Which values a field may have is in the table of settings (`config` of the crate
//! `tinylens`).

use serde::{Deserialize, Serialize};

/// The transformer, in the words of TransformerLens's `HookedTransformerConfig`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelConfig {
    /// Layers.
    pub n_layers: usize,
    /// Attention heads of each layer.
    pub n_heads: usize,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Width of a head's queries, keys and values.
    pub d_head: usize,
    /// Hidden units of an MLP; without effect if `attn_only`.
    pub d_mlp: usize,
    /// The most positions that the model can read.
    pub n_ctx: usize,
    /// Tokens in the vocabulary of what the model reads.
    pub d_vocab: usize,
    /// Classes that the model predicts: the width of the logits. The tokens come first, if all are predicted.
    pub d_vocab_out: usize,
    /// Whether layers consist of attention only, without MLPs.
    pub attn_only: bool,
    /// Activation function of the MLPs; without effect if `attn_only`.
    pub act_fn: Activation,
    /// The norm in front of attention, of the MLP and of the unembedding; `None`: there is none.
    pub normalization_type: Option<Normalization>,
    /// Added to the variance in a norm, before the square root.
    pub eps: f64,
    /// How the model knows positions.
    pub positional_embedding_type: PositionalEmbedding,
    /// How many of a head's dimensions are rotated, an even number; rotary embeddings only.
    pub rotary_dim: usize,
    /// The slowest rotation turns by one radian in about this many positions; rotary embeddings only.
    pub rotary_base: f64,
    /// Whether a rotation pairs neighbouring dimensions (GPT-J) or those half of `rotary_dim` apart (GPT-NeoX); rotary
    /// embeddings only.
    pub rotary_adjacent_pairs: bool,
    /// Which positions attention may read.
    pub attention_dir: AttentionDirection,
    /// Whether attention scores are divided by `attn_scale`.
    pub use_attn_scale: bool,
    /// What attention scores are divided by, if `use_attn_scale`.
    pub attn_scale: f64,
    /// How weights are initialised.
    pub init_mode: InitMode,
    /// Seed of the initial weights.
    pub seed: u32,
}

impl ModelConfig {
    /// What attention scores are divided by before the softmax.
    pub fn attention_scale(&self) -> f64 {
        if self.use_attn_scale { self.attn_scale } else { 1.0 }
    }
}

/// Activation functions of an MLP, named as in TransformerLens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// max(x, 0).
    Relu,
    /// x · Φ(x), where Φ is the distribution function of the standard normal distribution.
    Gelu,
    /// GPT-2's approximation of `Gelu` with tanh.
    GeluNew,
    /// x · sigmoid(x).
    Silu,
    /// x · softmax(x) over the hidden units, followed by a LayerNorm of its own (Elhage et al., 2022).
    SoluLn,
}

/// How a model knows positions, named as in TransformerLens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionalEmbedding {
    /// Learned, added to the residual stream.
    Standard,
    /// Learned, added to what queries and keys read, not to the residual stream (Press et al., 2021).
    Shortformer,
    /// Queries and keys are rotated by their positions (Su et al., 2021).
    Rotary,
}

/// Which positions attention may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttentionDirection {
    /// The position itself and those before it.
    Causal,
    /// All positions.
    Bidirectional,
}

/// How weights are initialised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InitMode {
    /// Weights normally distributed with standard deviation `0.8 / sqrt(d_model)`, biases 0.
    Gpt2,
}

/// Norms, named as in TransformerLens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Normalization {
    /// LayerNorm with a weight and a bias.
    LN,
    /// LayerNorm without parameters.
    LNPre,
    /// RMSNorm with a weight.
    RMS,
    /// RMSNorm without parameters.
    RMSPre,
}
