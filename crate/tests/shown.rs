//! What a file calls things ends on the page as text, in errors and notes. Markup stays as it is, for the page shows it
//! as text; but nothing invisible gets there, and nothing long.

mod tools;

use std::path::Path;

use serde_json::{Map, Value, json};
use tinylens::checkpoint::{StoredTensor, open, read};
use tools::by_hand::{dict, pickle, safetensors, saved, storage, tensor, text, zip};

const NAME: &str = "<img src=x onerror=alert(1)>\u{0}\u{1b}[31m\r\n\u{202e}\u{2066}\u{200b}";

fn long() -> String {
    format!("{NAME}{}", "x".repeat(900))
}

/// Asserts that a sentence with the name in it is fit to be shown.
#[track_caller]
fn fit(sentence: &str) {
    assert!(sentence.contains("<img src=x onerror=alert(1)>"), "{sentence}");
    let hidden = |c: char| {
        c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!sentence.contains(hidden), "{sentence:?}");
    assert!(sentence.chars().count() < 1000, "{sentence}");
}

#[track_caller]
fn refused(file: &[u8]) {
    fit(&open(file, &Map::new()).expect_err("an error").to_string());
}

fn one() -> Vec<u8> {
    tensor(&storage("FloatStorage", "0", 1), 0, &[1], &[1])
}

#[test]
fn names_in_errors_of_reading() {
    let long = long();
    // Keys of dicts, names of tensors, a class, an entry of a zip file.
    refused(&pickle(&dict(&[(&long, b"N".to_vec())])));
    refused(&pickle(&dict(&[(NAME, one())])));
    refused(&pickle(&[&text(&long)[..], &text(&long), b"\x93)R"].concat()));
    refused(&saved(&dict(&[(&long, one())]), &f32::NAN.to_le_bytes()));
    refused(&saved(&dict(&[(NAME, one()), (NAME, one())]), &[0; 4]));
    refused(&zip(&[(&long, b"")], false));
    refused(&safetensors(&json!({ &long: { "dtype": &long } }).to_string(), b""));
    refused(json!({ "model": { &long: { "data": &long } } }).to_string().as_bytes());
}

#[test]
fn names_in_notes_of_reading() {
    let file = saved(&dict(&[("w", one()), (&format!("optim{}", long()), b"}".to_vec())]), &[0; 4]);
    fit(&read(&file).unwrap().notes.join(" "));
    let file = safetensors(&json!({ NAME: { "dtype": "F32", "shape": [0], "data_offsets": [0, 0] } }).to_string(), b"");
    assert_eq!(read(&file).unwrap().tensors[0].name, NAME, "the name itself stays as it is");
}

#[test]
fn names_in_notes_and_errors_of_opening() {
    let layout = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layouts/grokking_bare.pkl");
    let mut tensors = read(&std::fs::read(layout).unwrap()).unwrap().tensors;
    tensors.push(StoredTensor { name: long(), shape: vec![1], values: vec![0.0], dtype: "float32".into() });
    let file = |tensors: &[StoredTensor], config: Value| {
        let tensors = tensors.iter().map(|it| (it.name.clone(), json!({ "shape": it.shape, "data": it.values })));
        json!({ "state_dict": tensors.collect::<Map<_, _>>(), "config": config }).to_string().into_bytes()
    };
    let opened = open(&file(&tensors, json!({})), &Map::new()).unwrap();
    fit(opened.source.notes.iter().find(|note| note.starts_with("Ignored")).unwrap());
    // Names of no known layout, and values of the configuration.
    refused(&file(&tensors[tensors.len() - 1..], json!({})));
    for field in ["act_fn", "gated_mlp", "n_heads", "normalization_type"] {
        refused(&file(&tensors, json!({ "n_layers": 1, "d_model": 8, field: long() })));
    }
}
