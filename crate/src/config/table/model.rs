//! The rows of the transformer's architecture.

use serde_json::{Value, json};

use super::super::forms::MAX_TOKEN;
use super::super::setting::Setting;
use super::row::{SEED_MAX, boolean, choice, integer, real};

/// The rows of the group `model`.
pub(super) const ROWS: &[Setting] = &[
    integer(
        "model.n_layers",
        1,
        64,
        |_| json!(1),
        "How many layers (attention, and an MLP unless attn_only) the model has.",
    ),
    integer(
        "model.n_heads",
        1,
        64,
        |_| json!(1),
        "How many attention heads each layer has; each draws its own pattern.",
    ),
    integer(
        "model.d_model",
        1,
        4096,
        |_| json!(128),
        "Width of the residual stream: how many numbers describe a position.",
    ),
    integer(
        "model.d_head",
        1,
        4096,
        |above| json!((above.integer("model.d_model") / above.integer("model.n_heads").max(1)).max(1)),
        "Width of a head's queries, keys and values.",
    )
    .derived("d_model / n_heads"),
    boolean(
        "model.attn_only",
        |_| json!(true),
        "Whether layers consist of attention only; off adds an MLP after each attention.",
    ),
    integer(
        "model.d_mlp",
        1,
        16_384,
        |above| json!(4 * above.integer("model.d_model")),
        "Hidden units of each MLP; no effect while attn_only is on.",
    )
    .derived("4 · d_model"),
    choice(
        "model.act_fn",
        &["relu", "gelu", "gelu_new", "silu", "solu_ln"],
        |_| json!("relu"),
        "The MLP's activation function; no effect while attn_only is on.",
    ),
    choice(
        "model.normalization_type",
        &["LN", "LNPre", "RMS", "RMSPre"],
        |_| Value::Null,
        "How the residual stream is normalised before attention, MLP and unembedding; the Pre forms have no weights.",
    )
    .optional(),
    real(
        "model.eps",
        1e-12,
        0.1,
        true,
        |_| json!(1e-5),
        "Added under the square root of a norm so that it never divides by zero.",
    ),
    integer(
        "model.n_ctx",
        1,
        4096,
        |above| json!(above.needs.positions),
        "The most positions the model can read; a sequence takes two for every number, and one each for BOS, MID and \
            EOS.",
    )
    .derived("just enough for a sequence: 2 · list_length + 2 (one less without BOS, one more with EOS)"),
    integer(
        "model.d_vocab",
        1,
        MAX_TOKEN + 1,
        |above| json!(above.needs.d_vocab),
        "How many tokens the model knows: the numbers, BOS, MID and EOS.",
    )
    .derived("just enough for the numbers, BOS, MID and EOS"),
    integer(
        "model.d_vocab_out",
        1,
        MAX_TOKEN + 1,
        |above| json!(above.integer("model.d_vocab")),
        "How many tokens the model can predict; fewer than it reads if it need not write BOS or MID.",
    )
    .derived("d_vocab"),
    choice(
        "model.positional_embedding_type",
        &["standard", "shortformer", "rotary"],
        |_| json!("standard"),
        "How the model knows positions: a learned vector is added to the residual stream (standard), or only to the \
            input of queries and keys (shortformer); or queries and keys are rotated by their position (rotary).",
    ),
    integer(
        "model.rotary_dim",
        0,
        4096,
        |above| json!(above.integer("model.d_head") / 2 * 2),
        "How many dimensions of each head are rotated, an even number; no effect unless positions are rotary.",
    )
    .derived("d_head, or one less if that is odd"),
    real(
        "model.rotary_base",
        1.0,
        1e9,
        true,
        |_| json!(10_000.0),
        "Sets the slowest rotation: about one radian in this many positions; no effect unless positions are rotary.",
    ),
    boolean(
        "model.rotary_adjacent_pairs",
        |_| json!(false),
        "Whether neighbouring dimensions are rotated together (GPT-J), or those rotary_dim / 2 apart (GPT-NeoX); no \
            effect unless positions are rotary.",
    ),
    choice(
        "model.attention_dir",
        &["causal", "bidirectional"],
        |_| json!("causal"),
        "Whether a position attends to itself and earlier positions, or to all; a bidirectional model sees the answer \
            that it should predict.",
    ),
    boolean(
        "model.use_attn_scale",
        |_| json!(true),
        "Whether attention scores are divided by attn_scale before the softmax.",
    ),
    real(
        "model.attn_scale",
        1e-6,
        1e6,
        true,
        |above| json!(libm::sqrt(above.integer("model.d_head") as f64)),
        "What attention scores are divided by; no effect while use_attn_scale is off.",
    )
    .derived("√d_head"),
    choice(
        "model.init_mode",
        &["gpt2"],
        |_| json!("gpt2"),
        "How weights are initialised: normally distributed with standard deviation 0.8 / √d_model; biases are zero.",
    ),
    integer(
        "model.seed",
        0,
        SEED_MAX,
        |_| json!(42),
        "Seed of the initial weights; the same seed gives the same initial model.",
    ),
];
