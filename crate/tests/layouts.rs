//! Files in other people's layouts, with the logits that PyTorch gives: layouts/make.py and layouts/make_toys.py write
//! the files and what must come out of them.

#[path = "common/close.rs"]
mod close;

use std::path::PathBuf;

use burn_tensor::Device;
use close::assert_close;
use pollster::block_on;
use serde_json::{Map, Value, json};
use tinylens::checkpoint::{Opened, StoredTensor, open, read};
use tinylens::config::Activation;
use tinylens::error::Error;
use tinylens::model::{Hooks, Model, Tokens};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/layouts")
}

fn bytes(file: &str) -> Vec<u8> {
    std::fs::read(folder().join(file)).unwrap()
}

/// Opens a file with a partial configuration.
fn opened(file: &str, given: Value) -> Result<Opened, Error> {
    open(&bytes(file), given.as_object().unwrap_or(&Map::new()))
}

#[test]
fn every_layout_gives_its_logits() {
    let mut opened_files = 0;
    for manifest in ["expected.json", "expected_toys.json"] {
        let expected: Map<String, Value> = serde_json::from_slice(&bytes(manifest)).unwrap();
        for (file, expected) in expected {
            let opened = opened(&file, expected["given"].clone()).unwrap_or_else(|error| panic!("{file}: {error}"));
            println!("{file}: {:?}", opened.source);
            let config = serde_json::to_value(&opened.config).unwrap();
            for (field, value) in expected["config"].as_object().unwrap() {
                let same = config[field] == *value
                    || config[field].as_f64().zip(value.as_f64()).is_some_and(|(a, b)| (a - b).abs() < 1e-6);
                assert!(same, "{file}: {field} is {}, and should be {value}", config[field]);
            }
            let model = Model::from_parameters(&opened.config, opened.parameters, &Device::flex());
            let rows: Vec<Vec<usize>> = serde_json::from_value(expected["tokens"].clone()).unwrap();
            let tokens = Tokens::new(&rows, model.config()).unwrap();
            let logits = model.logits(
                &model.weights(),
                tokens.tensor(&model.device()),
                None,
                0..tokens.positions,
                &mut Hooks::none(),
            );
            let logits = block_on(tinylens::model::read(logits)).unwrap();
            let logits_expected: Vec<Vec<Vec<f32>>> = serde_json::from_value(expected["logits"].clone()).unwrap();
            assert_close(&logits, &logits_expected.concat().concat(), 1e-5, &file);
            opened_files += 1;
        }
    }
    assert_eq!(opened_files, 21);
}

/// What a file cannot say is assumed and listed, and what is given goes before it.
#[test]
fn assumptions_are_listed_and_can_be_replaced() {
    for (file, note) in [
        ("nanogpt_bare.pt", "n_heads was taken to be 1"),
        ("grokking_bare.pkl", "act_fn was taken to be relu"),
        ("mingpt2020.pt", "act_fn was taken to be gelu"),
        ("native.pt", "n_heads was taken to be 1"),
        ("native_cfg.pkl", "use_attn_scale was taken to be true"),
    ] {
        let notes = opened(file, json!({})).unwrap().source.notes.join(" ");
        assert!(notes.contains(note), "{file}: {notes}");
    }
    let silu = opened("grokking_bare.pkl", json!({ "act_fn": "silu" })).unwrap();
    assert_eq!(silu.config.act_fn, Activation::Silu);
    let refused = opened("nanogpt_bare.pt", json!({ "n_heads": 3 })).unwrap_err().to_string();
    assert!(refused.contains("n_heads is 3; in this layout it must divide d_model, 8"), "{refused}");
    let refused = opened("native.pt", json!({ "n_heads": 4 })).unwrap_err().to_string();
    assert!(refused.contains("n_heads is 4; in this layout it must divide n_heads · d_head, 6"), "{refused}");
}

/// The error for a file's tensors after a change of them.
fn changed(file: &str, change: impl FnOnce(&mut Vec<StoredTensor>)) -> String {
    let mut tensors = read(&bytes(file)).unwrap().tensors;
    change(&mut tensors);
    let tensors = tensors.into_iter().map(|it| (it.name, json!({ "shape": it.shape, "data": it.values })));
    let file = json!({ "state_dict": tensors.collect::<Map<_, _>>() }).to_string();
    open(file.as_bytes(), json!({ "n_heads": 2 }).as_object().unwrap()).unwrap_err().to_string()
}

/// A layout of toy models is varied by those who write it. What is not known of it may change what the model computes.
#[test]
fn tensors_that_a_layout_does_not_have_are_refused() {
    let added = |name: &str, shape: &[usize]| {
        let values = vec![0.5; shape.iter().product()];
        let tensor = StoredTensor { name: name.into(), shape: shape.into(), values, dtype: "float32".into() };
        move |tensors: &mut Vec<StoredTensor>| tensors.push(tensor)
    };
    let without = |name: &'static str| move |tensors: &mut Vec<StoredTensor>| tensors.retain(|it| it.name != name);
    for (message, words) in [
        (changed("per_head.pt", added("layers.0.ln.weight", &[8])), "\"layers.0.ln.weight\""),
        (changed("per_head.pt", without("layers.1.heads.2.W_K.weight")), "2.W_K.weight, of shape [3, 8]"),
        (changed("per_head.pt", without("layers.1.heads.2.W_K.bias")), "some have a bias for W_K"),
        (changed("native.pt", added("layers.0.mlp.gate.weight", &[12, 8])), "a gated MLP"),
        (changed("native.pt", added("layers.0.other.weight", &[8])), "\"layers.0.other.weight\""),
        (changed("native.pt", added("blocks.0.attn.q.weight", &[6, 8])), "twice, with different values"),
        (changed("native.pt", without("ln_out.bias")), "LayerNorms and RMSNorms"),
        (
            changed("native.pt", |tensors| {
                let keys = tensors.iter_mut().find(|it| it.name == "layers.0.attn.k.weight").unwrap();
                (keys.shape, keys.values) = (vec![3, 8], vec![0.0; 24]);
            }),
            "grouped-query attention",
        ),
        (
            changed("native.pt", |tensors| {
                let bias = tensors.iter_mut().find(|it| it.name == "layers.0.attn.q.bias").unwrap();
                (bias.shape, bias.values) = (vec![8], vec![0.0; 8]);
            }),
            "layers.0.attn.q.bias has shape [8]; it must be [6]",
        ),
    ] {
        assert!(message.contains(words), "{words:?} is missing in: {message}");
    }
}

/// Opens the tensors of `native.pt`, which has LayerNorms, with its configuration and some fields changed.
fn native(said: Value) -> Result<Opened, Error> {
    let tensors = read(&bytes("native.pt")).unwrap().tensors.into_iter();
    let tensors = tensors.map(|it| (it.name, json!({ "shape": it.shape, "data": it.values })));
    let mut cfg = json!({ "n_layers": 2, "n_heads": 2, "d_model": 8, "d_head": 3, "n_ctx": 6, "act_fn": "solu_ln" });
    cfg.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
    let file = json!({ "state_dict": tensors.collect::<Map<_, _>>(), "cfg": cfg }).to_string();
    open(file.as_bytes(), &Map::new())
}

/// Native models do not heed all of their configuration: what their weights say goes before it, and a note says so.
#[test]
fn what_native_models_do_not_heed_changes_nothing() {
    let plain = native(json!({ "normalization_type": "LN" })).unwrap();
    assert!(!plain.source.notes.join(" ").contains("was taken to be LN"), "{:?}", plain.source.notes);
    let norm = "normalization_type was taken to be LN: the file has the weights of such norms.";
    for (said, note) in [
        (json!({ "normalization_type": null }), norm),
        (json!({ "normalization_type": "LNPre" }), norm),
        (json!({ "normalization_type": "LN", "use_attn_scale": false, "attn_scale": 5.0 }), "the scale to be √d_head"),
    ] {
        let opened = native(said.clone()).unwrap();
        assert_eq!(opened.config, plain.config, "{said}");
        assert_eq!(opened.parameters, plain.parameters, "{said}");
        assert!(opened.source.notes.join(" ").contains(note), "{said}: {:?}", opened.source.notes);
    }
    let scale = native(json!({ "attn_scale": 5.0 })).unwrap().config.attn_scale;
    assert_eq!(scale, 5.0, "what they do heed");
}

#[test]
fn an_activation_may_have_another_name() {
    for (name, wanted) in [("swish", Activation::Silu), ("gelu_pytorch_tanh", Activation::GeluNew)] {
        let opened = native(json!({ "act_fn": name })).unwrap();
        assert_eq!(opened.config.act_fn, wanted);
        let notes = opened.source.notes.join(" ");
        assert!(notes.contains(&format!("act_fn {name} is computed as ")), "{notes}");
    }
}
