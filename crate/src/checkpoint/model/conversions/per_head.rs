//! A layout in which each head is a module with three matrices `[d_head, d_model]`: `layers.0.heads.0.W_Q.weight` ….
//! The heads' outputs side by side go into `layers.0.W_O.weight`, `[d_model, n_heads · d_head]`. It has no norms and no
//! MLPs.

use super::conversion::{Conversion, Sizes};
use super::tensors::{Converted, Tensors, count, shape};
use super::transformer_lens;
use super::turn::build;
use crate::error::{Error, Result};

/// Whether tensors are in this layout.
pub fn recognises(tensors: &Tensors) -> bool {
    ["tok_embed.weight", "layers.0.heads.0.W_Q.weight"].iter().all(|name| tensors.contains_key(*name))
}

/// Converts tensors in this layout.
///
/// # Errors
/// If one that every model has is missing or of another shape, or the file has others.
pub fn convert(tensors: Tensors) -> Result<Converted> {
    let [d_head, d_model] = shape::<2>(&tensors, "layers.0.heads.0.W_Q.weight", "[d_head, d_model]")?;
    let sizes = Sizes { d_model, n_heads: count(&tensors, "layers.0.heads.", "head")?, d_head };
    let n_layers = count(&tensors, "layers.", "layer")?;
    let mut conversion = Conversion::new(tensors);
    conversion.rename("tok_embed.weight", "embed.W_E");
    conversion.rename("pos_embed.weight", "pos_embed.W_pos");
    for layer in 0..n_layers {
        let (from, to) = (format!("layers.{layer}."), format!("blocks.{layer}.attn."));
        for letter in ["Q", "K", "V"] {
            heads(&mut conversion, &from, &to, letter, sizes)?;
        }
        conversion.merge_heads(&format!("{from}W_O"), &to, sizes)?;
    }
    conversion.matrix("unembed", "unembed.W_U", "unembed.b_U");
    let tensors = conversion.complete()?;
    let fields = transformer_lens::fields(&tensors)?;
    Ok(Converted { layout: "a layout with a matrix for each head", tensors, fields })
}

/// The matrices `W_letter` of a layer's heads as one, `[n_heads, d_model, d_head]`, and their biases, if the file has
/// them.
fn heads(conversion: &mut Conversion, from: &str, to: &str, letter: &str, sizes: Sizes) -> Result<()> {
    let Sizes { d_model: c, n_heads, d_head: d } = sizes;
    let (mut matrices, mut biases) = (Vec::new(), Vec::new());
    for head in 0..n_heads {
        let name = format!("{from}heads.{head}.W_{letter}");
        matrices.push(conversion.take(&format!("{name}.weight"), [d, c])?);
        biases.extend(conversion.bias(&format!("{name}.bias"), d)?);
    }
    let at = |[head, read, write]: [usize; 3]| matrices[head].values[write * c + read];
    let name = format!("{to}W_{letter}");
    conversion.done.insert(name.clone(), build(name, [n_heads, c, d], &matrices[0].dtype, at));
    if !biases.is_empty() {
        if biases.len() < n_heads {
            return Err(Error::new(format!(
                "Of the heads in {from}heads, some have a bias for W_{letter}, some have none."
            )));
        }
        let name = format!("{to}b_{letter}");
        let at = |[head, write]: [usize; 2]| biases[head].values[write];
        conversion.done.insert(name.clone(), build(name, [n_heads, d], &biases[0].dtype, at));
    }
    Ok(())
}
