//! The table of settings: each field of an experiment once, with its kind, range, default and a sentence of help. Validation, the
//! page's controls and (later) links and documentation are read off it.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// One field of an experiment.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// `group.field`, e.g. `task.list_length`.
    pub path: &'static str,
    pub kind: Kind,
    /// Whether `null` is a value too.
    pub optional: bool,
    /// The value when none is given. It may follow fields that stand *above* it in the table.
    pub default: fn(&Resolved) -> Value,
    /// When the default follows other fields: how, for people.
    pub derived: Option<&'static str>,
    /// What it means, for somebody who has read one blog post on attention.
    pub help: &'static str,
}

/// What values a setting takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A whole number, both ends included.
    Integer {
        min: u64,
        max: u64,
    },
    /// A number, both ends included; `log`: a control should step through decades.
    Real {
        min: f64,
        max: f64,
        log: bool,
    },
    Boolean,
    /// One of these strings.
    Choice(&'static [&'static str]),
}

/// Values settled so far, by path: what a derived default may look at.
pub struct Resolved<'a>(pub &'a Map<String, Value>);

impl Resolved<'_> {
    fn integer(&self, path: &str) -> u64 {
        self.0.get(path).and_then(Value::as_u64).unwrap_or(0)
    }

    fn is_null(&self, path: &str) -> bool {
        self.0.get(path).is_some_and(Value::is_null)
    }
}

const fn integer(path: &'static str, min: u64, max: u64, default: fn(&Resolved) -> Value, help: &'static str) -> Setting {
    Setting { path, kind: Kind::Integer { min, max }, optional: false, default, derived: None, help }
}

const fn real(path: &'static str, min: f64, max: f64, log: bool, default: fn(&Resolved) -> Value, help: &'static str) -> Setting {
    Setting { path, kind: Kind::Real { min, max, log }, optional: false, default, derived: None, help }
}

const fn boolean(path: &'static str, default: fn(&Resolved) -> Value, help: &'static str) -> Setting {
    Setting { path, kind: Kind::Boolean, optional: false, default, derived: None, help }
}

const fn choice(path: &'static str, choices: &'static [&'static str], default: fn(&Resolved) -> Value, help: &'static str) -> Setting {
    Setting { path, kind: Kind::Choice(choices), optional: false, default, derived: None, help }
}

impl Setting {
    const fn derived(self, how: &'static str) -> Self {
        Self { derived: Some(how), ..self }
    }

    const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// `task`, `model`, `train` or `view`.
    pub fn group(&self) -> &'static str {
        self.path.split_once('.').map_or(self.path, |(group, _)| group)
    }

    /// The field's name within its group.
    pub fn field(&self) -> &'static str {
        self.path.split_once('.').map_or(self.path, |(_, field)| field)
    }
}

const SEED_MAX: u64 = u32::MAX as u64;

/// The largest token number.
const MAX_TOKEN: u64 = 99_999;

/// Every setting, those that others are derived from first.
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
    boolean(
        "view.everywhere",
        |_| json!(false),
        "Whether predictions are shown at every position, also where the loss does not count them.",
    ),
    boolean("view.log_loss", |_| json!(true), "Whether the loss curve has a logarithmic axis."),
];

/// A row of the table as the page reads it.
#[derive(Debug, Serialize)]
pub struct SettingRecord {
    path: &'static str,
    group: &'static str,
    label: &'static str,
    kind: &'static str,
    min: Option<f64>,
    max: Option<f64>,
    choices: Vec<Option<&'static str>>,
    optional: bool,
    log: bool,
    default: Value,
    derived: Option<&'static str>,
    help: &'static str,
}

/// The table as records, each with its default in the default experiment.
pub fn records() -> Vec<SettingRecord> {
    let mut values = Map::new();
    SETTINGS
        .iter()
        .map(|setting| {
            let default = (setting.default)(&Resolved(&values));
            values.insert(setting.path.into(), default.clone());
            let (kind, min, max, log) = match setting.kind {
                Kind::Integer { min, max } => ("integer", Some(min as f64), Some(max as f64), false),
                Kind::Real { min, max, log } => ("real", Some(min), Some(max), log),
                Kind::Boolean => ("boolean", None, None, false),
                Kind::Choice(_) => ("choice", None, None, false),
            };
            let mut choices = Vec::new();
            if let Kind::Choice(names) = setting.kind {
                choices.extend(setting.optional.then_some(None));
                choices.extend(names.iter().map(|name| Some(*name)));
            }
            let (path, group, label) = (setting.path, setting.group(), setting.field());
            SettingRecord {
                path,
                group,
                label,
                kind,
                min,
                max,
                choices,
                optional: setting.optional,
                log,
                default,
                derived: setting.derived,
                help: setting.help,
            }
        })
        .collect()
}
