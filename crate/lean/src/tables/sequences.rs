//! The part of a step that goes through the sequences: it looks table entries up, computes softmax and loss, and
//! scatters the gradients into the tables' gradients.
//!
//! A few destinations of a sequence are computed together, so that what is read of a source serves all of them. SIMD is
//! explicit, because compilers shuffle the sums of these loops between lanes. Functions are not inlined, because
//! together they need more registers than there are.
#![expect(
    clippy::needless_range_loop,
    reason = "several slices at one index; a loop over all of them costs as much to start as a row"
)]

use std::ops::Range;

use bytemuck::cast_slice_mut;
use wide::f32x4;

use super::algebra::{Gradients, Tables};
use super::{LANES, Shape};
use crate::batch::Sequences;
use crate::vector::{exp_all, largest, sum};

/// How many destinations are computed together. With two registers of sums each, they leave six of 16 SIMD registers
/// free.
const TOGETHER: usize = 5;

/// The buffers for one sequence, used again for the next.
struct Scratch {
    /// `[n]`: the sequence's tokens.
    tokens: Vec<usize>,
    /// `[H, n, P]`: what each source adds to the logits of a destination that attends to it alone.
    written: Vec<f32x4>,
    /// `[H, n]`: the weights that the destinations give each source.
    pattern: Vec<[f32; TOGETHER]>,
    /// `[H, n]`: the gradient of `pattern`.
    grad_pattern: Vec<[f32; TOGETHER]>,
    /// `[destination, H, n]`, in rows padded to whole registers: the scores, then their exponentials.
    scores: Vec<f32x4>,
    /// `[P]`: the logits of the destinations, then their gradients.
    logits: Vec<[f32x4; TOGETHER]>,
}

/// The summed cross entropy of all sequences. The tables' gradients of that sum divided by `count` are added to
/// `gradients`.
pub fn run(tables: &Tables, gradients: &mut Gradients, sequences: &Sequences, count: usize) -> f64 {
    let Shape { h, o, panels, .. } = tables.shape;
    let n = sequences.positions;
    let mut scratch = Scratch {
        tokens: Vec::with_capacity(n),
        written: vec![f32x4::ZERO; h * n * panels],
        pattern: vec![[0.0; TOGETHER]; h * n],
        grad_pattern: vec![[0.0; TOGETHER]; h * n],
        scores: vec![f32x4::ZERO; TOGETHER * h * n.div_ceil(LANES)],
        logits: vec![[f32x4::ZERO; TOGETHER]; panels],
    };
    let weight = 1.0 / count as f32;
    let mut loss = 0.0;
    for sequence in sequences.each() {
        let span = sequence.span();
        scratch.read(tables, &sequence.tokens[..span.end]);
        for start in span.clone().step_by(TOGETHER) {
            let destinations = start..span.end.min(start + TOGETHER);
            let mut targets = [None; TOGETHER];
            for (target, position) in targets.iter_mut().zip(destinations.clone()) {
                *target = sequence.counted[position].then(|| sequence.targets[position] as usize);
            }
            assert!(targets.iter().flatten().all(|target| *target < o), "there are {o} classes");
            if targets == [None; TOGETHER] {
                continue;
            }
            scratch.attend(tables, destinations.clone());
            scratch.predict(tables, destinations.clone());
            loss += scratch.compare(tables, gradients, destinations.clone(), &targets, weight);
            scratch.predict_backward(tables, gradients, destinations.clone());
            scratch.attend_backward(tables, gradients, destinations);
        }
    }
    loss
}

impl Scratch {
    /// Reads the tokens of a sequence, and looks up what each adds to the logits of a destination that attends to it
    /// alone.
    #[inline(never)]
    fn read(&mut self, tables: &Tables, tokens: &[i32]) {
        let Shape { h, panels, .. } = tables.shape;
        let n = tokens.len();
        self.tokens.clear();
        self.tokens.extend(tokens.iter().map(|token| *token as usize));
        for head in 0..h {
            for source in 0..n {
                let written = &mut self.written[(head * n + source) * panels..][..panels];
                tables.written(head, self.tokens[source], source, written);
            }
        }
    }

    /// Computes the patterns of some destinations, of all heads.
    #[inline(never)]
    fn attend(&mut self, tables: &Tables, destinations: Range<usize>) {
        let h = tables.shape.h;
        let n = self.tokens.len();
        let padded = destinations.end.next_multiple_of(LANES);
        let scores: &mut [f32] = cast_slice_mut(&mut self.scores);
        for i in 0..destinations.len() {
            let destination = destinations.start + i;
            let sources = destination + 1;
            for head in 0..h {
                let scores = &mut scores[(i * h + head) * padded..][..padded];
                tables.scores(head, &self.tokens, destination, &mut scores[..sources]);
                // The padding gets no weight.
                scores[sources..].fill(f32::NEG_INFINITY);
                let most = largest(scores);
                for source in 0..padded {
                    scores[source] -= most;
                }
            }
        }
        exp_all(&mut scores[..destinations.len() * h * padded]);
        self.pattern[..h * n].fill([0.0; TOGETHER]);
        for i in 0..destinations.len() {
            for head in 0..h {
                let scores = &scores[(i * h + head) * padded..][..padded];
                let scale = 1.0 / sum(scores);
                let pattern = &mut self.pattern[head * n..][..destinations.start + i + 1];
                for source in 0..pattern.len() {
                    pattern[source][i] = scores[source] * scale;
                }
            }
        }
    }

    /// Computes the logits of some destinations.
    #[inline(never)]
    fn predict(&mut self, tables: &Tables, destinations: Range<usize>) {
        let even = tables.shape.panels / 2 * 2;
        for j in (0..even).step_by(2) {
            self.predict_panels::<2>(tables, destinations.clone(), j);
        }
        if even < tables.shape.panels {
            self.predict_panels::<1>(tables, destinations, even);
        }
    }

    /// The same, for `COUNT` panels from `j` on.
    #[inline(always)]
    fn predict_panels<const COUNT: usize>(&mut self, tables: &Tables, destinations: Range<usize>, j: usize) {
        let Shape { h, v, panels, .. } = tables.shape;
        let n = self.tokens.len();
        let mut sums = [[f32x4::ZERO; TOGETHER]; COUNT];
        for i in 0..destinations.len() {
            let destination = destinations.start + i;
            let token = &tables.x[self.tokens[destination] * panels + j..][..COUNT];
            let position = &tables.x[(v + destination) * panels + j..][..COUNT];
            for k in 0..COUNT {
                sums[k][i] = token[k] + position[k];
            }
        }
        for head in 0..h {
            let written = &self.written[head * n * panels..][..n * panels];
            let pattern = &self.pattern[head * n..][..n];
            for source in 0..=destinations.start {
                attend_to::<0, COUNT>(&mut sums, &pattern[source], &written[source * panels + j..]);
            }
            for source in destinations.start + 1..destinations.end {
                let (weights, x) = (&pattern[source], &written[source * panels + j..]);
                match source - destinations.start {
                    1 => attend_to::<1, COUNT>(&mut sums, weights, x),
                    2 => attend_to::<2, COUNT>(&mut sums, weights, x),
                    3 => attend_to::<3, COUNT>(&mut sums, weights, x),
                    _ => attend_to::<4, COUNT>(&mut sums, weights, x),
                }
            }
        }
        self.logits[j..j + COUNT].copy_from_slice(&sums);
    }

    /// The summed cross entropy of those destinations that have a target. The logits are replaced by their gradients,
    /// which are also added to the gradients of what tokens and positions add without attention.
    #[inline(never)]
    fn compare(
        &mut self,
        tables: &Tables,
        gradients: &mut Gradients,
        destinations: Range<usize>,
        targets: &[Option<usize>; TOGETHER],
        weight: f32,
    ) -> f64 {
        let Shape { v, panels, .. } = tables.shape;
        let logits = &mut self.logits[..panels];
        let mut wanted = [0.0; TOGETHER];
        for i in 0..TOGETHER {
            if let Some(target) = targets[i] {
                wanted[i] = logits[target / LANES][i].as_array()[target % LANES];
            }
        }
        let mut most = [f32x4::splat(f32::NEG_INFINITY); TOGETHER];
        for j in 0..panels {
            for i in 0..TOGETHER {
                most[i] = most[i].fast_max(logits[j][i]);
            }
        }
        for i in 0..TOGETHER {
            most[i] = f32x4::splat(largest(most[i].as_array()));
        }
        for j in 0..panels {
            for i in 0..TOGETHER {
                logits[j][i] -= most[i];
            }
        }
        exp_all(cast_slice_mut(logits.as_flattened_mut()));
        let mut sums = [f32x4::ZERO; TOGETHER];
        for j in 0..panels {
            for i in 0..TOGETHER {
                sums[i] += logits[j][i];
            }
        }
        let mut scale = [f32x4::ZERO; TOGETHER];
        for i in 0..TOGETHER {
            sums[i] = f32x4::splat(total(sums[i]));
            scale[i] = f32x4::splat(weight) / sums[i];
        }
        for j in 0..panels {
            for i in 0..TOGETHER {
                logits[j][i] *= scale[i];
            }
        }
        let (grad_tokens, grad_positions) = gradients.x.split_at_mut(v * panels);
        let mut loss = 0.0;
        for i in 0..TOGETHER {
            let Some(target) = targets[i] else {
                for j in 0..panels {
                    logits[j][i] = f32x4::ZERO;
                }
                continue;
            };
            loss += libm::log(f64::from(sums[i].as_array()[0])) - f64::from(wanted[i] - most[i].as_array()[0]);
            logits[target / LANES][i].as_mut_array()[target % LANES] -= weight;
            let destination = destinations.start + i;
            let token = &mut grad_tokens[self.tokens[destination] * panels..][..panels];
            let position = &mut grad_positions[destination * panels..][..panels];
            for j in 0..panels {
                token[j] += logits[j][i];
                position[j] += logits[j][i];
            }
        }
        loss
    }

    /// Backward of [`predict`](Self::predict), where that attends: the gradients of the values' table, and of the
    /// patterns.
    #[inline(never)]
    fn predict_backward(&mut self, tables: &Tables, gradients: &mut Gradients, destinations: Range<usize>) {
        let Shape { h, v, rows, panels, .. } = tables.shape;
        let n = self.tokens.len();
        let logits = &self.logits[..panels];
        for head in 0..h {
            let grad_z = &mut gradients.z[head * rows * panels..][..rows * panels];
            let (grad_tokens, grad_positions) = grad_z.split_at_mut(v * panels);
            for source in 0..destinations.end {
                let written = &self.written[(head * n + source) * panels..][..panels];
                let token = &mut grad_tokens[self.tokens[source] * panels..][..panels];
                let position = &mut grad_positions[source * panels..][..panels];
                let (weights, grads) = (&self.pattern[head * n + source], &mut self.grad_pattern[head * n + source]);
                match source.saturating_sub(destinations.start) {
                    0 => attend_to_backward::<0>(logits, weights, written, token, position, grads),
                    1 => attend_to_backward::<1>(logits, weights, written, token, position, grads),
                    2 => attend_to_backward::<2>(logits, weights, written, token, position, grads),
                    3 => attend_to_backward::<3>(logits, weights, written, token, position, grads),
                    _ => attend_to_backward::<4>(logits, weights, written, token, position, grads),
                }
            }
        }
    }

    /// Backward of [`attend`](Self::attend): the gradient of the scores' table.
    #[inline(never)]
    fn attend_backward(&mut self, tables: &Tables, gradients: &mut Gradients, destinations: Range<usize>) {
        let Shape { h, v, rows, .. } = tables.shape;
        let n = self.tokens.len();
        for head in 0..h {
            let grad_s = &mut gradients.s[head * rows * rows..][..rows * rows];
            let (grad_tokens, grad_positions) = grad_s.split_at_mut(v * rows);
            for destination in destinations.clone() {
                let (i, sources) = (destination - destinations.start, destination + 1);
                let (pattern, grad_pattern) =
                    (&self.pattern[head * n..][..sources], &self.grad_pattern[head * n..][..sources]);
                let mut mean = 0.0;
                for source in 0..sources {
                    mean += pattern[source][i] * grad_pattern[source][i];
                }
                let token = &mut grad_tokens[self.tokens[destination] * rows..][..rows];
                let position = &mut grad_positions[destination * rows..][..rows];
                for source in 0..sources {
                    let grad = pattern[source][i] * (grad_pattern[source][i] - mean);
                    for key in [self.tokens[source], v + source] {
                        token[key] += grad;
                        position[key] += grad;
                    }
                }
            }
        }
    }
}

/// Adds what one source adds to the logits of all destinations but the first `SKIP`, which come before the source.
#[inline(always)]
fn attend_to<const SKIP: usize, const COUNT: usize>(
    sums: &mut [[f32x4; TOGETHER]; COUNT],
    weights: &[f32; TOGETHER],
    x: &[f32x4],
) {
    let x = &x[..COUNT];
    for i in SKIP..TOGETHER {
        let weight = f32x4::splat(weights[i]);
        for k in 0..COUNT {
            sums[k][i] += weight * x[k];
        }
    }
}

/// Backward of [`attend_to`]: the gradients of what the source's token and position add, and those of its weights.
#[inline(always)]
fn attend_to_backward<const SKIP: usize>(
    logits: &[[f32x4; TOGETHER]],
    weights: &[f32; TOGETHER],
    written: &[f32x4],
    token: &mut [f32x4],
    position: &mut [f32x4],
    grad_weights: &mut [f32; TOGETHER],
) {
    let panels = logits.len();
    let (written, token, position) = (&written[..panels], &mut token[..panels], &mut position[..panels]);
    let mut everywhere = [f32x4::ZERO; TOGETHER];
    for i in SKIP..TOGETHER {
        everywhere[i] = f32x4::splat(weights[i]);
    }
    let mut products = [f32x4::ZERO; TOGETHER];
    for j in 0..panels {
        let (x, grads) = (written[j], &logits[j]);
        let mut sum = f32x4::ZERO;
        for i in SKIP..TOGETHER {
            sum += everywhere[i] * grads[i];
            products[i] += x * grads[i];
        }
        token[j] += sum;
        position[j] += sum;
    }
    for i in SKIP..TOGETHER {
        grad_weights[i] = total(products[i]);
    }
}

/// The sum of a register's lanes.
#[inline(always)]
fn total(lanes: f32x4) -> f32 {
    let [a, b, c, d] = *lanes.as_array();
    (a + c) + (b + d)
}
