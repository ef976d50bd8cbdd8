//! A layer: attention, then the MLP if there is one. Each reads the stream through a norm and adds to it.

use super::attention::Attention;
use super::cache::Cache;
use super::mlp::Mlp;
use super::norm::Norm;
use super::packed::{Route, gather, scatter};
use crate::architecture::ModelConfig;
use crate::layout::Layout;

/// A layer, and what it remembers of its last forward pass.
#[derive(Clone, Debug)]
pub struct Layer {
    c: usize,
    norm: Norm,
    attention: Attention,
    mlp: Option<(Norm, Mlp)>,
    /// `[in, C]`: the gradient of the first norm's output.
    grad_in: Vec<f32>,
    /// `[out, C]`: the gradient of the second norm's output.
    grad_mid: Vec<f32>,
}

impl Layer {
    /// The layer of this number.
    pub fn new(config: &ModelConfig, number: usize, layout: &Layout, positions: usize) -> Self {
        let block = format!("blocks.{number}.");
        let norm = |name: &str| {
            Norm::new(config.normalization_type, config.d_model, config.eps, &format!("{block}{name}"), layout)
        };
        Self {
            c: config.d_model,
            norm: norm("ln1"),
            attention: Attention::new(config, &block, layout, positions),
            mlp: (!config.attn_only).then(|| (norm("ln2"), Mlp::new(config, &block, layout))),
            grad_in: Vec::new(),
            grad_mid: Vec::new(),
        }
    }

    /// Computes the stream after the layer, `out`, `[out, C]`, from that before it, `x`, `[in, C]`. With a cache,
    /// attention reads earlier positions too.
    pub fn forward(
        &mut self,
        parameters: &[f32],
        x: &[f32],
        route: &Route,
        cache: Option<&mut Cache>,
        out: &mut Vec<f32>,
    ) {
        gather(out, x, &route.from, self.c);
        self.norm.forward(parameters, x);
        self.attention.forward(parameters, self.norm.out(), route, cache, out);
        if let Some((norm, mlp)) = &mut self.mlp {
            norm.forward(parameters, out);
            mlp.forward(parameters, norm.out(), route.from.len(), out);
        }
    }

    /// The patterns of the last forward pass, see [`Attention::pattern`].
    pub fn pattern(&self) -> &[f32] {
        self.attention.pattern()
    }

    /// The gradients of the parameters, written to `gradient`, and of `x`, written to `grad_x`. `grad_out` is
    /// overwritten.
    pub fn backward(
        &mut self,
        parameters: &[f32],
        route: &Route,
        grad_out: &mut [f32],
        gradient: &mut [f32],
        grad_x: &mut Vec<f32>,
    ) {
        if let Some((norm, mlp)) = &mut self.mlp {
            self.grad_mid.resize(grad_out.len(), 0.0);
            mlp.backward(parameters, norm.out(), grad_out, gradient, &mut self.grad_mid);
            norm.backward(parameters, &mut self.grad_mid, gradient, grad_out);
        }
        let length = route.positions.len() * self.c;
        self.grad_in.resize(length, 0.0);
        self.attention.backward(parameters, self.norm.out(), route, grad_out, gradient, &mut self.grad_in);
        grad_x.clear();
        grad_x.resize(length, 0.0);
        scatter(grad_x, grad_out, &route.from, self.c);
        self.norm.backward(parameters, &mut self.grad_in, gradient, grad_x);
    }
}
