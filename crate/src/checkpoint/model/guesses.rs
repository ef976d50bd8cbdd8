//! What neither a file's shapes nor its own configuration say, as TransformerLens would have it by default.

use serde_json::{Map, Value, json};

use super::conversions::Tensors;

/// Adds guesses to the `fields` that the shapes say. `stated` holds the configuration fields that are known already.
/// The result is a note on each guess that matters.
pub fn guess(tensors: &Tensors, fields: &mut Map<String, Value>, stated: &Map<String, Value>) -> Vec<String> {
    let mut notes = Vec::new();
    let attention_only = fields.get("attn_only") == Some(&Value::Bool(true));
    let mut guess = |field: &str, value: Value, matters: bool, why: &str| {
        if fields.contains_key(field) || stated.contains_key(field) {
            return;
        }
        if matters {
            notes.push(format!("{field} was taken to be {}: {why}.", text(&value)));
        }
        fields.insert(field.into(), value);
    };
    let learned = tensors.contains_key("pos_embed.W_pos");
    guess(
        "normalization_type",
        Value::Null,
        true,
        "the file has no weights of norms (LNPre and RMSPre have none either)",
    );
    guess(
        "positional_embedding_type",
        json!(if learned { "standard" } else { "rotary" }),
        true,
        if learned { "a shortformer's file looks the same" } else { "the file has no positional embedding" },
    );
    guess("act_fn", json!("relu"), !attention_only, "an activation function leaves no trace in the weights");
    guess("n_ctx", json!(512), true, "the file has no positional embedding that would say it");
    guess("attention_dir", json!("causal"), true, "the direction of attention leaves no trace in the weights");
    notes
}

/// A value as the page shows it.
fn text(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
