//! Which tokens a head copies: the OV circuit over them.

use std::ops::Range;

use crate::error::Result;
use crate::model::{Model, Processing, argmax};
use crate::task::Copied;

/// The head that copies most of these tokens: in most rows of `W_E W_V W_O W_U`, restricted to these tokens, the
/// largest entry is the row's own token. Weights are processed first, so that they contain what normalization scales
/// by.
///
/// # Errors
/// If the device fails.
pub(super) async fn copies(model: &Model, tokens: Range<usize>) -> Result<Copied> {
    let (processed, _) = model.process_weights(&Processing::default()).await?;
    let config = processed.config();
    let values = processed.read_parameters().await?;
    let part = |name: &str| processed.layout().find(name).map_or(&[][..], |entry| &values[entry.range()]);
    let (c, d, v) = (config.d_model, config.d_head, config.d_vocab_out);
    let (w_e, w_u) = (part("embed.W_E"), part("unembed.W_U"));
    let embedded = &w_e[tokens.start * c..tokens.end * c];
    let mut best = Copied { own: 0, tokens: tokens.len(), head: 0 };
    for layer in 0..config.n_layers {
        let [w_v, w_o] = ["W_V", "W_O"].map(|name| part(&format!("blocks.{layer}.attn.{name}")));
        for head in 0..config.n_heads {
            let place = head * c * d..(head + 1) * c * d;
            let written =
                product(&product(&product(embedded, &w_v[place.clone()], c, d), &w_o[place], d, c), w_u, c, v);
            let rows = written.chunks_exact(v).map(|row| tokens.start + argmax(&row[tokens.clone()]));
            let own = rows.zip(tokens.clone()).filter(|(top, token)| top == token).count();
            if own > best.own {
                best = Copied { own, head: layer * config.n_heads + head, ..best };
            }
        }
    }
    Ok(best)
}

/// `[n, m]` times `[m, k]`.
fn product(a: &[f32], b: &[f32], m: usize, k: usize) -> Vec<f32> {
    let mut out = vec![0.0; a.len() / m * k];
    for (row, out) in a.chunks_exact(m).zip(out.chunks_exact_mut(k)) {
        for (x, row) in row.iter().zip(b.chunks_exact(k)) {
            out.iter_mut().zip(row).for_each(|(out, y)| *out += x * y);
        }
    }
    out
}
