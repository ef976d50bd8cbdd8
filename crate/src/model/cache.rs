//! Activations under TransformerLens's hook names, kept while a forward pass runs.

use burn::tensor::Tensor;

use crate::config::ModelConfig;

/// A cached activation.
#[derive(Clone, Debug)]
pub enum Activation {
    /// `[B, T, …]`: the residual stream, norms, MLPs.
    Three(Tensor<3>),
    /// `[B, T, H, D]` for `q`, `k`, `v`, `z`; `[B, H, T, T]` (destination, source) for scores and patterns.
    Four(Tensor<4>),
}

/// What a forward pass should keep, and what it kept.
#[derive(Debug, Default)]
pub struct Cache {
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

impl Cache {
    /// Keeps nothing: for training.
    pub fn none() -> Self {
        Self::default()
    }

    pub fn all() -> Self {
        Self { wanted: Wanted::Everything, found: Vec::new() }
    }

    /// Keeps these hooks.
    pub fn names(names: Vec<String>) -> Self {
        Self { wanted: Wanted::Names(names), found: Vec::new() }
    }

    fn wants(&self, name: &str) -> bool {
        match &self.wanted {
            Wanted::Nothing => false,
            Wanted::Everything => true,
            Wanted::Names(names) => names.iter().any(|wanted| wanted == name),
        }
    }

    pub(super) fn three(&mut self, prefix: &str, name: &str, value: &Tensor<3>) {
        self.keep(prefix, name, || Activation::Three(value.clone()));
    }

    pub(super) fn four(&mut self, prefix: &str, name: &str, value: &Tensor<4>) {
        self.keep(prefix, name, || Activation::Four(value.clone()));
    }

    fn keep(&mut self, prefix: &str, name: &str, value: impl FnOnce() -> Activation) {
        if matches!(self.wanted, Wanted::Nothing) {
            return;
        }
        let name = format!("{prefix}{name}");
        if self.wants(&name) {
            self.found.push((name, value()));
        }
    }
}

/// The names of all hooks of a model, in the order in which a forward pass meets them.
pub fn hook_names(config: &ModelConfig) -> Vec<String> {
    let norm = |name: &str| ["hook_scale", "hook_normalized"].map(|hook| format!("{name}.{hook}"));
    let normed = config.normalization_type.is_some();
    let mut names = vec!["hook_embed".to_string(), "hook_pos_embed".into()];
    for layer in 0..config.n_layers {
        let at = |hook: &str| format!("blocks.{layer}.{hook}");
        names.push(at("hook_resid_pre"));
        if normed {
            names.extend(norm(&at("ln1")));
        }
        names.extend(["q", "k", "v", "attn_scores", "pattern", "z"].map(|hook| at(&format!("attn.hook_{hook}"))));
        names.push(at("hook_attn_out"));
        if !config.attn_only {
            names.push(at("hook_resid_mid"));
            if normed {
                names.extend(norm(&at("ln2")));
            }
            names.extend(["mlp.hook_pre", "mlp.hook_post", "hook_mlp_out"].map(at));
        }
        names.push(at("hook_resid_post"));
    }
    if normed {
        names.extend(norm("ln_final"));
    }
    names
}
