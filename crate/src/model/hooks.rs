//! Hooks: activations of a forward pass are read and changed, under TransformerLens's names.
//!
//! Every activation that has a hook goes through [`Hooks`] once. Interventions change it first; then it is cached, so
//! that the cache holds what the rest of the model has read.

use burn_tensor::Tensor;

use super::Intervention;

/// A cached activation.
#[derive(Clone, Debug)]
pub enum Cached {
    /// `[B, T, …]`: the residual stream, norms, MLPs and logits.
    Three(Tensor<3>),
    /// `[B, T, H, D]` for `q`, `k`, `v`, `z`; `[B, H, T, T]` (destination, source) for scores and patterns.
    Four(Tensor<4>),
}

/// What a forward pass changes and caches.
#[derive(Debug, Default)]
pub struct Hooks<'a> {
    interventions: &'a [Intervention],
    wanted: Wanted,
    /// Hook name and activation, in the order of the forward pass.
    pub cache: Vec<(String, Cached)>,
}

/// Which hooks are cached.
#[derive(Debug, Default)]
enum Wanted {
    #[default]
    Nothing,
    Everything,
    Names(Vec<String>),
}

impl<'a> Hooks<'a> {
    /// Changes nothing and caches nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// Caches every hook.
    pub fn all() -> Self {
        Self { wanted: Wanted::Everything, ..Self::default() }
    }

    /// Caches the hooks of these names.
    pub fn names(names: Vec<String>) -> Self {
        Self { wanted: Wanted::Names(names), ..Self::default() }
    }

    /// Also applies these interventions, which must have passed [`Intervention::check_all`].
    pub fn with(self, interventions: &'a [Intervention]) -> Self {
        Self { interventions, ..self }
    }

    /// Whether nothing is changed and nothing cached.
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

    /// Passes an activation `[B, T, …]` through the hook `prefix` + `name`.
    pub(super) fn three(&mut self, prefix: &str, name: &str, value: Tensor<3>) -> Tensor<3> {
        self.point(prefix, name, value, Cached::Three)
    }

    /// Passes an activation with four axes, see [`Cached::Four`], through the hook `prefix` + `name`.
    pub(super) fn four(&mut self, prefix: &str, name: &str, value: Tensor<4>) -> Tensor<4> {
        self.point(prefix, name, value, Cached::Four)
    }

    /// The one place where activations are changed and cached.
    fn point<const R: usize>(
        &mut self,
        prefix: &str,
        name: &str,
        value: Tensor<R>,
        cached: fn(Tensor<R>) -> Cached,
    ) -> Tensor<R> {
        if self.idle() {
            return value;
        }
        let name = format!("{prefix}{name}");
        let value = self.interventions.iter().filter(|it| it.hook == name).fold(value, |value, it| it.apply(value));
        if self.wants(&name) {
            self.cache.push((name, cached(value.clone())));
        }
        value
    }
}
