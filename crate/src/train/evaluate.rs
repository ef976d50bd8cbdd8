//! How well a model does its task on held-out lists.

use std::ops::Range;

use crate::config::AttentionDirection;
use crate::error::Result;
use crate::model::{Decoder, Decoding, Hooks, Model, Reader, Tokens, argmax, read};
use crate::task::{Batch, Sort};

/// Most lists read together.
const MOST_LISTS: usize = 100;

/// Lists in one forward pass.
fn batch_size(model: &Model, task: &Sort) -> usize {
    model.sequences_a_pass(task.config().sequence_length(task.config().list_length), MOST_LISTS)
}

/// Figures over held-out lists.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// Mean cross entropy, the true sequence given.
    pub loss: f64,
    /// Share of the sorted numbers (and EOS) that greedy generation gets right.
    pub token_accuracy: f64,
    /// Share of the lists that greedy generation sorts without a mistake.
    pub sequence_accuracy: f64,
    pub lists: usize,
    /// Whether the lists were kept from training; a task with few lists holds none out.
    pub held_out: bool,
}

/// An evaluation under way, one forward pass, or as much work by hand, a call, so that whoever asks can do other things in between.
#[derive(Debug)]
pub struct Evaluator {
    lists: usize,
    done: usize,
    loss: f64,
    right_tokens: usize,
    right_lists: usize,
    tokens: usize,
    decoder: Option<Decoder>,
    generating: Option<Generating>,
}

/// Lists that the model got wrong when fed the true sequence, on their way through greedy generation.
#[derive(Debug)]
struct Generating {
    /// The true answers.
    truth: Vec<Vec<usize>>,
    decoding: Decoding,
}

impl Evaluator {
    pub fn new(lists: usize) -> Self {
        Self { lists, done: 0, loss: 0.0, right_tokens: 0, right_lists: 0, tokens: 0, decoder: None, generating: None }
    }

    /// The next part; the figures once all are done. The model is the same in every call.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn advance(&mut self, model: &Model, task: &Sort) -> Result<Option<Evaluation>> {
        let positions = task.config().sequence_length(task.config().list_length);
        let decoder = self.decoder.get_or_insert_with(|| Decoder::new(model, Vec::new(), self.lists, positions));
        if let Some(mut generating) = self.generating.take() {
            decoder.advance(&mut generating.decoding, model).await?;
            match generating.right() {
                Some((tokens, lists)) => {
                    self.right_tokens += tokens;
                    self.right_lists += lists;
                }
                None => self.generating = Some(generating),
            }
        } else if self.done < self.lists {
            let lists = decoder.sequences_a_pass(model, positions, MOST_LISTS).min(self.lists - self.done);
            let batch = task.test_batch(self.done as u32, lists);
            let rows = task.config().counted(task.config().list_length);
            let (loss, mut wrong) = teacher_forced(model, decoder.reader(), &batch, rows.clone()).await?;
            // One that reads ahead had the answer before it.
            if model.config().attention_dir == AttentionDirection::Bidirectional {
                wrong = batch.sequences().map(|row| answer(row, &rows)).enumerate().collect();
            }
            self.loss += loss;
            self.done += batch.len();
            self.tokens += batch.len() * rows.len();
            // Fed its own right tokens, a model does what it does on the true sequence: only lists with a mistake must be generated.
            let right = batch.len() - wrong.len();
            self.right_lists += right;
            self.right_tokens += right * rows.len();
            self.generating = (!wrong.is_empty()).then(|| Generating::new(&batch, wrong, &rows));
        }
        if self.generating.is_some() || self.done < self.lists {
            return Ok(None);
        }
        let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
        Ok(Some(Evaluation {
            loss: self.loss / self.tokens.max(1) as f64,
            token_accuracy: share(self.right_tokens, self.tokens),
            sequence_accuracy: share(self.right_lists, self.lists),
            lists: self.lists,
            held_out: task.holds_out(),
        }))
    }
}

/// The tokens that the logits at `rows` are asked for.
fn answer(row: &[i32], rows: &Range<usize>) -> Vec<usize> {
    row[rows.start + 1..].iter().map(|token| *token as usize).collect()
}

impl Generating {
    /// `wrong`: rows of the batch, and what the model chose there.
    fn new(batch: &Batch, wrong: Vec<(usize, Vec<usize>)>, rows: &Range<usize>) -> Self {
        let sequences: Vec<&[i32]> = batch.sequences().collect();
        let truth = wrong.iter().map(|(number, _)| answer(sequences[*number], rows)).collect();
        let prompt = |number: &usize| sequences[*number][..=rows.start].iter().map(|token| *token as usize).collect();
        let prompts = wrong.iter().map(|(number, _)| prompt(number)).collect();
        let guesses = wrong.into_iter().map(|(_, chosen)| chosen).collect();
        Self { truth, decoding: Decoding::new(prompts, guesses) }
    }

    /// How many tokens, and how many whole lists, came out right, once all are there.
    fn right(&self) -> Option<(usize, usize)> {
        let mut right = (0, 0);
        for (answer, truth) in self.decoding.answers()?.zip(&self.truth) {
            right.0 += answer.iter().zip(truth).filter(|(a, b)| a == b).count();
            right.1 += usize::from(answer == truth);
        }
        Some(right)
    }
}

/// Mean cross entropy over held-out lists `0..lists`.
///
/// # Errors
/// If the device fails.
pub(super) async fn held_out_loss(model: &Model, task: &Sort, lists: usize) -> Result<f64> {
    let (mut sum, mut tokens, mut done) = (0.0, 0, 0);
    while done < lists {
        let batch = task.test_batch(done as u32, batch_size(model, task).min(lists - done));
        let rows = task.config().counted(task.config().list_length);
        tokens += batch.len() * rows.len();
        sum += teacher_forced(model, None, &batch, rows).await?.0;
        done += batch.len();
    }
    Ok(sum / tokens as f64)
}

/// With the true sequences given: the summed cross entropy at the counted positions `rows`; and for each sequence with a mistake, what
/// the model chose there.
async fn teacher_forced(
    model: &Model,
    reader: Option<&mut Reader>,
    batch: &Batch,
    rows: Range<usize>,
) -> Result<(f64, Vec<(usize, Vec<usize>)>)> {
    // Without the last token, which is a target only.
    let seen = batch.positions - 1;
    let d_vocab = model.config().d_vocab_out;
    let (mut loss, mut wrong) = (0.0, Vec::new());
    let sequences: Vec<&[i32]> = batch.sequences().collect();
    let mut compare = |number: usize, logits: &[f32]| {
        let truth = answer(sequences[number], &rows);
        loss += truth
            .iter()
            .zip(logits.chunks_exact(d_vocab))
            .map(|(target, logits)| cross_entropy(logits, *target))
            .sum::<f64>();
        let chosen: Vec<usize> = logits.chunks_exact(d_vocab).map(argmax).collect();
        if chosen != truth {
            wrong.push((number, chosen));
        }
    };
    if let Some(reader) = reader {
        let given: Vec<Vec<usize>> =
            sequences.iter().map(|row| row[..seen].iter().map(|token| *token as usize).collect()).collect();
        reader.logits(&given, rows.clone(), &mut compare);
    } else {
        let values = sequences.iter().flat_map(|row| &row[..seen]).copied().collect();
        let tokens = Tokens { values, batch: batch.len(), positions: seen, padding: None };
        let logits =
            model.logits(&model.weights(), tokens.tensor(&model.device()), None, rows.clone(), &mut Hooks::none());
        let logits = read(logits).await?;
        logits.chunks_exact(rows.len() * d_vocab).enumerate().for_each(|(number, logits)| compare(number, logits));
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
        let mut run = crate::train::Run::new(experiment, &Device::flex());
        pollster::block_on(async {
            run.step(250).await.unwrap();
            let batch = run.task().test_batch(0, 60);
            let mut evaluator = Evaluator::new(60);
            let figures = loop {
                if let Some(figures) = evaluator.advance(run.model(), run.task()).await.unwrap() {
                    break figures;
                }
            };
            let whole: Vec<Vec<usize>> =
                batch.sequences().map(|row| row.iter().map(|token| *token as usize).collect()).collect();
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
