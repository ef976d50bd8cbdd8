//! Batches of every form: counted positions anywhere, classes that are no tokens, padding.

mod common;

use common::{for_rows, for_tables};
use tinylens_lean::random::{At, Stream, below, block, normals};
use tinylens_lean::{AttentionDirection, Batch, Layout, Lean, ModelConfig};

/// The token and the target where none may be read.
const NOTHING: i32 = i32::MIN;

fn models() -> Vec<ModelConfig> {
    [for_tables()].into_iter().chain(for_rows()).collect()
}

/// A number below `bound`.
fn drawn(index: usize, lane: u32, bound: usize) -> usize {
    below(block(1, Stream::Edit, At { step: 0, index: index as u32, lane })[0], bound as u32) as usize
}

/// Initial weights with biases that are not zero.
fn parameters(config: &ModelConfig) -> Vec<f32> {
    let values = Layout::new(config).initial(config);
    values.iter().zip(noise(values.len(), 7)).map(|(value, noise)| value + 0.1 * noise).collect()
}

/// Standard normal values.
fn noise(length: usize, lane: u32) -> Vec<f32> {
    (0..length as u32).map(|index| normals(2, Stream::Edit, At { step: 0, index, lane })[0]).collect()
}

/// 20 padded sequences of 3 to 12 tokens. A third of the positions counts, at random, and none in sequence 4.
fn batch(config: &ModelConfig) -> Batch {
    let (positions, sequences) = (12, 20);
    let mut batch = Batch { positions, ..Batch::default() };
    for number in 0..sequences {
        let length = 3 + drawn(number, 1, positions - 2);
        batch.lengths.push(length);
        for position in 0..positions {
            let index = number * positions + position;
            let counts = number != 4 && position < length && drawn(index, 2, 3) == 0;
            let token = drawn(index, 3, config.d_vocab) as i32;
            batch.tokens.push(if position < length { token } else { NOTHING });
            batch.targets.push(if counts { drawn(index, 4, config.d_vocab_out) as i32 } else { NOTHING });
            batch.counted.push(counts);
        }
    }
    batch
}

fn lean(config: &ModelConfig, batch: &Batch) -> Lean {
    Lean::new(config, &Layout::new(config), batch.positions, batch.len())
}

/// The mean loss and its gradient.
fn gradient(config: &ModelConfig, parameters: &[f32], batch: &Batch) -> (f32, Vec<f32>) {
    let mut gradient = vec![f32::NAN; parameters.len()];
    let loss = lean(config, batch).gradient(parameters, &batch.sequences(), &mut gradient);
    (loss, gradient)
}

#[test]
fn both_paths_are_tested() {
    let path = |config: &ModelConfig| lean(config, &batch(config)).path();
    assert_eq!(path(&for_tables()), "tables");
    assert_eq!(for_rows().each_ref().map(path), ["rows"; 3]);
}

/// Loss and gradient are the means of those of single counted positions.
#[test]
fn scattered_positions_add_up() {
    for config in models() {
        let (parameters, batch) = (parameters(&config), batch(&config));
        let (loss, got) = gradient(&config, &parameters, &batch);
        let (mut losses, mut expected) = (0.0, vec![0.0; got.len()]);
        let counted: Vec<usize> = (0..batch.counted.len()).filter(|index| batch.counted[*index]).collect();
        assert!(counted.len() > 30 && batch.targets.iter().any(|target| *target >= config.d_vocab as i32));
        for one in &counted {
            let mut single = batch.clone();
            single.counted.fill(false);
            single.counted[*one] = true;
            let (loss, gradient) = gradient(&config, &parameters, &single);
            losses += loss;
            expected.iter_mut().zip(gradient).for_each(|(sum, part)| *sum += part);
        }
        let count = counted.len() as f32;
        assert_eq!(counted.len(), batch.sequences().count());
        assert!((loss - losses / count).abs() < 1e-5, "{loss} {}: {config:?}", losses / count);
        for (got, expected) in got.iter().zip(expected) {
            assert!((got - expected / count).abs() < 1e-6, "{got} {}: {config:?}", expected / count);
        }
    }
}

/// The slopes of the loss along random directions are those that the gradient gives.
#[test]
fn gradients_are_finite_differences() {
    for config in models() {
        let (parameters, batch) = (parameters(&config), batch(&config));
        let (loss, gradient) = gradient(&config, &parameters, &batch);
        let mut lean = lean(&config, &batch);
        assert_eq!(lean.loss(&parameters, &batch.sequences()), loss);
        for direction in 0..10 {
            let direction = noise(parameters.len(), 100 + direction);
            let mut at = |step: f32| {
                let moved: Vec<f32> = parameters.iter().zip(&direction).map(|(x, d)| x + step * d).collect();
                f64::from(lean.loss(&moved, &batch.sequences()))
            };
            // A difference of fourth order, since the small steps that one of second order needs drown in rounding
            // errors.
            let (h, near, far) = (2e-3, at(2e-3) - at(-2e-3), at(4e-3) - at(-4e-3));
            let slope = (8.0 * near - far) / (12.0 * h);
            let expected: f64 = gradient.iter().zip(&direction).map(|(g, d)| f64::from(g * d)).sum();
            assert!((slope - expected).abs() < 1e-3 * expected.abs().max(1.0), "{slope} {expected}: {config:?}");
        }
    }
}

/// Every sequence has the same loss in a batch of its own, without padding.
#[test]
fn padding_is_not_seen() {
    for config in models() {
        let (parameters, batch) = (parameters(&config), batch(&config));
        let mut sum = 0.0;
        for (number, length) in batch.lengths.iter().enumerate() {
            let row = number * batch.positions..number * batch.positions + length;
            let alone = Batch {
                positions: *length,
                tokens: batch.tokens[row.clone()].to_vec(),
                targets: batch.targets[row.clone()].to_vec(),
                counted: batch.counted[row].to_vec(),
                lengths: vec![*length],
            };
            let count = alone.sequences().count();
            if count > 0 {
                sum += count as f32 * lean(&config, &alone).loss(&parameters, &alone.sequences());
            }
        }
        let (loss, _) = gradient(&config, &parameters, &batch);
        let expected = sum / batch.sequences().count() as f32;
        assert!((loss - expected).abs() < 1e-5, "{loss} {expected}: {config:?}");
    }
}

/// What follows the last counted position matters only to a bidirectional model.
#[test]
fn a_bidirectional_model_reads_what_comes_later() {
    for config in models() {
        let (parameters, mut batch) = (parameters(&config), batch(&config));
        let sequence = (0..batch.len()).find(|n| batch.lengths[*n] == batch.positions).unwrap();
        let last = (sequence + 1) * batch.positions - 1;
        batch.counted[last] = false;
        let (before, _) = gradient(&config, &parameters, &batch);
        batch.tokens[last] = (batch.tokens[last] + 1) % config.d_vocab as i32;
        let (after, _) = gradient(&config, &parameters, &batch);
        assert_eq!(before != after, config.attention_dir == AttentionDirection::Bidirectional, "{config:?}");
    }
}

/// Both paths compute the same for a model that both cover.
#[test]
fn tables_and_rows_agree() {
    let config = ModelConfig { d_vocab: 250, d_vocab_out: 260, ..for_tables() };
    let (parameters, batch) = (parameters(&config), batch(&config));
    let by = |sequences: usize, path: &str| {
        let mut lean = Lean::new(&config, &Layout::new(&config), batch.positions, sequences);
        assert_eq!(lean.path(), path);
        let mut gradient = vec![f32::NAN; parameters.len()];
        (lean.gradient(&parameters, &batch.sequences(), &mut gradient), gradient)
    };
    let ((loss, got), (expected_loss, expected)) = (by(1000, "tables"), by(20, "rows"));
    assert!((loss - expected_loss).abs() < 1e-5, "{loss} {expected_loss}");
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() < 1e-6, "{got} {expected}");
    }
}

#[test]
fn parts_add_up_to_the_batch() {
    for config in models() {
        let (parameters, batch) = (parameters(&config), batch(&config));
        let (loss, whole) = gradient(&config, &parameters, &batch);
        let (mut lean, count) = (lean(&config, &batch), batch.sequences().count());
        let (mut losses, mut sum, mut part) = (0.0, vec![0.0; whole.len()], vec![0.0; whole.len()]);
        for range in [0..4, 4..5, 5..20] {
            losses += lean.part(&parameters, &batch.part(range), count, &mut part);
            sum.iter_mut().zip(&part).for_each(|(sum, part)| *sum += part);
        }
        assert!((f64::from(loss) - losses / count as f64).abs() < 1e-6, "{loss} {losses}");
        for (got, expected) in sum.iter().zip(whole) {
            assert!((got - expected).abs() < 1e-6, "{got} {expected}");
        }
    }
}
