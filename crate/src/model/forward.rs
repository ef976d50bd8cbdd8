//! The forward pass: embed, layers, unembed.

use std::ops::Range;

use burn::tensor::{Int, Tensor};

use super::attention::attention;
use super::mlp::mlp;
use super::norm::norm;
use super::{Cache, Model, Weights};

impl Model {
    /// Logits `[B, rows, V]` at the positions `rows` of the sequences `tokens`, `[B, T]`. The residual stream is computed at every
    /// position; only the unembedding, which the loss does not need everywhere, is limited to `rows`.
    pub fn logits(&self, weights: &Weights, tokens: Tensor<2, Int>, rows: Range<usize>, cache: &mut Cache) -> Tensor<3> {
        let config = &self.config;
        let (c, v) = (config.d_model, config.d_vocab);
        let [batch, positions] = tokens.dims();

        let hot = weights.one_hot(tokens.reshape([batch * positions]), v);
        let embed = hot.matmul(weights.get::<2>("embed.W_E")).reshape([batch, positions, c]);
        cache.three("", "hook_embed", &embed);
        let pos_embed = weights.get::<2>("pos_embed.W_pos").slice([0..positions, 0..c]).reshape([1, positions, c]);
        cache.three("", "hook_pos_embed", &pos_embed);
        let mut resid = embed + pos_embed;

        for layer in 0..config.n_layers {
            let block = format!("blocks.{layer}.");
            cache.three(&block, "hook_resid_pre", &resid);
            let input = norm(resid.clone(), &format!("{block}ln1"), config, weights, cache);
            let attn_out = attention(input, &block, config, weights, cache);
            cache.three(&block, "hook_attn_out", &attn_out);
            resid = resid + attn_out;
            if !config.attn_only {
                cache.three(&block, "hook_resid_mid", &resid);
                let input = norm(resid.clone(), &format!("{block}ln2"), config, weights, cache);
                let mlp_out = mlp(input, &block, config, weights, cache);
                cache.three(&block, "hook_mlp_out", &mlp_out);
                resid = resid + mlp_out;
            }
            cache.three(&block, "hook_resid_post", &resid);
        }

        let read = rows.len();
        let resid = if read == positions { resid } else { resid.slice([0..batch, rows, 0..c]) };
        let resid = norm(resid, "ln_final", config, weights, cache);
        let logits =
            resid.reshape([batch * read, c]).matmul(weights.get::<2>("unembed.W_U")) + weights.get::<1>("unembed.b_U").reshape([1, v]);
        logits.reshape([batch, read, v])
    }
}
