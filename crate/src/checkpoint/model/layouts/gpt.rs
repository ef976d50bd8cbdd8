//! The layouts of nanoGPT, minGPT and GPT-2: queries, keys and values in one matrix or in three, heads side by side in it.

use serde_json::{Map, Value, json};

use super::tensors::{Mapped, Tensors, layers, shape};
use super::transformer_lens;
use super::turn::{build, transpose};
use crate::checkpoint::StoredTensor;
use crate::error::{Error, Result};

/// How a member of the family names things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// `transformer.wte.weight`, `transformer.h.0.attn.c_attn.weight` …; the prefix may be missing.
    Gpt2 { prefix: &'static str },
    /// minGPT of 2020: `tok_emb.weight`, `blocks.0.attn.key.weight` …
    MinGpt,
}

/// Buffers, which are rebuilt.
const BUFFERS: [&str; 3] = [".attn.bias", ".attn.masked_bias", ".attn.mask"];

pub fn recognises(tensors: &Tensors) -> Option<Naming> {
    let has = |name: &str| tensors.contains_key(name);
    match () {
        () if has("transformer.wte.weight") => Some(Naming::Gpt2 { prefix: "transformer." }),
        () if has("wte.weight") => Some(Naming::Gpt2 { prefix: "" }),
        () if has("tok_emb.weight") => Some(Naming::MinGpt),
        () => None,
    }
}

pub fn map(
    mut tensors: Tensors,
    naming: Naming,
    stated: &Map<String, Value>,
    notes: &mut Vec<String>,
) -> Result<Mapped> {
    tensors.retain(|name, _| !BUFFERS.iter().any(|buffer| name.ends_with(buffer)));
    let (prefix, embedding, positions, blocks) = match naming {
        Naming::Gpt2 { prefix } => {
            (prefix, format!("{prefix}wte.weight"), format!("{prefix}wpe.weight"), format!("{prefix}h."))
        }
        Naming::MinGpt => ("", "tok_emb.weight".into(), "pos_emb".into(), "blocks.".into()),
    };
    let [_, d_model] = shape::<2>(&tensors, &embedding, "[d_vocab, d_model]")?;
    let n_layers = layers(&tensors, &blocks)?;
    let n_heads = heads(d_model, stated, notes)?;
    let mut source = Renaming { tensors, out: Tensors::new(), conv1d: false };
    let first = format!("{blocks}0.attn.c_attn.weight");
    // GPT-2's own `Conv1D` keeps matrices the other way round than `Linear`, [read, write].
    source.conv1d = source.tensors.get(&first).is_some_and(|fused| fused.shape == [d_model, 3 * d_model]);

    source.rename(&embedding, "embed.W_E");
    if let Some(mut table) = source.tensors.remove(&positions) {
        // minGPT's stands under one batch.
        if table.shape.len() == 3 && table.shape[0] == 1 {
            table.shape.remove(0);
        }
        source.put(table, "pos_embed.W_pos");
    }
    for layer in 0..n_layers {
        let (from, to) = (format!("{blocks}{layer}."), format!("blocks.{layer}."));
        let norms = if naming == Naming::MinGpt { ["ln1", "ln2"] } else { ["ln_1", "ln_2"] };
        source.norm(&format!("{from}{}", norms[0]), &format!("{to}ln1"));
        source.norm(&format!("{from}{}", norms[1]), &format!("{to}ln2"));
        if naming == Naming::MinGpt {
            for (part, letter) in [("query", "Q"), ("key", "K"), ("value", "V")] {
                source.split_heads(
                    &format!("{from}attn.{part}"),
                    &format!("{to}attn."),
                    &[letter],
                    d_model,
                    n_heads,
                )?;
            }
            source.merge_heads(&format!("{from}attn.proj"), &format!("{to}attn."), d_model, n_heads)?;
            source.matrix(&format!("{from}mlp.0"), &format!("{to}mlp.W_in"), &format!("{to}mlp.b_in"));
            source.matrix(&format!("{from}mlp.2"), &format!("{to}mlp.W_out"), &format!("{to}mlp.b_out"));
        } else {
            source.split_heads(
                &format!("{from}attn.c_attn"),
                &format!("{to}attn."),
                &["Q", "K", "V"],
                d_model,
                n_heads,
            )?;
            source.merge_heads(&format!("{from}attn.c_proj"), &format!("{to}attn."), d_model, n_heads)?;
            source.matrix(&format!("{from}mlp.c_fc"), &format!("{to}mlp.W_in"), &format!("{to}mlp.b_in"));
            source.matrix(&format!("{from}mlp.c_proj"), &format!("{to}mlp.W_out"), &format!("{to}mlp.b_out"));
        }
    }
    source.norm(&format!("{prefix}ln_f"), "ln_final");
    let head = if naming == Naming::MinGpt { "head" } else { "lm_head" };
    let tied = source.unembed(head, notes);

    let Renaming { tensors: rest, out: mut tensors, conv1d } = source;
    let mut fields = transformer_lens::fields(&tensors)?;
    tensors.extend(rest); // said to be ignored
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
    Ok(Mapped { layout, tensors, fields })
}

/// How many heads share the fused matrices: as stated, or a guess.
fn heads(d_model: usize, stated: &Map<String, Value>, notes: &mut Vec<String>) -> Result<usize> {
    let stated = stated.get("n_heads").and_then(Value::as_u64).map(|heads| heads as usize);
    let heads = stated.unwrap_or_else(|| {
        let guess = if d_model > 64 && d_model.is_multiple_of(64) { d_model / 64 } else { 1 };
        notes.push(format!(
            "n_heads was taken to be {guess}: a fused query, key and value matrix does not say how many heads share it."
        ));
        guess
    });
    if heads == 0 || !d_model.is_multiple_of(heads) {
        return Err(Error::new(format!("n_heads is {heads}; in this layout it must divide d_model, {d_model}.")));
    }
    Ok(heads)
}

/// Tensors on their way from the file's names to TransformerLens's.
struct Renaming {
    tensors: Tensors,
    out: Tensors,
    /// Matrices stand as `[read, write]`, not `[write, read]`.
    conv1d: bool,
}

impl Renaming {
    fn put(&mut self, tensor: StoredTensor, name: &str) {
        self.out.insert(name.into(), StoredTensor { name: name.into(), ..tensor });
    }

    fn rename(&mut self, from: &str, to: &str) {
        if let Some(tensor) = self.tensors.remove(from) {
            self.put(tensor, to);
        }
    }

    fn norm(&mut self, from: &str, to: &str) {
        self.rename(&format!("{from}.weight"), &format!("{to}.w"));
        self.rename(&format!("{from}.bias"), &format!("{to}.b"));
    }

    /// A matrix and its bias, turned to `[read, write]`.
    fn matrix(&mut self, from: &str, matrix: &str, bias: &str) {
        if let Some(tensor) = self.tensors.remove(&format!("{from}.weight")) {
            let turn = !self.conv1d && tensor.shape.len() == 2;
            let tensor = if turn { transpose(&tensor, matrix.into()) } else { tensor };
            self.put(tensor, matrix);
        }
        self.rename(&format!("{from}.bias"), bias);
    }

    /// The matrix `from`, which makes the `letters` side by side, as `W_Q` … `[heads, d_model, d_head]` with their biases.
    fn split_heads(&mut self, from: &str, to: &str, letters: &[&str], c: usize, heads: usize) -> Result<()> {
        let (name, d) = (format!("{from}.weight"), c / heads);
        let width = letters.len() * c;
        let fused = self.take(&name, if self.conv1d { [c, width] } else { [width, c] })?;
        let bias = self.tensors.remove(&format!("{from}.bias")).filter(|bias| bias.shape == [width]);
        for (part, letter) in letters.iter().enumerate() {
            let at = |[head, read, write]: [usize; 3]| {
                let column = part * c + head * d + write;
                fused.values[if self.conv1d { read * width + column } else { column * c + read }]
            };
            let matrix = build(format!("{to}W_{letter}"), [heads, c, d], &fused.dtype, at);
            self.out.insert(matrix.name.clone(), matrix);
            if let Some(bias) = &bias {
                let part = build(format!("{to}b_{letter}"), [heads, d], &bias.dtype, |[head, i]| {
                    bias.values[part * c + head * d + i]
                });
                self.out.insert(part.name.clone(), part);
            }
        }
        Ok(())
    }

    /// The matrix `from`, which reads all heads side by side, as `W_O`, `[heads, d_head, d_model]`, with its bias.
    fn merge_heads(&mut self, from: &str, to: &str, c: usize, heads: usize) -> Result<()> {
        let d = c / heads;
        let matrix = self.take(&format!("{from}.weight"), [c, c])?;
        let at = |[head, read, write]: [usize; 3]| {
            let row = head * d + read;
            matrix.values[if self.conv1d { row * c + write } else { write * c + row }]
        };
        let turned = build(format!("{to}W_O"), [heads, d, c], &matrix.dtype, at);
        self.out.insert(turned.name.clone(), turned);
        self.rename(&format!("{from}.bias"), &format!("{to}b_O"));
        Ok(())
    }

    /// The unembedding, which is always `[write, read]`; whether it is the embedding's.
    fn unembed(&mut self, head: &str, notes: &mut Vec<String>) -> bool {
        let Some(embedding) = self.out.get("embed.W_E").cloned() else { return false };
        let own = self.tensors.remove(&format!("{head}.weight")).filter(|own| own.shape.len() == 2);
        self.rename(&format!("{head}.bias"), "unembed.b_U");
        let tied = own.as_ref().is_none_or(|own| own.values == embedding.values);
        if own.is_none() {
            notes.push(format!(
                "The file has no {head}.weight: the unembedding was taken to be the embedding, transposed."
            ));
        }
        let matrix = transpose(own.as_ref().unwrap_or(&embedding), "unembed.W_U".into());
        self.out.insert(matrix.name.clone(), matrix);
        tied
    }

    fn take(&mut self, name: &str, shape: [usize; 2]) -> Result<StoredTensor> {
        let tensor = self
            .tensors
            .remove(name)
            .ok_or_else(|| Error::new(format!("The file has no {name}, of shape {shape:?}.")))?;
        if tensor.shape == shape {
            return Ok(tensor);
        }
        Err(Error::new(format!("{name} has shape {:?}; it must be {shape:?}.", tensor.shape)))
    }
}
