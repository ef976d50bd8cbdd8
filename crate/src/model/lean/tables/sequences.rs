//! The part of a step that goes through the sequences: look up, softmax, loss, and back into the tables' gradients.
//!
//! A few destinations of a sequence go together, so that what is read of each source serves them all. Loops are over indices and lanes for
//! the reason that [`vector`](super::super::vector) gives.
#![expect(clippy::needless_range_loop, reason = "see above")]

use std::ops::Range;

use super::super::vector::{LANES, Lanes, cross_entropy, exp_less_max};
use super::algebra::Tables;
use super::{Sequences, Shape};

/// Destinations that go together: with two SIMD registers of sums each they fill the sixteen that there are.
const TOGETHER: usize = 5;

/// What one sequence needs, used again by the next.
struct Scratch {
    /// `[n]`: its tokens.
    tokens: Vec<usize>,
    /// `[H, n, P]`: what attending to each source adds to the logits.
    written: Vec<Lanes>,
    /// `[H, n]`, for each destination: how much it attends to each source, and the gradient of that.
    pattern: Vec<[f32; TOGETHER]>,
    grad_pattern: Vec<[f32; TOGETHER]>,
    /// `[n]`, padded: one destination's scores.
    scores: Vec<Lanes>,
    /// `[P]`: logits, then their gradient; of every destination, and of one.
    logits: Vec<[Lanes; TOGETHER]>,
    row: Vec<Lanes>,
}

/// The mean loss over all sequences; the gradients of the tables are added up in `tables`.
pub fn run(shape: &Shape, tables: &mut Tables, sequences: &Sequences) -> f32 {
    let Shape { h, panels, .. } = *shape;
    let n = sequences.positions - 1;
    let zero = [0.0; LANES];
    let mut scratch = Scratch {
        tokens: Vec::with_capacity(n),
        written: vec![zero; h * n * panels],
        pattern: vec![[0.0; TOGETHER]; h * n],
        grad_pattern: vec![[0.0; TOGETHER]; h * n],
        scores: vec![zero; n.div_ceil(LANES)],
        logits: vec![[zero; TOGETHER]; panels],
        row: vec![zero; panels],
    };
    let count = sequences.count();
    let weight = 1.0 / count as f32;
    let mut loss = 0.0;
    for (tokens, counted) in sequences.tokens.chunks_exact(sequences.positions).zip(sequences.counted) {
        scratch.read(shape, tables, &tokens[..counted.end]);
        for start in counted.clone().step_by(TOGETHER) {
            let destinations = start..counted.end.min(start + TOGETHER);
            scratch.attend(shape, tables, destinations.clone());
            scratch.predict(shape, tables, destinations.clone());
            loss += scratch.compare(shape, tables, destinations.clone(), &tokens[start + 1..], weight);
            scratch.predict_backward(shape, tables, destinations.end);
            scratch.attend_backward(shape, tables, destinations);
        }
    }
    (loss / count as f64) as f32
}

impl Scratch {
    /// The tokens of a sequence, and what each writes where it is attended to.
    fn read(&mut self, shape: &Shape, tables: &Tables, tokens: &[i32]) {
        let Shape { h, v, rows, panels, .. } = *shape;
        let n = tokens.len();
        self.tokens.clear();
        self.tokens.extend(tokens.iter().map(|token| *token as usize));
        for head in 0..h {
            let z = &tables.z[head * rows * panels..][..rows * panels];
            for source in 0..n {
                let written = &mut self.written[(head * n + source) * panels..][..panels];
                let token = &z[self.tokens[source] * panels..][..panels];
                let place = &z[(v + source) * panels..][..panels];
                for j in 0..panels {
                    for lane in 0..LANES {
                        written[j][lane] = token[j][lane] + place[j][lane];
                    }
                }
            }
        }
    }

    /// The patterns of some destinations, of all heads.
    fn attend(&mut self, shape: &Shape, tables: &Tables, destinations: Range<usize>) {
        let Shape { h, v, rows, .. } = *shape;
        let n = self.tokens.len();
        let first = destinations.start;
        self.pattern[..h * n].fill([0.0; TOGETHER]);
        for destination in destinations {
            let sources = destination + 1;
            for head in 0..h {
                let s = &tables.s[head * rows * rows..][..rows * rows];
                let token = &s[self.tokens[destination] * rows..][..rows];
                let place = &s[(v + destination) * rows..][..rows];
                let chunks = &mut self.scores[..sources.div_ceil(LANES)];
                let scores = chunks.as_flattened_mut();
                for source in 0..sources {
                    let key = self.tokens[source];
                    scores[source] = (token[key] + place[key]) + (token[v + source] + place[v + source]);
                }
                // Whole SIMD registers: what is not there has no weight.
                scores[sources..].fill(f32::NEG_INFINITY);
                let scale = 1.0 / exp_less_max(scores);
                let pattern = &mut self.pattern[head * n..][..sources];
                for source in 0..sources {
                    pattern[source][destination - first] = scores[source] * scale;
                }
            }
        }
    }

    /// Logits of some destinations.
    fn predict(&mut self, shape: &Shape, tables: &Tables, destinations: Range<usize>) {
        let Shape { h, v, panels, .. } = *shape;
        let n = self.tokens.len();
        let (written, pattern) = (&self.written[..h * n * panels], &self.pattern[..h * n]);
        for j in 0..panels {
            let mut sums = [[0.0; LANES]; TOGETHER];
            for destination in destinations.clone() {
                let token = &tables.x[self.tokens[destination] * panels + j];
                let place = &tables.x[(v + destination) * panels + j];
                for lane in 0..LANES {
                    sums[destination - destinations.start][lane] = token[lane] + place[lane];
                }
            }
            for source in 0..h * n {
                let (x, weights) = (&written[source * panels + j], &pattern[source]);
                for i in 0..TOGETHER {
                    for lane in 0..LANES {
                        sums[i][lane] += weights[i] * x[lane];
                    }
                }
            }
            self.logits[j] = sums;
        }
    }

    /// The summed loss of some destinations, whose logits become their gradients.
    fn compare(&mut self, shape: &Shape, tables: &mut Tables, destinations: Range<usize>, targets: &[i32], weight: f32) -> f64 {
        let Shape { v, panels, .. } = *shape;
        let (grad_tokens, grad_places) = tables.grad_x.split_at_mut(v * panels);
        let mut loss = 0.0;
        for i in 0..TOGETHER {
            if i >= destinations.len() {
                for j in 0..panels {
                    self.logits[j][i] = [0.0; LANES];
                }
                continue;
            }
            for j in 0..panels {
                self.row[j] = self.logits[j][i];
            }
            loss += cross_entropy(self.row.as_flattened_mut(), targets[i] as usize, weight);
            let destination = destinations.start + i;
            let token = &mut grad_tokens[self.tokens[destination] * panels..][..panels];
            let place = &mut grad_places[destination * panels..][..panels];
            for j in 0..panels {
                let grad = self.row[j];
                self.logits[j][i] = grad;
                for lane in 0..LANES {
                    token[j][lane] += grad[lane];
                    place[j][lane] += grad[lane];
                }
            }
        }
        loss
    }

    /// From the logits' gradients those of the values' tables and of the patterns, up to the last destination.
    fn predict_backward(&mut self, shape: &Shape, tables: &mut Tables, sources: usize) {
        let Shape { h, v, rows, panels, .. } = *shape;
        let n = self.tokens.len();
        let logits = &self.logits[..panels];
        for head in 0..h {
            let grad_z = &mut tables.grad_z[head * rows * panels..][..rows * panels];
            let (grad_tokens, grad_places) = grad_z.split_at_mut(v * panels);
            for source in 0..sources {
                let written = &self.written[(head * n + source) * panels..][..panels];
                let weights = self.pattern[head * n + source];
                let token = &mut grad_tokens[self.tokens[source] * panels..][..panels];
                let place = &mut grad_places[source * panels..][..panels];
                let mut products = [[0.0; LANES / 2]; TOGETHER];
                for j in 0..panels {
                    let (x, grads) = (&written[j], &logits[j]);
                    let mut sum = [0.0; LANES];
                    for i in 0..TOGETHER {
                        for lane in 0..LANES {
                            sum[lane] += weights[i] * grads[i][lane];
                        }
                        for lane in 0..LANES / 2 {
                            products[i][lane] += x[lane] * grads[i][lane] + x[lane + LANES / 2] * grads[i][lane + LANES / 2];
                        }
                    }
                    for lane in 0..LANES {
                        token[j][lane] += sum[lane];
                        place[j][lane] += sum[lane];
                    }
                }
                let grad_pattern = &mut self.grad_pattern[head * n + source];
                for i in 0..TOGETHER {
                    let [a, b, c, d] = products[i];
                    grad_pattern[i] = (a + c) + (b + d);
                }
            }
        }
    }

    /// From the patterns' gradients that of the scores' tables.
    fn attend_backward(&mut self, shape: &Shape, tables: &mut Tables, destinations: Range<usize>) {
        let Shape { h, v, rows, .. } = *shape;
        let n = self.tokens.len();
        for head in 0..h {
            let grad_s = &mut tables.grad_s[head * rows * rows..][..rows * rows];
            let (grad_tokens, grad_places) = grad_s.split_at_mut(v * rows);
            for destination in destinations.clone() {
                let (i, sources) = (destination - destinations.start, destination + 1);
                let (pattern, grad_pattern) = (&self.pattern[head * n..][..sources], &self.grad_pattern[head * n..][..sources]);
                let mut mean = 0.0;
                for source in 0..sources {
                    mean += pattern[source][i] * grad_pattern[source][i];
                }
                let token = &mut grad_tokens[self.tokens[destination] * rows..][..rows];
                let place = &mut grad_places[destination * rows..][..rows];
                for source in 0..sources {
                    let grad = pattern[source][i] * (grad_pattern[source][i] - mean);
                    for key in [self.tokens[source], v + source] {
                        token[key] += grad;
                        place[key] += grad;
                    }
                }
            }
        }
    }
}
