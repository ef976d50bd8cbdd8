//! The notebook's run learns at least as well as TransformerLens did with the same script on fixed data: figures from
//! `seed_format_3000.json` (TransformerLens 3.9; 2000 test lists, greedy), copied so that the test needs no other file.

use burn::tensor::Device;
use serde_json::json;
use tinylens::experiment::Experiment;
use tinylens::train::{Evaluation, Evaluator, Run};

/// Steps, loss, token accuracy, sequence accuracy.
const TRANSFORMER_LENS: [(u32, f64, f64, f64); 3] = [(300, 0.32, 0.87, 0.62), (1000, 0.11, 0.95, 0.865), (3000, 0.059, 0.972, 0.926)];

fn evaluate(run: &Run, lists: usize) -> Evaluation {
    let mut evaluator = Evaluator::new(lists);
    pollster::block_on(async {
        loop {
            if let Some(figures) = evaluator.advance(run.model(), run.task()).await.expect("the CPU evaluates") {
                return figures;
            }
        }
    })
}

/// Figures at the three step counts, for one seed of weights and data.
fn train(seed: u32) -> Vec<Evaluation> {
    let experiment =
        Experiment::resolve(&json!({ "model": { "seed": seed }, "train": { "train_seed": seed } })).expect("a valid experiment");
    let mut run = Run::new(experiment, &Device::flex());
    let figures = TRANSFORMER_LENS.iter().map(|(steps, ..)| {
        pollster::block_on(run.step(steps - run.steps())).expect("the CPU trains");
        evaluate(&run, 2000)
    });
    figures.collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[test]
fn the_median_of_seven_seeds_is_as_good_as_transformer_lens() {
    let seeds = [42, 1, 2, 3, 4, 5, 6];
    let runs: Vec<Vec<Evaluation>> = std::thread::scope(|scope| {
        // Two at a time: the machine that checks has two cores.
        let halves: Vec<_> =
            seeds.chunks(4).map(|seeds| scope.spawn(|| seeds.iter().map(|seed| train(*seed)).collect::<Vec<_>>())).collect();
        halves.into_iter().flat_map(|half| half.join().expect("training does not panic")).collect()
    });
    for (at, (steps, loss, tokens, sequences)) in TRANSFORMER_LENS.into_iter().enumerate() {
        let of = |figure: fn(&Evaluation) -> f64| median(runs.iter().map(|run| figure(&run[at])).collect());
        let (l, t, s) = (of(|e| e.loss), of(|e| e.token_accuracy), of(|e| e.sequence_accuracy));
        println!("step {steps}: loss {l:.4} ({loss}), tokens {t:.4} ({tokens}), sequences {s:.4} ({sequences})");
        assert!(l <= loss && t >= tokens && s >= sequences, "step {steps}: medians {l} {t} {s}");
    }
}
