//! The forward pass: embedding, layers, unembedding.

use std::ops::Range;

use burn_tensor::{Int, Tensor, TensorData};

use super::attention::{Positional, attention};
use super::mlp::mlp;
use super::norm::norm;
use super::rotary::Rotary;
use super::{Hooks, Model, Padding, Weights};
use crate::config::PositionalEmbedding;
use crate::device::product;

impl Model {
    /// Logits `[B, rows, V out]` at the positions `rows` of the sequences `tokens`, `[B, T]`. The residual stream is
    /// computed at every position. The final norm and the unembedding are computed at `rows` only, unless hooks are
    /// used: every hook sees all positions.
    pub fn logits(
        &self,
        weights: &Weights,
        tokens: Tensor<2, Int>,
        padding: Option<&Padding>,
        rows: Range<usize>,
        hooks: &mut Hooks,
    ) -> Tensor<3> {
        let config = &self.config;
        let c = config.d_model;
        let [batch, positions] = tokens.dims();

        let hot = weights.one_hot(tokens.reshape([batch * positions]), config.d_vocab);
        let embed = product(hot, weights.get::<2>("embed.W_E")).reshape([batch, positions, c]);
        let mut resid = hooks.three("", "hook_embed", embed);
        let mut positional = Positional { shortformer: None, rotary: None, padding };
        match config.positional_embedding_type {
            PositionalEmbedding::Standard => {
                resid = resid + self.pos_embed(weights, [batch, positions], padding, hooks)
            }
            PositionalEmbedding::Shortformer => {
                positional.shortformer = Some(self.pos_embed(weights, [batch, positions], padding, hooks))
            }
            PositionalEmbedding::Rotary => positional.rotary = Some(Rotary::new(config, positions, padding, weights)),
        }

        for layer in 0..config.n_layers {
            let block = format!("blocks.{layer}.");
            resid = hooks.three(&block, "hook_resid_pre", resid);
            let input = norm(resid.clone(), &format!("{block}ln1"), config, weights, hooks);
            let attn_out = attention(input, &block, config, weights, &positional, hooks);
            resid = resid + hooks.three(&block, "hook_attn_out", attn_out);
            if !config.attn_only {
                resid = hooks.three(&block, "hook_resid_mid", resid);
                let input = norm(resid.clone(), &format!("{block}ln2"), config, weights, hooks);
                let mlp_out = mlp(input, &block, config, weights, hooks);
                resid = resid + hooks.three(&block, "hook_mlp_out", mlp_out);
            }
            resid = hooks.three(&block, "hook_resid_post", resid);
        }

        let all = 0..positions;
        let some =
            |x: Tensor<3>, width: usize| if rows == all { x } else { x.slice([0..batch, rows.clone(), 0..width]) };
        if hooks.idle() {
            let resid = norm(some(resid, c), "ln_final", config, weights, hooks);
            return self.unembed(resid, weights);
        }
        let resid = norm(resid, "ln_final", config, weights, hooks);
        let resid = hooks.three("unembed.", "hook_in", resid);
        let logits = self.unembed(resid, weights);
        some(hooks.three("unembed.", "hook_out", logits), config.d_vocab_out)
    }

    /// The logits of the normalised residual stream: `[B, T, C]` to `[B, T, V out]`.
    fn unembed(&self, resid: Tensor<3>, weights: &Weights) -> Tensor<3> {
        let [batch, positions, c] = resid.dims();
        let v = self.config.d_vocab_out;
        let logits = product(resid.reshape([batch * positions, c]), weights.get::<2>("unembed.W_U"));
        (logits + weights.get::<1>("unembed.b_U").reshape([1, v])).reshape([batch, positions, v])
    }

    /// The positional embeddings: `[1, T, C]` if they are the same in every sequence and no hook is used, else
    /// `[B, T, C]`.
    fn pos_embed(
        &self,
        weights: &Weights,
        [batch, positions]: [usize; 2],
        padding: Option<&Padding>,
        hooks: &mut Hooks,
    ) -> Tensor<3> {
        let (c, n_ctx) = (self.config.d_model, self.config.n_ctx);
        let table = weights.get::<2>("pos_embed.W_pos");
        let embedding = match padding {
            None => {
                let embedding = table.slice([0..positions, 0..c]).reshape([1, positions, c]);
                if hooks.idle() { embedding } else { embedding.expand([batch, positions, c]) }
            }
            Some(padding) => {
                // A padded position has the number -1, whose one-hot row is zero.
                let ids = padding
                    .position_ids()
                    .into_iter()
                    .zip(padding.held())
                    .map(|(id, held)| if *held { id as i32 } else { -1 });
                let ids = TensorData::new(ids.collect::<Vec<i32>>(), [batch * positions]);
                let hot = weights.one_hot(Tensor::from_data(ids, &weights.device()), n_ctx);
                product(hot, table).reshape([batch, positions, c])
            }
        };
        hooks.three("", "hook_pos_embed", embedding)
    }
}
