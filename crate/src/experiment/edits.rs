//! Edits of a prompt, applied in order.

use crate::config::{Token, TokenEdit};
use crate::error::{Error, Result};
use crate::task::{Task, TaskConfig};

/// A task's prompt for an input after these edits.
///
/// # Errors
/// If an edit cannot be applied: its position is beyond the prompt, the task has no such token, or no token would be
/// left. The first edit is called `edit[0]`.
pub fn apply_edits(task: &TaskConfig, input: &[usize], edits: &[TokenEdit]) -> Result<Vec<usize>> {
    let task = task.task();
    let mut prompt = task.prompt(input);
    for (number, edit) in edits.iter().enumerate() {
        apply(&mut prompt, edit, task).map_err(|why| Error::new(format!("edit[{number}] is {edit}; {why}.")))?;
    }
    Ok(prompt)
}

/// Applies one edit.
///
/// # Errors
/// Why it cannot be applied, worded as the end of a sentence.
pub(super) fn apply(prompt: &mut Vec<usize>, edit: &TokenEdit, task: &dyn Task) -> std::result::Result<(), String> {
    let length = prompt.len();
    let check = |at: usize| {
        let last = length.saturating_sub(1);
        if at < length { Ok(()) } else { Err(format!("positions of the prompt are then 0 to {last}")) }
    };
    let number = |token: &Token| match token {
        Token::Number(number) => Ok(*number),
        Token::Named(name) => task.token(name).ok_or_else(|| format!("this task has no {name}")),
    };
    match edit {
        TokenEdit::Replace { at, token } => {
            check(*at)?;
            prompt[*at] = number(token)?;
        }
        TokenEdit::Delete { at } => {
            check(*at)?;
            if length == 1 {
                return Err("a prompt needs at least one token".into());
            }
            prompt.remove(*at);
        }
        TokenEdit::Insert { at, token } => {
            if *at > length {
                return Err(format!("the positions where a token can be inserted are then 0 to {length}"));
            }
            prompt.insert(*at, number(token)?);
        }
        TokenEdit::Move { from, to } => {
            check(*from)?;
            check(*to)?;
            let token = prompt.remove(*from);
            prompt.insert(*to, token);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;

    fn applied(edits: &[&str]) -> Result<Vec<usize>> {
        let edits: Vec<TokenEdit> = edits.iter().map(|edit| edit.parse().unwrap()).collect();
        apply_edits(&Experiment::default().task, &[6, 2, 59, 50, 20], &edits)
    }

    #[test]
    fn the_notebooks_experiments() {
        assert_eq!(applied(&[]).unwrap(), [65, 6, 2, 59, 50, 20, 66]);
        assert_eq!(applied(&["replace:4:MID"]).unwrap(), [65, 6, 2, 59, 66, 20, 66]);
        assert_eq!(applied(&["replace:6:27"]).unwrap(), [65, 6, 2, 59, 50, 20, 27]);
        assert_eq!(applied(&["delete:6"]).unwrap(), [65, 6, 2, 59, 50, 20]);
        assert_eq!(applied(&["delete:5", "delete:4"]).unwrap(), [65, 6, 2, 59, 66]);
    }

    #[test]
    fn positions_are_those_of_the_prompt_after_the_preceding_edits() {
        assert_eq!(applied(&["delete:0", "insert:0:12", "insert:7:BOS"]).unwrap(), [12, 6, 2, 59, 50, 20, 66, 65]);
        assert_eq!(applied(&["move:1:3", "move:6:0"]).unwrap(), [66, 65, 2, 59, 6, 50, 20]);
        assert_eq!(applied(&["move:2:2"]).unwrap(), applied(&[]).unwrap());
    }

    #[test]
    fn an_edit_that_cannot_be_applied_is_refused() {
        let refused = |edits: &[&str]| applied(edits).unwrap_err().to_string();
        assert_eq!(
            refused(&["delete:0", "replace:6:MID"]),
            "edit[1] is replace:6:MID; positions of the prompt are then 0 to 5."
        );
        assert_eq!(
            refused(&["insert:8:1"]),
            "edit[0] is insert:8:1; the positions where a token can be inserted are then 0 to 7."
        );
        assert_eq!(refused(&["replace:0:EOS"]), "edit[0] is replace:0:EOS; this task has no EOS.");
        assert!(refused(&["delete:0"; 7]).contains("at least one token"));
    }
}
