//! What a file holds, before anybody asks whether it is a model.

use serde_json::{Map, Value};

/// A file's tensors, and what it says beside them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoint {
    /// For people: "pickle", "torch.save (zip)", "torch.save (legacy)", "safetensors" or "JSON", and "whole module, "
    /// in front if it is one.
    pub format: String,
    /// In the file's order, under the file's names; those of a whole module as its `state_dict()` has them.
    pub tensors: Vec<StoredTensor>,
    /// The dicts and objects beside the weights, under their keys, without what is no setting: numbers, booleans,
    /// texts, null and short lists of these are kept. PyTorch's types and devices are texts, enum members their values,
    /// and numbers that JSON cannot hold are "nan", "inf" and "-inf". Single values beside the weights are together
    /// under "metadata".
    pub metadata: Vec<(String, Map<String, Value>)>,
    /// What was left out or assumed, in sentences for people.
    pub notes: Vec<String>,
}

/// A tensor of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredTensor {
    /// Its name in the file.
    pub name: String,
    /// The size of each dimension.
    pub shape: Vec<usize>,
    /// In row order.
    pub values: Vec<f32>,
    /// The type in the file, by PyTorch's name: "float32", "float16", "int64", …
    pub dtype: String,
}
