//! The layout of Nanda's grokking code ("Progress measures for grokking via mechanistic interpretability", 2022). Its
//! names are TransformerLens's; its matrices are `[write, read]`, and attention and unembedding have no biases.

use super::tensors::{Converted, Tensors, shape};
use super::transformer_lens;
use super::turn::{build, transpose};
use crate::checkpoint::formats::StoredTensor;
use crate::error::Result;

/// Whether tensors with TransformerLens's names are in this layout: `W_O` is a matrix here,
/// `[d_model, n_heads · d_head]`.
pub fn recognises(tensors: &Tensors) -> bool {
    tensors.get("blocks.0.attn.W_O").is_some_and(|w_o| w_o.shape.len() == 2)
}

/// Converts tensors in this layout.
///
/// # Errors
/// If one that every model has is missing or has another rank.
pub fn convert(tensors: Tensors) -> Result<Converted> {
    let [heads, d_head, _] = shape(&tensors, "blocks.0.attn.W_Q", "[n_heads, d_head, d_model]")?;
    let mut turned = Tensors::new();
    for (name, tensor) in tensors {
        let last = name.rsplit('.').next().unwrap_or(&name).to_string();
        let tensor = match (last.as_str(), tensor.shape.as_slice()) {
            ("mask", _) => continue,
            ("W_E" | "W_in" | "W_out", [_, _]) => transpose(&tensor, name),
            ("W_Q" | "W_K" | "W_V", &[h, d, c]) => build(name, [h, c, d], &tensor.dtype, |[head, read, write]| {
                tensor.values[(head * d + write) * c + read]
            }),
            ("W_O", &[c, width]) if width == heads * d_head => {
                build(name, [heads, d_head, c], &tensor.dtype, |[head, read, write]| {
                    tensor.values[write * width + head * d_head + read]
                })
            }
            ("w_ln", _) => StoredTensor { name: name.replace("w_ln", "w"), ..tensor },
            ("b_ln", _) => StoredTensor { name: name.replace("b_ln", "b"), ..tensor },
            _ => tensor,
        };
        turned.insert(tensor.name.clone(), tensor);
    }
    let fields = transformer_lens::fields(&turned)?;
    Ok(Converted { layout: "the layout of Nanda's grokking code", tensors: turned, fields })
}
