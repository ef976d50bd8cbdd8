//! What is out of range is refused by every path, and never reads other values in silence.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};

use common::{for_rows, for_tables};
use tinylens_lean::{Batch, Inference, Layout, Lean, ModelConfig, argmax};

/// The most positions of a sequence here.
const POSITIONS: usize = 6;

/// Whether a training step refuses a sequence of these tokens, with this target at its end.
fn training_refuses(config: &ModelConfig, tokens: &[i32], target: i32) -> bool {
    let positions = tokens.len();
    let counted = (0..positions).map(|position| position + 1 == positions).collect();
    let (targets, lengths) = (vec![target; positions], vec![positions]);
    let batch = Batch { positions, tokens: tokens.to_vec(), targets, counted, lengths };
    let layout = Layout::new(config);
    let parameters = layout.initial(config);
    let mut lean = Lean::new(config, &layout, POSITIONS, 100);
    catch_unwind(AssertUnwindSafe(|| lean.loss(&parameters, &batch.sequences()))).is_err()
}

/// Whether the forward pass refuses these tokens after it has read one.
fn inference_refuses(config: &ModelConfig, tokens: &[usize]) -> bool {
    let layout = Layout::new(config);
    let mut inference = Inference::new(config, &layout, layout.initial(config), 100, POSITIONS).unwrap();
    inference.begin(1);
    inference.read(&[0], 0..1);
    catch_unwind(AssertUnwindSafe(|| inference.read(tokens, 0..1).len())).is_err()
}

/// Only `read` refuses a class that is no token: answers of models that predict such classes go on.
#[test]
fn answers_go_on_after_a_class_that_is_no_token() {
    let [deep, ..] = for_rows();
    for config in [for_tables(), deep] {
        let layout = Layout::new(&config);
        let mut inference = Inference::new(&config, &layout, layout.initial(&config), 100, POSITIONS).unwrap();
        let prompts: Vec<[usize; 1]> = (0..config.d_vocab).map(|token| [token]).collect();
        let prompts: Vec<&[usize]> = prompts.iter().map(|prompt| &prompt[..]).collect();
        let answers = inference.greedy(&prompts, POSITIONS);
        assert!(answers.iter().flatten().any(|class| *class >= config.d_vocab));
        for (prompt, answer) in prompts.iter().zip(answers) {
            inference.begin(1);
            let mut token = prompt[0];
            for class in answer {
                assert_eq!(argmax(inference.read(&[token], 0..1)), class);
                token = if class < config.d_vocab { class } else { 0 };
            }
        }
    }
}

#[test]
fn tokens_targets_and_positions_out_of_range_are_refused() {
    let [deep, bidirectional, _] = for_rows();
    for config in [for_tables(), deep, bidirectional] {
        let (d_vocab, d_vocab_out) = (config.d_vocab as i32, config.d_vocab_out as i32);
        assert!(!training_refuses(&config, &[0, d_vocab - 1], d_vocab_out - 1));
        assert!(!training_refuses(&config, &[0; POSITIONS], 0));
        assert!(training_refuses(&config, &[0, d_vocab], 0));
        assert!(training_refuses(&config, &[0, -1], 0));
        assert!(training_refuses(&config, &[0, 0], d_vocab_out));
        assert!(training_refuses(&config, &[0; POSITIONS + 1], 0));
    }
    let [deep, ..] = for_rows();
    for config in [for_tables(), deep] {
        assert!(!inference_refuses(&config, &[0, config.d_vocab - 1]));
        assert!(!inference_refuses(&config, &[0; POSITIONS - 1]));
        assert!(inference_refuses(&config, &[0, config.d_vocab]));
        assert!(inference_refuses(&config, &[0; POSITIONS]));
    }
}
