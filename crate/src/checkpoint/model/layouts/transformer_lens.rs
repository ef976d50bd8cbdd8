//! TransformerLens's own layout: `HookedTransformer.state_dict()`.

use serde_json::{Map, Value, json};

use super::{Found, Tensors, layers, shape};
use crate::error::{Error, Result};

/// Parts of names that mean a computation which this crate does not have.
const FOREIGN: [(&str, &str); 7] = [
    ("._W_K", "grouped-query attention"),
    (".W_gate", "a gated MLP"),
    (".experts.", "a mixture of experts"),
    (".q_norm.", "normalised queries and keys"),
    ("_post.w", "norms after the layers"),
    (".sinks", "attention sinks"),
    (".rel_pos_bias", "relative position biases"),
];

/// Buffers, which are rebuilt.
const BUFFERS: [&str; 5] = [".mask", ".IGNORE", ".rotary_sin", ".rotary_cos", ".alibi"];

/// The configuration that the shapes say, and the parameters without the buffers.
pub fn map(mut tensors: Tensors) -> Result<Found> {
    let foreign = tensors.keys().find_map(|name| FOREIGN.iter().find(|(part, _)| name.contains(part)).map(|(_, what)| (name, what)));
    if let Some((name, what)) = foreign {
        return Err(Error::new(format!("The file has {name}: {what}, which Tinylens does not compute.")));
    }
    let mut fields = fields(&tensors)?;
    rotary(&tensors, &mut fields);
    tensors.retain(|name, _| !BUFFERS.iter().any(|buffer| name.ends_with(buffer)));
    Ok(Found { layout: "TransformerLens's layout", tensors, fields })
}

/// What the shapes say. Shared by every layout once its tensors have TransformerLens's names and shapes.
pub fn fields(tensors: &Tensors) -> Result<Map<String, Value>> {
    let [d_vocab, d_model] = shape(tensors, "embed.W_E", "[d_vocab, d_model]")?;
    let [_, d_vocab_out] = shape::<2>(tensors, "unembed.W_U", "[d_model, d_vocab_out]")?;
    let n_layers = layers(tensors, "blocks.")?;
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

/// What the tables of a rotary model say.
fn rotary(tensors: &Tensors, fields: &mut Map<String, Value>) {
    if let Some([n_ctx, width]) =
        tensors.get("blocks.0.attn.rotary_sin").and_then(|table| <[usize; 2]>::try_from(table.shape.as_slice()).ok())
    {
        fields.insert("positional_embedding_type".into(), json!("rotary"));
        fields.insert("rotary_dim".into(), json!(width));
        fields.insert("n_ctx".into(), json!(n_ctx));
    } else if let (false, Some([n_ctx, _])) = (
        fields.contains_key("n_ctx"),
        tensors.get("blocks.0.attn.mask").and_then(|mask| <[usize; 2]>::try_from(mask.shape.as_slice()).ok()),
    ) {
        fields.insert("n_ctx".into(), json!(n_ctx));
    }
}
