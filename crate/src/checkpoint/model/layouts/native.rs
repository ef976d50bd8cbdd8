//! The layout of TransformerLens 4's native toy models (`boot_native`, `NativeModel`): `Linear`s that hold all heads one after
//! the other, `[n_heads · d_head, d_model]`.

use serde_json::{Map, Value, json};

use super::tensors::{Mapped, Tensors, layers, shape};
use super::transformer_lens;
use super::turn::{build, transpose};
use crate::checkpoint::StoredTensor;
use crate::error::{Error, Result};

/// Whether these are a native model's names.
pub fn recognises(tensors: &Tensors) -> bool {
    tensors.contains_key("tok_embed.weight") && tensors.contains_key("layers.0.attn.q.weight")
}

/// The tensors under TransformerLens's names, and what their shapes say. How many heads there are, they don't: as `stated`, or
/// one.
///
/// # Errors
/// If a tensor is missing or of another shape, or belongs to a computation that this crate does not have.
pub fn map(mut tensors: Tensors, stated: &Map<String, Value>, notes: &mut Vec<String>) -> Result<Mapped> {
    if let Some(gated) = tensors.keys().find(|name| name.ends_with(".mlp.gate.weight")) {
        return Err(Error::new(format!("The file has {gated}: a gated MLP, which Tinylens does not compute.")));
    }
    let [width, d_model] = shape(&tensors, "layers.0.attn.q.weight", "[n_heads · d_head, d_model]")?;
    let n_layers = layers(&tensors, "layers.")?;
    let heads = heads(width, d_model, stated, notes)?;
    let d_head = width / heads;
    let mut out = Tensors::new();
    let mut put = |tensor: StoredTensor| drop(out.insert(tensor.name.clone(), tensor));
    for layer in 0..n_layers {
        let (from, to) = (format!("layers.{layer}.attn."), format!("blocks.{layer}.attn."));
        for (part, letter) in [("q", "Q"), ("k", "K"), ("v", "V")] {
            let name = format!("{from}{part}.weight");
            let found: [usize; 2] = shape(&tensors, &name, "[n_heads · d_head, d_model]")?;
            if found != [width, d_model] {
                return Err(Error::new(format!(
                    "{name} has shape {found:?}, and that of queries is {:?}: heads that share keys and values \
                     (grouped-query attention), which Tinylens does not compute.",
                    [width, d_model]
                )));
            }
            if let Some(matrix) = tensors.remove(&name) {
                let shape = [heads, d_model, d_head];
                put(build(format!("{to}W_{letter}"), shape, &matrix.dtype, |[head, read, write]| {
                    matrix.values[(head * d_head + write) * d_model + read]
                }));
            }
            let bias = tensors.remove(&format!("{from}{part}.bias")).filter(|bias| bias.shape == [width]);
            if let Some(bias) = bias {
                put(StoredTensor { name: format!("{to}b_{letter}"), shape: vec![heads, d_head], ..bias });
            }
        }
        let name = format!("{from}o.weight");
        let found: [usize; 2] = shape(&tensors, &name, "[d_model, n_heads · d_head]")?;
        if found != [d_model, width] {
            return Err(Error::new(format!("{name} has shape {found:?}; it must be {:?}.", [d_model, width])));
        }
        if let Some(matrix) = tensors.remove(&name) {
            put(build(format!("{to}W_O"), [heads, d_head, d_model], &matrix.dtype, |[head, read, write]| {
                matrix.values[write * width + head * d_head + read]
            }));
        }
    }
    for (from, to, turned) in names(n_layers) {
        let Some(tensor) = tensors.remove(&from) else { continue };
        put(if turned && tensor.shape.len() == 2 {
            transpose(&tensor, to)
        } else {
            StoredTensor { name: to, ..tensor }
        });
    }
    let mut fields = transformer_lens::fields(&out)?;
    if !out.contains_key("pos_embed.W_pos") {
        // The tables of the rotation are not in the file; their pairs are neighbours.
        fields.insert("positional_embedding_type".into(), json!("rotary"));
        fields.insert("rotary_adjacent_pairs".into(), json!(true));
    }
    out.extend(tensors); // what is left is said to be ignored
    Ok(Mapped { layout: "the layout of TransformerLens 4's native models", tensors: out, fields })
}

/// All other tensors: the file's name, TransformerLens's, and whether the matrix is to be turned.
fn names(n_layers: usize) -> Vec<(String, String, bool)> {
    let mut names = vec![
        ("tok_embed.weight".to_string(), "embed.W_E".to_string(), false),
        ("pos.weight".into(), "pos_embed.W_pos".into(), false),
        ("ln_out.weight".into(), "ln_final.w".into(), false),
        ("ln_out.bias".into(), "ln_final.b".into(), false),
        ("head.weight".into(), "unembed.W_U".into(), true),
    ];
    for layer in 0..n_layers {
        for (from, to, turned) in [
            ("ln1.weight", "ln1.w", false),
            ("ln1.bias", "ln1.b", false),
            ("attn.o.bias", "attn.b_O", false),
            ("ln2.weight", "ln2.w", false),
            ("ln2.bias", "ln2.b", false),
            ("mlp.fc_in.weight", "mlp.W_in", true),
            ("mlp.fc_in.bias", "mlp.b_in", false),
            ("mlp.ln.weight", "mlp.ln.w", false),
            ("mlp.ln.bias", "mlp.ln.b", false),
            ("mlp.fc_out.weight", "mlp.W_out", true),
            ("mlp.fc_out.bias", "mlp.b_out", false),
        ] {
            names.push((format!("layers.{layer}.{from}"), format!("blocks.{layer}.{to}"), turned));
        }
    }
    names
}

/// How many heads share the matrices: as stated, by their number or their width, or a guess.
fn heads(width: usize, d_model: usize, stated: &Map<String, Value>, notes: &mut Vec<String>) -> Result<usize> {
    let number = |field: &str| stated.get(field).and_then(Value::as_u64).map(|number| number as usize);
    let by_width = number("d_head").filter(|d_head| *d_head > 0).map(|d_head| width / d_head);
    let heads = number("n_heads").or(by_width).unwrap_or_else(|| {
        let guess = if d_model > 64 && width.is_multiple_of(64) { width / 64 } else { 1 };
        notes.push(format!(
            "n_heads was taken to be {guess}: a matrix of all queries does not say how many heads share it."
        ));
        guess
    });
    if heads == 0 || !width.is_multiple_of(heads) {
        return Err(Error::new(format!("n_heads is {heads}; in this file it must divide {width}, the rows of W_Q.")));
    }
    Ok(heads)
}
