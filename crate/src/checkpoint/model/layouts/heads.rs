//! A layout with one matrix a head: `layers.0.heads.0.W_Q.weight`, `[d_head, d_model]`, as `Linear`s store them; the heads'
//! outputs, side by side, are read by `layers.0.W_O.weight`, `[d_model, n_heads · d_head]`. No norms, MLPs or biases.

use super::tensors::{Mapped, Tensors, layers, shape};
use super::transformer_lens;
use super::turn::{build, transpose};
use crate::checkpoint::StoredTensor;
use crate::error::{Error, Result};

/// Whether these are the layout's names.
pub fn recognises(tensors: &Tensors) -> bool {
    tensors.contains_key("tok_embed.weight") && tensors.contains_key("layers.0.heads.0.W_Q.weight")
}

/// The tensors under TransformerLens's names, and what their shapes say.
///
/// # Errors
/// If a tensor is missing or of another shape.
pub fn map(mut tensors: Tensors) -> Result<Mapped> {
    let [d_head, d_model]: [usize; 2] = shape(&tensors, "layers.0.heads.0.W_Q.weight", "[d_head, d_model]")?;
    let n_heads = layers(&tensors, "layers.0.heads.")?;
    let n_layers = layers(&tensors, "layers.")?;
    let mut out = Tensors::new();
    for layer in 0..n_layers {
        for letter in ["Q", "K", "V"] {
            let heads = (0..n_heads).map(|head| {
                take(&mut tensors, &format!("layers.{layer}.heads.{head}.W_{letter}.weight"), [d_head, d_model])
            });
            let heads = heads.collect::<Result<Vec<_>>>()?;
            let shape = [n_heads, d_model, d_head];
            let name = format!("blocks.{layer}.attn.W_{letter}");
            let dtype = heads[0].dtype.clone();
            let matrix = build(name, shape, &dtype, |[head, read, write]| heads[head].values[write * d_model + read]);
            out.insert(matrix.name.clone(), matrix);
        }
        let width = n_heads * d_head;
        let w_o = take(&mut tensors, &format!("layers.{layer}.W_O.weight"), [d_model, width])?;
        let name = format!("blocks.{layer}.attn.W_O");
        let matrix = build(name, [n_heads, d_head, d_model], &w_o.dtype, |[head, read, write]| {
            w_o.values[write * width + head * d_head + read]
        });
        out.insert(matrix.name.clone(), matrix);
    }
    let mut put = |from: &str, to: &str, turned: bool| {
        let Some(tensor) = tensors.remove(from) else { return };
        let turned = turned && tensor.shape.len() == 2;
        let tensor = if turned { transpose(&tensor, to.into()) } else { StoredTensor { name: to.into(), ..tensor } };
        out.insert(tensor.name.clone(), tensor);
    };
    put("tok_embed.weight", "embed.W_E", false);
    put("pos_embed.weight", "pos_embed.W_pos", false);
    put("unembed.weight", "unembed.W_U", true);
    put("unembed.bias", "unembed.b_U", false);
    let fields = transformer_lens::fields(&out)?;
    out.extend(tensors); // what is left is said to be ignored
    Ok(Mapped { layout: "a layout with one matrix a head", tensors: out, fields })
}

/// A matrix of this shape.
fn take(tensors: &mut Tensors, name: &str, wanted: [usize; 2]) -> Result<StoredTensor> {
    let tensor =
        tensors.remove(name).ok_or_else(|| Error::new(format!("The file has no {name}, of shape {wanted:?}.")))?;
    if tensor.shape == wanted {
        return Ok(tensor);
    }
    Err(Error::new(format!("{name} has shape {:?}; it must be {wanted:?}.", tensor.shape)))
}
