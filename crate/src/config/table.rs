//! The table itself: a row for each field of a record, those that others are derived from first. A link writes them in this order.

use serde_json::{Value, json};

use super::edit::TokenEdit;
use super::example::example_list;
use super::forms::{MAX_TOKEN, canonical, file_text, hash, packed, panel, stop, version};
use super::knockout::{Head, Knockout, Pair};
use super::settings::{Kind, Resolved, Setting};

const fn integer(
    path: &'static str,
    min: u64,
    max: u64,
    default: fn(&Resolved) -> Value,
    help: &'static str,
) -> Setting {
    Setting { path, kind: Kind::Integer { min, max }, optional: false, default, derived: None, help }
}

const fn real(
    path: &'static str,
    min: f64,
    max: f64,
    log: bool,
    default: fn(&Resolved) -> Value,
    help: &'static str,
) -> Setting {
    Setting { path, kind: Kind::Real { min, max, log }, optional: false, default, derived: None, help }
}

const fn boolean(path: &'static str, default: fn(&Resolved) -> Value, help: &'static str) -> Setting {
    Setting { path, kind: Kind::Boolean, optional: false, default, derived: None, help }
}

const fn text(path: &'static str, form: &'static str, read: fn(&str) -> Option<String>, help: &'static str) -> Setting {
    Setting { path, kind: Kind::Text { form, read }, optional: true, default: |_| Value::Null, derived: None, help }
}

const fn texts(
    path: &'static str,
    form: &'static str,
    read: fn(&str) -> Option<String>,
    most: usize,
    help: &'static str,
) -> Setting {
    Setting {
        path,
        kind: Kind::Texts { form, read, most, each: false },
        optional: false,
        default: |_| json!([]),
        derived: None,
        help,
    }
}

const fn choice(
    path: &'static str,
    choices: &'static [&'static str],
    default: fn(&Resolved) -> Value,
    help: &'static str,
) -> Setting {
    Setting { path, kind: Kind::Choice(choices), optional: false, default, derived: None, help }
}

impl Setting {
    const fn each(self) -> Self {
        match self.kind {
            Kind::Texts { form, read, most, .. } => Self { kind: Kind::Texts { form, read, most, each: true }, ..self },
            _ => self,
        }
    }
}

const SEED_MAX: u64 = u32::MAX as u64;

/// Most edits, and most parts taken out.
const MOST_CHANGES: usize = 200;

/// Every field. Links of version 1 are read by these defaults for ever: a default that changes takes a new version (docs/links.md).
pub const SETTINGS: &[Setting] = &[
    choice("task.name", &["sort"], |_| json!("sort"), "What the model learns: to write a list of numbers again, sorted."),
    integer("task.list_length", 1, 50, |_| json!(5), "How many numbers are in a list."),
    integer("task.min_value", 0, 999, |_| json!(0), "The smallest number that can be in a list."),
    integer("task.max_value", 1, 1000, |_| json!(64), "One more than the largest number that can be in a list."),
    integer(
        "task.bos_token",
        0,
        MAX_TOKEN,
        |v| json!(v.integer("task.max_value") + 1),
        "The token that starts every sequence (beginning of sequence); none: sequences start with the list.",
    )
    .optional()
    .derived("max_value + 1"),
    integer(
        "task.mid_token",
        0,
        MAX_TOKEN,
        |v| json!(v.integer("task.max_value") + 2),
        "The token between the list and its sorted order; none: the one follows the other.",
    )
    .optional()
    .derived("max_value + 2"),
    integer(
        "task.eos_token",
        0,
        MAX_TOKEN,
        |_| Value::Null,
        "The token after the sorted list (end of sequence), which the model learns to write; none: sequences end with the list.",
    )
    .optional(),
    boolean("task.repeats", |_| json!(true), "Whether a number may occur more than once in a list."),
    boolean("task.var_length", |_| json!(false), "Whether every list draws its own length, from 1 to list_length."),
    integer("model.n_layers", 1, 64, |_| json!(1), "How many layers (attention, and an MLP unless attn_only) the model has."),
    integer("model.n_heads", 1, 64, |_| json!(1), "How many attention heads each layer has; each draws its own pattern."),
    integer("model.d_model", 1, 4096, |_| json!(128), "Width of the residual stream: how many numbers describe a position."),
    integer(
        "model.d_head",
        1,
        4096,
        |v| json!((v.integer("model.d_model") / v.integer("model.n_heads").max(1)).max(1)),
        "Width of a head's queries, keys and values.",
    )
    .derived("d_model / n_heads"),
    boolean("model.attn_only", |_| json!(true), "Whether layers are attention alone; off adds an MLP after each attention."),
    integer(
        "model.d_mlp",
        1,
        16_384,
        |v| json!(4 * v.integer("model.d_model")),
        "Hidden units of each MLP; without effect while attn_only is on.",
    )
    .derived("4 · d_model"),
    choice(
        "model.act_fn",
        &["relu", "gelu", "gelu_new", "silu", "solu_ln"],
        |_| json!("relu"),
        "The MLP's activation function; without effect while attn_only is on.",
    ),
    choice(
        "model.normalization_type",
        &["LN", "LNPre", "RMS", "RMSPre"],
        |_| Value::Null,
        "How the residual stream is normalised before each layer and the unembedding; the Pre forms have no weights of their own.",
    )
    .optional(),
    real("model.eps", 1e-12, 0.1, true, |_| json!(1e-5), "Added under the square root of a norm so that it never divides by zero."),
    integer(
        "model.n_ctx",
        1,
        4096,
        |v| {
            let special = ["task.bos_token", "task.mid_token", "task.eos_token"].iter().filter(|token| !v.is_null(token)).count();
            json!(2 * v.integer("task.list_length") + special as u64)
        },
        "The most positions the model can read; a sequence takes two for every number, and one each for BOS, MID and EOS.",
    )
    .derived("just enough for a sequence: 2 · list_length + 2 (one less without BOS, one more with EOS)"),
    integer(
        "model.d_vocab",
        1,
        MAX_TOKEN + 1,
        |v| {
            let special = ["task.bos_token", "task.mid_token", "task.eos_token"].iter().map(|token| v.integer(token)).max();
            json!((special.unwrap_or(0) + 1).max(v.integer("task.max_value")))
        },
        "How many tokens the model knows: the numbers, BOS, MID and EOS.",
    )
    .derived("just enough for the numbers, BOS, MID and EOS"),
    integer(
        "model.d_vocab_out",
        1,
        MAX_TOKEN + 1,
        |v| json!(v.integer("model.d_vocab")),
        "How many tokens the model can predict; fewer than it reads if it need not write BOS or MID.",
    )
    .derived("d_vocab"),
    choice(
        "model.positional_embedding_type",
        &["standard", "shortformer", "rotary"],
        |_| json!("standard"),
        "How the model knows positions: a learned vector added to the residual stream; the same added only to what queries and keys read; or queries and keys rotated by their position.",
    ),
    integer(
        "model.rotary_dim",
        0,
        4096,
        |v| json!(v.integer("model.d_head") / 2 * 2),
        "How many dimensions of each head are rotated, an even number; without effect unless positions are rotary.",
    )
    .derived("d_head, or one less if that is odd"),
    real(
        "model.rotary_base",
        1.0,
        1e9,
        true,
        |_| json!(10_000.0),
        "How slow the slowest rotation is; without effect unless positions are rotary.",
    ),
    boolean(
        "model.rotary_adjacent_pairs",
        |_| json!(false),
        "Whether neighbouring dimensions are rotated together (GPT-J) or those half the rotated width apart (GPT-NeoX); without effect unless positions are rotary.",
    ),
    choice(
        "model.attention_dir",
        &["causal", "bidirectional"],
        |_| json!("causal"),
        "Whether a position attends to itself and those before it, or to all; a bidirectional model sees the answer it is asked for.",
    ),
    boolean("model.use_attn_scale", |_| json!(true), "Whether attention scores are divided by attn_scale before the softmax."),
    real(
        "model.attn_scale",
        1e-6,
        1e6,
        true,
        |v| json!(libm::sqrt(v.integer("model.d_head") as f64)),
        "What attention scores are divided by; without effect while use_attn_scale is off.",
    )
    .derived("√d_head"),
    choice(
        "model.init_mode",
        &["gpt2"],
        |_| json!("gpt2"),
        "How weights start: normally distributed with deviation 0.8 / √d_model, biases zero.",
    ),
    integer("model.seed", 0, SEED_MAX, |_| json!(42), "Seed of the initial weights: the same seed starts from the same model."),
    integer(
        "train.num_samples",
        1,
        10_000_000,
        |_| json!(10_000),
        "How many lists (of each length) the training set has; none for endless data, fresh lists every step.",
    )
    .optional(),
    integer("train.batch_size", 1, 1024, |_| json!(100), "How many lists the model learns from in one step."),
    integer("train.train_seed", 0, SEED_MAX, |_| json!(42), "Seed of the training lists and of their order."),
    integer("train.test_seed", 0, SEED_MAX, |_| json!(62), "Seed of the held-out lists, which are never trained on."),
    real("train.lr", 1e-7, 1.0, true, |_| json!(1e-3), "Learning rate: how far Adam moves the weights in a step."),
    real("train.beta1", 0.0, 0.9999, false, |_| json!(0.9), "Adam's memory of past gradients."),
    real("train.beta2", 0.0, 0.999_999, false, |_| json!(0.999), "Adam's memory of the size of past gradients."),
    real("train.adam_eps", 1e-12, 0.1, true, |_| json!(1e-8), "Added to Adam's denominator so that it never divides by zero."),
    boolean(
        "train.plateau",
        |_| json!(true),
        "Whether the learning rate is lowered when the held-out loss stops falling (ReduceLROnPlateau).",
    ),
    real(
        "train.plateau_factor",
        0.01,
        0.99,
        false,
        |_| json!(0.5),
        "What the learning rate is multiplied by when the held-out loss stops falling.",
    ),
    integer(
        "train.plateau_patience",
        0,
        1000,
        |_| json!(2),
        "How many epochs without improvement are borne before the learning rate is lowered.",
    ),
    real(
        "train.plateau_threshold",
        0.0,
        0.5,
        false,
        |_| json!(1e-4),
        "The least relative fall of the held-out loss that counts as an improvement.",
    ),
    integer("train.steps", 0, 4_000_000, |_| json!(0), "How many steps the model has been trained; whoever opens the link trains it as far."),
    choice("device", &["auto", "cpu", "webgpu"], |_| json!("auto"), "What the run is computed on; auto takes WebGPU where it is faster."),
    Setting {
        path: "prompt",
        kind: Kind::Integers { max: 999, most: 50 },
        optional: false,
        default: |v| {
            let [length, min, max] = ["task.list_length", "task.min_value", "task.max_value"].map(|path| v.integer(path) as usize);
            json!(example_list(length, min, max))
        },
        derived: Some("the notebook's list, or others that the task allows"),
        help: "The list that the model is given, BOS and MID not included.",
    },
    texts(
        "edit",
        "replace:POSITION:TOKEN, delete:POSITION, insert:POSITION:TOKEN or move:POSITION:POSITION",
        canonical::<TokenEdit>,
        MOST_CHANGES,
        "Changes of the prompt, one after the other. Positions count from 0, BOS included, in the prompt as it then stands; a token is a number, BOS, MID or EOS.",
    )
    .each(),
    texts(
        "ablate",
        "head:LAYER.HEAD:zero (or mean, resample), edge:LAYER.HEAD:DESTINATION:SOURCE (and :zero for a row that is not renormalised), position:POSITION or mlp:LAYER",
        canonical::<Knockout>,
        MOST_CHANGES,
        "What is taken out of the model: a head's output, the attention of one position to another, a position's embedding, a layer's MLP.",
    )
    .each(),
    integer("sampling.new_tokens", 0, 4096, |_| Value::Null, "How many tokens the model writes; none: as many as the task's answer has.").optional(),
    real("sampling.temperature", 0.0, 100.0, false, |_| json!(0.0), "0 takes the likeliest token each time; above, tokens are drawn, the more evenly the higher it is."),
    integer("sampling.top_k", 1, MAX_TOKEN + 1, |_| Value::Null, "Only so many of the likeliest tokens can be drawn; none: all.").optional(),
    real("sampling.top_p", 0.001, 1.0, false, |_| Value::Null, "Only the likeliest tokens that together just exceed this probability can be drawn; none: all. Without effect beside top_k.").optional(),
    integer("sampling.seed", 0, SEED_MAX, |_| json!(0), "Seed of what is drawn."),
    boolean("sampling.own", |_| json!(false), "Whether what the model writes stands after the prompt, and not the sorted list, also while nothing is edited."),
    choice(
        "view.show",
        &["pattern", "scores", "value_weighted", "output_weighted"],
        |_| json!("pattern"),
        "What a cell stands for: the attention weight; the score before the softmax; or the weight times the size of the value vector it fetches, as it is or as W_O writes it.",
    ),
    choice(
        "view.form",
        &["heatmap", "arcs"],
        |_| json!("heatmap"),
        "A heat map with a cell for every pair of positions, or lines between the tokens, thicker for more attention.",
    ),
    choice(
        "view.scale",
        &["linear", "sqrt", "log"],
        |_| json!("linear"),
        "How values become colours: in proportion, or by square root or logarithm so that weak attention shows.",
    ),
    choice(
        "view.range",
        &["common", "head"],
        |_| json!("common"),
        "Whether one value has one colour in all heads, or each head's largest value has the strongest colour.",
    ),
    choice(
        "view.colours",
        &["blue", "viridis", "cividis", "grey"],
        |_| json!("blue"),
        "The colours; in each, lightness alone carries the value, so that every kind of colour vision can read it.",
    ),
    choice(
        "view.rows",
        &["destination", "source"],
        |_| json!("destination"),
        "What rows stand for, and what pointing at a token asks: where it attends to (destination), or who attends to it (source).",
    ),
    choice(
        "view.heads",
        &["overlay", "panels"],
        |_| json!("overlay"),
        "Several heads at once: laid over one another, each in its own hue, or side by side.",
    ),
    integer("view.lists", 0, 1000, |_| json!(0), "Over how many random lists the picture is averaged; 0 shows the list on the page alone."),
    boolean("view.everywhere", |_| json!(false), "Whether predictions are shown at every position, also where the loss does not count them."),
    boolean("view.log_loss", |_| json!(true), "Whether the loss curve has a logarithmic axis."),
    texts("pin", "LAYER.HEAD", canonical::<Head>, 64, "The heads that are shown large; without any, all are shown."),
    text("cell", "DESTINATION:SOURCE", canonical::<Pair>, "The pair of positions whose number stays in view."),
    texts("open", "a panel's name (below)", panel, 64, "What is unfolded on the page."),
    texts("hide", "a panel's name (below), or a setting such as task.list_length", panel, 128, "What is not shown on the page: for teachers, and where the page stands in another."),
    text(
        "tour",
        "train, read_pattern, inject_mid, remove_mid, shorten, bos, claims, your_turn, or a number from 1 to 8",
        stop,
        "The stop of the tour that the page is at.",
    ),
    text("expect.fingerprint", "8 to 64 hexadecimal digits", hash, "The beginning of the fingerprint that the model then has: SHA-256 over all parameters' bytes."),
    real("expect.loss", 0.0, 1000.0, false, |_| Value::Null, "The held-out loss that the model then has, for runs on WebGPU, which agree only closely.").optional(),
    text("expect.version", "a version such as 0.1.0", version, "The version of Tinylens that made the link."),
    text("file.name", "a file's name of up to 200 characters", file_text, "The model was opened from a file that was called this; whoever opens the link is asked for it."),
    text("file.format", "a text of up to 200 characters", file_text, "How that file was stored."),
    text("file.fingerprint", "8 to 64 hexadecimal digits", hash, "The beginning of the fingerprint of the model in that file, by which a wrong one is told apart."),
    text("weights", "base64url of deflated float16", packed, "The model's weights themselves, rounded to float16, where they are small enough for a link."),
];
