//! What a file holds.

/// What a file holds, before anybody asks whether it is a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// For people: "pickle", "torch.save (zip)", "torch.save (legacy)", "safetensors" or "JSON", and "whole module, " in front if it is one.
    pub format: String,
    /// In the file's order, under the file's names. A whole module's as its `state_dict()` has them.
    pub tensors: Vec<StoredTensor>,
    /// Settings beside the weights, each record under its key: numbers, booleans, texts, null and short lists of these. PyTorch's
    /// types and devices are texts, enum members their values, and numbers that JSON cannot hold are "nan", "inf" and "-inf".
    /// Single values beside the weights make a record "metadata".
    pub records: Vec<(String, serde_json::Map<String, serde_json::Value>)>,
    /// What was left out or assumed, as sentences for people.
    pub notes: Vec<String>,
}

/// A tensor of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredTensor {
    /// Its name in the file.
    pub name: String,
    /// Its sizes; empty of a single number.
    pub shape: Vec<usize>,
    /// Row by row.
    pub values: Vec<f32>,
    /// The type in the file, by PyTorch's name: "float32", "float16", "int64", …
    pub dtype: String,
}
