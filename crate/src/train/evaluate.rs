//! How well a model does its task on held-out inputs.

use std::ops::Range;

use tinylens_lean::Batch;

use crate::config::AttentionDirection;
use crate::error::Result;
use crate::model::{Decoder, Decoding, Hooks, Inference, Model, Tokens, argmax, read};
use crate::task::Data;

/// Most inputs read together.
const MOST_INPUTS: usize = 100;

/// Figures over held-out inputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// Mean cross entropy at the counted positions, the true sequence given.
    pub loss: f64,
    /// Share of the answers' tokens that greedy generation gets right.
    pub token_accuracy: f64,
    /// Share of the inputs that greedy generation answers without a mistake.
    pub sequence_accuracy: f64,
    /// How many inputs: fewer than were asked for where fewer are held out.
    pub inputs: usize,
    /// Whether the inputs were kept from training; a task with few inputs holds none out.
    pub held_out: bool,
}

/// An evaluation under way, one forward pass, or as much work by hand, a call, so that whoever asks can do other things in
/// between.
#[derive(Debug)]
pub struct Evaluator {
    inputs: usize,
    done: usize,
    loss: f64,
    right_tokens: usize,
    right_inputs: usize,
    tokens: usize,
    decoder: Option<Decoder>,
    generating: Option<Generating>,
}

/// Inputs that the model got wrong when fed the true sequence, on their way through greedy generation.
#[derive(Debug)]
struct Generating {
    /// The true answers.
    truth: Vec<Vec<usize>>,
    decoding: Decoding,
}

/// A held-out input.
struct Asked<'a> {
    /// `[positions]`: what the model reads.
    tokens: &'a [i32],
    /// The counted positions, and what is right there.
    counted: Vec<usize>,
    answer: Vec<usize>,
}

impl Evaluator {
    /// An evaluation of so many held-out inputs, or all of them if they are fewer.
    pub fn new(inputs: usize) -> Self {
        Self {
            inputs,
            done: 0,
            loss: 0.0,
            right_tokens: 0,
            right_inputs: 0,
            tokens: 0,
            decoder: None,
            generating: None,
        }
    }

    /// The next part; the figures once all are done. Model and data are the same in every call.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn advance(&mut self, model: &Model, data: &Data) -> Result<Option<Evaluation>> {
        self.inputs = self.inputs.min(data.held_out().unwrap_or(usize::MAX));
        let positions = data.task().task().needs().positions;
        let decoder = self.decoder.get_or_insert_with(|| Decoder::new(model, Vec::new(), self.inputs, positions));
        if let Some(mut generating) = self.generating.take() {
            decoder.advance(&mut generating.decoding, model).await?;
            match generating.right() {
                Some((tokens, inputs)) => {
                    self.right_tokens += tokens;
                    self.right_inputs += inputs;
                }
                None => self.generating = Some(generating),
            }
        } else if self.done < self.inputs {
            let inputs = decoder.sequences_a_pass(model, positions, MOST_INPUTS).min(self.inputs - self.done);
            let batch = data.test_batch(self.done as u32, inputs);
            let asked = asked(&batch);
            let (loss, mut wrong) = teacher_forced(model, decoder.inference(), &batch, &asked).await?;
            // One that reads ahead had the answer before it.
            if model.config().attention_dir == AttentionDirection::Bidirectional {
                wrong = asked.iter().map(|asked| asked.answer.clone()).enumerate().collect();
            }
            self.loss += loss;
            self.done += batch.len();
            self.tokens += batch.sequences().count();
            // Fed its own right tokens, a model does what it does on the true sequence: only inputs with a mistake must be
            // generated.
            let mut right = vec![true; asked.len()];
            wrong.iter().for_each(|(number, _)| right[*number] = false);
            for (asked, _) in asked.iter().zip(right).filter(|(_, right)| *right) {
                self.right_inputs += 1;
                self.right_tokens += asked.answer.len();
            }
            self.generating = (!wrong.is_empty()).then(|| Generating::new(&asked, wrong));
        }
        if self.generating.is_some() || self.done < self.inputs {
            return Ok(None);
        }
        let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
        Ok(Some(Evaluation {
            loss: self.loss / self.tokens.max(1) as f64,
            token_accuracy: share(self.right_tokens, self.tokens),
            sequence_accuracy: share(self.right_inputs, self.inputs),
            inputs: self.inputs,
            held_out: data.holds_out(),
        }))
    }
}

/// What each sequence of a batch is asked for.
fn asked(batch: &Batch) -> Vec<Asked<'_>> {
    let rows = batch.tokens.chunks_exact(batch.positions).zip(batch.targets.chunks_exact(batch.positions));
    let rows = rows.zip(batch.counted.chunks_exact(batch.positions));
    rows.map(|((tokens, targets), counted)| {
        let counted: Vec<usize> = (0..batch.positions).filter(|position| counted[*position]).collect();
        Asked { tokens, answer: counted.iter().map(|position| targets[*position] as usize).collect(), counted }
    })
    .collect()
}

/// Token numbers as the model's methods take them.
fn numbers(tokens: &[i32]) -> Vec<usize> {
    tokens.iter().map(|token| *token as usize).collect()
}

impl Generating {
    /// `wrong`: which of the inputs, and what the model chose there.
    fn new(asked: &[Asked], wrong: Vec<(usize, Vec<usize>)>) -> Self {
        let of = |number: usize| &asked[number];
        let prompt = |asked: &Asked| numbers(&asked.tokens[..=asked.counted[0]]);
        let truth = wrong.iter().map(|(number, _)| of(*number).answer.clone()).collect();
        let prompts = wrong.iter().map(|(number, _)| prompt(of(*number))).collect();
        let guesses = wrong.into_iter().map(|(_, chosen)| chosen).collect();
        Self { truth, decoding: Decoding::new(prompts, guesses) }
    }

    /// How many tokens, and how many whole answers, came out right, once all are there.
    fn right(&self) -> Option<(usize, usize)> {
        let mut right = (0, 0);
        for (answer, truth) in self.decoding.answers()?.zip(&self.truth) {
            right.0 += answer.iter().zip(truth).filter(|(a, b)| a == b).count();
            right.1 += usize::from(answer == truth);
        }
        Some(right)
    }
}

/// With the true sequences given: the summed cross entropy at the counted positions; and for each sequence with a mistake,
/// what the model chose there.
async fn teacher_forced(
    model: &Model,
    inference: Option<&mut Inference>,
    batch: &Batch,
    asked: &[Asked<'_>],
) -> Result<(f64, Vec<(usize, Vec<usize>)>)> {
    let width = model.config().d_vocab_out;
    let all = || asked.iter().flat_map(|asked| asked.counted.iter().copied());
    let rows: Range<usize> = all().min().unwrap_or(0)..all().max().map_or(0, |last| last + 1);
    let (mut loss, mut wrong) = (0.0, Vec::new());
    let mut compare = |number: usize, logits: &[f32]| {
        let Asked { counted, answer, .. } = &asked[number];
        let at = |position: &usize| &logits[(position - rows.start) * width..][..width];
        let losses = counted.iter().zip(answer).map(|(position, target)| cross_entropy(at(position), *target));
        loss += losses.sum::<f64>();
        let chosen: Vec<usize> = counted.iter().map(|position| argmax(at(position))).collect();
        if chosen != *answer {
            wrong.push((number, chosen));
        }
    };
    if let Some(inference) = inference {
        let given: Vec<Vec<usize>> = asked.iter().map(|asked| numbers(asked.tokens)).collect();
        inference.logits(&given, rows.clone(), &mut compare);
    } else {
        let tokens =
            Tokens { values: batch.tokens.clone(), batch: batch.len(), positions: batch.positions, padding: None };
        let tokens = tokens.tensor(&model.device());
        let logits = read(model.logits(&model.weights(), tokens, None, rows.clone(), &mut Hooks::none())).await?;
        logits.chunks_exact(rows.len() * width).enumerate().for_each(|(number, logits)| compare(number, logits));
    }
    Ok((loss, wrong))
}

/// `-log softmax(logits)[target]`.
fn cross_entropy(logits: &[f32], target: usize) -> f64 {
    let max = logits.iter().fold(f32::NEG_INFINITY, |max, x| max.max(*x));
    let sum: f64 = logits.iter().map(|x| libm::exp(f64::from(x - max))).sum();
    libm::log(sum) - f64::from(logits[target] - max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;
    use crate::model::Generation;
    use burn::tensor::Device;

    /// Generating every list gives the figures that the shortcut gives.
    #[test]
    fn the_shortcut_equals_generating_every_list() {
        let experiment = Experiment::resolve(
            &serde_json::json!({ "task": { "max_value": 6, "list_length": 4 }, "model": { "d_model": 32 } }),
        )
        .unwrap();
        pollster::block_on(async {
            let mut run = crate::train::Run::new(experiment, &Device::flex()).await;
            run.step(250).await.unwrap();
            let batch = run.data().test_batch(0, 60);
            let mut evaluator = Evaluator::new(60);
            let figures = loop {
                if let Some(figures) = evaluator.advance(&run.model(), run.data()).await.unwrap() {
                    break figures;
                }
            };
            let whole: Vec<Vec<usize>> =
                asked(&batch).iter().map(|asked| [&numbers(&asked.tokens[..6])[..], &asked.answer].concat()).collect();
            let prompts: Vec<Vec<usize>> = whole.iter().map(|row| row[..6].to_vec()).collect();
            let generated = run.model().generate(&prompts, &Generation::greedy(4), &[]).await.unwrap();
            let right = whole.iter().flatten().zip(generated.iter().flatten()).filter(|(a, b)| a == b).count() - 60 * 6;
            assert_eq!(figures.token_accuracy, right as f64 / 240.0);
            assert_eq!(
                figures.sequence_accuracy,
                whole.iter().zip(&generated).filter(|(a, b)| a == b).count() as f64 / 60.0
            );
            assert!(
                figures.sequence_accuracy > 0.05 && figures.sequence_accuracy < 1.0,
                "some right, some wrong: {figures:?}"
            );
        });
    }
}
