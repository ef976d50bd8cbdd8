//! Files out: safetensors with TransformerLens's names and the configuration as metadata, and the Python that loads it.

use std::collections::HashMap;

use safetensors::tensor::{Dtype, TensorView, serialize};
use serde_json::Value;

use crate::config::ModelConfig;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::task::TaskConfig;

/// The key of the model's configuration in the metadata; [`open`](super::open) finds it there.
const CONFIG: &str = "config";

/// The key of the task in the metadata.
const TASK: &str = "task";

/// The model as a safetensors file: its parameters as float32, bit for bit, its configuration, and its task, if it has
/// one.
///
/// # Errors
/// If the device fails.
pub async fn to_safetensors(model: &Model, task: Option<&TaskConfig>) -> Result<Vec<u8>> {
    let unwritable = |why: String| Error::new(format!("The model could not be written: {why}."));
    let values = model.read_parameters().await?;
    let entries = model.layout().entries();
    let bytes: Vec<Vec<u8>> =
        entries.iter().map(|entry| values[entry.range()].iter().flat_map(|x| x.to_le_bytes()).collect()).collect();
    let mut views = Vec::with_capacity(entries.len());
    for (entry, bytes) in entries.iter().zip(&bytes) {
        views.push((
            entry.name.as_str(),
            TensorView::new(Dtype::F32, entry.shape.clone(), bytes).map_err(|error| unwritable(error.to_string()))?,
        ));
    }
    let json = |value: serde_json::Result<String>| value.map_err(|error| unwritable(error.to_string()));
    // Python's readers look for "pt".
    let mut metadata = HashMap::from([("format".to_string(), "pt".to_string())]);
    metadata.insert(CONFIG.into(), json(serde_json::to_string(model.config()))?);
    if let Some(task) = task {
        metadata.insert(TASK.into(), json(serde_json::to_string(task))?);
    }
    serialize(views, Some(metadata)).map_err(|error| unwritable(error.to_string()))
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
         assert not unexpected and not [name for name in missing if \"W_\" in name \
         or \"b_\" in name], (missing, unexpected)\n",
        lines.join("\n"),
        literal(&Value::String(file.into()))
    )
}

/// A JSON value as a Python literal.
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
