//! A file's own record of its configuration, as fields of [`ModelConfig`](crate::config::ModelConfig).

use serde_json::{Map, Value, json};

use crate::checkpoint::formats::quoted;
use crate::config::{check, setting};
use crate::error::{Error, Result};

/// Other names of our fields: theirs, ours.
const NAMES: [(&str, &str); 15] = [
    ("n_layer", "n_layers"),
    ("num_layers", "n_layers"),
    ("n_head", "n_heads"),
    ("num_heads", "n_heads"),
    ("n_embd", "d_model"),
    ("hidden_size", "d_model"),
    ("block_size", "n_ctx"),
    ("n_positions", "n_ctx"),
    ("max_ctx", "n_ctx"),
    ("vocab_size", "d_vocab"),
    ("act_type", "act_fn"),
    ("activation_function", "act_fn"),
    ("layer_norm_epsilon", "eps"),
    ("layer_norm_eps", "eps"),
    ("n_inner", "d_mlp"),
];

/// Fields that change what is computed in ways that Tinylens does not have, and the values (beside null) at which they
/// do not.
const FOREIGN: [(&str, &[&str]); 24] = [
    ("use_local_attn", &["false"]),
    ("scale_attn_by_inverse_layer_idx", &["false"]),
    ("final_rms", &["false"]),
    ("parallel_attn_mlp", &["false"]),
    ("gated_mlp", &["false"]),
    ("post_embedding_ln", &["false"]),
    ("load_in_4bit", &["false"]),
    ("use_normalization_before_and_after", &["false"]),
    ("use_NTK_by_parts_rope", &["false"]),
    ("use_dynamic_ntk_rope", &["false"]),
    ("use_yarn_rope", &["false"]),
    ("use_qk_norm", &["false"]),
    ("use_logn_attn", &["false"]),
    ("use_attention_sinks", &["false"]),
    ("rmsnorm_uses_offset", &["false"]),
    ("clip_qkv", &[]),
    ("n_key_value_heads", &[]),
    ("num_experts", &[]),
    ("experts_per_token", &[]),
    ("relative_attention_max_distance", &[]),
    ("rotary_base_local", &[]),
    ("rotary_scaling_factor", &["1.0", "1"]),
    ("attn_scores_soft_cap", &["-1.0", "-1", "0.0", "0"]),
    ("output_logits_soft_cap", &["-1.0", "-1", "0.0", "0"]),
];

/// The keys of configurations that are known to be the model's own. nanoGPT's `config` is the training script's, whose
/// defaults may contradict the model's.
const OWN: [&str; 2] = ["cfg", "model_args"];

/// The configuration that describes the model, if the file's metadata has one.
pub fn of_model(metadata: &[(String, Map<String, Value>)]) -> Option<&Map<String, Value>> {
    let describes = |settings: &Map<String, Value>| {
        let has = |names: &[&str]| names.iter().any(|name| settings.contains_key(*name));
        has(&["n_layers", "n_layer", "num_layers"]) && has(&["d_model", "n_embd", "hidden_size"])
    };
    let found = metadata.iter().filter(|(_, settings)| describes(settings));
    found.min_by_key(|(key, _)| !OWN.contains(&key.as_str())).map(|(_, settings)| settings)
}

/// The fields that the file's configuration states.
///
/// # Errors
/// If it states something that Tinylens does not compute, or a value out of a field's range.
pub fn fields(metadata: &[(String, Map<String, Value>)], notes: &mut Vec<String>) -> Result<Map<String, Value>> {
    let Some(settings) = of_model(metadata) else {
        notes.push("The file has no configuration: it was inferred from names and shapes.".into());
        return Ok(Map::new());
    };
    for (field, harmless) in FOREIGN {
        if let Some(value) =
            settings.get(field).filter(|value| !value.is_null() && !harmless.contains(&value.to_string().as_str()))
        {
            let value = value.as_str().map_or_else(|| value.to_string(), quoted);
            return Err(Error::new(format!(
                "The file's configuration has {field} = {value}, which Tinylens does not compute."
            )));
        }
    }
    let attn_only = settings.get("attn_only") == Some(&Value::Bool(true));
    let mut fields = Map::new();
    for (name, value) in settings {
        let field = NAMES.iter().find(|(theirs, _)| theirs == name).map_or(name.as_str(), |(_, ours)| ours);
        let path = format!("model.{field}");
        let Some(setting) = setting(&path) else { continue };
        let Some(value) = translate(field, value, attn_only, notes) else { continue };
        match check(setting, &value) {
            Ok(value) => fields.insert(field.into(), value),
            // How the weights were initialised no longer matters.
            Err(_) if ["seed", "init_mode"].contains(&field) => None,
            Err(error) => return Err(Error::new(format!("In the file's configuration, {}", error.message))),
        };
    }
    Ok(fields)
}

/// A value as our field has it; `None` if it says nothing.
fn translate(field: &str, value: &Value, attn_only: bool, notes: &mut Vec<String>) -> Option<Value> {
    if field == "normalization_type" {
        return Some(value.clone());
    }
    // TransformerLens's values for "not set".
    if value.is_null() || value.as_f64() == Some(-1.0) {
        return None;
    }
    if field != "act_fn" {
        return Some(value.clone());
    }
    let name = value.as_str().unwrap_or_default().to_lowercase();
    Some(match name.as_str() {
        "gelu_fast" | "gelu_pytorch_tanh" => {
            notes.push(format!("act_fn {name} is computed as gelu_new, the same function."));
            json!("gelu_new")
        }
        "swish" => {
            notes.push("act_fn swish is computed as silu, the same function.".into());
            json!("silu")
        }
        // A model without MLPs has no activation to differ in.
        other if attn_only && !["relu", "gelu", "gelu_new", "silu", "solu_ln"].contains(&other) => return None,
        other => json!(other),
    })
}
