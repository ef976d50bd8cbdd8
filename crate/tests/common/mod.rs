//! Reading the fixtures that crate/tests/oracle/make.py writes.

mod close;

use std::collections::HashMap;
use std::path::PathBuf;

use burn::tensor::Device;
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use tinylens::config::ModelConfig;
use tinylens::experiment::resolve_model;
use tinylens::model::{Layout, Model};

pub use close::assert_close;

/// A fixture file: its tensors, whatever their type, as numbers.
pub struct Fixture {
    tensors: HashMap<String, (Vec<usize>, Vec<f32>)>,
    metadata: HashMap<String, String>,
}

pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/oracle")
}

impl Fixture {
    pub fn read(name: &str) -> Self {
        let bytes = std::fs::read(folder().join(format!("{name}.safetensors"))).expect("the fixture");
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let metadata = header.metadata().clone().unwrap_or_default();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let values = |view: &safetensors::tensor::TensorView| match view.dtype() {
            Dtype::F32 => view.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect(),
            Dtype::I64 => {
                view.data().chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap()) as f32).collect()
            }
            other => panic!("{other:?} in a fixture"),
        };
        let tensors =
            file.tensors().into_iter().map(|(name, view)| (name, (view.shape().to_vec(), values(&view)))).collect();
        Self { tensors, metadata }
    }

    pub fn metadata(&self, key: &str) -> Value {
        serde_json::from_str(&self.metadata[key]).unwrap()
    }

    pub fn get(&self, name: &str) -> Option<&(Vec<usize>, Vec<f32>)> {
        self.tensors.get(name)
    }

    pub fn values(&self, name: &str) -> &[f32] {
        &self.get(name).unwrap_or_else(|| panic!("{name} in the fixture")).1
    }

    pub fn shape(&self, name: &str) -> &[usize] {
        &self.get(name).unwrap_or_else(|| panic!("{name} in the fixture")).0
    }

    /// `[batch, positions]` of whole numbers.
    pub fn rows(&self, name: &str) -> Vec<Vec<usize>> {
        let width = self.shape(name)[1];
        self.values(name).chunks(width).map(|row| row.iter().map(|x| *x as usize).collect()).collect()
    }

    /// The names under a prefix, without it.
    pub fn names<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.tensors.keys().filter_map(move |name| name.strip_prefix(prefix))
    }

    /// The model whose parameters stand under a prefix.
    pub fn model(&self, config: &ModelConfig, prefix: &str, device: &Device) -> Model {
        let mut parameters = Vec::new();
        for entry in Layout::new(config).entries() {
            let name = format!("{prefix}{}", entry.name);
            assert_eq!(self.shape(&name), entry.shape, "{name}");
            parameters.extend_from_slice(self.values(&name));
        }
        assert_eq!(self.names(prefix).count(), Layout::new(config).entries().len(), "parameters under {prefix}");
        Model::from_parameters(config, parameters, device)
    }
}

/// A configuration as TransformerLens has it. What it leaves to the model (`rotary_dim`) is left out.
pub fn config(record: &Value) -> ModelConfig {
    let mut fields = record.as_object().unwrap().clone();
    if fields["rotary_dim"].is_null() {
        fields.remove("rotary_dim");
    }
    if fields["attn_scale"] == -1.0 {
        fields.remove("attn_scale");
    }
    resolve_model(Value::Object(fields)).unwrap()
}
