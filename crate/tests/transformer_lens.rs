//! The model compared with TransformerLens 3.9: logits, all hooks, all gradients, interventions, generation, fifty
//! steps of Adam. oracle/make.py makes the fixtures and says what they hold.

mod common;
mod tools;

use std::collections::BTreeSet;

use burn_tensor::{Device, Int, Tensor, TensorData, activation};
use common::{Fixture, assert_close, config, folder};
use pollster::block_on;
use serde_json::Value;
use tinylens::experiment::Experiment;
use tinylens::model::{
    Action, Cached, Generation, Hooks, Intervention, Model, Selection, Tokens, Values, hook_names, read,
};
use tinylens_lean::{Batch, Lean, State};
use tools::autodiff::{self, Leaves};

const TOLERANCE: f32 = 1e-5;

/// The names of the fixtures that hold one model each.
fn cases() -> Vec<String> {
    let names = std::fs::read_dir(folder()).unwrap().filter_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.strip_suffix(".safetensors").map(str::to_string)
    });
    let cases: BTreeSet<String> = names
        .filter(|name| !name.starts_with("processed_") && !["interventions", "training"].contains(&name.as_str()))
        // With bidirectional attention, HookedTransformer uses the padding mask only for positions. Our model also
        // masks attention, as HookedEncoder does.
        .filter(|name| name != "bidirectional_padding")
        .collect();
    assert!(cases.len() >= 20, "{cases:?}");
    cases.into_iter().collect()
}

/// A fixture, its model and its tokens.
fn open(name: &str) -> (Fixture, Model, Tokens) {
    let fixture = Fixture::read(name);
    let model = fixture.model(&config(&fixture.metadata("config")), "param.", &Device::flex());
    let mut tokens = Tokens::new(&fixture.rows("tokens"), model.config()).unwrap();
    if fixture.get("attention_mask").is_some() {
        let mask: Vec<Vec<bool>> =
            fixture.rows("attention_mask").iter().map(|row| row.iter().map(|x| *x == 1).collect()).collect();
        tokens = tokens.masked(&mask).unwrap();
    }
    (fixture, model, tokens)
}

/// The logits at all positions, `[batch, positions, V out]`.
fn run(model: &Model, tokens: &Tokens, hooks: &mut Hooks) -> Vec<f32> {
    let rows = 0..tokens.positions;
    block_on(read(model.logits(&model.weights(), tokens.tensor(&model.device()), tokens.padding.as_ref(), rows, hooks)))
        .unwrap()
}

#[test]
fn logits_and_all_activations() {
    for name in cases() {
        let (fixture, model, tokens) = open(&name);
        let mut hooks = Hooks::all();
        let logits = run(&model, &tokens, &mut hooks);
        assert_close(&logits, fixture.values("logits"), TOLERANCE, &format!("{name}: logits"));
        let expected: Vec<String> = serde_json::from_value(fixture.metadata("hook_names")).unwrap();
        assert_eq!(hook_names(model.config()), expected, "{name}");
        assert_eq!(hooks.cache.iter().map(|(hook, _)| hook.clone()).collect::<Vec<_>>(), expected, "{name}");
        for (hook, value) in hooks.cache {
            let (shape, values) = match value {
                Cached::Three(value) => (value.dims().to_vec(), block_on(read(value)).unwrap()),
                Cached::Four(value) => (value.dims().to_vec(), block_on(read(value)).unwrap()),
            };
            let key = format!("cache.{hook}");
            assert_eq!(shape, fixture.shape(&key), "{name}: {hook}");
            assert_close(&values, fixture.values(&key), TOLERANCE, &format!("{name}: {hook}"));
        }
        // Without hooks, the logits of a range of positions are the same.
        let last = block_on(read(model.logits(
            &model.weights(),
            tokens.tensor(&model.device()),
            tokens.padding.as_ref(),
            2..4,
            &mut Hooks::none(),
        )))
        .unwrap();
        let width = model.config().d_vocab_out;
        let row = tokens.positions * width;
        assert_close(&last[..2 * width], &logits[2 * width..4 * width], 1e-6, &name);
        assert_close(&last[2 * width..], &logits[row + 2 * width..row + 4 * width], 1e-6, &name);
    }
}

/// The mean cross entropy of `logits[:, :-1]` against the fixture's targets.
fn loss_of(model: &Model, weights: &tinylens::model::Weights, tokens: &Tokens, targets: &[f32]) -> Tensor<1> {
    let rows = 0..tokens.positions - 1;
    let logits =
        model.logits(weights, tokens.tensor(&model.device()), tokens.padding.as_ref(), rows, &mut Hooks::none());
    let [batch, positions, width] = logits.dims();
    let targets: Vec<i32> = targets.iter().map(|x| *x as i32).collect();
    let targets = Tensor::<1, Int>::from_data(TensorData::new(targets, [batch * positions]), &model.device());
    let log_probabilities = activation::log_softmax(logits.reshape([batch * positions, width]), 1);
    let hot = weights.one_hot(targets, width);
    (log_probabilities * hot).sum().mul_scalar(-1.0 / (batch * positions) as f64)
}

#[test]
fn the_gradients_of_all_parameters() {
    for name in cases() {
        let (fixture, model, tokens) = open(&name);
        let leaves = Leaves::new(&model);
        let loss = loss_of(&model, &leaves.weights(&model), &tokens, fixture.values("targets"));
        let gradient = leaves.gradient(&mut loss.backward());
        assert_close(
            &block_on(read(loss.inner())).unwrap(),
            fixture.values("loss"),
            TOLERANCE,
            &format!("{name}: loss"),
        );
        for entry in model.layout().entries() {
            let key = format!("grad.{}", entry.name);
            assert_close(&gradient[entry.range()], fixture.values(&key), TOLERANCE, &format!("{name}: {key}"));
        }
    }
}

/// Independent of TransformerLens: along a direction in the space of each parameter, the loss changes as the gradient
/// says.
#[test]
fn gradients_pass_finite_differences() {
    for name in cases() {
        let (fixture, model, tokens) = open(&name);
        let targets = fixture.values("targets");
        let leaves = Leaves::new(&model);
        let loss = loss_of(&model, &leaves.weights(&model), &tokens, targets);
        let gradient = leaves.gradient(&mut loss.backward());
        let values = block_on(model.read_parameters()).unwrap();
        for entry in model.layout().entries() {
            let length = (entry.len() as f32).sqrt();
            let direction = |index: usize| if (index * 7 + 3) % 5 < 2 { 1.0 / length } else { -1.0 / length };
            let slope: f32 = entry.range().map(|index| gradient[index] * direction(index)).sum();
            let step = 4e-3;
            let at = |sign: f32| {
                let mut moved = values.clone();
                entry.range().for_each(|index| moved[index] += sign * step * direction(index));
                let model = Model::from_parameters(model.config(), moved, &Device::flex());
                block_on(read(loss_of(&model, &model.weights(), &tokens, targets))).unwrap()[0]
            };
            let measured = (at(1.0) - at(-1.0)) / (2.0 * step);
            // The tolerance allows for float32 rounding of both losses, and for curvature within the step.
            let close = (measured - slope).abs() <= 5e-4 + 0.01 * slope.abs();
            assert!(close, "{name}: {}: measured {measured}, gradient {slope}", entry.name);
        }
    }
}

#[test]
fn interventions() {
    let fixture = Fixture::read("interventions");
    let (_, model, tokens) = open("ln_relu");
    let part = |name: &str| {
        let (shape, data) = fixture.get(name).unwrap().clone();
        (shape, data)
    };
    let (shape, data) = part("values");
    // [2, D] at two of six positions, as [T, 1, D] of which the other rows are not used.
    let mut rows = vec![0.0; tokens.positions * shape[1]];
    rows[shape[1]..shape[1] * 3].copy_from_slice(&data);
    let values = Values { shape: vec![tokens.positions, 1, shape[1]], data: rows };
    let (shape, data) = part("vector");
    let vector = Values { shape, data };
    let change = |hook: &str, action: Action, at: Selection| Intervention { hook: hook.into(), action, at };
    let all = [
        (
            "replace",
            change(
                "blocks.0.attn.hook_z",
                Action::Replace(values),
                Selection { heads: Some(vec![1]), positions: Some(vec![1, 2]), ..Selection::default() },
            ),
        ),
        (
            "zero",
            change(
                "blocks.1.attn.hook_pattern",
                Action::Zero,
                Selection { heads: Some(vec![0]), ..Selection::default() },
            ),
        ),
        (
            "mean",
            change("blocks.0.attn.hook_z", Action::Mean, Selection { heads: Some(vec![0]), ..Selection::default() }),
        ),
        (
            "add",
            change(
                "blocks.1.hook_resid_pre",
                Action::Add(vector),
                Selection { positions: Some(vec![2]), ..Selection::default() },
            ),
        ),
    ];
    for (name, it) in &all {
        it.check(name, model.config(), tokens.batch, tokens.positions).unwrap();
        let one = [it.clone()];
        let logits = run(&model, &tokens, &mut Hooks::none().with(&one));
        assert_close(&logits, fixture.values(&format!("logits.{name}")), TOLERANCE, name);
    }
    let every: Vec<Intervention> = all.iter().map(|(_, it)| it.clone()).collect();
    let mut hooks = Hooks::names(vec!["blocks.1.attn.hook_pattern".into()]).with(&every);
    assert_close(&run(&model, &tokens, &mut hooks), fixture.values("logits.all"), TOLERANCE, "all");
    let Cached::Four(pattern) = hooks.cache[0].1.clone() else { panic!("a pattern has four axes") };
    let pattern = block_on(read(pattern)).unwrap();
    assert!(pattern[..36].iter().all(|weight| *weight == 0.0), "the cache holds what the rest of the model has read");
}

#[test]
fn greedy_generation() {
    let fixture: Value = serde_json::from_slice(&std::fs::read(folder().join("generation.json")).unwrap()).unwrap();
    let mut compared = 0;
    for case in fixture["greedy"].as_array().unwrap() {
        let rows = |key: &str| serde_json::from_value::<Vec<Vec<usize>>>(case[key].clone()).unwrap();
        let (_, model, _) = open(case["case"].as_str().unwrap());
        let stop = &case["eos_token_id"];
        if stop.is_array() {
            continue; // our API has one stop token
        }
        // TransformerLens may generate one token more than there are positions, because it does not read the last one.
        let (prompts, mut expected) = (rows("prompts"), rows("tokens"));
        let new = (case["max_new_tokens"].as_u64().unwrap() as usize).min(model.config().n_ctx - prompts[0].len());
        expected.iter_mut().for_each(|row| row.truncate(prompts[0].len() + new));
        let options = Generation { stop_token: stop.as_u64().map(|x| x as usize), ..Generation::greedy(new) };
        assert_eq!(block_on(model.generate(&prompts, &options, &[])).unwrap(), expected, "{case}");
        compared += 1;
    }
    assert_eq!(compared, 5);
}

#[test]
fn the_logits_that_tokens_are_drawn_from() {
    let fixture: Value = serde_json::from_slice(&std::fs::read(folder().join("generation.json")).unwrap()).unwrap();
    let sampling = &fixture["sampling"];
    let logits: Vec<Vec<f32>> = serde_json::from_value(sampling["logits"].clone()).unwrap();
    let tokens: Vec<Vec<usize>> = serde_json::from_value(sampling["tokens"].clone()).unwrap();
    let mut compared = 0;
    for case in sampling["cases"].as_array().unwrap() {
        let options = Generation {
            temperature: case["temperature"].as_f64().unwrap(),
            top_k: case["top_k"].as_u64().map(|x| x as usize),
            top_p: case["top_p"].as_f64(),
            freq_penalty: case["freq_penalty"].as_f64().unwrap().max(0.0), // TransformerLens ignores a negative one
            ..Generation::default()
        };
        options.check().unwrap();
        for (row, logits) in logits.iter().enumerate() {
            if options.temperature > 0.0 {
                let expected: Vec<Option<f32>> = serde_json::from_value(case["logits"][row].clone()).unwrap();
                let expected: Vec<f32> = expected.into_iter().map(|x| x.unwrap_or(f32::NEG_INFINITY)).collect();
                let filtered = options.filter(logits, &tokens[row]);
                // torch's Categorical normalises the logits, so that only their differences are compared.
                let shifted = |values: &[f32]| {
                    let max = values.iter().fold(f32::NEG_INFINITY, |max, x| max.max(*x));
                    values.iter().map(|x| x - max).collect::<Vec<_>>()
                };
                assert_close(&shifted(&filtered), &shifted(&expected), TOLERANCE, &format!("{case}"));
            }
            compared += 1;
        }
    }
    assert!(compared >= 3 * 12, "{compared}");
}

#[test]
fn fifty_steps_of_adam() {
    let fixture = Fixture::read("training");
    let [steps, batch, positions] = fixture.shape("tokens").try_into().unwrap();
    let rows = 4..positions - 1;
    let adam = Experiment::default().train.adam();
    for name in ["notebook", "ln_mlp"] {
        let config = config(&fixture.metadata("configs")[name]);
        let initial = fixture.model(&config, &format!("{name}.initial."), &Device::flex());
        let parameters = block_on(initial.read_parameters()).unwrap();
        let mut lean = Lean::new(&config, initial.layout(), positions - 1, batch);
        let [mut by_hand, mut by_autodiff] = [(); 2].map(|()| State::new(parameters.clone()));
        let mut losses = [const { Vec::new() }; 2];
        let mut gradient = vec![0.0; parameters.len()];
        for (step, tokens) in (1..).zip(fixture.values("tokens").chunks_exact(batch * positions)) {
            let read = positions - 1;
            let part = |from: usize| {
                let rows = tokens.chunks_exact(positions).flat_map(|row| &row[from..from + read]);
                rows.map(|x| *x as i32).collect::<Vec<_>>()
            };
            let counted = (0..batch * read).map(|index| rows.contains(&(index % read))).collect();
            let batch =
                Batch { positions: read, tokens: part(0), targets: part(1), counted, lengths: vec![read; batch] };
            losses[0].push(lean.gradient(&by_hand.parameters, &batch.sequences(), &mut gradient));
            adam.step(&mut by_hand, &gradient, 1e-3, step);
            let (loss, gradient) = autodiff::gradient(&initial.with_values(by_autodiff.parameters.clone()), &batch);
            losses[1].push(loss);
            adam.step(&mut by_autodiff, &gradient, 1e-3, step);
        }
        for losses in losses {
            assert_eq!(losses.len(), steps);
            assert_close(&losses, fixture.values(&format!("{name}.losses")), 1e-4, &format!("{name}: losses"));
        }
    }
}
