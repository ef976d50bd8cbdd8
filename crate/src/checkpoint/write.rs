//! Files out: safetensors with TransformerLens's names and the configuration as metadata, and the Python that loads it.

use serde_json::Value;

use super::floats;
use crate::config::ModelConfig;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::task::TaskConfig;

/// Metadata entries of the files written here; [`open`](super::open) finds both again.
const CONFIG: &str = "config";
const TASK: &str = "task";

/// The model as a safetensors file, float32, bit for bit; with its task, where it has one.
///
/// # Errors
/// If the device fails.
pub async fn to_safetensors(model: &Model, task: Option<&TaskConfig>) -> Result<Vec<u8>> {
    let unwritable = |why: String| Error::new(format!("The model could not be written: {why}."));
    let values = model.read_parameters().await?;
    let entries = model.layout().entries();
    let tensors: Vec<_> =
        entries.iter().map(|entry| (entry.name.as_str(), &entry.shape[..], &values[entry.range()])).collect();
    let json = |value: serde_json::Result<String>| value.map_err(|error| unwritable(error.to_string()));
    // "pt" is what Python's readers look for.
    let mut metadata = vec![("format", "pt".to_string()), (CONFIG, json(serde_json::to_string(model.config()))?)];
    if let Some(task) = task {
        metadata.push((TASK, json(serde_json::to_string(task))?));
    }
    Ok(floats::write(&metadata, &tensors))
}

/// Python that loads a file of [`to_safetensors`] into TransformerLens's `HookedTransformer`.
pub fn python(config: &ModelConfig, file: &str) -> String {
    let Ok(Value::Object(fields)) = serde_json::to_value(config) else { return String::new() };
    let lines: Vec<String> = fields.iter().map(|(name, value)| format!("    {name}={},", literal(value))).collect();
    format!(
        "# pip install \"transformer-lens<4\" safetensors\n\
         from safetensors.torch import load_file\n\
         from transformer_lens import HookedTransformer, HookedTransformerConfig\n\
         \n\
         config = HookedTransformerConfig(\n{}\n    device=\"cpu\",\n)\n\
         model = HookedTransformer(config)\n\
         # strict=False: the file has the parameters, not the buffers (masks) that TransformerLens makes itself\n\
         missing, unexpected = model.load_state_dict(load_file({}), strict=False)\n\
         assert not unexpected and not [name for name in missing if \"W_\" in name or \"b_\" in name], (missing, unexpected)\n",
        lines.join("\n"),
        literal(&Value::String(file.into()))
    )
}

/// A JSON value as Python spells it.
fn literal(value: &Value) -> String {
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;

    #[test]
    fn python_spells_none_and_booleans_its_own_way() {
        let text = python(&Experiment::default().model, "it's \"mine\".safetensors");
        assert!(text.contains("    normalization_type=None,\n") && text.contains("    attn_only=True,\n"), "{text}");
        assert!(
            text.contains("    d_model=128,\n") && text.contains(r#"load_file("it's \"mine\".safetensors")"#),
            "{text}"
        );
    }
}
