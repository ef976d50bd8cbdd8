//! The hook points of a model: their names, which are TransformerLens's, and the axes and shapes of their activations.

use crate::config::{Activation, ModelConfig, PositionalEmbedding};

/// The names of all hooks of a model, in the order of the forward pass: those of TransformerLens 3.9 (versions before 3
/// lack the last two).
pub fn hook_names(config: &ModelConfig) -> Vec<String> {
    let norm = |name: &str| ["hook_scale", "hook_normalized"].map(|hook| format!("{name}.{hook}"));
    let normed = config.normalization_type.is_some();
    let rotary = config.positional_embedding_type == PositionalEmbedding::Rotary;
    let mut names = vec!["hook_embed".to_string()];
    names.extend((!rotary).then(|| "hook_pos_embed".into()));
    for layer in 0..config.n_layers {
        let at = |hook: &str| format!("blocks.{layer}.{hook}");
        names.push(at("hook_resid_pre"));
        if normed {
            names.extend(norm(&at("ln1")));
        }
        names.extend(["q", "k", "v"].map(|hook| at(&format!("attn.hook_{hook}"))));
        if rotary {
            names.extend(["attn.hook_rot_q", "attn.hook_rot_k"].map(at));
        }
        names.extend(["attn_scores", "pattern", "z"].map(|hook| at(&format!("attn.hook_{hook}"))));
        names.push(at("hook_attn_out"));
        if !config.attn_only {
            names.push(at("hook_resid_mid"));
            if normed {
                names.extend(norm(&at("ln2")));
            }
            names.push(at("mlp.hook_pre"));
            if config.act_fn == Activation::SoluLn {
                names.push(at("mlp.hook_mid"));
                names.extend(norm(&at("mlp.ln")));
            }
            names.extend(["mlp.hook_post", "hook_mlp_out"].map(at));
        }
        names.push(at("hook_resid_post"));
    }
    if normed {
        names.extend(norm("ln_final"));
    }
    names.extend(["unembed.hook_in", "unembed.hook_out"].map(String::from));
    names
}

/// An axis of an activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    /// Sequences.
    Batch,
    /// Positions; of scores and patterns, destination positions.
    Position,
    /// Heads.
    Head,
    /// Source positions, of scores and patterns.
    Source,
    /// Neurons, or the dimensions of a vector; an intervention always changes all of them.
    Inner,
}

/// The axes of a hook's activation.
pub(super) fn axes(hook: &str) -> &'static [Axis] {
    match hook.rsplit_once("hook_").map_or("", |(_, name)| name) {
        "attn_scores" | "pattern" => &[Axis::Batch, Axis::Head, Axis::Position, Axis::Source],
        "q" | "k" | "v" | "z" | "rot_q" | "rot_k" => &[Axis::Batch, Axis::Position, Axis::Head, Axis::Inner],
        _ => &[Axis::Batch, Axis::Position, Axis::Inner],
    }
}

/// The shape of a hook's activation in a forward pass over `batch` sequences of `positions` tokens.
pub(super) fn shape(hook: &str, config: &ModelConfig, batch: usize, positions: usize) -> Vec<usize> {
    let inner = match hook.rsplit_once('.').unwrap_or(("", hook)) {
        (_, "hook_scale") => 1,
        (module, "hook_normalized") if module.ends_with("mlp.ln") => config.d_mlp,
        (module, "hook_pre" | "hook_post" | "hook_mid") if module.ends_with("mlp") => config.d_mlp,
        ("unembed", "hook_out") => config.d_vocab_out,
        (module, _) if module.ends_with("attn") => config.d_head,
        _ => config.d_model,
    };
    let size = |axis: &Axis| match axis {
        Axis::Batch => batch,
        Axis::Position | Axis::Source => positions,
        Axis::Head => config.n_heads,
        Axis::Inner => inner,
    };
    axes(hook).iter().map(size).collect()
}
