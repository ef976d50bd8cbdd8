//! Files that can be read and make no sense as models: their tensors are missing, renamed, turned, or of other ranks or
//! sizes, or their configurations contradict them. Opening them must give an error or a model that runs, and never
//! panic. Damaged bytes are fuzz.rs's subject.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use burn_tensor::Device;
use pollster::block_on;
use serde_json::{Map, Value, json};
use tinylens::checkpoint::{StoredTensor, open, read};
use tinylens::model::{Hooks, Model, Tokens};
use tinylens::random::{At, Stream, below, block};

/// How many bent files are opened.
const CASES: u32 = 20_000;

/// The random numbers of one case.
struct Draws {
    case: u32,
    /// How many have been drawn.
    next: u32,
}

impl Draws {
    fn below(&mut self, bound: usize) -> usize {
        self.next += 1;
        below(block(11, Stream::Edit, At { step: self.case, index: self.next, lane: 0 })[0], bound as u32) as usize
    }
}

/// The files that are bent: name, tensors and configuration.
fn seeds() -> Vec<(String, Vec<StoredTensor>, Map<String, Value>)> {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests");
    let files =
        |folder: &Path| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let mut paths = [files(&tests.join("layouts")), files(&tests.join("oracle"))].concat();
    paths.sort();
    let mut seeds = Vec::new();
    for path in paths {
        let Ok(checkpoint) = read(&std::fs::read(&path).unwrap_or_default()) else { continue };
        let tensors: Vec<StoredTensor> = checkpoint
            .tensors
            .into_iter()
            .filter(|it| {
                it.name.starts_with("param.")
                    || !["cache.", "grad.", "logits", "processed."].iter().any(|part| it.name.starts_with(part))
            })
            .map(|it| StoredTensor { name: it.name.trim_start_matches("param.").to_string(), ..it })
            .collect();
        let config =
            checkpoint.metadata.into_iter().find(|(key, _)| ["cfg", "config", "model_args"].contains(&key.as_str()));
        seeds.push((path.display().to_string(), tensors, config.map(|(_, fields)| fields).unwrap_or_default()));
    }
    seeds
}

/// Makes one small change.
fn bend(tensors: &mut Vec<StoredTensor>, config: &mut Map<String, Value>, draws: &mut Draws) {
    let at = draws.below(tensors.len().max(1)).min(tensors.len().saturating_sub(1));
    let Some(tensor) = tensors.get_mut(at) else { return };
    match draws.below(12) {
        0 => drop(tensors.remove(at)),
        1 => tensor.shape.reverse(),
        2 => tensor.shape = vec![tensor.values.len()],
        3 => tensor.shape.insert(draws.below(tensor.shape.len() + 1), 1),
        4 => {
            let axis = draws.below(tensor.shape.len().max(1));
            if let Some(size) = tensor.shape.get_mut(axis) {
                *size = [0, 1, *size + 1, *size * 2, 1 << 20][draws.below(5)];
            }
            tensor.values.resize(tensor.shape.iter().product::<usize>().min(1 << 16), 0.5);
        }
        5 => tensor.name = tensor.name.replace('0', ["1", "7", "99999", "-1", ""][draws.below(5)]),
        6 => {
            let other = tensors[draws.below(tensors.len())].clone();
            tensors[at].shape = other.shape;
            tensors[at].values = other.values;
        }
        7 => tensor.name.push_str([".weight", ".W_gate", ".mask", "x"][draws.below(4)]),
        8 => {
            tensor.name =
                format!("{}{}", ["model.", "transformer.", "module.", "blocks.0."][draws.below(4)], tensor.name)
        }
        _ => {
            let fields = [
                "n_heads",
                "d_model",
                "d_head",
                "n_ctx",
                "act_fn",
                "normalization_type",
                "positional_embedding_type",
                "rotary_dim",
                "eps",
                "d_vocab",
                "n_layers",
                "attn_only",
                "gated_mlp",
            ];
            let values = [
                json!(0),
                json!(3),
                json!(-1),
                json!(1e9),
                json!("LN"),
                json!("relu"),
                json!(true),
                Value::Null,
                json!([1]),
                json!("rotary"),
            ];
            config.insert(fields[draws.below(fields.len())].into(), values[draws.below(values.len())].clone());
        }
    }
}

/// The tensors and configuration as a JSON file.
fn file(tensors: &[StoredTensor], config: &Map<String, Value>) -> Vec<u8> {
    let state: Map<String, Value> = tensors
        .iter()
        .map(|it| {
            let bytes: Vec<u8> = it.values.iter().flat_map(|x| x.to_le_bytes()).collect();
            (it.name.clone(), json!({ "shape": it.shape, "dtype": "float32", "data": BASE64_STANDARD.encode(bytes) }))
        })
        .collect();
    json!({ "state_dict": state, "config": config }).to_string().into_bytes()
}

#[test]
fn bent_models_are_refused_or_run() {
    let seeds = seeds();
    assert!(seeds.len() > 30, "{}", seeds.len());
    let (mut ran, mut refused) = (0, 0);
    for case in 0..CASES {
        let mut draws = Draws { case, next: 0 };
        let (name, tensors, config) = &seeds[draws.below(seeds.len())];
        let (mut tensors, mut config) = (tensors.clone(), config.clone());
        (0..1 + draws.below(3)).for_each(|_| bend(&mut tensors, &mut config, &mut draws));
        let bytes = file(&tensors, &config);
        let given = if draws.below(4) == 0 { json!({ "n_heads": draws.below(5) }) } else { json!({}) };
        let outcome = catch_unwind(AssertUnwindSafe(|| match open(&bytes, given.as_object().unwrap()) {
            Err(error) => {
                assert!(error.to_string().len() > 20, "{error}");
                false
            }
            Ok(opened) => {
                opened.task_config();
                let model = Model::from_parameters(&opened.config, opened.parameters, &Device::flex());
                let tokens = Tokens::new(&[vec![0; opened.config.n_ctx.min(4)]], model.config()).unwrap();
                let logits = model.logits(
                    &model.weights(),
                    tokens.tensor(&model.device()),
                    None,
                    0..tokens.positions,
                    &mut Hooks::none(),
                );
                block_on(tinylens::model::read(logits)).unwrap();
                true
            }
        }));
        match outcome {
            Ok(true) => ran += 1,
            Ok(false) => refused += 1,
            Err(_) => panic!("case {case}, from {name}, panicked with {config:?}"),
        }
    }
    println!("{ran} ran, {refused} refused");
    assert!(ran > 1000 && refused > 5000, "{ran} ran, {refused} refused");
}
