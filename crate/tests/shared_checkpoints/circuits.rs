//! Published circuits: products of weights.

use pollster::block_on;
use serde_json::Value;
use tinylens::model::{Model, Processing};

use super::flat;

/// The published OV and QK circuits of every head: `W_E W_V W_O W_U` and `W_E W_Q W_Kᵀ W_Eᵀ`, of processed weights.
pub fn circuits(model: &Model, figures: &Value, ov: &str, qk: &str) {
    let (processed, _) = block_on(model.process_weights(&Processing::default())).unwrap();
    let values = block_on(processed.read_parameters()).unwrap();
    let part = |name: &str| {
        let entry = processed.layout().find(name).unwrap();
        values[entry.range()].iter().map(|x| f64::from(*x)).collect::<Vec<f64>>()
    };
    let config = processed.config();
    let (v, c, d) = (config.d_vocab, config.d_model, config.d_head);
    let (w_e, w_u) = (part("embed.W_E"), part("unembed.W_U"));
    let [w_q, w_k, w_v, w_o] = ["W_Q", "W_K", "W_V", "W_O"].map(|name| part(&format!("blocks.0.attn.{name}")));
    for head in 0..config.n_heads {
        let of = |all: &[f64]| all[head * c * d..(head + 1) * c * d].to_vec();
        let ev = product(&w_e, &of(&w_v), v, c, d);
        let full_ov = product(&product(&ev, &of(&w_o), v, d, c), &w_u, v, c, config.d_vocab_out);
        let (eq, ek) = (product(&w_e, &of(&w_q), v, c, d), product(&w_e, &of(&w_k), v, c, d));
        let full_qk: Vec<f64> =
            (0..v * v).map(|cell| (0..d).map(|i| eq[cell / v * d + i] * ek[cell % v * d + i]).sum::<f64>()).collect();
        for (name, got) in [(ov, full_ov), (qk, full_qk)] {
            let expected = flat(&figures[name][head]);
            let far = got.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            let scale = expected.iter().fold(0.0f64, |max, x| max.max(x.abs()));
            println!("head {head}, {name}: {far:.1e} of {scale:.1}");
            assert!(far < 1e-4 * scale, "head {head}, {name}: {far} of {scale}");
        }
    }
}

/// The six published circuit matrices of a model with one head and no norm: what tokens and positions write, and how
/// they attend.
pub fn all_circuits(model: &Model, cells: &Value) {
    let values = block_on(model.read_parameters()).unwrap();
    let part = |name: &str| {
        let entry = model.layout().find(name).unwrap();
        values[entry.range()].iter().map(|x| f64::from(*x)).collect::<Vec<f64>>()
    };
    let config = model.config();
    let (c, d, out) = (config.d_model, config.d_head, config.d_vocab_out);
    let (w_e, w_pos, w_u) = (part("embed.W_E"), part("pos_embed.W_pos"), part("unembed.W_U"));
    let [w_q, w_k, w_v, w_o] = ["W_Q", "W_K", "W_V", "W_O"].map(|name| part(&format!("blocks.0.attn.{name}")));
    let (tokens, positions) = ((&w_e, config.d_vocab), (&w_pos, config.n_ctx));
    let writes = |(rows, n): (&Vec<f64>, usize)| {
        product(&product(&product(rows, &w_v, n, c, d), &w_o, n, d, c), &w_u, n, c, out)
    };
    let attends = |(from, n): (&Vec<f64>, usize), (to, m): (&Vec<f64>, usize)| {
        let (q, k) = (product(from, &w_q, n, c, d), product(to, &w_k, m, c, d));
        (0..n * m)
            .map(|cell| (0..d).map(|i| q[cell / m * d + i] * k[cell % m * d + i]).sum::<f64>())
            .collect::<Vec<f64>>()
    };
    let token_scores = attends(tokens, tokens);
    for (cell, got) in [
        ("39", writes(tokens)),
        ("43", writes(positions)),
        ("50", attends(positions, tokens)),
        ("55", attends(positions, positions)),
        ("57", token_scores.clone()),
        ("61", attends(tokens, positions)),
    ] {
        let expected = flat(&cells[cell]);
        assert_eq!(got.len(), expected.len(), "cell {cell}");
        let n = config.n_ctx;
        // The published scores between positions are masked: only those of sources up to the destination are compared.
        let compared = |at: usize| cell != "55" || at % n <= at / n;
        let pairs = || got.iter().zip(&expected).enumerate().filter(|(at, _)| compared(*at)).map(|(_, pair)| pair);
        let scale = pairs().map(|(_, x)| x.abs()).fold(0.0, f64::max);
        let far = pairs().map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        println!("cell {cell}: {far:.1e} of {scale:.1}");
        assert!(far < 1e-6 * scale, "cell {cell}: {far} of {scale}");
    }
    let best = |row: &[f64]| (0..out).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap();
    let next = token_scores
        .chunks_exact(config.d_vocab)
        .take(out)
        .enumerate()
        .filter(|(token, row)| best(row) == token + 1)
        .count();
    assert_eq!(next, 31, "tokens whose highest score goes to the next token; published: 31 of 50");
}

/// `[n, m]` times `[m, k]`.
fn product(a: &[f64], b: &[f64], n: usize, m: usize, k: usize) -> Vec<f64> {
    assert_eq!((a.len(), b.len()), (n * m, m * k));
    (0..n * k).map(|cell| (0..m).map(|i| a[cell / k * m + i] * b[i * k + cell % k]).sum()).collect()
}
