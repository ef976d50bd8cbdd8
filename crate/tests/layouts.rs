//! Other people's layouts, beside the logits that PyTorch gives: the files and what must come out of them are written by layouts/make.py.

#[path = "common/close.rs"]
mod close;

use std::path::PathBuf;

use burn_tensor::Device;
use close::assert_close;
use pollster::block_on;
use serde_json::{Map, Value, json};
use tinylens::checkpoint::open;
use tinylens::model::{Hooks, Model, Tokens, read};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/layouts")
}

#[test]
fn every_layout_gives_its_logits() {
    let expected: Value = serde_json::from_slice(&std::fs::read(folder().join("expected.json")).unwrap()).unwrap();
    let mut opened_files = 0;
    for (file, expected) in expected.as_object().unwrap() {
        let Some(tokens) = expected.get("tokens") else { continue };
        let bytes = std::fs::read(folder().join(file)).unwrap();
        let given = expected["given"].as_object().unwrap();
        let opened = open(&bytes, given).unwrap_or_else(|error| panic!("{file}: {error}"));
        println!("{file}: {:?}", opened.source);
        let config = serde_json::to_value(&opened.config).unwrap();
        for (field, value) in expected["config"].as_object().unwrap() {
            let same = config[field] == *value
                || config[field].as_f64().zip(value.as_f64()).is_some_and(|(a, b)| (a - b).abs() < 1e-6);
            assert!(same, "{file}: {field} is {}, and should be {value}", config[field]);
        }
        let model = Model::from_parameters(&opened.config, opened.parameters, &Device::flex());
        let rows: Vec<Vec<usize>> = serde_json::from_value(tokens.clone()).unwrap();
        let tokens = Tokens::new(&rows, model.config()).unwrap();
        let logits = model.logits(
            &model.weights(),
            tokens.tensor(&model.device()),
            None,
            0..tokens.positions,
            &mut Hooks::none(),
        );
        let logits_expected: Vec<Vec<Vec<f32>>> = serde_json::from_value(expected["logits"].clone()).unwrap();
        assert_close(&block_on(read(logits)).unwrap(), &logits_expected.concat().concat(), 1e-5, file);
        opened_files += 1;
    }
    assert!(opened_files >= 15, "{opened_files}");
}

/// What a file can't say is assumed and listed, and what is given goes before it.
#[test]
fn assumptions_are_listed_and_can_be_replaced() {
    let read = |file: &str, given: Value| {
        let bytes = std::fs::read(folder().join(file)).unwrap();
        open(&bytes, given.as_object().unwrap_or(&Map::new()))
    };
    let notes = |file: &str| read(file, json!({})).unwrap().source.notes.join(" ");
    assert!(notes("nanogpt_bare.pt").contains("n_heads was taken to be 1"), "{}", notes("nanogpt_bare.pt"));
    assert!(notes("grokking_bare.pkl").contains("act_fn was taken to be relu"), "{}", notes("grokking_bare.pkl"));
    assert!(notes("mingpt2020.pt").contains("act_fn was taken to be gelu"), "{}", notes("mingpt2020.pt"));
    assert_eq!(
        read("grokking_bare.pkl", json!({ "act_fn": "silu" })).unwrap().config.act_fn,
        tinylens::config::Activation::Silu
    );
    let refused = read("nanogpt_bare.pt", json!({ "n_heads": 3 })).unwrap_err().to_string();
    assert!(refused.contains("n_heads is 3; in this layout it must divide d_model, 8"), "{refused}");
}
