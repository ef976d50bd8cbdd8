//! Hook points: where a forward pass can be watched and changed, under TransformerLens's names.
//!
//! Every activation with a hook goes through [`Hooks`] once. Interventions act first, then the value is kept if it is wanted, so that a
//! cache holds what the rest of the model has seen.

use burn::tensor::Tensor;

use super::Intervention;
use crate::config::{Activation as ActFn, ModelConfig, PositionalEmbedding};

/// A cached activation.
#[derive(Clone, Debug)]
pub enum Activation {
    /// `[B, T, …]`: the residual stream, norms, MLPs.
    Three(Tensor<3>),
    /// `[B, T, H, D]` for `q`, `k`, `v`, `z`; `[B, H, T, T]` (destination, source) for scores and patterns.
    Four(Tensor<4>),
}

/// What a forward pass should change and keep, and what it kept.
#[derive(Debug, Default)]
pub struct Hooks<'a> {
    interventions: &'a [Intervention],
    wanted: Wanted,
    /// Name and value, in the order in which the forward pass met them.
    pub found: Vec<(String, Activation)>,
}

#[derive(Debug, Default)]
enum Wanted {
    #[default]
    Nothing,
    Everything,
    Names(Vec<String>),
}

impl<'a> Hooks<'a> {
    /// Changes and keeps nothing: for training.
    pub fn none() -> Self {
        Self::default()
    }

    /// Keeps everything.
    pub fn all() -> Self {
        Self { wanted: Wanted::Everything, ..Self::default() }
    }

    /// Keeps these hooks.
    pub fn names(names: Vec<String>) -> Self {
        Self { wanted: Wanted::Names(names), ..Self::default() }
    }

    /// The same, and changes what these say. They must have passed [`Intervention::check`].
    pub fn with(self, interventions: &'a [Intervention]) -> Self {
        Self { interventions, ..self }
    }

    /// Whether nothing is changed and nothing kept.
    pub(super) fn idle(&self) -> bool {
        self.interventions.is_empty() && matches!(self.wanted, Wanted::Nothing)
    }

    /// Whether anything is changed.
    pub(super) fn intervene(&self) -> bool {
        !self.interventions.is_empty()
    }

    fn wants(&self, name: &str) -> bool {
        match &self.wanted {
            Wanted::Nothing => false,
            Wanted::Everything => true,
            Wanted::Names(names) => names.iter().any(|wanted| wanted == name),
        }
    }

    pub(super) fn three(&mut self, prefix: &str, name: &str, value: Tensor<3>) -> Tensor<3> {
        self.point(prefix, name, value, Activation::Three)
    }

    pub(super) fn four(&mut self, prefix: &str, name: &str, value: Tensor<4>) -> Tensor<4> {
        self.point(prefix, name, value, Activation::Four)
    }

    /// The one place where activations are changed and kept.
    fn point<const R: usize>(
        &mut self,
        prefix: &str,
        name: &str,
        value: Tensor<R>,
        keep: fn(Tensor<R>) -> Activation,
    ) -> Tensor<R> {
        if self.idle() {
            return value;
        }
        let name = format!("{prefix}{name}");
        let value = self.interventions.iter().filter(|it| it.hook == name).fold(value, |value, it| it.apply(value));
        if self.wants(&name) {
            self.found.push((name, keep(value.clone())));
        }
        value
    }
}

/// The names of all hooks of a model, in the order in which a forward pass meets them (TransformerLens 3.9's; versions before 3 lack the
/// last two).
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
            if config.act_fn == ActFn::SoluLn {
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
