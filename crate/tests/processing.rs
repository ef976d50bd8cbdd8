//! Weight processing against TransformerLens 3.9: the log probabilities stay, and where they do in TransformerLens too,
//! the weights are the same.

mod common;

use burn_tensor::{Device, Tensor, activation};
use common::{Fixture, assert_close, config, folder};
use pollster::block_on;
use tinylens::model::{Hooks, Model, Processing, Tokens, read};

/// No processing.
const NONE: Processing =
    Processing { fold_ln: false, center_writing_weights: false, center_unembed: false, fold_value_biases: false };
/// Each option alone, and all together.
const OPTIONS: [(&str, Processing); 5] = [
    ("fold_ln", Processing { fold_ln: true, ..NONE }),
    ("center_writing_weights", Processing { center_writing_weights: true, ..NONE }),
    ("center_unembed", Processing { center_unembed: true, ..NONE }),
    ("fold_value_biases", Processing { fold_value_biases: true, ..NONE }),
    ("all", Processing { fold_ln: true, center_writing_weights: true, center_unembed: true, fold_value_biases: true }),
];

fn logits(model: &Model, tokens: &[Vec<usize>]) -> Tensor<3> {
    let tokens = Tokens::new(tokens, model.config()).unwrap();
    model.logits(&model.weights(), tokens.tensor(&model.device()), None, 0..tokens.positions, &mut Hooks::none())
}

fn log_probabilities(logits: Tensor<3>) -> Vec<f32> {
    block_on(read(activation::log_softmax(logits, 2))).unwrap()
}

#[test]
fn every_option_leaves_the_log_probabilities() {
    let mut compared = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(case) = name.strip_prefix("processed_").and_then(|name| name.strip_suffix(".safetensors")) else {
            continue;
        };
        let (before, after) = (Fixture::read(case), Fixture::read(&format!("processed_{case}")));
        let model = before.model(&config(&before.metadata("config")), "param.", &Device::flex());
        let tokens = before.rows("tokens");
        let expected = log_probabilities(logits(&model, &tokens));
        for (option, processing) in OPTIONS {
            let (processed, _) = block_on(model.process_weights(&processing)).unwrap();
            let got = logits(&processed, &tokens);
            assert_close(&log_probabilities(got.clone()), &expected, 1e-5, &format!("{case}, {option}"));
            // Compare with TransformerLens, unless it refuses the model or changes what it computes.
            if after.metadata("outcome")[option] == "log probabilities kept" {
                let theirs = after.values(&format!("logits.{option}"));
                assert_close(&block_on(read(got)).unwrap(), theirs, 1e-5, &format!("{case}, {option}: logits"));
                compared += 1;
            }
            let values = block_on(processed.read_parameters()).unwrap();
            for entry in processed.layout().entries() {
                if let Some((_, theirs)) = after.get(&format!("processed.{option}.{}", entry.name)) {
                    assert_close(&values[entry.range()], theirs, 1e-5, &format!("{case}, {option}: {}", entry.name));
                }
            }
        }
    }
    assert!(compared >= 40, "{compared}");
}

#[test]
fn what_is_left_out_is_said() {
    for (case, notes) in [("notebook", 2), ("shortformer_ln", 1), ("rms_gelu_new", 1), ("ln_relu", 0)] {
        let fixture = Fixture::read(case);
        let model = fixture.model(&config(&fixture.metadata("config")), "param.", &Device::flex());
        let (_, said) = block_on(model.process_weights(&Processing::default())).unwrap();
        assert_eq!(said.len(), notes, "{case}: {said:?}");
    }
}
