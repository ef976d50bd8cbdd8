//! What an answer to a prompt is worth, and what its tokens are.
//!
//! Legend: the *rest* are the numbers that are still in the prompt, sorted.

use super::settings::Sort;

/// What is measured of an answer, as the API calls it.
pub(super) const MEASURES: [&str; 5] =
    ["exact", "sortedRestThenLargest", "lastIsLargest", "specialEmitted", "tokenAccuracy"];

/// Hits and trials of each measure:
/// - the answer begins with the rest (and EOS, where the task has it);
/// - after the rest comes the largest of it, to the end or to EOS, at least once;
/// - the last number of the answer is the largest of the rest;
/// - the answer holds MID, BOS, or EOS where none is due;
/// - of the numbers of the rest, those that stand at their places.
pub(super) fn score(task: &Sort, rest: &[usize], answer: &[usize]) -> [[u64; 2]; MEASURES.len()] {
    let n = rest.len();
    let end = task.eos_token.and_then(|eos| answer.iter().position(|token| *token == eos)).unwrap_or(answer.len());
    let numbers = &answer[..end];
    let largest = rest.last();
    let begins = n > 0 && numbers.len() >= n && numbers[..n] == *rest;
    // The answer may have no room for its EOS.
    let ended = task.eos_token.is_none() || end == n || answer.len() == n;
    let special = |token: &usize| [task.mid_token, task.bos_token].contains(&Some(*token));
    let of_one = |hit: bool| [u64::from(hit), 1];
    [
        of_one(begins && ended),
        of_one(begins && numbers.len() > n && numbers[n..].iter().all(|token| Some(token) == largest)),
        of_one(n > 0 && numbers.last() == largest),
        of_one(answer.iter().any(special) || (task.eos_token.is_some() && end < n)),
        [numbers.iter().zip(rest).filter(|(a, b)| a == b).count() as u64, n as u64],
    ]
}

/// What a token of an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Emitted {
    /// The one that belongs there.
    Right,
    /// One of the rest that belongs before.
    Earlier,
    /// One of the rest that belongs after.
    Later,
    /// The largest again, after the end of the rest.
    LargestAgain,
    /// A number that is not in the prompt.
    Foreign,
    Mid,
    Bos,
    Eos,
}

/// How many kinds of token there are.
pub(super) const KINDS: usize = Emitted::Eos as usize + 1;

/// What the token at `place` of an answer is.
pub(super) fn emitted(task: &Sort, rest: &[usize], place: usize, token: usize) -> Emitted {
    match token {
        t if rest.get(place) == Some(&t) => Emitted::Right,
        t if Some(t) == task.mid_token => Emitted::Mid,
        t if Some(t) == task.bos_token => Emitted::Bos,
        t if Some(t) == task.eos_token => Emitted::Eos,
        t if place >= rest.len() && rest.last() == Some(&t) => Emitted::LargestAgain,
        t if rest[..place.min(rest.len())].contains(&t) => Emitted::Earlier,
        t if rest.contains(&t) => Emitted::Later,
        _ => Emitted::Foreign,
    }
}

/// The answer of so many tokens that a perfect sorter which repeats the largest number (or ends) gives.
pub(super) fn perfect(task: &Sort, rest: &[usize], length: usize) -> Vec<usize> {
    let again = task.eos_token.or(rest.last().copied()).unwrap_or(task.min_value);
    (0..length).map(|place| rest.get(place).copied().unwrap_or(again)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;
    use crate::task::TaskConfig;
    use serde_json::{Value, json};

    fn sort(partial: Value) -> Sort {
        let TaskConfig::Sort(task) = Experiment::resolve(&json!({ "task": partial })).unwrap().task else {
            panic!("the usual task")
        };
        task
    }

    fn hits(task: &Sort, rest: &[usize], answer: &[usize]) -> [u64; 5] {
        score(task, rest, answer).map(|[hits, _]| hits)
    }

    #[test]
    fn answers_are_scored() {
        let (task, rest) = (sort(json!({})), [2, 6, 20, 59]);
        assert_eq!(hits(&task, &rest, &[2, 6, 20, 59, 59]), [1, 1, 1, 0, 4]);
        assert_eq!(hits(&task, &rest, &[2, 6, 20, 59, 3]), [1, 0, 0, 0, 4]);
        assert_eq!(hits(&task, &rest, &[2, 6, 59, 59, 59]), [0, 0, 1, 0, 3]);
        assert_eq!(hits(&task, &rest, &[2, 66, 20, 59, 59]), [0, 0, 1, 1, 3]);
        assert_eq!(score(&task, &rest, &[2])[4], [1, 4]);
        let kinds = [2, 2, 59, 59, 59].iter().enumerate().map(|(place, token)| emitted(&task, &rest, place, *token));
        use Emitted::{Earlier, LargestAgain, Later, Right};
        assert_eq!(kinds.collect::<Vec<_>>(), [Right, Earlier, Later, Right, LargestAgain]);
    }

    #[test]
    fn with_eos_an_answer_must_end() {
        let (task, rest) = (sort(json!({ "eos_token": 67 })), [2, 6, 20]);
        let whole = |tail: &[usize]| hits(&task, &rest, &[&rest[..], tail].concat());
        assert_eq!(whole(&[67, 67, 67, 67, 67])[..4], [1, 0, 1, 0]);
        assert_eq!(whole(&[20, 67, 67, 67, 67])[..4], [0, 1, 1, 0]);
        assert_eq!(hits(&task, &rest, &[2, 67, 67, 67, 67, 67, 67, 67])[3], 1);
        assert_eq!(perfect(&task, &rest, 5), [2, 6, 20, 67, 67]);
    }
}
