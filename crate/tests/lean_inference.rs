//! Compares the forward pass by hand with burn's: logits, patterns and answers of random models and sequences.

use pollster::block_on;
use serde_json::{Value, json};
use tinylens::experiment::Experiment;
use tinylens::model::{Action, Generation, Hooks, Intervention, Model, Selection, Tokens, Values, read};
use tinylens::random::{At, Stream, below, block};

use burn_tensor::Device;

const CONFIGURATIONS: u32 = 120;

/// Draws numbers below a bound.
fn drawing(case: u32) -> impl FnMut(u32) -> usize {
    let mut next = 0;
    move |bound| {
        next += 1;
        below(block(6, Stream::Edit, At { step: case, index: next, lane: 0 })[0], bound) as usize
    }
}

/// A random causal model. Tables cover every third.
fn drawn(case: u32) -> Value {
    let mut draw = drawing(case);
    let d_vocab = 4 + draw(30);
    let n_ctx = 2 + draw(16);
    let mut model = json!({
        "n_heads": 1 + draw(4), "d_model": 8 + draw(40), "d_head": 1 + draw(20),
        "d_vocab": d_vocab, "d_vocab_out": d_vocab, "n_ctx": n_ctx,
        "use_attn_scale": draw(4) > 0, "seed": case,
    });
    if !case.is_multiple_of(3) {
        let norms = [json!(null), json!("LN"), json!("LNPre"), json!("RMS"), json!("RMSPre")];
        model["n_layers"] = json!(1 + draw(3));
        model["normalization_type"] = norms[draw(5)].clone();
        model["attn_only"] = json!(draw(3) == 0);
        model["act_fn"] = json!(["relu", "gelu", "gelu_new", "silu", "solu_ln"][draw(5)]);
        model["d_mlp"] = json!(1 + draw(60));
        model["positional_embedding_type"] = json!(["standard", "shortformer", "rotary"][draw(3)]);
        model["rotary_dim"] = json!(2 * draw(1 + model["d_head"].as_u64().unwrap() as u32 / 2));
        model["rotary_adjacent_pairs"] = json!(draw(2) == 0);
    }
    let task = json!({ "list_length": 1, "max_value": 2, "bos_token": null, "mid_token": null });
    json!({ "task": task, "model": model, "train": { "batch_size": 1 } })
}

/// The model of a case, with random biases too, and sequences of equal length.
fn model_and_sequences(case: u32) -> (Model, Vec<Vec<usize>>) {
    let partial = drawn(case);
    let config = Experiment::resolve(&partial).unwrap_or_else(|errors| panic!("{partial}: {errors:?}")).model;
    let mut parameters = block_on(Model::new(&config, &Device::flex()).read_parameters()).unwrap();
    for (index, value) in parameters.iter_mut().enumerate() {
        let noise = block(9, Stream::Edit, At { step: case, index: index as u32, lane: 0 })[0];
        *value += (noise as f32 / u32::MAX as f32 - 0.5) * 0.3;
    }
    let mut draw = drawing(case + 1_000_000);
    let (batch, positions) = (20 + draw(30), 2 + draw(config.n_ctx as u32 - 1));
    let sequences = (0..batch).map(|_| (0..positions).map(|_| draw(config.d_vocab as u32)).collect()).collect();
    (Model::from_parameters(&config, parameters, &Device::flex()), sequences)
}

/// burn's logits at every position.
fn by_burn(model: &Model, sequences: &[Vec<usize>]) -> Vec<f32> {
    let tokens = Tokens::new(sequences, model.config()).unwrap();
    let rows = 0..tokens.positions;
    block_on(read(model.logits(&model.weights(), tokens.tensor(&model.device()), None, rows, &mut Hooks::none())))
        .unwrap()
}

#[test]
fn logits_and_patterns_are_burns() {
    let (mut worst, mut through_tables) = (0.0f32, 0);
    for case in 0..CONFIGURATIONS {
        let (model, sequences) = model_and_sequences(case);
        let (positions, width) = (sequences[0].len(), model.config().d_vocab_out);
        let expected = by_burn(&model, &sequences);
        let mut inference = model.inference(sequences.len(), positions).unwrap();
        let path = inference.path();
        through_tables += u32::from(path == "tables");
        let mut near = |got: &[f32], expected: &[f32], what: &str| {
            for (got, expected) in got.iter().zip(expected) {
                let apart = (got - expected).abs() / expected.abs().max(1.0);
                worst = worst.max(apart);
                assert!(apart <= 1e-5, "case {case}, {path}: {what} {got}, and should be {expected}: {}", drawn(case));
            }
        };
        // Whole sequences, with the logits at some positions.
        let wanted = positions / 3..positions - positions / 4;
        let mut seen = 0;
        inference.logits(&sequences, wanted.clone(), |number, logits| {
            assert_eq!(number, seen);
            seen += 1;
            near(
                logits,
                &expected[(number * positions + wanted.start) * width..(number * positions + wanted.end) * width],
                "a logit is",
            );
        });
        assert_eq!(seen, sequences.len());
        // Piece by piece.
        inference.begin(sequences.len());
        let cut = positions.div_ceil(2);
        for part in std::iter::once(0..cut).chain((cut..positions).map(|position| position..position + 1)) {
            let tokens: Vec<usize> = sequences.iter().flat_map(|row| row[part.clone()].to_vec()).collect();
            let logits = inference.read(&tokens, part.len() - 1..part.len());
            for (number, logits) in logits.chunks_exact(width).enumerate() {
                let last = number * positions + part.end - 1;
                near(logits, &expected[last * width..(last + 1) * width], "a logit after a cached part is");
            }
        }
        let patterns = block_on(model.patterns(&sequences)).unwrap();
        let got = inference.patterns(&sequences);
        assert_eq!(got.len(), patterns.len());
        for (got, expected) in got.iter().zip(&patterns) {
            assert_eq!(got.len(), expected.len());
            near(got, expected, "a pattern's weight is");
        }
    }
    assert!((CONFIGURATIONS / 4..CONFIGURATIONS * 3 / 4).contains(&through_tables), "{through_tables} through tables");
    println!("worst difference over {CONFIGURATIONS} models, {through_tables} of them through tables: {worst:.1e}");
}

/// An intervention without effect on the model, which has burn do the forward pass.
fn none() -> Intervention {
    let zero = Values { shape: vec![1], data: vec![0.0] };
    Intervention { hook: "hook_embed".into(), action: Action::Add(zero), at: Selection::default() }
}

/// Prompts continued by hand are burn's, greedily and drawn; but for choices so close that rounding decides, which must
/// be rare.
#[test]
fn the_same_tokens_are_generated() {
    let (mut tokens, mut differ) = (0, 0);
    for case in 0..CONFIGURATIONS {
        let (model, sequences) = model_and_sequences(case);
        let length = sequences[0].len();
        let max_new_tokens = model.config().n_ctx - length;
        for temperature in [0.0, 1.0] {
            let stop_token = (case % 2 == 1).then_some(1);
            let options = Generation { temperature, seed: case, max_new_tokens, stop_token, ..Generation::default() };
            let got = block_on(model.generate(&sequences, &options, &[])).unwrap();
            let expected = block_on(model.generate(&sequences, &options, &[none()])).unwrap();
            assert_eq!(got[0].len(), expected[0].len());
            tokens += got.len();
            differ += got.iter().zip(&expected).filter(|(a, b)| a != b).count();
            // A prompt has the same answer alone as among others.
            let alone = block_on(model.generate(&sequences[..1], &options, &[])).unwrap();
            assert_eq!(alone[0][..], got[0][..alone[0].len()]);
        }
        let prompts: Vec<&[usize]> = sequences.iter().map(Vec::as_slice).collect();
        let answers = model.inference(sequences.len(), model.config().n_ctx).unwrap().greedy(&prompts, max_new_tokens);
        let whole = block_on(model.generate(&sequences, &Generation::greedy(max_new_tokens), &[])).unwrap();
        for ((answer, whole), prompt) in answers.iter().zip(&whole).zip(&prompts) {
            assert_eq!([prompt, &answer[..]].concat(), *whole);
        }
    }
    assert!(differ * 1000 <= tokens, "{differ} of {tokens} sequences differ");
}

#[test]
fn bidirectional_models_are_left_to_burn() {
    let experiment = Experiment::resolve(&json!({ "model": { "attention_dir": "bidirectional" } })).unwrap();
    assert!(Model::new(&experiment.model, &Device::flex()).inference(10, 12).is_none());
}
