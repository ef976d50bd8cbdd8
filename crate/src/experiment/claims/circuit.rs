//! The claim about the OV circuit: what a head writes when it attends to a number is that number.

use super::{Claim, named};
use crate::error::Result;
use crate::model::{Model, Processing, argmax};
use crate::task::{Rate, Sort};

/// For how many numbers the largest entry of their row of `W_E W_V W_O W_U` is their own, in the head where it is for most; weights
/// processed, so that norms are in them.
///
/// # Errors
/// If the device fails.
pub async fn copies(model: &Model, task: &Sort) -> Result<Claim> {
    let (processed, _) = model.process_weights(&Processing::default()).await?;
    let config = processed.config();
    let values = processed.read_parameters().await?;
    let part = |name: &str| {
        let entry = processed.layout().entries().iter().find(|entry| entry.name == name);
        entry.map_or(&[][..], |entry| &values[entry.range()])
    };
    let (c, d, v) = (config.d_model, config.d_head, config.d_vocab_out);
    let (w_e, w_u) = (part("embed.W_E"), part("unembed.W_U"));
    let numbers = task.min_value..task.max_value;
    let embedded = &w_e[numbers.start * c..numbers.end * c];
    let mut best = (0, 0, 0);
    for layer in 0..config.n_layers {
        let [w_v, w_o] = ["W_V", "W_O"].map(|name| part(&format!("blocks.{layer}.attn.{name}")));
        for head in 0..config.n_heads {
            let place = head * c * d..(head + 1) * c * d;
            let written =
                product(&product(&product(embedded, &w_v[place.clone()], c, d), &w_o[place], d, c), w_u, c, v);
            // Only numbers compete: BOS and MID are never asked for.
            let rows = written.chunks_exact(v).map(|row| numbers.start + argmax(&row[numbers.clone()]));
            let own = rows.zip(numbers.clone()).filter(|(top, number)| top == number).count();
            if own > best.0 || (layer, head) == (0, 0) {
                best = (own, layer, head);
            }
        }
    }
    let (own, layer, head) = best;
    let who = named(layer, head, config.n_layers * config.n_heads > 1);
    let text = format!(
        "Attending to a number writes that number: the OV circuit's top output is its own for {own} of {}{who}.",
        numbers.len()
    );
    Ok(Claim::new("ov_copies", text, Rate::of(own as u64, numbers.len() as u64)))
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
