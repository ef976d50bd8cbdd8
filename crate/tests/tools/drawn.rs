//! Experiments drawn at random, as the partial records that are resolved: tasks of sorting, models and batch sizes.

use serde_json::{Value, json};
use tinylens::random::{At, Stream, below, block};

/// Random numbers below a bound, the same for the same case.
pub fn drawing(case: u32) -> impl FnMut(u32) -> usize {
    let mut next = 0;
    move |bound| {
        next += 1;
        below(block(5, Stream::Edit, At { step: case, index: next, lane: 0 })[0], bound) as usize
    }
}

/// An experiment whose model tables cover: one attention-only layer without norm.
pub fn for_tables(case: u32) -> Value {
    let mut draw = drawing(case);
    let values = 3 + draw(20);
    let bos = if draw(3) == 0 { Value::Null } else { json!(values) };
    let eos = if draw(3) == 0 { json!(values + 2) } else { Value::Null };
    let d_vocab = values + 3 + draw(3);
    let d_vocab_out = if eos.is_null() { values + draw(3) } else { d_vocab };
    json!({
        "task": {
            "list_length": 1 + draw(6), "max_value": values, "bos_token": bos, "mid_token": values + 1,
            "eos_token": eos, "var_length": draw(4) == 0,
        },
        "model": {
            "n_heads": 1 + draw(4), "d_model": 4 + draw(40), "d_head": 1 + draw(20), "d_vocab": d_vocab,
            "d_vocab_out": d_vocab_out, "use_attn_scale": draw(4) > 0, "seed": case, "n_ctx": 15 + draw(4),
        },
        "train": { "batch_size": 1 + draw(40), "train_seed": case },
    })
}

/// An experiment with all of the model's options drawn, which tables do not cover.
pub fn any(case: u32) -> Value {
    let mut partial = for_tables(case);
    let mut draw = drawing(case + 1_000_000);
    let model = &mut partial["model"];
    let layers = 1 + draw(4);
    let norms = [json!(null), json!("LN"), json!("LNPre"), json!("RMS"), json!("RMSPre")];
    let norm = &norms[draw(5)];
    let attn_only = draw(3) == 0;
    model["n_layers"] = json!(layers);
    model["normalization_type"] = norm.clone();
    // One such layer without norm is for tables.
    model["attn_only"] = json!(attn_only && !(layers == 1 && norm.is_null()));
    model["eps"] = json!([1e-5, 1e-3, 0.1][draw(3)]);
    model["act_fn"] = json!(["relu", "gelu", "gelu_new", "silu", "solu_ln"][draw(5)]);
    model["d_mlp"] = json!(1 + draw(60));
    model["positional_embedding_type"] = json!(["standard", "standard", "shortformer", "rotary"][draw(4)]);
    model["rotary_dim"] = json!(2 * draw(1 + model["d_head"].as_u64().unwrap() as u32 / 2));
    model["rotary_adjacent_pairs"] = json!(draw(2) == 0);
    model["attention_dir"] = json!(["causal", "causal", "bidirectional"][draw(3)]);
    if draw(3) == 0 {
        model["attn_scale"] = json!([0.7, 3.0][draw(2)]);
    }
    if draw(4) == 0 {
        partial["task"]["mid_token"] = json!(null);
    }
    partial
}
