//! Which conversion a file's tensors need.

use serde_json::{Map, Value};

use super::tensors::{Converted, Tensors, listed};
use super::{gpt, grokking, native, per_head, transformer_lens};
use crate::checkpoint::formats::StoredTensor;
use crate::error::{Error, Result};

/// Prefixes that wrappers put before every name.
const WRAPPERS: [&str; 5] = ["_orig_mod.", "module.", "model.", "hooked_transformer.", "original_model."];

/// How many wrappers may lie around a model.
const MOST_WRAPPERS: usize = 8;

/// Converts a file's tensors. `stated` holds the configuration fields that are known already; one that this layout does
/// not heed is taken out.
///
/// # Errors
/// If no known layout has these names, or a tensor that the layout needs is missing or of another shape.
pub fn recognise(
    tensors: Vec<StoredTensor>,
    stated: &mut Map<String, Value>,
    notes: &mut Vec<String>,
) -> Result<Converted> {
    let tensors = unwrap(tensors, notes);
    if tensors.contains_key("embed.W_E") {
        return if grokking::recognises(&tensors) {
            grokking::convert(tensors)
        } else {
            transformer_lens::convert(tensors)
        };
    }
    if let Some(naming) = gpt::recognises(&tensors) {
        return gpt::convert(tensors, naming, stated, notes);
    }
    if native::recognises(&tensors) {
        return native::convert(tensors, stated, notes);
    }
    if per_head::recognises(&tensors) {
        return per_head::convert(tensors);
    }
    Err(Error::new(format!(
        "The file's {} tensors ({}) are in no layout known here. Known are TransformerLens (embed.W_E, \
         blocks.0.attn.W_Q …; of version 4 also tok_embed.weight, layers.0.attn.q.weight …), Nanda's older grokking \
         code (the same names, transposed), nanoGPT, minGPT and GPT-2 (transformer.wte.weight, \
         transformer.h.0.attn.c_attn.weight …), and one with a matrix for each head (tok_embed.weight, \
         layers.0.heads.0.W_Q.weight …).",
        tensors.len(),
        listed(tensors.keys().map(String::as_str))
    )))
}

/// The tensors by name, without the wrappers that stand before all of their names.
fn unwrap(mut tensors: Vec<StoredTensor>, notes: &mut Vec<String>) -> Tensors {
    for _ in 0..MOST_WRAPPERS {
        let before_all = |wrapper: &&&str| tensors.iter().all(|it| it.name.starts_with(**wrapper));
        let Some(wrapper) = WRAPPERS.iter().find(before_all).filter(|_| !tensors.is_empty()) else { break };
        notes.push(format!("Every name in the file begins with {wrapper}, which was taken off."));
        tensors.iter_mut().for_each(|it| it.name = it.name[wrapper.len()..].to_string());
    }
    tensors.into_iter().map(|it| (it.name.clone(), it)).collect()
}
