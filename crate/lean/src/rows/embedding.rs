//! The two ends of the residual stream: tokens and positions go in, logits and the loss come out.

use super::linear::Linear;
use super::norm::Norm;
use super::packed::Packed;
use crate::architecture::{ModelConfig, PositionalEmbedding};
use crate::layout::Layout;
use crate::vector::{add, cross_entropy};

/// The embeddings of tokens, and those of positions if they are added to the stream.
#[derive(Clone, Debug)]
pub struct Embed {
    /// Where `W_E`, `[V, C]`, begins in the parameters.
    w_e: usize,
    /// Where `W_pos`, `[n_ctx, C]`, begins in the parameters.
    w_pos: Option<usize>,
    c: usize,
}

impl Embed {
    /// The embeddings of a model.
    pub fn new(config: &ModelConfig, layout: &Layout) -> Self {
        let standard = config.positional_embedding_type == PositionalEmbedding::Standard;
        Self {
            w_e: layout.offset("embed.W_E"),
            w_pos: standard.then(|| layout.offset("pos_embed.W_pos")),
            c: config.d_model,
        }
    }

    /// Where the embeddings of a token and of a position begin in the parameters.
    fn rows(&self, [token, position]: [usize; 2]) -> impl Iterator<Item = usize> {
        let c = self.c;
        [Some(self.w_e + token * c), self.w_pos.map(|start| start + position * c)].into_iter().flatten()
    }

    /// Computes the stream of every distinct pair, `[U, C]`.
    pub fn forward(&self, parameters: &[f32], batch: &Packed, out: &mut Vec<f32>) {
        out.clear();
        out.resize(batch.pairs.len() * self.c, 0.0);
        for (out, pair) in out.chunks_exact_mut(self.c).zip(&batch.pairs) {
            self.rows(*pair).for_each(|start| add(out, &parameters[start..start + self.c]));
        }
    }

    /// Adds the embeddings' gradients to `gradient`.
    pub fn backward(&self, batch: &Packed, grad_out: &[f32], gradient: &mut [f32]) {
        for (grad, pair) in grad_out.chunks_exact(self.c).zip(&batch.pairs) {
            self.rows(*pair).for_each(|start| add(&mut gradient[start..start + self.c], grad));
        }
    }
}

/// The last norm, the unembedding and the loss, at the wanted positions.
#[derive(Clone, Debug)]
pub struct Unembed {
    norm: Norm,
    linear: Linear,
    c: usize,
    d_vocab: usize,
    /// `[W, O]`: the logits, then their gradient.
    logits: Vec<f32>,
    /// `[W, C]`: the gradient of the norm's output.
    grad: Vec<f32>,
}

impl Unembed {
    /// The unembedding of a model.
    pub fn new(config: &ModelConfig, layout: &Layout) -> Self {
        let (c, d_vocab) = (config.d_model, config.d_vocab_out);
        Self {
            norm: Norm::new(config.normalization_type, c, config.eps, "ln_final", layout),
            linear: Linear::new([layout.offset("unembed.W_U"), layout.offset("unembed.b_U")], [c, d_vocab], 1),
            c,
            d_vocab,
            logits: Vec::new(),
            grad: Vec::new(),
        }
    }

    /// Computes the logits of a stream, `[W, C]`.
    pub fn forward(&mut self, parameters: &[f32], x: &[f32]) {
        self.norm.forward(parameters, x);
        self.logits.resize(x.len() / self.c * self.d_vocab, 0.0);
        self.linear.forward(parameters, self.norm.out(), &mut self.logits, false);
    }

    /// The logits of the last forward pass, `[W, O]`.
    pub fn logits(&self) -> &[f32] {
        &self.logits
    }

    /// The summed cross entropy of the logits with `[W]` targets. The logits are replaced by the gradient of that sum
    /// divided by `count`.
    pub fn loss(&mut self, targets: impl Iterator<Item = usize>, count: usize) -> f64 {
        let weight = 1.0 / count as f32;
        let rows = self.logits.chunks_exact_mut(self.d_vocab).zip(targets);
        rows.map(|(logits, target)| cross_entropy(logits, target, weight)).sum()
    }

    /// The gradients of the parameters, written to `gradient`, and of the stream, added to `grad_x`.
    pub fn backward(&mut self, parameters: &[f32], gradient: &mut [f32], grad_x: &mut [f32]) {
        self.grad.resize(grad_x.len(), 0.0);
        self.linear.backward(parameters, self.norm.out(), &self.logits, gradient, &mut self.grad, false);
        self.norm.backward(parameters, &mut self.grad, gradient, grad_x);
    }
}
