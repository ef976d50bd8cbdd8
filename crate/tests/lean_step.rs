//! Compares the training step by hand with burn's automatic differentiation: every gradient of random models, tasks and
//! batches, and training curves.

mod tools;

use burn::tensor::Device;
use pollster::block_on;
use serde_json::{Value, json};
use tinylens::experiment::Experiment;
use tinylens::model::{Layout, Model};
use tinylens::random::{At, Stream, below, block};
use tinylens::task::Data;
use tinylens::train::Run;
use tinylens_lean::{Batch, Lean, State};
use tools::autodiff;

const CONFIGURATIONS: u32 = 200;

/// Draws numbers below a bound.
fn drawing(case: u32) -> impl FnMut(u32) -> usize {
    let mut next = 0;
    move |bound| {
        next += 1;
        below(block(5, Stream::Edit, At { step: case, index: next, lane: 0 })[0], bound) as usize
    }
}

/// A random task, and a random model of one attention-only layer without norm.
fn drawn(case: u32) -> Value {
    let mut draw = drawing(case);
    let values = 3 + draw(20);
    let bos = if draw(3) == 0 { Value::Null } else { json!(values) };
    let eos = if draw(3) == 0 { json!(values + 2) } else { Value::Null };
    let d_vocab = values + 3 + draw(3);
    let d_vocab_out = if eos.is_null() { values + draw(3) } else { d_vocab };
    json!({
        "task": {
            "list_length": 1 + draw(6), "max_value": values,
            "bos_token": bos, "mid_token": values + 1, "eos_token": eos, "var_length": draw(4) == 0,
        },
        "model": {
            "n_heads": 1 + draw(4), "d_model": 4 + draw(40), "d_head": 1 + draw(20),
            "d_vocab": d_vocab, "d_vocab_out": d_vocab_out,
            "use_attn_scale": draw(4) > 0, "seed": case, "n_ctx": 15 + draw(4),
        },
        "train": { "batch_size": 1 + draw(40), "train_seed": case },
    })
}

/// The same, with the model's other settings random too, such that tables do not cover it.
fn drawn_any(case: u32) -> Value {
    let mut partial = drawn(case);
    let mut draw = drawing(case + 1_000_000);
    let model = &mut partial["model"];
    let layers = 1 + draw(4);
    let norms = [json!(null), json!("LN"), json!("LNPre"), json!("RMS"), json!("RMSPre")];
    let norm = &norms[draw(5)];
    let attn_only = draw(3) == 0;
    model["n_layers"] = json!(layers);
    model["normalization_type"] = norm.clone();
    // Tables cover one attention-only layer without norm.
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

/// The largest difference between two gradients, relative where they are above 1.
fn apart(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs() / b.abs().max(1.0)).fold(0.0, f32::max)
}

/// How far a gradient may be from autodiff's if the model is so ill-conditioned that rounding alone changes it by more
/// than 1e-5. A few random models are, with four layers without norm or norms over five values. The limit is four times
/// the change of autodiff's own gradient when parameters change in their last bit, since rounding happens in every
/// operation; it is at most 1e-4.
fn noise(experiment: &Experiment, parameters: &[f32], batch: &Batch, step: u32, expected: &[f32]) -> f32 {
    let moved = |lane: u32| {
        let bit = |index: usize| block(9, Stream::Edit, At { step, index: index as u32, lane })[1] >> 31;
        let near = parameters.iter().enumerate().map(|(index, x)| f32::from_bits(x.to_bits() ^ bit(index))).collect();
        apart(&autodiff::gradient(&Model::from_parameters(&experiment.model, near, &Device::flex()), batch).1, expected)
    };
    (4.0 * (1..5).map(moved).fold(0.0, f32::max)).min(1e-4)
}

/// Gives a batch what no task so far has: counted positions anywhere, with any class as target.
fn scatter(batch: &mut Batch, d_vocab_out: usize, case: u32) {
    let mut draw = drawing(case + 2_000_000);
    for index in 0..batch.tokens.len() {
        let held = index % batch.positions < batch.lengths[index / batch.positions];
        batch.counted[index] = held && (index == 0 || draw(2) == 0);
        batch.targets[index] = draw(d_vocab_out as u32) as i32;
    }
}

/// Compares every gradient of many experiments, all of which `path` must cover.
fn every_gradient_is_autodiffs(path: &str, drawn: fn(u32) -> Value) {
    let (mut worst, mut ill) = (0.0f32, 0);
    for case in 0..CONFIGURATIONS {
        let partial = drawn(case);
        let experiment = Experiment::resolve(&partial).unwrap_or_else(|errors| panic!("{partial}: {errors:?}"));
        let data = Data::new(&experiment.task, &experiment.train);
        let mut model = Model::new(&experiment.model, &Device::flex());
        // Biases are random too, so that no term is zero.
        let mut parameters = block_on(model.read_parameters()).unwrap();
        for (index, value) in parameters.iter_mut().enumerate() {
            let noise = block(9, Stream::Edit, At { step: case, index: index as u32, lane: 0 })[0];
            *value += (noise as f32 / u32::MAX as f32 - 0.5) * 0.4;
        }
        model = Model::from_parameters(&experiment.model, parameters.clone(), &Device::flex());
        let positions = experiment.task.task().needs().positions - 1;
        let mut lean = Lean::new(&experiment.model, model.layout(), positions, experiment.train.batch_size);
        assert_eq!(lean.path(), path, "{partial}");
        for step in 0..2 {
            let mut batch = data.train_batch(step);
            if step == 1 {
                scatter(&mut batch, experiment.model.d_vocab_out, case);
            }
            let (expected_loss, expected) = autodiff::gradient(&model, &batch);
            let mut gradient = vec![f32::NAN; parameters.len()];
            let loss = lean.gradient(&parameters, &batch.sequences(), &mut gradient);
            assert!(
                (loss - expected_loss).abs() <= 1e-5 * expected_loss.max(1.0),
                "{partial}: loss {loss}, {expected_loss}"
            );
            let limit = if apart(&gradient, &expected) <= 1e-5 {
                1e-5
            } else {
                ill += 1;
                noise(&experiment, &parameters, &batch, step, &expected)
            };
            for entry in model.layout().entries() {
                // Errors must show in parameters whose gradients are all small as well.
                let largest = expected[entry.range()].iter().fold(0.0f32, |most, x| most.max(x.abs()));
                let limit = limit.min(10.0 * limit * largest + 1e-6);
                for index in entry.range() {
                    let (got, expected) = (gradient[index], expected[index]);
                    let near = (got - expected).abs() <= limit * expected.abs().max(1.0);
                    assert!(
                        near,
                        "case {case}: {}[{}] is {got}, and should be {expected}: {partial}",
                        entry.name,
                        index - entry.offset
                    );
                }
            }
            worst = worst.max(apart(&gradient, &expected));
        }
    }
    assert!(ill <= CONFIGURATIONS / 20, "{ill} gradients differ by more than 1e-5");
    println!("{path}: worst difference over {CONFIGURATIONS} configurations: {worst:.1e}; {ill} above 1e-5");
}

#[test]
fn every_gradient_through_tables_is_autodiffs() {
    every_gradient_is_autodiffs("tables", drawn);
}

#[test]
fn every_gradient_through_rows_is_autodiffs() {
    every_gradient_is_autodiffs("rows", drawn_any);
}

#[test]
fn what_tables_do_not_cover_goes_through_rows() {
    for model in [
        json!({ "n_layers": 2 }),
        json!({ "attn_only": false }),
        json!({ "normalization_type": "LN" }),
        json!({ "positional_embedding_type": "rotary" }),
        json!({ "positional_embedding_type": "shortformer" }),
        json!({ "attention_dir": "bidirectional" }),
        json!({ "d_vocab": 4000 }),
    ] {
        let run = block_on(Run::new(Experiment::resolve(&json!({ "model": model })).unwrap(), &Device::flex()));
        assert_eq!(run.path(), "rows", "{model}");
    }
    assert_eq!(block_on(Run::new(Experiment::default(), &Device::flex())).path(), "tables");
}

/// Compares runs with the same steps by automatic differentiation.
#[test]
fn training_curves_coincide() {
    let large = json!({
        "n_layers": 2, "n_heads": 4, "d_model": 32,
        "attn_only": false, "act_fn": "gelu", "normalization_type": "LN",
    });
    for model in [json!({ "d_model": 32, "n_heads": 2 }), large, json!({ "d_model": 24, "normalization_type": "RMS" })]
    {
        let experiment =
            Experiment::resolve(&json!({ "model": model, "train": { "plateau": false, "batch_size": 50 } })).unwrap();
        let mut run = block_on(Run::new(experiment.clone(), &Device::flex()));
        let lean = block_on(run.step(60)).unwrap();
        let data = Data::new(&experiment.task, &experiment.train);
        let mut state = State::new(Layout::new(&experiment.model).initial(&experiment.model));
        for (step, lean) in (0..).zip(&lean) {
            let model = Model::from_parameters(&experiment.model, state.parameters.clone(), &Device::flex());
            let (loss, gradient) = autodiff::gradient(&model, &data.train_batch(step));
            assert!((loss - lean).abs() < 1e-4, "{}, step {step}: {lean}, by autodiff {loss}", run.path());
            experiment.train.adam().step(&mut state, &gradient, 1e-3, step + 1);
        }
    }
}
