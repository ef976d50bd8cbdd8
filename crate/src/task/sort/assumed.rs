//! What a model of unknown purpose is taken for: a sorter, whose settings its shapes suggest.

use serde_json::{Map, Value, json};

use crate::config::ModelConfig;

/// Longest list that is assumed of a model with a long context.
const LONGEST: usize = 50;

/// The settings of the sorting task that a model of these sizes would have, and a sentence that says so: its vocabulary
/// ends with BOS and MID, its context holds one sequence. `stated` is what is known of the task; `None`: it says what
/// the tokens are.
pub fn assumed(config: &ModelConfig, stated: &Map<String, Value>) -> Option<(Map<String, Value>, String)> {
    let other = stated.get("name").is_some_and(|name| name != "sort");
    if other || stated.contains_key("max_value") || stated.contains_key("mid_token") {
        return None;
    }
    let without_bos = config.d_vocab == config.d_vocab_out + 1 || config.n_ctx % 2 == 1;
    let special = if without_bos { 1 } else { 2 };
    let numbers = config.d_vocab.saturating_sub(special).min(config.d_vocab_out).min(1000);
    let (bos, mid) = (config.d_vocab.saturating_sub(2), config.d_vocab.saturating_sub(1));
    let length = (config.n_ctx.saturating_sub(special) / 2).min(LONGEST);
    let bos = if without_bos { Value::Null } else { json!(bos) };
    let said = if without_bos { "none".into() } else { bos.to_string() };
    let note = format!(
        "What the tokens mean is not in the file: it is taken for a sorter of {length} numbers from 0 to {}, BOS {said}, \
         MID {mid}.",
        numbers.saturating_sub(1)
    );
    let fields = [
        ("list_length", json!(length)),
        ("min_value", json!(0)),
        ("max_value", json!(numbers)),
        ("bos_token", bos),
        ("mid_token", json!(mid)),
    ];
    Some((fields.map(|(field, value)| (field.to_string(), value)).into_iter().collect(), note))
}
