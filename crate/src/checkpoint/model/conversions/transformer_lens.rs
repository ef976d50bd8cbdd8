//! TransformerLens's own layout: `HookedTransformer.state_dict()`.

use serde_json::{Map, Value, json};

use super::tensors::{Converted, Tensors, count, shape};
use crate::checkpoint::formats::quoted;
use crate::error::{Error, Result};

/// Parts of names that stand for a computation which Tinylens does not have, and what that computation is.
const FOREIGN: [(&str, &str); 7] = [
    ("._W_K", "grouped-query attention"),
    (".W_gate", "a gated MLP"),
    (".experts.", "a mixture of experts"),
    (".q_norm.", "normalised queries and keys"),
    ("_post.w", "norms after the layers"),
    (".sinks", "attention sinks"),
    (".rel_pos_bias", "relative position biases"),
];

/// The ends of buffers' names; buffers are rebuilt.
const BUFFERS: [&str; 5] = [".mask", ".IGNORE", ".rotary_sin", ".rotary_cos", ".alibi"];

/// The configuration that the shapes and buffers say, and the parameters without the buffers.
///
/// # Errors
/// If a parameter that every model has is missing or of another rank, or one belongs to a computation that Tinylens
/// does not have.
pub fn convert(mut tensors: Tensors) -> Result<Converted> {
    let foreign = tensors
        .keys()
        .find_map(|name| FOREIGN.iter().find(|(part, _)| name.contains(part)).map(|(_, what)| (name, what)));
    if let Some((name, what)) = foreign {
        return Err(Error::new(format!("The file has {}: {what}, which Tinylens does not compute.", quoted(name))));
    }
    let mut fields = fields(&tensors)?;
    rotary(&tensors, &mut fields);
    tensors.retain(|name, _| !BUFFERS.iter().any(|buffer| name.ends_with(buffer)));
    Ok(Converted { layout: "TransformerLens's layout", tensors, fields })
}

/// What the shapes say, once the tensors have TransformerLens's names and shapes.
///
/// # Errors
/// If a parameter that every model has is missing or of another rank.
pub fn fields(tensors: &Tensors) -> Result<Map<String, Value>> {
    let [d_vocab, d_model] = shape(tensors, "embed.W_E", "[d_vocab, d_model]")?;
    let [_, d_vocab_out] = shape::<2>(tensors, "unembed.W_U", "[d_model, d_vocab_out]")?;
    let n_layers = count(tensors, "blocks.", "layer")?;
    let [n_heads, _, d_head] = shape::<3>(tensors, "blocks.0.attn.W_Q", "[n_heads, d_model, d_head]")?;
    let attn_only = !tensors.contains_key("blocks.0.mlp.W_in");
    let mut fields = Map::new();
    let mut set = |field: &str, value: Value| fields.insert(field.into(), value);
    for (field, value) in [
        ("d_vocab", d_vocab),
        ("d_vocab_out", d_vocab_out),
        ("d_model", d_model),
        ("n_layers", n_layers),
        ("n_heads", n_heads),
        ("d_head", d_head),
    ] {
        set(field, json!(value));
    }
    set("attn_only", json!(attn_only));
    if !attn_only {
        let [_, d_mlp] = shape::<2>(tensors, "blocks.0.mlp.W_in", "[d_model, d_mlp]")?;
        set("d_mlp", json!(d_mlp));
        if tensors.contains_key("blocks.0.mlp.ln.w") {
            set("act_fn", json!("solu_ln"));
        }
    }
    if tensors.contains_key("pos_embed.W_pos") {
        let [n_ctx, _] = shape::<2>(tensors, "pos_embed.W_pos", "[n_ctx, d_model]")?;
        set("n_ctx", json!(n_ctx));
    }
    if tensors.contains_key("ln_final.w") || tensors.contains_key("blocks.0.ln1.w") {
        let centred = tensors.contains_key("ln_final.b") || tensors.contains_key("blocks.0.ln1.b");
        set("normalization_type", json!(if centred { "LN" } else { "RMS" }));
    }
    Ok(fields)
}

/// Adds the fields that only buffers say.
fn rotary(tensors: &Tensors, fields: &mut Map<String, Value>) {
    let table = |name: &str| {
        let table = tensors.get(name)?;
        let [rows, width] = table.shape.as_slice().try_into().ok()?;
        Some((table, rows, width))
    };
    if let Some((sines, n_ctx, width)) = table("blocks.0.attn.rotary_sin") {
        fields.insert("positional_embedding_type".into(), json!("rotary"));
        fields.insert("rotary_dim".into(), json!(width));
        fields.insert("n_ctx".into(), json!(n_ctx));
        if let Some((base, adjacent)) = sines.values.get(width..2 * width).and_then(frequencies) {
            fields.insert("rotary_base".into(), json!(base));
            fields.insert("rotary_adjacent_pairs".into(), json!(adjacent));
        }
    } else if let (false, Some((_, n_ctx @ 1.., _))) = (fields.contains_key("n_ctx"), table("blocks.0.attn.mask")) {
        fields.insert("n_ctx".into(), json!(n_ctx));
    }
}

/// The base of the rotation by one position with these sines, and whether adjacent dimensions turn together.
fn frequencies(sines: &[f32]) -> Option<(f64, bool)> {
    let pairs = sines.len() / 2;
    if pairs < 2 {
        return None; // one pair turns by 1, whatever the base
    }
    let adjacent = sines[0] == sines[1];
    // The slowest pair turns by base^-((pairs - 1) / pairs). float32 gives seven digits of it.
    let slowest = f64::from(sines[sines.len() - 1]).asin();
    let base = slowest.powf(-(pairs as f64) / (pairs - 1) as f64);
    let scale = 10f64.powf(5.0 - base.log10().floor());
    (base.is_finite() && base > 0.0).then(|| ((base * scale).round() / scale, adjacent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_says_its_base_and_its_pairs() {
        for (base, pairs) in [(10_000.0, 2), (100.0, 3), (500_000.0, 32), (1234.5, 8)] {
            let sine = |pair: usize| (1.0 / f64::powf(base, pair as f64 / pairs as f64)).sin() as f32;
            let halves: Vec<f32> = (0..2 * pairs).map(|dim| sine(dim % pairs)).collect();
            let neighbours: Vec<f32> = (0..2 * pairs).map(|dim| sine(dim / 2)).collect();
            assert_eq!(frequencies(&halves), Some((base, false)));
            assert_eq!(frequencies(&neighbours), Some((base, true)));
        }
        assert_eq!(frequencies(&[0.84, 0.84]), None);
    }
}
