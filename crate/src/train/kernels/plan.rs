//! What the passes through one sequence do and where they keep it, for one model: the calls of the shader's
//! functions in order, and the tiles of the update.
//!
//! Legend: `C` d_model, `M` d_mlp, `W` n_heads · d_head, `V out` d_vocab_out; `S` positions of a sequence, `R`
//! of them from the first that can count. In the last layer only those `R` leave attention.

mod attention;
mod matrix;
mod mlp;
mod norm;

use tinylens_lean::{Activation, Layout, ModelConfig, PositionalEmbedding};

use super::batches::BatchShape;
use super::calls::Call;
use super::tiles::{Rows, Tile};
use crate::error::{Error, Result};

/// Vectors of four values in which a workgroup stages rows for a product: 12 of the 16 KB of memory that every
/// device gives it.
pub const STAGE: usize = 768;

/// The most positions whose rows [`STAGE`] holds, one value of each.
const MOST_POSITIONS: usize = 4 * STAGE;

/// The passes through a sequence and the update, of one model.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Values in a sequence's part of the activations.
    pub stride: usize,
    /// How many parameters the model has.
    pub parameters: usize,
    /// The calls of the forward pass, the loss included.
    pub forward: Vec<Call>,
    /// The calls of the backward pass.
    pub backward: Vec<Call>,
    /// The tiles of all weights; together they have every parameter once.
    pub tiles: Vec<Tile>,
}

impl Plan {
    /// The plan for a model and batches of a shape.
    ///
    /// # Errors
    /// A sentence that says what the kernels do not cover, and why.
    pub fn new(model: &ModelConfig, layout: &Layout, shape: &BatchShape) -> Result<Self> {
        covered(model, shape)?;
        let mut builder = Builder {
            model,
            layout,
            positions: shape.positions,
            first: shape.first_counted,
            stride: 0,
            forward: Vec::new(),
            backward: Vec::new(),
            tiles: Vec::new(),
        };
        builder.model();
        let Builder { stride, forward, mut backward, tiles, .. } = builder;
        backward.reverse();
        Ok(Self { stride, parameters: layout.len(), forward, backward: backward.concat(), tiles })
    }
}

/// Whether the kernels cover a model and a shape of batches; if not, why. Every field of a model is named here: a new
/// one does not compile before it is decided whether they cover it.
fn covered(model: &ModelConfig, shape: &BatchShape) -> Result<()> {
    let ModelConfig {
        attn_only,
        act_fn,
        n_ctx,
        // Covered whatever their values are.
        n_layers: _,
        n_heads: _,
        d_model: _,
        d_head: _,
        d_mlp: _,
        d_vocab: _,
        d_vocab_out: _,
        normalization_type: _,
        eps: _,
        positional_embedding_type: _,
        rotary_dim: _,
        rotary_base: _,
        rotary_adjacent_pairs: _,
        attention_dir: _,
        use_attn_scale: _,
        attn_scale: _,
        // Without effect once a run has its initial weights.
        init_mode: _,
        seed: _,
    } = *model;
    let BatchShape { positions, first_counted, .. } = *shape;
    if !attn_only && act_fn == Activation::SoluLn {
        return Err(Error::new(
            "WebGPU's kernels compute each of an MLP's activations by itself, and those of SoLU depend on each other.",
        ));
    }
    if positions > MOST_POSITIONS {
        return Err(Error::new(format!(
            "WebGPU's kernels hold a value of each position in a workgroup's memory: at most {MOST_POSITIONS}, and a \
             sequence has {positions}."
        )));
    }
    if positions > n_ctx || first_counted >= positions {
        return Err(Error::new(format!(
            "A sequence has {positions} positions, of which those from {first_counted} on can count, and the model \
             reads {n_ctx}."
        )));
    }
    Ok(())
}

/// Where some of a sequence's values stand in its part of the activations, and where their gradient does.
#[derive(Clone, Copy)]
struct Values {
    at: usize,
    grad: usize,
}

struct Builder<'a> {
    model: &'a ModelConfig,
    layout: &'a Layout,
    /// `S`.
    positions: usize,
    /// The first position that can count.
    first: usize,
    /// Values taken so far.
    stride: usize,
    forward: Vec<Call>,
    /// Part by part, in the order of the forward pass.
    backward: Vec<Vec<Call>>,
    tiles: Vec<Tile>,
}

impl Builder<'_> {
    /// Takes room for some values. What overflows here is more than any GPU holds, and is refused as such.
    fn take(&mut self, values: usize) -> usize {
        let at = self.stride;
        self.stride = self.stride.saturating_add(values);
        at
    }

    /// Takes room for some values and their gradient.
    fn values(&mut self, count: usize) -> Values {
        Values { at: self.take(count), grad: self.take(count) }
    }

    /// Where a parameter begins, if the model has it.
    fn find(&self, name: &str) -> Option<usize> {
        self.layout.find(name).map(|entry| entry.offset)
    }

    fn update(&mut self, whole: Tile) {
        self.tiles.extend(whole.cut());
    }

    fn model(&mut self) {
        let ModelConfig { n_layers, d_model: c, positional_embedding_type, .. } = *self.model;
        let all = self.positions * c;
        let embedded = self.values(all);
        self.forward.push(Call::Embed { out: embedded.at });
        let shortformer = positional_embedding_type == PositionalEmbedding::Shortformer;
        let grad_positions = if shortformer { self.take(all) } else { embedded.grad };
        let mut stream = embedded;
        for layer in 0..n_layers {
            stream = self.layer(layer, stream, grad_positions);
        }
        self.unembed(stream);
        if shortformer {
            // Every layer adds to it.
            self.backward.push(vec![Call::FillZero { out: grad_positions, count: all }]);
        }
        self.embeddings(embedded.grad, grad_positions);
    }

    /// A layer that reads `x`, `[S, C]`; what it gives, `[S, C]` or, if it is the last, `[R, C]`.
    fn layer(&mut self, number: usize, x: Values, grad_positions: usize) -> Values {
        let first = if number + 1 == self.model.n_layers { self.first } else { 0 };
        let mid = self.attention(number, x, grad_positions, first);
        if self.model.attn_only { mid } else { self.mlp(number, mid, self.positions - first) }
    }

    /// The logits of `x`, `[R, C]`, and the loss.
    fn unembed(&mut self, x: Values) {
        let ModelConfig { d_model: c, d_vocab_out, .. } = *self.model;
        let rows = self.positions - self.first;
        let unembed = self.matrix("unembed.W_U", "unembed.b_U", c, d_vocab_out);
        let norm = self.norm("ln_final", x.at, rows);
        let read = norm.map_or(x.at, |norm| norm.out);
        // Their gradient takes their place.
        let logits = self.take(rows * d_vocab_out);
        self.forward.push(unembed.forward(read, rows, logits, false));
        self.forward.push(Call::CrossEntropy { logits });

        let mut back = Vec::new();
        if let Some(norm) = norm {
            let grad = self.take(rows * c);
            back.push(unembed.backward(logits, rows, grad, false));
            back.push(Call::FillZero { out: x.grad, count: rows * c });
            back.push(self.norm_backward(norm, grad, x.grad));
        } else {
            back.push(unembed.backward(logits, rows, x.grad, false));
        }
        self.backward.push(back);
        self.update(unembed.update(read, logits, rows));
    }

    /// The update of W_E and W_pos from the gradients of their rows, `[S, C]` each.
    fn embeddings(&mut self, grad_tokens: usize, grad_positions: usize) {
        let ModelConfig { d_vocab, n_ctx, d_model: columns, .. } = *self.model;
        for (kind, name, inner, y) in [
            (Rows::Tokens, "embed.W_E", d_vocab, grad_tokens),
            (Rows::Positions, "pos_embed.W_pos", n_ctx, grad_positions),
        ] {
            let Some(weight) = self.find(name) else { continue };
            let (x, rows, wide, bias, k, n) = (0, self.positions, columns, None, 0, 0);
            self.update(Tile { kind, x, y, rows, inner, columns, weight, wide, bias, k, n });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;
    use serde_json::json;

    #[test]
    fn tiles_update_every_parameter_once() {
        for model in [
            json!({ "n_heads": 3, "d_model": 40 }),
            json!({ "n_layers": 2, "attn_only": false, "normalization_type": "LN", "d_model": 36, "d_mlp": 70 }),
            json!({ "normalization_type": "RMS", "positional_embedding_type": "shortformer", "d_model": 33 }),
            json!({ "positional_embedding_type": "rotary", "normalization_type": "LNPre", "attn_only": false }),
        ] {
            let model = Experiment::resolve(&json!({ "model": model })).unwrap().model;
            let layout = Layout::new(&model);
            let shape = BatchShape { batch: 4, positions: 11, first_counted: 6 };
            let mut updates = vec![0; layout.len()];
            for tile in Plan::new(&model, &layout, &shape).unwrap().tiles {
                tile.parameters().into_iter().for_each(|parameter| updates[parameter] += 1);
            }
            for entry in layout.entries() {
                assert!(updates[entry.range()].iter().all(|times| *times == 1), "{}: {model:?}", entry.name);
            }
        }
    }
}
