//! Compares the training step by hand with burn's automatic differentiation: every gradient of random models, tasks and
//! batches, and training curves.

mod tools;

use burn_tensor::Device;
use pollster::block_on;
use serde_json::{Value, json};
use tinylens::experiment::Experiment;
use tinylens::model::{Layout, Model};
use tinylens::random::{At, Stream, block};
use tinylens::task::Data;
use tinylens::train::Run;
use tinylens_lean::{Batch, Lean, State};
use tools::autodiff;
use tools::drawn::{any, drawing, for_tables};

const CONFIGURATIONS: u32 = 200;

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
    every_gradient_is_autodiffs("tables", for_tables);
}

#[test]
fn every_gradient_through_rows_is_autodiffs() {
    every_gradient_is_autodiffs("rows", any);
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
