//! What every task takes part in: training, evaluation, snapshots and links, of the second task as of the first.

use burn_tensor::Device;
use pollster::block_on;
use serde_json::json;
use tinylens::experiment::{Experiment, Record, decode, encode};
use tinylens::train::{Evaluation, Evaluator, Run, Snapshot};

fn evaluate(run: &Run, inputs: usize) -> Evaluation {
    let mut evaluator = Evaluator::new(inputs);
    loop {
        if let Some(evaluation) = block_on(evaluator.advance(&run.model(), run.data())).unwrap() {
            return evaluation;
        }
    }
}

#[test]
fn the_largest_number_of_a_list_is_learnt() {
    let experiment = Experiment::resolve(&json!({
        "task": { "name": "max_of_list" },
        "model": { "n_heads": 4, "d_model": 64 },
        "train": { "batch_size": 512, "num_samples": null, "plateau": false },
    }))
    .unwrap();
    let mut run = block_on(Run::new(experiment, &Device::flex()));
    let before = evaluate(&run, 500);
    let losses = block_on(run.step(400)).unwrap();
    let after = evaluate(&run, 2000);
    println!("{} to {} in 400 steps ({}); before {before:?}, after {after:?}", losses[0], losses[399], run.path());
    assert!(before.sequence_accuracy < 0.5 && after.sequence_accuracy > 0.95, "{before:?} {after:?}");
    assert!(after.held_out && after.token_accuracy == after.sequence_accuracy);
}

#[test]
fn a_run_on_a_fraction_of_all_lists_is_evaluated_on_the_others_and_goes_on_from_a_snapshot() {
    let experiment = Experiment::resolve(&json!({
        "task": { "name": "max_of_list", "list_length": 3, "max_value": 8 },
        "model": { "n_heads": 2, "d_model": 32 },
        "train": { "batch_size": 64, "train_fraction": 0.5 },
    }))
    .unwrap();
    let mut run = block_on(Run::new(experiment, &Device::flex()));
    block_on(run.step(60)).unwrap();
    let saved = block_on(run.save()).unwrap();
    block_on(run.step(70)).unwrap();
    let mut again = block_on(Snapshot::read(&saved).unwrap().resume(&Device::flex()));
    block_on(again.step(70)).unwrap();
    let fingerprints = [&run, &again].map(|run| block_on(run.model().fingerprint()).unwrap());
    assert_eq!(fingerprints[0], fingerprints[1]);
    // 512 lists, of which 256 are held out.
    assert_eq!(evaluate(&run, 2000).inputs, 256);
}

#[test]
fn a_link_of_the_second_task_says_only_its_own_fields() {
    let record = Record::resolve(&json!({
        "task": { "name": "max_of_list", "list_length": 3 }, "edit": ["replace:6:SEP"],
    }))
    .unwrap();
    assert_eq!(encode(&record), "v=1&task.name=max_of_list&task.list_length=3&edit=replace:6:SEP");
    assert_eq!(decode(&encode(&record)).record, record);
}
