//! Other people's layouts, beside the logits that PyTorch gives: the files and what must come out of them are written by layouts/make.py.

#[path = "common/close.rs"]
mod close;
mod tools;

use std::path::PathBuf;

use burn_tensor::Device;
use close::assert_close;
use pollster::block_on;
use serde_json::{Map, Value, json};
use tinylens::checkpoint::open;
use tinylens::experiment::resolve_model;
use tinylens::model::{Hooks, Layout, Model, Tokens, read};
use tools::by_hand::{floats, safetensors};

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

/// A model of every kind that TransformerLens 4 makes natively, written under its names: the same parameters come back.
#[test]
fn native_models_of_transformer_lens_4() {
    for (attn_only, norm, positions) in
        [(true, Value::Null, "standard"), (false, json!("LN"), "standard"), (false, json!("RMS"), "rotary")]
    {
        let config = resolve_model(json!({
            "n_layers": 2, "n_heads": 3, "d_model": 12, "d_head": 5, "d_mlp": 20, "d_vocab": 11, "d_vocab_out": 7,
            "n_ctx": 9, "attn_only": attn_only, "normalization_type": norm, "positional_embedding_type": positions,
            "rotary_adjacent_pairs": positions == "rotary", "rotary_dim": 4, "seed": 3,
        }))
        .unwrap();
        let layout = Layout::new(&config);
        let parameters: Vec<f32> =
            layout.initial(&config).iter().enumerate().map(|(i, x)| x + i as f32 * 1e-4).collect();
        let (mut header, mut data) = (Map::new(), Vec::new());
        let (heads, d, c) = (config.n_heads, config.d_head, config.d_model);
        for entry in layout.entries() {
            let values = &parameters[entry.range()];
            // `Linear`s are [out, in], all heads one after the other.
            let (shape, values): (Vec<usize>, Vec<f32>) = match entry.name.rsplit('.').next().unwrap() {
                "W_Q" | "W_K" | "W_V" => {
                    let at = |row: usize, column: usize| values[(row / d * c + column) * d + row % d];
                    (vec![heads * d, c], (0..heads * d * c).map(|i| at(i / c, i % c)).collect())
                }
                "W_O" => {
                    let width = heads * d;
                    (vec![c, width], (0..c * width).map(|i| values[i % width * c + i / width]).collect())
                }
                "b_Q" | "b_K" | "b_V" => (vec![heads * d], values.to_vec()),
                "W_in" | "W_out" | "W_U" => {
                    let [rows, columns] = entry.shape[..] else { panic!("{}", entry.name) };
                    (vec![columns, rows], (0..rows * columns).map(|i| values[i % rows * columns + i / rows]).collect())
                }
                _ => (entry.shape.clone(), values.to_vec()),
            };
            let name = entry.name.replace("blocks.", "layers.").replace("embed.W_E", "tok_embed.weight");
            let name = name.replace("pos_embed.W_pos", "pos.weight").replace("unembed.W_U", "head.weight");
            let name = ["Q", "K", "V", "O"].iter().fold(name, |name, letter| {
                let part = letter.to_lowercase();
                name.replace(&format!("attn.W_{letter}"), &format!("attn.{part}.weight"))
                    .replace(&format!("attn.b_{letter}"), &format!("attn.{part}.bias"))
            });
            let name = name.replace("mlp.W_in", "mlp.fc_in.weight").replace("mlp.b_in", "mlp.fc_in.bias");
            let name = name.replace("mlp.W_out", "mlp.fc_out.weight").replace("mlp.b_out", "mlp.fc_out.bias");
            let name = name.replace("ln_final", "ln_out");
            let norm = name.strip_suffix(".w").map(|name| format!("{name}.weight"));
            let name = norm.or_else(|| name.strip_suffix(".b").map(|name| format!("{name}.bias"))).unwrap_or(name);
            if name == "unembed.b_U" {
                assert!(values.iter().any(|x| *x != 0.0));
                continue; // native models have none
            }
            let start = data.len();
            data.extend(floats(&values));
            let offsets = [start, data.len()];
            header.insert(name, json!({ "dtype": "F32", "shape": shape, "data_offsets": offsets }));
        }
        let file = safetensors(&Value::Object(header).to_string(), &data);
        let given = json!({ "n_heads": 3, "n_ctx": 9, "rotary_dim": 4 });
        let opened = open(&file, given.as_object().unwrap()).unwrap_or_else(|error| panic!("{norm}: {error}"));
        assert!(opened.source.format.contains("TransformerLens 4"), "{}", opened.source.format);
        for field in ["n_layers", "d_head", "d_mlp", "attn_only", "normalization_type", "positional_embedding_type"] {
            let [got, wanted] =
                [&opened.config, &config].map(|config| serde_json::to_value(config).unwrap()[field].clone());
            assert!(got == wanted || (field == "d_mlp" && attn_only), "{field}: {got}, not {wanted}");
        }
        let mut expected = parameters.clone();
        expected[layout.find("unembed.b_U").unwrap().range()].fill(0.0);
        assert_eq!(opened.parameters, expected, "{norm}");
    }
    // How many heads there are is guessed, and said.
    let one = safetensors(
        r#"{"tok_embed.weight":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"layers.0.attn.q.weight":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"layers.0.attn.k.weight":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}"#,
        &[0; 8],
    );
    let refused = open(&one, &Map::new()).unwrap_err().to_string();
    assert!(refused.contains("grouped-query attention"), "{refused}");
}
