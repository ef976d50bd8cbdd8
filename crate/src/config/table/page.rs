//! What is done to the prompt and to the model, what is shown of it, and what should come out.

use serde_json::{Value, json};

use super::super::edit::TokenEdit;
use super::super::forms::{MAX_TOKEN, PANELS, canonical, file_text, hash, packed, stop, version};
use super::super::knockout::{Head, Knockout, Pair};
use super::super::setting::{Kind, Setting};
use super::row::{SEED_MAX, boolean, choice, integer, real, row, text, texts};
use super::{model, task, train};

/// Most edits, and most parts taken out.
const MOST_CHANGES: usize = 200;

/// The rows of all other fields.
pub(super) const ROWS: &[Setting] = &[
    choice(
        "device",
        &["auto", "cpu", "webgpu"],
        |_| json!("auto"),
        "What the run is computed on; auto takes WebGPU where it is faster.",
    ),
    row(
        "prompt",
        Kind::Integers { max: 999, most: 50 },
        |above| json!(above.needs.example),
        "The input that the model is given: the numbers of the list, without special tokens.",
    )
    .derived("the notebook's list, or others that the task allows"),
    texts(
        "edit",
        "replace:POSITION:TOKEN, delete:POSITION, insert:POSITION:TOKEN or move:POSITION:POSITION",
        canonical::<TokenEdit>,
        MOST_CHANGES,
        "Changes of the prompt, one after the other. Positions count from 0, BOS included, in the prompt as it then \
            stands; a token is a number, BOS, MID or EOS.",
    )
    .each(),
    texts(
        "ablate",
        "head:LAYER.HEAD:zero (or mean, resample), edge:LAYER.HEAD:DESTINATION:SOURCE (and :zero for a row that is \
            not renormalised), position:POSITION or mlp:LAYER",
        canonical::<Knockout>,
        MOST_CHANGES,
        "What is taken out of the model: a head's output, the attention of one position to another, a position's \
            embedding, a layer's MLP.",
    )
    .each(),
    integer(
        "sampling.new_tokens",
        0,
        4096,
        |_| Value::Null,
        "How many tokens the model writes; none: as many as the task's answer has.",
    )
    .optional(),
    real(
        "sampling.temperature",
        0.0,
        100.0,
        false,
        |_| json!(0.0),
        "0 takes the likeliest token each time; above, tokens are drawn, the more evenly the higher it is.",
    ),
    integer(
        "sampling.top_k",
        1,
        MAX_TOKEN + 1,
        |_| Value::Null,
        "Only so many of the likeliest tokens can be drawn; none: all.",
    )
    .optional(),
    real(
        "sampling.top_p",
        0.001,
        1.0,
        false,
        |_| Value::Null,
        "Only the likeliest tokens that together just exceed this probability can be drawn; none: all. Without \
            effect beside top_k.",
    )
    .optional(),
    integer("sampling.seed", 0, SEED_MAX, |_| json!(0), "Seed of what is drawn."),
    boolean(
        "sampling.own",
        |_| json!(false),
        "Whether what the model writes stands after the prompt, and not the sorted list, also while nothing is \
            edited.",
    ),
    choice(
        "view.show",
        &["pattern", "scores", "value_weighted", "output_weighted"],
        |_| json!("pattern"),
        "What a cell stands for: the attention weight; the score before the softmax; or the weight times the size of \
            the value vector it fetches, as it is or as W_O writes it.",
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
        "What rows stand for, and what pointing at a token asks: where it attends to (destination), or who attends \
            to it (source).",
    ),
    choice(
        "view.heads",
        &["overlay", "panels"],
        |_| json!("overlay"),
        "Several heads at once: laid over one another, each in its own hue, or side by side.",
    ),
    integer(
        "view.lists",
        0,
        1000,
        |_| json!(0),
        "Over how many random lists the picture is averaged; 0 shows the list on the page alone.",
    ),
    boolean(
        "view.everywhere",
        |_| json!(false),
        "Whether predictions are shown at every position, also where the loss does not count them.",
    ),
    boolean("view.log_loss", |_| json!(true), "Whether the loss curve has a logarithmic axis."),
    texts("pin", "LAYER.HEAD", canonical::<Head>, 64, "The heads that are shown large; without any, all are shown."),
    text("cell", "DESTINATION:SOURCE", canonical::<Pair>, "The pair of positions whose number stays in view."),
    texts("open", "a panel's name (below)", panel, 64, "What is unfolded on the page."),
    texts(
        "hide",
        "a panel's name (below), or a setting such as task.list_length",
        panel,
        128,
        "What is not shown on the page: for teachers, and where the page stands in another.",
    ),
    text(
        "tour",
        "train, read_pattern, inject_mid, remove_mid, shorten, bos, claims, your_turn, or a number from 1 to 8",
        stop,
        "The stop of the tour that the page is at.",
    ),
    text(
        "expect.fingerprint",
        "8 to 64 hexadecimal digits",
        hash,
        "The beginning of the fingerprint that the model then has: SHA-256 over all parameters' bytes.",
    ),
    real(
        "expect.loss",
        0.0,
        1000.0,
        false,
        |_| Value::Null,
        "The held-out loss that the model then has, for runs on WebGPU, which agree only closely.",
    )
    .optional(),
    text("expect.version", "a version such as 0.1.0", version, "The version of Tinylens that made the link."),
    text(
        "file.name",
        "a file's name of up to 200 characters",
        file_text,
        "The model was opened from a file that was called this; whoever opens the link is asked for it.",
    ),
    text("file.format", "a text of up to 200 characters", file_text, "How that file was stored."),
    text(
        "file.fingerprint",
        "8 to 64 hexadecimal digits",
        hash,
        "The beginning of the fingerprint of the model in that file, by which a wrong one is told apart.",
    ),
    text(
        "weights",
        "base64url of deflated float16",
        packed,
        "The model's weights themselves, rounded to float16, where they are small enough for a link.",
    ),
];

/// A panel, or a setting whose control is hidden.
fn panel(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let setting = || [task::ROWS, model::ROWS, train::ROWS].into_iter().flatten().any(|row| row.path == text);
    (PANELS.contains(&text.as_str()) || setting()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_can_be_hidden_and_what_is_no_control_cannot() {
        assert_eq!(panel("Attention").as_deref(), Some("attention"));
        assert!(panel("task.list_length").is_some());
        assert!(panel("weights").is_none() && panel("view.show").is_none() && panel("body").is_none());
    }
}
