//! How well a model solves its task on held-out inputs.

use std::ops::Range;

use tinylens_lean::Batch;

use crate::config::AttentionDirection;
use crate::error::Result;
use crate::model::{Decoder, Decoding, Hooks, Inference, Model, Tokens, argmax, read};
use crate::task::Data;

/// The most inputs in one forward pass.
const MOST_INPUTS: usize = 100;

/// How well a model does on held-out inputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// The mean cross entropy in nats at the counted positions, when the model reads the true sequences.
    pub loss: f64,
    /// The share of the answers' tokens that greedy generation gets right, 0 to 1.
    pub token_accuracy: f64,
    /// The share of the inputs that greedy generation answers without a mistake, 0 to 1.
    pub sequence_accuracy: f64,
    /// The number of inputs; fewer than requested if fewer are held out.
    pub inputs: usize,
    /// Whether the inputs are held out from training. A task with few inputs holds none out.
    pub held_out: bool,
}

/// An evaluation in parts, each of about one forward pass, so that the caller can do other things in between.
#[derive(Debug)]
pub struct Evaluator {
    /// How many inputs to evaluate.
    inputs: usize,
    /// How many inputs the model has read.
    done: usize,
    /// The cross entropy at the counted positions of the inputs read, summed.
    loss: f64,
    /// How many tokens greedy generation gets right.
    right_tokens: usize,
    /// How many inputs greedy generation answers without a mistake.
    right_inputs: usize,
    /// How many tokens the answers to the inputs read have together.
    tokens: usize,
    decoder: Option<Decoder>,
    generating: Option<Generating>,
}

/// Greedy generation from inputs on which the model made a mistake when it read the true sequences.
#[derive(Debug)]
struct Generating {
    /// The true answer of each input.
    truth: Vec<Vec<usize>>,
    decoding: Decoding,
}

/// A held-out input, in the form of its sequence.
struct Example<'a> {
    /// The tokens that the model reads, `[positions]`.
    tokens: &'a [i32],
    /// The counted positions.
    counted: Vec<usize>,
    /// The target at each counted position.
    answer: Vec<usize>,
}

impl Evaluator {
    /// An evaluation on `inputs` held-out inputs, or on all of them if they are fewer.
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

    /// Evaluates the next part. Returns the result after the last one, and `None` before. Every call must be given the
    /// same model and data.
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
            let examples = examples(&batch);
            let (loss, mut wrong) = teacher_forced(model, decoder.inference(), &batch, &examples).await?;
            // A bidirectional model has read the answers: whether it generates them is open for all inputs.
            if model.config().attention_dir == AttentionDirection::Bidirectional {
                wrong = examples.iter().map(|example| example.answer.clone()).enumerate().collect();
            }
            self.loss += loss;
            self.done += batch.len();
            self.tokens += batch.sequences().count();
            // If every choice on the true sequence is right, generation reads the same tokens and makes the same
            // choices. Only inputs with a mistake have to be generated.
            let mut right = vec![true; examples.len()];
            wrong.iter().for_each(|(number, _)| right[*number] = false);
            for (example, _) in examples.iter().zip(right).filter(|(_, right)| *right) {
                self.right_inputs += 1;
                self.right_tokens += example.answer.len();
            }
            self.generating = (!wrong.is_empty()).then(|| Generating::new(&examples, wrong));
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

/// The sequences of a batch.
fn examples(batch: &Batch) -> Vec<Example<'_>> {
    let rows = batch.tokens.chunks_exact(batch.positions).zip(batch.targets.chunks_exact(batch.positions));
    let rows = rows.zip(batch.counted.chunks_exact(batch.positions));
    rows.map(|((tokens, targets), counted)| {
        let counted: Vec<usize> = (0..batch.positions).filter(|position| counted[*position]).collect();
        Example { tokens, answer: counted.iter().map(|position| targets[*position] as usize).collect(), counted }
    })
    .collect()
}

/// Token numbers of a batch in the type that the model's methods take.
fn numbers(tokens: &[i32]) -> Vec<usize> {
    tokens.iter().map(|token| *token as usize).collect()
}

impl Generating {
    /// `wrong`: the numbers of the examples with a mistake, and what the model chose at their counted positions.
    fn new(examples: &[Example], wrong: Vec<(usize, Vec<usize>)>) -> Self {
        let prompt = |example: &Example| numbers(&example.tokens[..=example.counted[0]]);
        let truth = wrong.iter().map(|(number, _)| examples[*number].answer.clone()).collect();
        let prompts = wrong.iter().map(|(number, _)| prompt(&examples[*number])).collect();
        let guesses = wrong.into_iter().map(|(_, chosen)| chosen).collect();
        Self { truth, decoding: Decoding::new(prompts, guesses) }
    }

    /// How many tokens and how many whole answers are right; `None` until all are generated.
    fn right(&self) -> Option<(usize, usize)> {
        let mut right = (0, 0);
        for (answer, truth) in self.decoding.answers()?.zip(&self.truth) {
            right.0 += answer.iter().zip(truth).filter(|(a, b)| a == b).count();
            right.1 += usize::from(answer == truth);
        }
        Some(right)
    }
}

/// Reads the true sequences. Returns the cross entropy summed over the counted positions, and, for each example with a
/// mistake, its number and what the model chose at the counted positions.
async fn teacher_forced(
    model: &Model,
    inference: Option<&mut Inference>,
    batch: &Batch,
    examples: &[Example<'_>],
) -> Result<(f64, Vec<(usize, Vec<usize>)>)> {
    let width = model.config().d_vocab_out;
    let all = || examples.iter().flat_map(|example| example.counted.iter().copied());
    let rows: Range<usize> = all().min().unwrap_or(0)..all().max().map_or(0, |last| last + 1);
    let (mut loss, mut wrong) = (0.0, Vec::new());
    let mut compare = |number: usize, logits: &[f32]| {
        let Example { counted, answer, .. } = &examples[number];
        let at = |position: &usize| &logits[(position - rows.start) * width..][..width];
        let losses = counted.iter().zip(answer).map(|(position, target)| cross_entropy(at(position), *target));
        loss += losses.sum::<f64>();
        let chosen: Vec<usize> = counted.iter().map(|position| argmax(at(position))).collect();
        if chosen != *answer {
            wrong.push((number, chosen));
        }
    };
    if let Some(inference) = inference {
        let given: Vec<Vec<usize>> = examples.iter().map(|example| numbers(example.tokens)).collect();
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

/// `-log softmax(logits)[target]` in nats; `logits` are `[V out]`.
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
    use burn_tensor::Device;

    #[test]
    fn generating_only_after_mistakes_equals_generating_every_answer() {
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
                examples(&batch).iter().map(|it| [&numbers(&it.tokens[..6])[..], &it.answer].concat()).collect();
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
                "some must be right and some wrong: {figures:?}"
            );
        });
    }
}
