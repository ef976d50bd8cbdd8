//! The layout of TransformerLens 4's native models (`TransformerBridge.boot_native`): `torch.nn.Linear`'s matrices,
//! `[write, read]`, with all heads of a layer side by side, `[n_heads · d_head, d_model]`.
//!
//! A file has one of three namings: the model's own (`tok_embed`, `layers.0.attn.q`, `layers.0.mlp.fc_in`, `head` …),
//! the one that the bridge around it saves (`embed`, `blocks.0.attn.q`, `blocks.0.mlp.in`, `unembed` …), or the model's
//! inside the bridge, where every wrapped part is marked, and most stand twice.

use serde_json::{Map, Value, json};

use super::conversion::{Conversion, Sizes};
use super::tensors::{Converted, Tensors, count, shape};
use super::transformer_lens;
use crate::checkpoint::formats::{StoredTensor, quoted};
use crate::error::{Error, Result};

/// The mark of a part that the bridge wraps.
const WRAPPED: &str = "._original_component";

/// The bridge's names of parts, and the model's.
const BRIDGED: [(&str, &str); 5] =
    [("embed", "tok_embed"), ("pos_embed", "pos"), ("blocks", "layers"), ("ln_final", "ln_out"), ("unembed", "head")];

/// A name as the model itself has it.
fn own(name: &str) -> String {
    let name = name.replace(WRAPPED, "");
    let (part, rest) = name.split_once('.').unwrap_or((&name, ""));
    let part = BRIDGED.iter().find(|(bridged, _)| *bridged == part).map_or(part, |(_, own)| own);
    let rest = rest.replace(".mlp.in.", ".mlp.fc_in.").replace(".mlp.out.", ".mlp.fc_out.");
    format!("{part}.{rest}")
}

/// Whether tensors are in this layout.
pub fn recognises(tensors: &Tensors) -> bool {
    let has = |wanted: &str| tensors.keys().any(|name| own(name) == wanted);
    has("tok_embed.weight") && has("layers.0.attn.q.weight")
}

/// Converts tensors in this layout. `stated` holds the configuration fields that are known already; those that native
/// models do not heed are taken out.
///
/// # Errors
/// If a tensor that every model has is missing or of another shape, or one belongs to a computation that Tinylens does
/// not have.
pub fn convert(tensors: Tensors, stated: &mut Map<String, Value>, notes: &mut Vec<String>) -> Result<Converted> {
    let mut conversion = Conversion::new(renamed(tensors)?);
    if conversion.rest.keys().any(|name| name.contains(".mlp.gate.")) {
        return Err(Error::new("The file has a gated MLP, which Tinylens does not compute."));
    }
    let [width, d_model] = shape::<2>(&conversion.rest, "layers.0.attn.q.weight", "[n_heads · d_head, d_model]")?;
    let [keys, _] = shape::<2>(&conversion.rest, "layers.0.attn.k.weight", "[n_heads · d_head, d_model]")?;
    if keys < width {
        return Err(Error::new(
            "The file has fewer keys than queries: heads that share keys (grouped-query attention), which Tinylens \
             does not compute.",
        ));
    }
    let sizes = Sizes::of_heads(d_model, width, "n_heads · d_head", stated, notes)?;
    let n_layers = count(&conversion.rest, "layers.", "layer")?;
    let rotary = !conversion.rest.contains_key("pos.weight");

    conversion.rename("tok_embed.weight", "embed.W_E");
    conversion.rename("pos.weight", "pos_embed.W_pos");
    for layer in 0..n_layers {
        let (from, to) = (format!("layers.{layer}."), format!("blocks.{layer}."));
        conversion.norm(&format!("{from}ln1"), &format!("{to}ln1"));
        for (part, letter) in [("q", "Q"), ("k", "K"), ("v", "V")] {
            conversion.split_heads(&format!("{from}attn.{part}"), &format!("{to}attn."), &[letter], sizes)?;
        }
        conversion.merge_heads(&format!("{from}attn.o"), &format!("{to}attn."), sizes)?;
        conversion.norm(&format!("{from}ln2"), &format!("{to}ln2"));
        conversion.matrix(&format!("{from}mlp.fc_in"), &format!("{to}mlp.W_in"), &format!("{to}mlp.b_in"));
        conversion.norm(&format!("{from}mlp.ln"), &format!("{to}mlp.ln"));
        conversion.matrix(&format!("{from}mlp.fc_out"), &format!("{to}mlp.W_out"), &format!("{to}mlp.b_out"));
    }
    conversion.norm("ln_out", "ln_final");
    conversion.matrix("head", "unembed.W_U", "unembed.b_U");

    let tensors = conversion.complete()?;
    let centred = |norm: &str| tensors.contains_key(&format!("{norm}.b"));
    if tensors.contains_key("ln_final.w") && centred("ln_final") != centred("blocks.0.ln1") {
        return Err(Error::new(
            "The file has LayerNorms and RMSNorms; Tinylens computes models with one kind of norm.",
        ));
    }
    let mut fields = transformer_lens::fields(&tensors)?;
    // Whatever the configuration says, native models scale attention, and turn adjacent dimensions.
    if stated.get("use_attn_scale") == Some(&Value::Bool(false)) {
        stated.remove("use_attn_scale");
        stated.remove("attn_scale");
        notes.push(
            "use_attn_scale was taken to be true, and the scale to be √d_head: TransformerLens's native models do not \
             heed it."
                .into(),
        );
    }
    // Norms without a name are LayerNorms in some versions, and the weights of LNPre and RMSPre are not folded.
    if let Some(norm) = fields.get("normalization_type").filter(|norm| stated.get("normalization_type") != Some(*norm))
        && stated.remove("normalization_type").is_some()
    {
        notes.push(format!(
            "normalization_type was taken to be {}: the file has the weights of such norms.",
            norm.as_str().unwrap_or_default()
        ));
    }
    if rotary {
        stated.remove("rotary_adjacent_pairs");
        fields.insert("rotary_adjacent_pairs".into(), json!(true));
    }
    Ok(Converted { layout: "the layout of TransformerLens's native models", tensors, fields })
}

/// The tensors under the model's own names.
fn renamed(tensors: Tensors) -> Result<Tensors> {
    let mut renamed = Tensors::new();
    for (name, tensor) in tensors {
        let tensor = StoredTensor { name: own(&name), ..tensor };
        if renamed.get(&tensor.name).is_some_and(|other| *other != tensor) {
            return Err(Error::new(format!("The file has {} twice, with different values.", quoted(&tensor.name))));
        }
        renamed.insert(tensor.name.clone(), tensor);
    }
    Ok(renamed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_namings_are_one() {
        for (name, wanted) in [
            ("tok_embed.weight", "tok_embed.weight"),
            ("embed.weight", "tok_embed.weight"),
            ("blocks.1.mlp.in.bias", "layers.1.mlp.fc_in.bias"),
            ("layers.0._original_component.mlp.out._original_component.weight", "layers.0.mlp.fc_out.weight"),
            ("head._original_component.weight", "head.weight"),
            ("ln_out.weight", "ln_out.weight"),
        ] {
            assert_eq!(own(name), wanted, "{name}");
        }
    }
}
