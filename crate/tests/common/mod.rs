//! Reads the fixtures that crate/tests/oracle/make.py writes.

mod close;

use std::collections::HashMap;
use std::path::PathBuf;

use burn_tensor::Device;
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use tinylens::config::ModelConfig;
use tinylens::experiment::resolve_model;
use tinylens::model::{Layout, Model};

pub use close::assert_close;

/// A fixture file.
pub struct Fixture {
    /// Shape and values of each tensor; integers too are read as float32.
    tensors: HashMap<String, (Vec<usize>, Vec<f32>)>,
    metadata: HashMap<String, String>,
}

/// The folder of the fixtures.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/oracle")
}

impl Fixture {
    /// Reads the fixture of this name.
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

    /// A value of the file's metadata, which is JSON.
    pub fn metadata(&self, key: &str) -> Value {
        serde_json::from_str(&self.metadata[key]).unwrap()
    }

    /// Shape and values of a tensor, if the file has it.
    pub fn get(&self, name: &str) -> Option<&(Vec<usize>, Vec<f32>)> {
        self.tensors.get(name)
    }

    /// The values of a tensor, in row order.
    pub fn values(&self, name: &str) -> &[f32] {
        &self.get(name).unwrap_or_else(|| panic!("the fixture has no {name}")).1
    }

    /// The shape of a tensor.
    pub fn shape(&self, name: &str) -> &[usize] {
        &self.get(name).unwrap_or_else(|| panic!("the fixture has no {name}")).0
    }

    /// The rows of a tensor of whole numbers, `[batch, positions]`.
    pub fn rows(&self, name: &str) -> Vec<Vec<usize>> {
        let width = self.shape(name)[1];
        self.values(name).chunks(width).map(|row| row.iter().map(|x| *x as usize).collect()).collect()
    }

    /// The names of the tensors with a prefix, without it.
    pub fn names<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.tensors.keys().filter_map(move |name| name.strip_prefix(prefix))
    }

    /// The model whose parameters are the tensors with a prefix.
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

/// A configuration from TransformerLens's. Fields that TransformerLens leaves open (`rotary_dim`, `attn_scale`) get our
/// defaults.
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
