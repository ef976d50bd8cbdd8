//! The layouts of nanoGPT, minGPT and GPT-2: queries, keys and values in one matrix or in three, heads side by side in
//! it.

use serde_json::{Map, Value, json};

use super::conversion::{Conversion, Sizes};
use super::tensors::{Converted, Tensors, count, shape};
use super::transformer_lens;
use super::turn::transpose;
use crate::error::Result;

/// How a member of the family names things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// `transformer.wte.weight`, `transformer.h.0.attn.c_attn.weight` …; the prefix may be missing.
    Gpt2 {
        /// `transformer.`, or nothing.
        prefix: &'static str,
    },
    /// minGPT of 2020: `tok_emb.weight`, `blocks.0.attn.key.weight` …
    MinGpt,
}

/// The ends of buffers' names; buffers are rebuilt.
const BUFFERS: [&str; 3] = [".attn.bias", ".attn.masked_bias", ".attn.mask"];

/// Which member of the family has tensors of these names, if one has.
pub fn recognises(tensors: &Tensors) -> Option<Naming> {
    let has = |name: &str| tensors.contains_key(name);
    match () {
        () if has("transformer.wte.weight") => Some(Naming::Gpt2 { prefix: "transformer." }),
        () if has("wte.weight") => Some(Naming::Gpt2 { prefix: "" }),
        () if has("tok_emb.weight") => Some(Naming::MinGpt),
        () => None,
    }
}

/// Converts the tensors of a member of the family. `stated`: the configuration fields that are known already.
///
/// # Errors
/// If one that every member has is missing or has another shape.
pub fn convert(
    mut tensors: Tensors,
    naming: Naming,
    stated: &Map<String, Value>,
    notes: &mut Vec<String>,
) -> Result<Converted> {
    tensors.retain(|name, _| !BUFFERS.iter().any(|buffer| name.ends_with(buffer)));
    let (prefix, embedding, positions, blocks) = match naming {
        Naming::Gpt2 { prefix } => {
            (prefix, format!("{prefix}wte.weight"), format!("{prefix}wpe.weight"), format!("{prefix}h."))
        }
        Naming::MinGpt => ("", "tok_emb.weight".into(), "pos_emb".into(), "blocks.".into()),
    };
    let [_, d_model] = shape::<2>(&tensors, &embedding, "[d_vocab, d_model]")?;
    let n_layers = count(&tensors, &blocks, "layer")?;
    let sizes = Sizes::of_heads(d_model, d_model, "d_model", stated, notes)?;
    let mut conversion = Conversion::new(tensors);
    let first = format!("{blocks}0.attn.c_attn.weight");
    // GPT-2's own `Conv1D` keeps matrices the other way round than `Linear`, [read, write].
    conversion.conv1d = conversion.rest.get(&first).is_some_and(|fused| fused.shape == [d_model, 3 * d_model]);

    conversion.rename(&embedding, "embed.W_E");
    if let Some(mut table) = conversion.rest.remove(&positions) {
        // minGPT's has a batch axis of size 1.
        if table.shape.len() == 3 && table.shape[0] == 1 {
            table.shape.remove(0);
        }
        conversion.put("pos_embed.W_pos", table);
    }
    for layer in 0..n_layers {
        let (from, to) = (format!("{blocks}{layer}."), format!("blocks.{layer}."));
        let attention = format!("{to}attn.");
        let [ln1, ln2, output, mlp_in, mlp_out] = match naming {
            Naming::MinGpt => ["ln1", "ln2", "attn.proj", "mlp.0", "mlp.2"],
            Naming::Gpt2 { .. } => ["ln_1", "ln_2", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"],
        };
        conversion.norm(&format!("{from}{ln1}"), &format!("{to}ln1"));
        conversion.norm(&format!("{from}{ln2}"), &format!("{to}ln2"));
        if naming == Naming::MinGpt {
            for (part, letter) in [("query", "Q"), ("key", "K"), ("value", "V")] {
                conversion.split_heads(&format!("{from}attn.{part}"), &attention, &[letter], sizes)?;
            }
        } else {
            conversion.split_heads(&format!("{from}attn.c_attn"), &attention, &["Q", "K", "V"], sizes)?;
        }
        conversion.merge_heads(&format!("{from}{output}"), &attention, sizes)?;
        conversion.matrix(&format!("{from}{mlp_in}"), &format!("{to}mlp.W_in"), &format!("{to}mlp.b_in"));
        conversion.matrix(&format!("{from}{mlp_out}"), &format!("{to}mlp.W_out"), &format!("{to}mlp.b_out"));
    }
    conversion.norm(&format!("{prefix}ln_f"), "ln_final");
    let head = if naming == Naming::MinGpt { "head" } else { "lm_head" };
    let tied = unembed(&mut conversion, head, notes);

    let Conversion { rest, done: mut tensors, conv1d } = conversion;
    let mut fields = transformer_lens::fields(&tensors)?;
    tensors.extend(rest); // a note will say that they are ignored
    // In these codebases a norm without a bias is still a LayerNorm.
    fields.insert("normalization_type".into(), json!("LN"));
    fields.insert("attention_dir".into(), json!("causal"));
    fields.insert("positional_embedding_type".into(), json!("standard"));
    if !stated.contains_key("act_fn") && fields.get("attn_only") == Some(&Value::Bool(false)) {
        let (act_fn, why) = match (naming, conv1d, tied) {
            (Naming::MinGpt, ..) => ("gelu", "minGPT's of 2020"),
            (_, true, _) => ("gelu_new", "GPT-2's"),
            (_, _, true) => ("gelu", "nanoGPT's, which ties its unembedding to its embedding as this file does"),
            (_, _, false) => ("gelu_new", "minGPT's, which unlike nanoGPT's has an unembedding of its own"),
        };
        notes.push(format!("act_fn was taken to be {act_fn}, {why}: it leaves no trace in the weights."));
        fields.insert("act_fn".into(), json!(act_fn));
    }
    let layout = if conv1d { "GPT-2's layout" } else { "the layout of nanoGPT and minGPT" };
    Ok(Converted { layout, tensors, fields })
}

/// Converts the unembedding, which is always `[write, read]`. The result is whether it is the embedding's.
fn unembed(conversion: &mut Conversion, head: &str, notes: &mut Vec<String>) -> bool {
    let Some(embedding) = conversion.done.get("embed.W_E").cloned() else { return false };
    let own = conversion.rest.remove(&format!("{head}.weight")).filter(|own| own.shape.len() == 2);
    conversion.rename(&format!("{head}.bias"), "unembed.b_U");
    let tied = own.as_ref().is_none_or(|own| own.values == embedding.values);
    if own.is_none() {
        notes
            .push(format!("The file has no {head}.weight: the unembedding was taken to be the embedding, transposed."));
    }
    let matrix = transpose(own.as_ref().unwrap_or(&embedding), "unembed.W_U".into());
    conversion.done.insert(matrix.name.clone(), matrix);
    tied
}
