//! What the transformer is made of. Not here: which values a field may have (`config` of the crate above).

use serde::{Deserialize, Serialize};

/// The transformer, in the words of TransformerLens's `HookedTransformerConfig`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelConfig {
    pub n_layers: usize,
    pub n_heads: usize,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Width of a head's queries, keys and values.
    pub d_head: usize,
    /// Hidden units of an MLP; unused when `attn_only`.
    pub d_mlp: usize,
    /// Most positions the model can read.
    pub n_ctx: usize,
    /// Tokens in the vocabulary that the model reads.
    pub d_vocab: usize,
    /// Tokens in the vocabulary that it predicts.
    pub d_vocab_out: usize,
    /// Whether the layers are attention alone, without MLPs.
    pub attn_only: bool,
    /// Activation of the MLPs; unused when `attn_only`.
    pub act_fn: Activation,
    pub normalization_type: Option<Normalization>,
    /// Added under the root in a norm.
    pub eps: f64,
    pub positional_embedding_type: PositionalEmbedding,
    /// How many of a head's dimensions are rotated, an even number; unused unless rotary.
    pub rotary_dim: usize,
    /// Wavelength, in positions and over 2π, of the slowest rotation; unused unless rotary.
    pub rotary_base: f64,
    /// Whether neighbouring dimensions are rotated together (GPT-J) instead of those half a `rotary_dim` apart (GPT-NeoX); unused
    /// unless rotary.
    pub rotary_adjacent_pairs: bool,
    pub attention_dir: AttentionDirection,
    /// Whether attention scores are divided by `attn_scale`.
    pub use_attn_scale: bool,
    pub attn_scale: f64,
    pub init_mode: InitMode,
    /// Seed of the initial weights.
    pub seed: u32,
}

impl ModelConfig {
    /// What attention scores are divided by.
    pub fn attention_scale(&self) -> f64 {
        if self.use_attn_scale { self.attn_scale } else { 1.0 }
    }
}

/// Activations of an MLP, named as in TransformerLens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    Relu,
    /// x · Φ(x), with the error function.
    Gelu,
    /// GPT-2's approximation of it with tanh.
    GeluNew,
    Silu,
    /// x · softmax(x) over the hidden units, then a LayerNorm of its own (Elhage et al., 2022).
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
    /// All.
    Bidirectional,
}

/// How weights start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InitMode {
    /// Weights from N(0, 0.8 / sqrt(d_model)), biases 0.
    Gpt2,
}

/// Norms, named as in TransformerLens; the `Pre` ones have no weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Normalization {
    LN,
    LNPre,
    RMS,
    RMSPre,
}
