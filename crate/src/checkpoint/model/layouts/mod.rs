//! Layouts: how a model's parameters are named and turned in a file, each mapped to TransformerLens's names and shapes.
//!
//! A layout says what the shapes say (`d_model`, `n_heads` …) and nothing else. Not here: reading bytes, and configuration records.

mod gpt;
mod grokking;
mod heads;
mod native;
mod tensors;
mod transformer_lens;
mod turn;

use serde_json::{Map, Value, json};

use crate::checkpoint::StoredTensor;
use crate::checkpoint::visible::short;
use crate::error::{Error, Result};
use crate::model::Layout;
pub use tensors::{Mapped, Tensors};

/// Prefixes that wrappers put before every name.
const WRAPPERS: [&str; 5] = ["_orig_mod.", "module.", "model.", "hooked_transformer.", "original_model."];

/// Finds the layout of a file's tensors. `stated` holds the configuration fields known already.
///
/// # Errors
/// If no layout has these names, or a tensor that it needs is missing or of another rank.
pub fn recognise(tensors: Vec<StoredTensor>, stated: &Map<String, Value>, notes: &mut Vec<String>) -> Result<Mapped> {
    let tensors = unwrap(tensors, notes);
    let has = |name: &str| tensors.contains_key(name);
    if has("embed.W_E") {
        return if grokking::recognises(&tensors) { grokking::map(tensors) } else { transformer_lens::map(tensors) };
    }
    if native::recognises(&tensors) {
        return native::map(tensors, stated, notes);
    }
    if heads::recognises(&tensors) {
        return heads::map(tensors);
    }
    if let Some(naming) = gpt::recognises(&tensors) {
        return gpt::map(tensors, naming, stated, notes);
    }
    let mut names: Vec<String> = tensors.keys().map(|name| short(name)).take(6).collect();
    if tensors.len() > names.len() {
        names.push("…".into());
    }
    Err(Error::new(format!(
        "The file's {} tensors ({}) are in no layout known here. Known are TransformerLens (embed.W_E, \
         blocks.0.attn.W_Q …) and its native models of version 4 (tok_embed.weight, layers.0.attn.q.weight …), Nanda's \
         older grokking code (TransformerLens's names, transposed), one matrix a head (layers.0.heads.0.W_Q.weight …), and \
         nanoGPT, minGPT and GPT-2 (transformer.wte.weight, transformer.h.0.attn.c_attn.weight …).",
        tensors.len(),
        names.join(", ")
    )))
}

/// The tensors without whatever wrapper stands before all of their names.
fn unwrap(tensors: Vec<StoredTensor>, notes: &mut Vec<String>) -> Tensors {
    let mut tensors = tensors;
    while let Some(wrapper) =
        WRAPPERS.iter().find(|wrapper| !tensors.is_empty() && tensors.iter().all(|it| it.name.starts_with(**wrapper)))
    {
        notes.push(format!("Every name in the file begins with {wrapper}, which was taken off."));
        tensors.iter_mut().for_each(|it| it.name = it.name[wrapper.len()..].to_string());
    }
    tensors.into_iter().map(|it| (it.name.clone(), it)).collect()
}

/// What neither shapes nor the file's own configuration say, as TransformerLens would have it by default; and a note on each.
pub fn guesses(tensors: &Tensors, fields: &mut Map<String, Value>, stated: &Map<String, Value>) -> Vec<String> {
    let mut notes = Vec::new();
    let attention_only = fields.get("attn_only") == Some(&Value::Bool(true));
    let mut guess = |field: &str, value: Value, needed: bool, why: &str| {
        if fields.contains_key(field) || stated.contains_key(field) {
            return;
        }
        if needed {
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

/// Every parameter in its place.
///
/// # Errors
/// If one is missing that is no bias, or has another shape than the configuration gives it.
pub fn assemble(layout: &Layout, mut tensors: Tensors, notes: &mut Vec<String>) -> Result<Vec<f32>> {
    let mut parameters = Vec::with_capacity(layout.len());
    let mut absent = Vec::new();
    for entry in layout.entries() {
        match tensors.remove(&entry.name) {
            Some(tensor) if tensor.shape == entry.shape => parameters.extend(tensor.values),
            Some(tensor) => {
                let message = format!(
                    "{} has shape {:?}; with this configuration it must be {:?}.",
                    entry.name, tensor.shape, entry.shape
                );
                return Err(Error::new(message));
            }
            None if entry.is_bias() => {
                absent.push(entry.name.as_str());
                parameters.resize(parameters.len() + entry.len(), 0.0);
            }
            None => {
                let message = format!(
                    "The file has no {}, of shape {:?}, which this configuration needs.",
                    entry.name, entry.shape
                );
                return Err(Error::new(message));
            }
        }
    }
    if !absent.is_empty() {
        notes.push(format!("The file has no {}: taken to be zero.", listed(&absent)));
    }
    if !tensors.is_empty() {
        let names: Vec<&str> = tensors.keys().map(String::as_str).collect();
        notes.push(format!("Ignored, since nothing in this configuration reads it: {}.", listed(&names)));
    }
    Ok(parameters)
}

/// Some of many names.
fn listed(names: &[&str]) -> String {
    let shown = names.iter().take(6).map(|name| short(name)).collect::<Vec<_>>().join(", ");
    if names.len() > 6 { format!("{shown} and {} more", names.len() - 6) } else { shown }
}
