//! The step by hand beside burn's autodiff: every gradient of models, tasks and batches drawn at random; and training curves.

use std::ops::Range;

use burn::tensor::{Device, Int, Tensor, TensorData};
use pollster::block_on;
use serde_json::{Value, json};
use tinylens::experiment::Experiment;
use tinylens::model::{Model, read};
use tinylens::random::{At, Stream, below, block};
use tinylens::task::Sort;
use tinylens::train::{Lean, Run, Sequences, Targets, loss};

const CONFIGURATIONS: u32 = 200;

/// A task and model that the lean step covers.
fn drawn(case: u32) -> Value {
    let mut next = 0;
    let mut draw = |bound: u32| {
        next += 1;
        below(block(5, Stream::Edit, At { step: case, index: next, lane: 0 })[0], bound) as usize
    };
    let values = 3 + draw(20);
    let bos = if draw(3) == 0 { Value::Null } else { json!(values) };
    let eos = if draw(3) == 0 { json!(values + 2) } else { Value::Null };
    let d_vocab = values + 3 + draw(3);
    let d_vocab_out = if eos.is_null() { values + draw(3) } else { d_vocab };
    json!({
        "task": { "list_length": 1 + draw(6), "max_value": values, "bos_token": bos, "mid_token": values + 1, "eos_token": eos, "var_length": draw(4) == 0 },
        "model": {
            "n_heads": 1 + draw(4), "d_model": 4 + draw(40), "d_head": 1 + draw(20), "d_vocab": d_vocab, "d_vocab_out": d_vocab_out,
            "use_attn_scale": draw(4) > 0, "seed": case, "n_ctx": 15 + draw(4),
        },
        "train": { "batch_size": 1 + draw(40), "train_seed": case },
    })
}

/// Loss and gradient by burn.
fn by_autodiff(model: &Model, task: &Sort, step: u32) -> (f32, Vec<f32>) {
    let batch = task.train_batch(step);
    let counted: Vec<Range<usize>> = batch.lengths.iter().map(|length| task.config().counted(*length)).collect();
    let rows = counted.iter().map(|range| range.start).min().unwrap()..batch.positions - 1;
    let mut targets = Vec::new();
    for (tokens, counted) in batch.sequences().zip(&counted) {
        targets.extend(rows.clone().map(|at| if counted.contains(&at) { tokens[at + 1] } else { -1 }));
    }
    let shape = [targets.len()];
    let targets = Tensor::<1, Int>::from_data(TensorData::new(targets, shape), &model.device());
    let tokens = Tensor::<2, Int>::from_data(TensorData::new(batch.tokens.clone(), [batch.len(), batch.positions]), &model.device());
    let weights = model.tracked_weights();
    let count = counted.iter().map(ExactSizeIterator::len).sum();
    let loss = loss(model, &weights, tokens, None, rows, Some(Targets { tokens: targets, count }));
    let gradient = weights.gradient(&mut loss.backward());
    (block_on(read(loss.inner())).unwrap()[0], block_on(read(gradient)).unwrap())
}

#[test]
fn every_gradient_is_autodiffs() {
    let mut worst = 0.0f32;
    for case in 0..CONFIGURATIONS {
        let partial = drawn(case);
        let experiment = Experiment::resolve(&partial).unwrap_or_else(|errors| panic!("{partial}: {errors:?}"));
        let task = Sort::new(&experiment.task, &experiment.train);
        let mut model = Model::new(&experiment.model, &Device::flex());
        // Biases too, so that no term is zero.
        let mut parameters = block_on(model.read_parameters()).unwrap();
        for (index, value) in parameters.iter_mut().enumerate() {
            let noise = block(9, Stream::Edit, At { step: case, index: index as u32, lane: 0 })[0];
            *value += (noise as f32 / u32::MAX as f32 - 0.5) * 0.4;
        }
        model = Model::from_parameters(&experiment.model, parameters.clone(), &Device::flex());
        let positions = experiment.task.sequence_length(experiment.task.list_length);
        let mut lean = Lean::new(&experiment.model, model.layout(), positions, experiment.train.batch_size).expect("covered");
        for step in 0..2 {
            let (expected_loss, expected) = by_autodiff(&model, &task, step);
            let batch = task.train_batch(step);
            let counted: Vec<Range<usize>> = batch.lengths.iter().map(|length| task.config().counted(*length)).collect();
            let mut gradient = vec![f32::NAN; parameters.len()];
            let sequences = Sequences { tokens: &batch.tokens, positions: batch.positions, counted: &counted };
            let loss = lean.gradient(&parameters, &sequences, &mut gradient);
            assert!((loss - expected_loss).abs() <= 1e-5 * expected_loss.max(1.0), "{partial}: loss {loss}, {expected_loss}");
            for entry in model.layout().entries() {
                for index in entry.range() {
                    let (got, expected) = (gradient[index], expected[index]);
                    worst = worst.max((got - expected).abs() / expected.abs().max(1.0));
                    let near = (got - expected).abs() <= 1e-5 * expected.abs().max(1.0);
                    assert!(near, "case {case}: {}[{}] is {got}, and should be {expected}: {partial}", entry.name, index - entry.offset);
                }
            }
        }
    }
    println!("worst difference over {CONFIGURATIONS} configurations: {worst:.1e}");
}

#[test]
fn what_it_does_not_cover_is_left_to_autodiff() {
    for model in [
        json!({ "n_layers": 2 }),
        json!({ "attn_only": false }),
        json!({ "normalization_type": "LN" }),
        json!({ "positional_embedding_type": "rotary" }),
        json!({ "positional_embedding_type": "shortformer" }),
        json!({ "attention_dir": "bidirectional" }),
        json!({ "d_vocab": 4000 }),
    ] {
        let run = Run::new(Experiment::resolve(&json!({ "model": model })).unwrap(), &Device::flex());
        assert_eq!(run.path(), "autodiff", "{model}");
    }
    assert_eq!(Run::new(Experiment::default(), &Device::flex()).path(), "tables");
}

/// The notebook's run by hand beside the same steps by autodiff.
#[test]
fn training_curves_coincide() {
    let experiment = Experiment::resolve(&json!({ "model": { "d_model": 32, "n_heads": 2 }, "train": { "plateau": false } })).unwrap();
    let mut run = Run::new(experiment.clone(), &Device::flex());
    let lean = block_on(run.step(60)).unwrap();
    let task = Sort::new(&experiment.task, &experiment.train);
    let mut model = Model::new(&experiment.model, &Device::flex());
    let mut adam = tinylens::train::Adam::new(&model.parameters());
    for (step, lean) in lean.iter().enumerate() {
        let (loss, gradient) = by_autodiff(&model, &task, step as u32);
        assert!((loss - lean).abs() < 1e-4, "step {step}: {lean}, by autodiff {loss}");
        let gradient = Tensor::<1>::from_data(TensorData::new(gradient, [model.layout().len()]), &model.device());
        model = model.with_parameters(adam.step(model.parameters(), gradient, 1e-3, step as u32 + 1, &experiment.train));
    }
}
