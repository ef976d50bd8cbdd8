//! Small models for the tests.

use tinylens_lean::{Activation, AttentionDirection, InitMode, ModelConfig, Normalization, PositionalEmbedding};

/// A model that tables cover.
pub fn for_tables() -> ModelConfig {
    ModelConfig {
        n_layers: 1,
        n_heads: 3,
        d_model: 12,
        d_head: 5,
        d_mlp: 17,
        n_ctx: 14,
        d_vocab: 7,
        d_vocab_out: 18,
        attn_only: true,
        act_fn: Activation::Gelu,
        normalization_type: None,
        eps: 1e-5,
        positional_embedding_type: PositionalEmbedding::Standard,
        rotary_dim: 4,
        rotary_base: 1e4,
        rotary_adjacent_pairs: false,
        attention_dir: AttentionDirection::Causal,
        use_attn_scale: true,
        attn_scale: 2.0,
        init_mode: InitMode::Gpt2,
        seed: 3,
    }
}

/// Models that only rows cover: a deep one, and two bidirectional ones.
pub fn for_rows() -> [ModelConfig; 3] {
    let deep = ModelConfig {
        n_layers: 2,
        attn_only: false,
        normalization_type: Some(Normalization::LN),
        positional_embedding_type: PositionalEmbedding::Rotary,
        ..for_tables()
    };
    let bidirectional = ModelConfig { attention_dir: AttentionDirection::Bidirectional, ..for_tables() };
    let both = ModelConfig {
        attention_dir: AttentionDirection::Bidirectional,
        positional_embedding_type: PositionalEmbedding::Shortformer,
        ..deep.clone()
    };
    [deep, bidirectional, both]
}
