//! The shaders of the training step on WebGPU, of models drawn at random: naga parses and validates them, and
//! they keep within what every device allows. Whether they compute the right gradients is seen in a browser
//! (`www/tests/kernels.test.mjs`).

mod tools;

use naga::front::wgsl::parse_str;
use naga::proc::Layouter;
use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{AddressSpace, Module};
use serde_json::{Value, json};
use tinylens::config::ModelConfig;
use tinylens::experiment::Experiment;
use tinylens::model::Layout;
use tinylens::task::Data;
use tinylens::train::kernels::{BatchShape, Limits, Program};
use tools::drawn::{any, for_tables};

/// How many models are drawn.
const CONFIGURATIONS: u32 = 200;

/// WebGPU's default limits of a compute stage: invocations of a workgroup, bytes of its memory, storage buffers.
const INVOCATIONS: u32 = 256;
const WORKGROUP_BYTES: u32 = 16_384;
const STORAGE_BUFFERS: usize = 8;

/// The program of an experiment, or why there is none.
fn program(experiment: &Experiment, limits: &Limits) -> Result<Program, String> {
    let Experiment { model, task, train, .. } = experiment;
    let data = Data::new(task, train);
    let shape =
        BatchShape { batch: train.batch_size, positions: data.positions(), first_counted: data.first_counted() };
    Program::new(model, &Layout::new(model), &train.adam(), shape, limits).map_err(|error| error.to_string())
}

fn resolved(partial: &Value) -> Experiment {
    Experiment::resolve(partial).unwrap_or_else(|errors| panic!("{partial}: {errors:?}"))
}

/// What is wrong with a shader.
fn check(source: &str) -> Result<(), String> {
    let module = parse_str(source).map_err(|error| error.emit_to_string(source))?;
    let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
    let info = validator.validate(&module).map_err(|error| error.emit_to_string(source))?;
    let names: Vec<&str> = module.entry_points.iter().map(|entry| entry.name.as_str()).collect();
    if names != ["sequences", "measure", "update"] {
        return Err(format!("entry points {names:?}"));
    }
    for (number, entry) in module.entry_points.iter().enumerate() {
        let used = || {
            let info = info.get_entry_point(number);
            module.global_variables.iter().filter(move |(handle, _)| !info[*handle].is_empty()).map(|(_, used)| used)
        };
        let invocations: u32 = entry.workgroup_size.iter().product();
        let buffers = used().filter(|used| matches!(used.space, AddressSpace::Storage { .. })).count();
        let memory = used().filter(|used| used.space == AddressSpace::WorkGroup).map(|used| bytes(&module, used)).sum();
        for (what, has, most) in [
            ("invocations", invocations, INVOCATIONS),
            ("bytes of workgroup memory", memory, WORKGROUP_BYTES),
            ("storage buffers", buffers as u32, STORAGE_BUFFERS as u32),
        ] {
            if has > most {
                return Err(format!("{} takes {has} {what}; a device may allow only {most}", entry.name));
            }
        }
    }
    Ok(())
}

/// What a variable takes of a workgroup's memory, as WebGPU counts it: in whole 16 bytes.
fn bytes(module: &Module, variable: &naga::GlobalVariable) -> u32 {
    let mut layouter = Layouter::default();
    layouter.update(module.to_ctx()).unwrap();
    layouter[variable.ty].size.next_multiple_of(16)
}

#[test]
fn every_shader_is_valid_on_every_device() {
    let mut covered = 0;
    for partial in (0..CONFIGURATIONS).flat_map(|case| [for_tables(case), any(case)]) {
        let experiment = resolved(&partial);
        match program(&experiment, &Limits::default()) {
            Ok(program) => {
                check(&program.source).unwrap_or_else(|wrong| panic!("{partial}: {wrong}"));
                covered += 1;
            }
            // The only thing drawn here that they do not cover.
            Err(why) => {
                assert!(why.contains("SoLU") && partial["model"]["act_fn"] == "solu_ln", "{partial}: {why}");
            }
        }
    }
    assert!(covered > 3 * CONFIGURATIONS / 2, "{covered}");
}

#[test]
fn a_broken_shader_is_found() {
    let experiment = resolved(&json!({ "model": { "attn_only": false, "normalization_type": "LN" } }));
    let source = program(&experiment, &Limits::default()).unwrap().source;
    assert_eq!(check(&source), Ok(()));
    for (right, wrong, found) in [
        // An argument that the call does not have, one too many, and one of another type.
        ("call.bias + n", "call.biases + n", "biases"),
        ("copy(Copy(", "copy(Copy(1u, ", "Expression"),
        ("if (call.add)", "if (call.out)", "boolean"),
        // A function that no file has.
        ("fn over_sources(", "fn over_source(", "over_sources"),
        ("LANES = 16u", "LANES = 0u", "zero"),
        ("array<vec4<f32>, STAGE>", "array<vec4<f32>, 1024u>", "bytes of workgroup memory"),
        ("THREADS = 256u", "THREADS = 512u", "invocations"),
        ("@compute @workgroup_size(256)\nfn update", "fn update", "entry points"),
    ] {
        assert!(source.contains(right), "the shader has no {right}");
        let why = check(&source.replace(right, wrong)).expect_err(wrong);
        assert!(why.contains(found), "{wrong}: {why}");
    }
}

#[test]
fn what_is_not_covered_is_said_in_a_sentence() {
    let why = |partial: Value| program(&resolved(&partial), &Limits::default()).map(|_| ()).unwrap_err();
    assert_eq!(
        why(json!({ "model": { "attn_only": false, "act_fn": "solu_ln" } })),
        "WebGPU's kernels compute each of an MLP's activations by itself, and those of SoLU depend on each other."
    );
    let wide = json!({ "model": { "n_layers": 4 }, "train": { "batch_size": 1024 } });
    assert_eq!(
        why(wide.clone()),
        "WebGPU's kernels need 218 MB in one buffer for the activations of a batch, and the GPU allows 128 MB."
    );
    let roomy = Limits { buffer: 1 << 32, ..Limits::default() };
    assert!(program(&resolved(&wide), &roomy).is_ok());
    assert_eq!(
        program(&resolved(&json!({})), &Limits { workgroups: 64, ..roomy }).map(|_| ()).unwrap_err(),
        "WebGPU's kernels need 100 workgroups at once, and the GPU allows 64."
    );
}

/// Sequences longer than any task's: a workgroup's memory holds a value of so many positions, and no more.
#[test]
fn sequences_too_long_for_a_workgroup_are_refused() {
    let model = ModelConfig { n_ctx: 4000, d_model: 4, d_head: 4, ..resolved(&json!({})).model };
    let long = |positions, n_ctx| {
        let shape = BatchShape { batch: 1, positions, first_counted: positions - 1 };
        let model = ModelConfig { n_ctx, ..model.clone() };
        let adam = resolved(&json!({})).train.adam();
        Program::new(&model, &Layout::new(&model), &adam, shape, &Limits::default()).map_err(|error| error.to_string())
    };
    assert_eq!(check(&long(3072, 4000).unwrap().source), Ok(()));
    assert_eq!(
        long(3073, 4000).map(|_| ()).unwrap_err(),
        "WebGPU's kernels hold a value of each position in a workgroup's memory: at most 3072, and a sequence has 3073."
    );
    assert_eq!(
        long(8, 7).map(|_| ()).unwrap_err(),
        "A sequence has 8 positions, of which those from 7 on can count, and the model reads 7."
    );
}

/// A batch is as wide as its longest sequence, which with lists of any length need not be the longest possible.
#[test]
fn every_batch_of_lists_of_any_length_is_packed() {
    for partial in [
        json!({ "task": { "list_length": 50, "var_length": true }, "train": { "num_samples": null } }),
        json!({ "task": { "list_length": 20, "var_length": true, "bos_token": null }, "train": { "batch_size": 8 } }),
        json!({ "task": { "list_length": 5, "var_length": true, "eos_token": 67 }, "train": { "batch_size": 1 } }),
    ] {
        let Experiment { task, train, .. } = resolved(&partial);
        let data = Data::new(&task, &train);
        let shape =
            BatchShape { batch: train.batch_size, positions: data.positions(), first_counted: data.first_counted() };
        let mut narrow = 0;
        for step in 0..500 {
            let batch = data.train_batch(step);
            narrow += usize::from(batch.positions < shape.positions);
            let words = shape.pack([(batch.sequences(), [0.1, 1.0])].into_iter()).unwrap();
            assert_eq!(words.len(), shape.words(1));
        }
        assert!(narrow > 10, "{narrow} narrow batches: {partial}");
    }
}
