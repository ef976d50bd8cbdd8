//! Every small file in `checkpoints/` against what Python says is in it, and real files of `../shared/checkpoints`
//! against what PyTorch says. Where that folder is absent, the tests of real files are ignored (`build.rs`).

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use tinylens::checkpoint::{Checkpoint, StoredTensor, read};

#[derive(Deserialize)]
struct Expected {
    contents: HashMap<String, Vec<ExpectedTensor>>,
    files: HashMap<String, ExpectedFile>,
}

#[derive(Deserialize)]
struct ExpectedTensor {
    name: String,
    shape: Vec<usize>,
    dtype: String,
    values: Vec<Number>,
}

/// Infinities are texts in the manifest.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Finite(f64),
    Text(String),
}

impl Number {
    fn value(&self) -> f32 {
        match self {
            Number::Finite(value) => *value as f32,
            Number::Text(text) => text.parse().expect("inf or -inf"),
        }
    }
}

#[derive(Deserialize)]
struct ExpectedFile {
    /// The key of its tensors in the contents.
    content: String,
    format: String,
    metadata: Vec<(String, Value)>,
    /// A word in each note.
    notes: Vec<String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/checkpoints")
}

fn expected() -> Expected {
    serde_json::from_slice(&std::fs::read(folder().join("expected.json")).unwrap()).unwrap()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn compare(file: &str, checkpoint: &Checkpoint, tensors: &[ExpectedTensor]) {
    let names: Vec<&str> = checkpoint.tensors.iter().map(|tensor| tensor.name.as_str()).collect();
    assert_eq!(names, tensors.iter().map(|tensor| tensor.name.as_str()).collect::<Vec<_>>(), "{file}");
    for (found, tensor) in checkpoint.tensors.iter().zip(tensors) {
        let place = format!("{file}: {}", tensor.name);
        assert_eq!(found.shape, tensor.shape, "{place}");
        assert_eq!(found.dtype, tensor.dtype, "{place}");
        let values: Vec<f32> = tensor.values.iter().map(Number::value).collect();
        assert_eq!(bits(&found.values), bits(&values), "{place}: {:?} instead of {values:?}", found.values);
    }
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        // serde_json's floats may be off by the last bit as it is built here.
        (Value::Number(a), Value::Number(b)) if a.is_f64() || b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-15 * b.abs()
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

#[test]
fn every_fixture_reads_as_python_says() {
    let expected = expected();
    let mut files: Vec<&String> = expected.files.keys().collect();
    files.sort();
    for file in files {
        let want = &expected.files[file];
        let bytes = std::fs::read(folder().join(file)).unwrap();
        let checkpoint = read(&bytes).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(checkpoint.format, want.format, "{file}");
        compare(file, &checkpoint, &expected.contents[&want.content]);
        let keys: Vec<&str> = checkpoint.metadata.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, want.metadata.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), "{file}");
        for ((key, found), (_, want)) in checkpoint.metadata.iter().zip(&want.metadata) {
            let found = Value::Object(found.clone());
            assert!(same(&found, want), "{file}, {key}: {found} instead of {want}");
        }
        assert_eq!(checkpoint.notes.len(), want.notes.len(), "{file}: {:?}", checkpoint.notes);
        for (note, word) in checkpoint.notes.iter().zip(&want.notes) {
            assert!(note.contains(word.as_str()), "{file}: {note}");
        }
        println!("OK {file}");
    }
}

/// A file that is cut short is an error, unless only what follows its tensors is missing.
#[test]
fn a_file_cut_short_is_an_error() {
    for (file, want) in &expected().files {
        let bytes = std::fs::read(folder().join(file)).unwrap();
        let whole = read(&bytes).unwrap();
        for end in 0..bytes.len() {
            if let Ok(cut) = read(&bytes[..end]) {
                assert_eq!(
                    cut.tensors, whole.tensors,
                    "{file} ({}) reads as something else when cut at {end}",
                    want.format
                );
            }
        }
    }
}

/// A real file: its name, how many tensors it has, and for some of them the shape, the sum of all values and the last
/// value, by PyTorch.
struct Real {
    file: &'static str,
    format: &'static str,
    tensors: usize,
    metadata: &'static [&'static str],
    samples: &'static [(&'static str, &'static [usize], f64, f32)],
}

const REAL: [Real; 6] = [
    Real {
        file: "arena_sorted_list_model.pt",
        format: "torch.save (zip)",
        tensors: 18,
        metadata: &[],
        samples: &[
            ("embed.W_E", &[52, 96], 0.272_505_101_495_653_43, 0.000_496_714_6),
            ("blocks.0.attn.W_Q", &[2, 96, 48], 2.822_436_539_135_899, -1.203_95e-17),
            ("blocks.0.attn.b_K", &[2, 48], 6.423_281_509_182_477e-7, 1.864_211_9e-7),
            ("unembed.W_U", &[96, 52], -0.055_854_576_031_453_72, 4.675_407_4e-21),
            ("blocks.0.attn.mask", &[21, 21], 231.0, 1.0),
        ],
    },
    Real {
        file: "baggins_model_1.pkl",
        format: "pickle",
        tensors: 18,
        metadata: &[],
        samples: &[
            ("embed.W_E", &[66, 128], 2.744_085_787_523_545, -0.018_152_718),
            ("blocks.0.attn.W_Q", &[1, 128, 32], 3.553_624_753_352_778_5, 0.052_609_11),
            ("blocks.0.attn.b_K", &[1, 32], 0.012_753_350_049_024_448, 0.000_958_429),
            ("unembed.W_U", &[128, 66], -1.372_212_196_409_236_6, 0.032_708_26),
            ("blocks.0.attn.mask", &[12, 12], 78.0, 1.0),
        ],
    },
    Real {
        file: "ckk_sort_fixed_len_list.pt",
        format: "torch.save (zip)",
        tensors: 14,
        metadata: &[],
        samples: &[
            ("embed.W_E", &[52, 128], -17.193_191_279_096_936, -0.076_678_42),
            ("blocks.0.attn.W_Q", &[1, 128, 128], -2.870_142_191_893_137_4, -0.002_329_292),
            ("unembed.W_U", &[128, 50], -16.623_389_064_988_26, 0.202_727_18),
            ("blocks.0.attn.mask", &[22, 22], 253.0, 1.0),
        ],
    },
    Real {
        file: "gbmi_indhead_l_2_2_model.pth",
        format: "whole module, torch.save (zip)",
        tensors: 24,
        metadata: &["cfg"],
        samples: &[
            ("embed.W_E", &[26, 64], -5.581_036_856_689_025, 0.215_375_08),
            ("blocks.0.attn.W_Q", &[1, 64, 64], 26.644_703_177_429_62, -0.342_515_83),
            ("blocks.1.attn.W_O", &[1, 64, 64], -6.193_065_147_155_721, 0.395_775_85),
            ("unembed.W_U", &[64, 26], 5.091_433_157_387_655, -0.443_734_23),
            ("blocks.0.attn.mask", &[8, 8], 36.0, 1.0),
        ],
    },
    Real {
        file: "seed_format_300.pkl",
        format: "pickle",
        tensors: 14,
        metadata: &["cfg", "train_cfg"],
        samples: &[
            ("embed.W_E", &[67, 128], 5.494_145_076_001_587, -0.123_785_2),
            ("blocks.0.attn.W_Q", &[1, 128, 128], 3.876_450_671_610_655_3, -0.072_376_25),
            ("unembed.W_U", &[128, 67], 2.062_139_012_465_195_3, -0.048_300_423),
            // TransformerLens 3.9 saves an empty mask.
            ("blocks.0.attn.mask", &[0, 0], 0.0, 0.0),
        ],
    },
    Real {
        file: "seed_format_3000.pkl",
        format: "pickle",
        tensors: 14,
        metadata: &["cfg", "train_cfg"],
        samples: &[
            ("embed.W_E", &[67, 128], 5.948_391_427_249_59, -0.179_585_35),
            ("blocks.0.attn.W_Q", &[1, 128, 128], 3.893_362_530_987_36, -0.010_671_42),
            ("unembed.W_U", &[128, 67], 3.234_845_245_169_71, -0.048_525_635),
        ],
    },
];

/// A file of the shared folder.
fn shared(file: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/checkpoints").join(file)).unwrap()
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared/checkpoints")]
fn real_files_read_as_pytorch_says() {
    for real in REAL {
        let bytes = shared(real.file);
        let checkpoint = read(&bytes).unwrap_or_else(|error| panic!("{}: {error}", real.file));
        assert_eq!(checkpoint.format, real.format, "{}", real.file);
        assert_eq!(checkpoint.tensors.len(), real.tensors, "{}", real.file);
        assert_eq!(
            checkpoint.metadata.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(),
            real.metadata,
            "{}",
            real.file
        );
        assert!(checkpoint.notes.is_empty(), "{}: {:?}", real.file, checkpoint.notes);
        for &(name, shape, sum, last) in real.samples {
            let StoredTensor { shape: found, values, .. } =
                checkpoint.tensors.iter().find(|tensor| tensor.name == name).unwrap();
            assert_eq!(found, shape, "{}: {name}", real.file);
            let total: f64 = values.iter().map(|&value| f64::from(value)).sum();
            assert!((total - sum).abs() < 1e-12, "{}: {name} sums to {total} instead of {sum}", real.file);
            assert_eq!(values.last().copied().unwrap_or(0.0), last, "{}: {name}", real.file);
        }
        println!("OK {}", real.file);
    }
}

#[test]
fn the_notebooks_settings_are_read_from_its_file() {
    let checkpoint = read(&std::fs::read(folder().join("seed_format_3000.pkl")).unwrap()).unwrap();
    let [(_, cfg), (_, train)] = &checkpoint.metadata[..] else { panic!("{:?}", checkpoint.metadata) };
    for (key, value) in [
        ("d_model", Value::from(128)),
        ("n_ctx", 12.into()),
        ("act_fn", "relu".into()),
        ("attn_only", true.into()),
        ("normalization_type", Value::Null),
        ("dtype", "float32".into()),
        ("attn_scale", 128f64.sqrt().into()),
    ] {
        assert_eq!(cfg.get(key), Some(&value), "{key}");
    }
    assert_eq!(train.get("mid_token"), Some(&66.into()));
    assert_eq!(train.get("var_length"), Some(&false.into()));
}
