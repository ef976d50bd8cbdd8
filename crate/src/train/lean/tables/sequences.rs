//! The part of a step that goes through the sequences: look up, softmax, loss, and back into the tables' gradients.

use super::super::vector::{add, add_scaled, cross_entropy, dot, exp_less_max};
use super::algebra::Tables;
use super::{Sequences, Shape};

/// What one sequence needs, used again by the next.
struct Scratch {
    /// `[H, n, P]`: what attending to each source adds to the logits, and the gradient of that.
    written: Vec<f32>,
    grad_written: Vec<f32>,
    /// `[H, n]`: the pattern of one destination.
    pattern: Vec<f32>,
    /// `[P]`: logits, then their gradient.
    logits: Vec<f32>,
    /// `[stride]`: scores of one destination with every key row.
    scores: Vec<f32>,
    /// `[n]`: gradient of one destination's pattern.
    grad_pattern: Vec<f32>,
}

/// The mean loss over all sequences; the gradients of the tables are added up in `tables`.
pub fn run(shape: &Shape, tables: &mut Tables, sequences: &Sequences) -> f32 {
    let Shape { h, padded, stride, .. } = *shape;
    let n = sequences.positions - 1;
    let zeros = |length: usize| vec![0.0; length];
    let mut scratch = Scratch {
        written: zeros(h * n * padded),
        grad_written: zeros(h * n * padded),
        pattern: zeros(h * n),
        logits: zeros(padded),
        scores: zeros(stride),
        grad_pattern: zeros(n),
    };
    let count = sequences.count();
    let weight = 1.0 / count as f32;
    let mut loss = 0.0;
    for (tokens, counted) in sequences.tokens.chunks_exact(sequences.positions).zip(sequences.counted) {
        loss += sequence(shape, tables, &mut scratch, tokens, counted.clone(), weight);
    }
    (loss / count as f64) as f32
}

/// The summed loss of one sequence.
fn sequence(
    shape: &Shape,
    tables: &mut Tables,
    scratch: &mut Scratch,
    tokens: &[i32],
    counted: std::ops::Range<usize>,
    weight: f32,
) -> f64 {
    let Shape { h, v, o, rows, all, padded, stride, .. } = *shape;
    let n = counted.end;
    let of = |row: usize, width: usize| row * width..(row + 1) * width;
    // The table's rows that make up a position: its token's, its place's, the bias's.
    let parts = |position: usize| [tokens[position] as usize, v + position, rows];
    for head in 0..h {
        let z = &tables.z[of(head, all * padded)];
        for source in 0..n {
            let written = &mut scratch.written[of(head * n + source, padded)];
            let [a, b, c] = parts(source).map(|row| &z[of(row, padded)]);
            for (((out, a), b), c) in written.iter_mut().zip(a).zip(b).zip(c) {
                *out = a + b + c;
            }
        }
    }
    scratch.grad_written[..h * n * padded].fill(0.0);
    let mut loss = 0.0;
    for destination in counted {
        let [token, place, bias] = parts(destination);
        let sources = destination + 1;
        let logits = &mut scratch.logits;
        logits.copy_from_slice(&tables.base);
        add(logits, &tables.x[of(token, padded)]);
        add(logits, &tables.x[of(place, padded)]);
        for head in 0..h {
            let s = &tables.s[of(head, all * stride)];
            scratch.scores.copy_from_slice(&s[of(token, stride)]);
            add(&mut scratch.scores, &s[of(place, stride)]);
            add(&mut scratch.scores, &s[of(bias, stride)]);
            let pattern = &mut scratch.pattern[head * n..head * n + sources];
            for (source, weight) in pattern.iter_mut().enumerate() {
                *weight = parts(source).map(|row| scratch.scores[row]).iter().sum();
            }
            let sum = exp_less_max(pattern);
            for (source, weight) in pattern.iter_mut().enumerate() {
                *weight /= sum;
                add_scaled(logits, &scratch.written[of(head * n + source, padded)], *weight);
            }
        }

        let target = tokens[destination + 1] as usize;
        loss += cross_entropy(&mut logits[..o], target, weight);
        logits[o..].fill(0.0);

        add(&mut tables.grad_x[of(token, padded)], logits);
        add(&mut tables.grad_x[of(place, padded)], logits);
        add(&mut tables.grad_base, logits);
        for head in 0..h {
            let pattern = &scratch.pattern[head * n..head * n + sources];
            let mut mean = 0.0;
            for (source, weight) in pattern.iter().enumerate() {
                let place = of(head * n + source, padded);
                scratch.grad_pattern[source] = dot(logits, &scratch.written[place.clone()]);
                mean += weight * scratch.grad_pattern[source];
                add_scaled(&mut scratch.grad_written[place], logits, *weight);
            }
            let grad_s = &mut tables.grad_s[of(head, all * stride)];
            for (source, weight) in pattern.iter().enumerate() {
                let grad = weight * (scratch.grad_pattern[source] - mean);
                for query in [token, place, bias] {
                    for key in parts(source) {
                        grad_s[query * stride + key] += grad;
                    }
                }
            }
        }
    }
    for head in 0..h {
        let grad_z = &mut tables.grad_z[of(head, all * padded)];
        for source in 0..n {
            for row in parts(source) {
                add(&mut grad_z[of(row, padded)], &scratch.grad_written[of(head * n + source, padded)]);
            }
        }
    }
    loss
}
