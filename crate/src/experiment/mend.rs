//! Makes the given fields of an experiment consistent by leaving out as few of them as possible.

use serde_json::{Map, Value};

use super::Experiment;
use super::complete::{nested, settle};
use crate::config::{ConfigError, SETTINGS, Setting};

/// How many combinations of fields are tried to find one smaller than the greedy one; they take about 2 ms.
const MOST_TRIES: usize = 100;

/// Removes fields from `given` (values by path, each valid by itself) until the others are consistent with each other
/// and with the defaults of the rest. Returns the experiment, and each removed field with the reason.
pub(super) fn mend(given: &mut Map<String, Value>) -> (Experiment, Vec<ConfigError>) {
    let errors = match judged(given, &[]) {
        Ok(experiment) => return (experiment, Vec::new()),
        Err(errors) => errors,
    };
    let paths = candidates(given, &errors);
    let mut out = greedy(given, &paths);
    // Removing one field is the least already.
    let mut tries = 0;
    for size in 2..out.len() {
        if let Some(fewer) = combination(given, &paths, size, &mut tries) {
            out = fewer;
            break;
        }
    }
    let why = |path: &str| {
        let own = errors.iter().find(|error| error.path == path).or(errors.first());
        ConfigError::new(path, own.map_or_else(String::new, |error| error.message.clone()))
    };
    let removed = out.iter().map(|path| why(path)).collect();
    for path in &out {
        given.remove(path);
    }
    (judged(given, &[]).unwrap_or_default(), removed)
}

/// The experiment of the given fields without some of them.
///
/// # Errors
/// Their contradictions.
fn judged(given: &Map<String, Value>, without: &[String]) -> Result<Experiment, Vec<ConfigError>> {
    let (values, _) = settle(of_experiments(), |setting| {
        given.get(setting.path).filter(|_| !without.iter().any(|path| path == setting.path))
    });
    Experiment::consistent(nested(values))
}

/// The table's first rows: those of the task, the model and the training.
fn of_experiments() -> &'static [Setting] {
    let end = SETTINGS
        .iter()
        .position(|setting| !["task", "model", "train"].contains(&setting.group()))
        .unwrap_or(SETTINGS.len());
    &SETTINGS[..end]
}

/// The given fields in the order in which they are to be left out: those that an error names come first; among equals,
/// a later row of the table comes before an earlier one.
fn candidates(given: &Map<String, Value>, errors: &[ConfigError]) -> Vec<String> {
    let rows = of_experiments().iter().rev().filter(|setting| given.contains_key(setting.path));
    let mut paths: Vec<String> = rows.map(|setting| setting.path.to_string()).collect();
    paths.sort_by_key(|path| !errors.iter().any(|error| error.path == *path));
    paths
}

/// Leaves out one field after the other, each time the one that leaves the fewest contradictions.
fn greedy(given: &Map<String, Value>, paths: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    while out.len() < paths.len() {
        let mut best: Option<(usize, &String)> = None;
        for path in paths.iter().filter(|path| !out.contains(path)) {
            let left = judged(given, &[&out[..], std::slice::from_ref(path)].concat())
                .map_or_else(|errors| errors.len(), |_| 0);
            if best.is_none_or(|(least, _)| left < least) {
                best = Some((left, path));
            }
        }
        let Some((left, path)) = best else { break };
        out.push(path.clone());
        if left == 0 {
            break;
        }
    }
    out
}

/// `size` fields without which the others are consistent; `None` if there are none, or not among the combinations that
/// may still be tried. `tries` counts them.
fn combination(given: &Map<String, Value>, paths: &[String], size: usize, tries: &mut usize) -> Option<Vec<String>> {
    let mut chosen: Vec<usize> = (0..size).collect();
    loop {
        *tries += 1;
        if *tries > MOST_TRIES {
            return None;
        }
        let without: Vec<String> = chosen.iter().map(|index| paths[*index].clone()).collect();
        if judged(given, &without).is_ok() {
            return Some(without);
        }
        // The next combination in lexicographic order: the last index that can grow does, and those after it follow it.
        let last = (0..size).rev().find(|last| chosen[*last] < paths.len() - size + last)?;
        chosen[last] += 1;
        for after in last + 1..size {
            chosen[after] = chosen[after - 1] + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn mended(given: Value) -> (Vec<String>, Vec<String>) {
        let Value::Object(mut given) = given else { unreachable!() };
        let (_, removed) = mend(&mut given);
        (removed.into_iter().map(|error| error.path).collect(), given.keys().cloned().collect())
    }

    #[test]
    fn consistent_fields_stay() {
        assert_eq!(mended(json!({ "task.list_length": 7, "model.n_ctx": 16 })).0, [""; 0]);
    }

    #[test]
    fn the_field_that_an_error_names_goes_first() {
        assert_eq!(
            mended(json!({ "task.list_length": 6, "model.n_ctx": 12 })),
            (vec!["model.n_ctx".into()], vec!["task.list_length".into()])
        );
    }

    #[test]
    fn a_single_field_goes_alone_if_that_suffices() {
        // A vocabulary of 10 contradicts BOS, MID and the numbers, none of which was given.
        assert_eq!(mended(json!({ "model.d_vocab": 10, "train.lr": 0.1 })).0, ["model.d_vocab"]);
        // The task has three contradictions; without its max_value it has none.
        assert_eq!(
            mended(json!({ "task.max_value": 4, "task.repeats": false, "task.bos_token": 70, "task.mid_token": 71 }))
                .0
                .len(),
            1
        );
    }

    #[test]
    fn independent_contradictions_cost_one_field_each() {
        let (removed, _) =
            mended(json!({ "model.n_ctx": 3, "train.num_samples": 5, "model.seed": 3, "task.bos_token": 9 }));
        assert_eq!(removed.len(), 3);
    }
}
