//! Making the given fields of a task, a model and its training consistent by leaving out the fewest of them.

use serde_json::{Map, Value};

use super::Experiment;
use super::complete::{nested, settle};
use crate::config::{ConfigError, SETTINGS, Setting};

/// Combinations that are tried for a smaller one than is known already: 2 ms.
const MOST_TRIES: usize = 100;

/// Takes fields out of `given` (values by path, each right by itself) until those that are left, and defaults for the others, fit
/// together. What was taken out comes back with the sentence that says why.
pub(super) fn mend(given: &mut Map<String, Value>) -> (Experiment, Vec<ConfigError>) {
    let errors = match judged(given, &[]) {
        Ok(experiment) => return (experiment, Vec::new()),
        Err(errors) => errors,
    };
    let paths = candidates(given, &errors);
    let mut out = greedy(given, &paths);
    // One that suffices is the fewest already.
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

fn judged(given: &Map<String, Value>, without: &[String]) -> Result<Experiment, Vec<ConfigError>> {
    let (values, _) = settle(of_experiments(), |setting| {
        given.get(setting.path).filter(|_| !without.iter().any(|path| path == setting.path))
    });
    Experiment::consistent(nested(values))
}

/// The rows of a task, a model and its training, which come first.
fn of_experiments() -> &'static [Setting] {
    let end = SETTINGS
        .iter()
        .position(|setting| !["task", "model", "train"].contains(&setting.group()))
        .unwrap_or(SETTINGS.len());
    &SETTINGS[..end]
}

/// The given fields of an experiment in the order in which they are rather left out: those that an error names, then the last first.
fn candidates(given: &Map<String, Value>, errors: &[ConfigError]) -> Vec<String> {
    let rows = of_experiments().iter().rev().filter(|setting| given.contains_key(setting.path));
    let mut paths: Vec<String> = rows.map(|setting| setting.path.to_string()).collect();
    paths.sort_by_key(|path| !errors.iter().any(|error| error.path == *path));
    paths
}

/// One after the other the field without which the fewest contradictions are left.
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

/// Fields of this number without which the others are consistent, if there are such and not too many to try.
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
        // The next in lexicographic order: the last place that can still grow, and those after it behind it.
        let place = (0..size).rev().find(|place| chosen[*place] < paths.len() - size + place)?;
        chosen[place] += 1;
        for after in place + 1..size {
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
    fn what_is_consistent_stays() {
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
    fn one_that_suffices_goes_alone() {
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
    fn contradictions_apart_from_each_other_cost_one_field_each() {
        let (removed, _) =
            mended(json!({ "model.n_ctx": 3, "train.num_samples": 5, "model.seed": 3, "task.bos_token": 9 }));
        assert_eq!(removed.len(), 3);
    }
}
