//! The rows of everything else: the device, the prompt and its edits, ablations, sampling, what the page shows, and
//! what the link's model should come to.

use serde_json::{Value, json};

use super::super::edit::TokenEdit;
use super::super::forms::{MAX_TOKEN, PANELS, canonical, file_text, hash, packed, stop, version};
use super::super::knockout::{Head, Knockout, Pair};
use super::super::setting::{Kind, Setting};
use super::row::{SEED_MAX, boolean, choice, integer, real, row, text, texts};
use super::{model, task, train};

/// The most edits of a prompt, and the most ablated parts of a model.
const MOST_CHANGES: usize = 200;

/// The rows of all other fields.
pub(super) const ROWS: &[Setting] = &[
    choice(
        "device",
        &["auto", "cpu", "webgpu"],
        |_| json!("auto"),
        "The device that computes the run; auto takes WebGPU if it is faster.",
    ),
    row(
        "prompt",
        Kind::Integers { max: 999, most: 50 },
        |above| json!(above.needs.example),
        "The model's input: the numbers of the list, without special tokens.",
    )
    .derived("the notebook's list, or one that the task allows"),
    texts(
        "edit",
        "replace:POSITION:TOKEN, delete:POSITION, insert:POSITION:TOKEN or move:POSITION:POSITION",
        canonical::<TokenEdit>,
        MOST_CHANGES,
        "Changes of the prompt, applied in order. Positions count from 0, BOS included, in the prompt after the \
            preceding changes; a token is a number, BOS, MID or EOS.",
    )
    .each(),
    texts(
        "ablate",
        "head:LAYER.HEAD:zero (or :mean, :resample), edge:LAYER.HEAD:DESTINATION:SOURCE (with :zero at the end the row \
            is not renormalised), position:POSITION or mlp:LAYER",
        canonical::<Knockout>,
        MOST_CHANGES,
        "The parts of the model that are ablated: a head's output, the attention of one position to another, a \
            position's embedding, or a layer's MLP.",
    )
    .each(),
    integer(
        "sampling.new_tokens",
        0,
        4096,
        |_| Value::Null,
        "How many tokens the model generates; none: as many as the task's answer has.",
    )
    .optional(),
    real(
        "sampling.temperature",
        0.0,
        100.0,
        false,
        |_| json!(0.0),
        "0 always takes the most likely token; above 0 tokens are drawn, the more evenly the higher it is.",
    ),
    integer(
        "sampling.top_k",
        1,
        MAX_TOKEN + 1,
        |_| Value::Null,
        "Tokens are drawn from only this many of the most likely ones; none: from all.",
    )
    .optional(),
    real(
        "sampling.top_p",
        0.001,
        1.0,
        false,
        |_| Value::Null,
        "Tokens are drawn from only the smallest set of most likely ones whose total probability exceeds this; none: \
            from all. No effect if top_k is set.",
    )
    .optional(),
    integer("sampling.seed", 0, SEED_MAX, |_| json!(0), "Seed of the draws."),
    boolean(
        "sampling.own",
        |_| json!(false),
        "Whether the model's own tokens follow the prompt, instead of the sorted list, even if nothing is edited.",
    ),
    choice(
        "view.show",
        &["pattern", "scores", "value_weighted", "output_weighted"],
        |_| json!("pattern"),
        "What a cell shows: the attention weight; the score before the softmax; or the weight times the norm of the \
            source's value vector, before or after W_O.",
    ),
    choice(
        "view.form",
        &["heatmap", "arcs"],
        |_| json!("heatmap"),
        "A heat map with a cell for every pair of positions, or lines between the tokens, thicker for more \
            attention.",
    ),
    choice(
        "view.scale",
        &["linear", "sqrt", "log"],
        |_| json!("linear"),
        "How values map to colours: in proportion, or by square root or logarithm so that weak attention is visible.",
    ),
    choice(
        "view.range",
        &["common", "head"],
        |_| json!("common"),
        "Whether all heads share one colour scale, or each head's largest value has the strongest colour.",
    ),
    choice(
        "view.colours",
        &["blue", "viridis", "cividis", "grey"],
        |_| json!("blue"),
        "The colour map; in each, lightness alone encodes the value, so that it is readable with any colour vision.",
    ),
    choice(
        "view.rows",
        &["destination", "source"],
        |_| json!("destination"),
        "What the rows stand for, and what pointing at a token shows: where it attends to (destination), or which \
            tokens attend to it (source).",
    ),
    choice(
        "view.heads",
        &["overlay", "panels"],
        |_| json!("overlay"),
        "How several heads are shown: overlaid, each in its own hue, or side by side.",
    ),
    integer(
        "view.lists",
        0,
        1000,
        |_| json!(0),
        "How many random lists the picture is averaged over; 0 shows only the list on the page.",
    ),
    boolean(
        "view.everywhere",
        |_| json!(false),
        "Whether predictions are shown at every position, even where they do not count towards the loss.",
    ),
    boolean("view.log_loss", |_| json!(true), "Whether the loss curve has a logarithmic axis."),
    texts(
        "pin",
        "LAYER.HEAD",
        canonical::<Head>,
        64,
        "The heads that are shown large; if none is pinned, all are shown.",
    ),
    text("cell", "DESTINATION:SOURCE", canonical::<Pair>, "The pair of positions whose value stays displayed."),
    texts("open", "a panel's name (below)", panel, 64, "The panels that are open on the page."),
    texts(
        "hide",
        "a panel's name (below), or a setting such as task.list_length",
        panel,
        128,
        "What the page does not show: for teaching, or if the page is embedded in another.",
    ),
    text(
        "tour",
        "train, read_pattern, inject_mid, remove_mid, shorten, bos, claims, your_turn, or a number from 1 to 8",
        stop,
        "The tour stop that the page shows.",
    ),
    text(
        "expect.fingerprint",
        "8 to 64 hexadecimal digits",
        hash,
        "The first digits of the trained model's fingerprint, which is the SHA-256 of all parameters' bytes.",
    ),
    real(
        "expect.loss",
        0.0,
        1000.0,
        false,
        |_| Value::Null,
        "The trained model's held-out loss, to check runs on WebGPU, which agree only approximately.",
    )
    .optional(),
    text("expect.version", "a version such as 0.1.0", version, "The version of Tinylens that made the link."),
    text(
        "file.name",
        "a file's name of up to 200 characters",
        file_text,
        "The name of the file that the model was opened from; whoever opens the link is asked for the file.",
    ),
    text("file.format", "a text of up to 200 characters", file_text, "The format of that file."),
    text(
        "file.fingerprint",
        "8 to 64 hexadecimal digits",
        hash,
        "The first digits of the fingerprint of that file's model, by which a wrong file is recognised.",
    ),
    text(
        "weights",
        "base64url of deflated float16",
        packed,
        "The model's weights, rounded to float16, if they are small enough for a link.",
    ),
];

/// The name of a panel, or the path of a setting that has a control on the page.
fn panel(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let setting = || [task::ROWS, model::ROWS, train::ROWS].into_iter().flatten().any(|row| row.path == text);
    (PANELS.contains(&text.as_str()) || setting()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_and_controls_can_be_hidden_and_nothing_else() {
        assert_eq!(panel("Attention").as_deref(), Some("attention"));
        assert!(panel("task.list_length").is_some());
        assert!(panel("weights").is_none() && panel("view.show").is_none() && panel("body").is_none());
    }
}
