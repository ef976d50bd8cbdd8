//! Cases that are decoded together.

use crate::error::{Error, Result};
use crate::model::{Decoder, Decoding, Model};
use crate::task::{Case, Task};

/// Most inputs of a battery or survey.
const MOST_INPUTS: u32 = 100_000;

/// Checks that a model can be asked about so many inputs of a task.
///
/// # Errors
/// If the task does not fit the model; if there are no inputs or too many.
pub(super) fn check(task: &dyn Task, model: &Model, inputs: u32) -> Result<()> {
    let contradictions = task.contradictions(model.config());
    if !contradictions.is_empty() {
        return Err(contradictions.into());
    }
    if inputs == 0 || inputs > MOST_INPUTS {
        return Err(Error::new(format!("lists is {inputs}; it must be a whole number from 1 to {MOST_INPUTS}.")));
    }
    Ok(())
}

/// Cases with prompts of equal length, and their answers as far as they are known.
#[derive(Debug)]
pub(super) struct Group {
    /// Each case, with its index among those that were grouped.
    cases: Vec<(usize, Case)>,
    decoding: Decoding,
}

impl Group {
    /// Groups cases by the lengths of their prompts and answers. Groups are in the order of their first cases.
    pub fn of(cases: impl Iterator<Item = Case>) -> Vec<Self> {
        let length = |case: &Case| (case.prompt.len(), case.guess.len());
        let mut groups: Vec<Vec<(usize, Case)>> = Vec::new();
        for case in cases.enumerate() {
            match groups.iter_mut().find(|group| length(&group[0].1) == length(&case.1)) {
                Some(group) => group.push(case),
                None => groups.push(vec![case]),
            }
        }
        let group = |cases: Vec<(usize, Case)>| {
            let prompts = cases.iter().map(|(_, case)| case.prompt.clone()).collect();
            let guesses = cases.iter().map(|(_, case)| case.guess.clone()).collect();
            Self { cases, decoding: Decoding::new(prompts, guesses) }
        };
        groups.into_iter().map(group).collect()
    }

    /// How many cases there are.
    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// Computes the next part of the answers.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn advance(&mut self, decoder: &mut Decoder, model: &Model) -> Result<()> {
        decoder.advance(&mut self.decoding, model).await
    }

    /// Each case's index, the case and the answer, once all answers are known.
    pub fn answers(&self) -> Option<impl Iterator<Item = (usize, &Case, &[usize])>> {
        let answers = self.decoding.answers()?;
        Some(self.cases.iter().zip(answers).map(|((index, case), answer)| (*index, case, answer)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_and_answers_of_a_group_have_equal_lengths() {
        let case = |prompt: &[usize], new: usize| Case {
            input: vec![7],
            prompt: prompt.to_vec(),
            expected: Vec::new(),
            guess: vec![0; new],
        };
        let cases = [case(&[1, 2], 3), case(&[3], 4), case(&[4, 5], 3), case(&[6, 7], 4), case(&[8], 4)];
        let groups = Group::of(cases.into_iter());
        let indices: Vec<Vec<usize>> =
            groups.iter().map(|group| group.cases.iter().map(|(index, _)| *index).collect()).collect();
        assert_eq!(indices, [vec![0, 2], vec![1, 4], vec![3]]);
        assert_eq!(groups.iter().map(Group::len).sum::<usize>(), 5);
    }
}
