//! The [`Record`]: an [`Experiment`], and everything else that a link holds: how far the model is trained, the prompt
//! and its edits, the ablated parts of the model, what the page shows, and the expected result.

use std::str::FromStr;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::complete::complete;
use super::edits::apply;
use super::{Experiment, unpack_weights};
use crate::config::{ConfigError, Head, Knockout, Pair, Setting, Token, TokenEdit, setting};

/// A complete record whose fields are consistent with each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    experiment: Experiment,
    /// Every field of the table, as JSON.
    fields: Value,
}

/// A field, or an item of a field, that contradicts the rest of a record.
pub(super) struct Misfit {
    /// The field.
    pub setting: &'static Setting,
    /// The item's number; `None`: the whole field.
    pub item: Option<usize>,
    /// A sentence that says why.
    pub message: String,
}

impl Default for Record {
    /// The notebook's run before the first step.
    fn default() -> Self {
        Self::resolve(&Value::Object(Default::default())).expect("the table's defaults are consistent")
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.fields.serialize(serializer)
    }
}

impl Record {
    /// Completes a partial record. A missing field gets its default, which may depend on the fields given.
    ///
    /// # Errors
    /// One for each unknown name, invalid field and contradiction.
    pub fn resolve(partial: &Value) -> Result<Self, Vec<ConfigError>> {
        let fields = complete(partial)?;
        let experiment = Experiment::consistent(fields.clone())?;
        let misfits = misfits(&experiment, &fields);
        if misfits.is_empty() {
            return Ok(Self { experiment, fields });
        }
        Err(misfits.into_iter().map(|misfit| ConfigError::new(misfit.setting.path, misfit.message)).collect())
    }

    /// A record of fields that are known to be consistent with each other.
    pub(super) fn consistent(experiment: Experiment, fields: Value) -> Self {
        Self { experiment, fields }
    }

    /// The experiment: everything that the run is a function of.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// The value of a field; null if the record's task has no such field.
    pub fn value(&self, setting: &Setting) -> &Value {
        setting.of(&self.fields).unwrap_or(&Value::Null)
    }

    /// The edits of the prompt.
    pub fn edits(&self) -> Vec<TokenEdit> {
        texts(&self.fields, "edit")
    }

    /// The ablated parts of the model.
    pub fn knockouts(&self) -> Vec<Knockout> {
        texts(&self.fields, "ablate")
    }

    /// The model's parameters in the layout's order, if the record holds them.
    pub fn weights(&self) -> Option<Vec<f32>> {
        let packed = self.fields.get("weights")?.as_str()?;
        // A record with weights that cannot be unpacked is inconsistent, and does not come into being.
        unpack_weights(packed, &self.experiment.model).ok()
    }
}

/// # Panics
/// If the table has no such row.
fn row(path: &str) -> &'static Setting {
    setting(path).expect("a path of the table")
}

/// The items of a field in their Rust type. Checked records hold only items that can be read.
fn texts<T: FromStr>(fields: &Value, path: &str) -> Vec<T> {
    let list = row(path).of(fields).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).filter_map(|text| text.parse().ok()).collect()
}

/// All fields and items that contradict the task, the model, or fields before them.
pub(super) fn misfits(experiment: &Experiment, fields: &Value) -> Vec<Misfit> {
    let (task, model) = (experiment.task.task(), &experiment.model);
    let mut misfits = Vec::new();
    let mut refuse =
        |path: &str, item: Option<usize>, message: String| misfits.push(Misfit { setting: row(path), item, message });

    let prompt: Vec<usize> =
        row("prompt").of(fields).and_then(|list| serde_json::from_value(list.clone()).ok()).unwrap_or_default();
    if let Err(wrong) = task.inputs().check(&prompt) {
        refuse("prompt", None, format!("prompt {wrong}."));
        return misfits; // the edits below cannot be judged without a prompt
    }

    let mut tokens = task.prompt(&prompt);
    let mut insertions = Vec::new();
    for (number, edit) in texts::<TokenEdit>(fields, "edit").into_iter().enumerate() {
        let known = match &edit {
            TokenEdit::Replace { token: Token::Number(token), .. }
            | TokenEdit::Insert { token: Token::Number(token), .. } => *token < model.d_vocab,
            _ => true,
        };
        let made = if known {
            apply(&mut tokens, &edit, task)
        } else {
            Err(format!("tokens of this model are 0 to {}", model.d_vocab - 1))
        };
        match made {
            Err(why) => refuse("edit", Some(number), format!("edit has {edit}; {why}.")),
            Ok(()) if matches!(edit, TokenEdit::Insert { .. }) => insertions.push((number, edit)),
            Ok(()) => {}
        }
    }
    if let Some((number, edit)) = insertions.pop().filter(|_| tokens.len() > model.n_ctx) {
        let message = format!(
            "edit has {edit}; the prompt would have {} tokens, and the model reads {}.",
            tokens.len(),
            model.n_ctx
        );
        refuse("edit", Some(number), message);
    }

    for (number, knockout) in texts::<Knockout>(fields, "ablate").into_iter().enumerate() {
        if !knockout.is_in(model) {
            refuse("ablate", Some(number), format!("ablate has {knockout}; {}.", parts(experiment)));
        }
    }
    for (number, head) in texts::<Head>(fields, "pin").into_iter().enumerate() {
        if !head.is_in(model) {
            refuse("pin", Some(number), format!("pin has {head}; {}.", parts(experiment)));
        }
    }
    let cell = fields["cell"].as_str().and_then(|text| text.parse::<Pair>().ok());
    if let Some(cell) = cell.filter(|cell| !cell.is_in(model)) {
        refuse("cell", None, format!("cell is {cell}; {}.", parts(experiment)));
    }
    if let Some(packed) = fields["weights"].as_str()
        && let Err(error) = unpack_weights(packed, model)
    {
        refuse("weights", None, error.to_string());
    }
    misfits
}

/// Which parts the model has, worded as the end of a sentence.
fn parts(Experiment { model, .. }: &Experiment) -> String {
    let (heads, last, positions) = (model.n_heads - 1, model.n_layers - 1, model.n_ctx - 1);
    let mlp = if model.attn_only { ", no MLP" } else { "" };
    format!("this model has layers 0 to {last}, heads 0 to {heads} in each{mlp}, and positions 0 to {positions}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn messages(partial: Value) -> Vec<String> {
        Record::resolve(&partial).unwrap_err().into_iter().map(|error| error.message).collect()
    }

    #[test]
    fn a_record_holds_an_experiment_and_more() {
        let record = Record::resolve(
            &json!({ "task": { "list_length": 3 }, "train": { "steps": 300 }, "edit": ["replace:2:MID"] }),
        )
        .unwrap();
        assert_eq!(record.experiment().model.n_ctx, 8);
        assert_eq!(record.fields["train"]["steps"], 300);
        assert_eq!(record.fields["prompt"], json!([6, 2, 59]));
        assert_eq!(record.edits(), [TokenEdit::Replace { at: 2, token: Token::Named("MID".into()) }]);
        let again = serde_json::to_value(&record).unwrap();
        assert_eq!(Record::resolve(&again).unwrap(), record);
        assert_eq!(&Experiment::resolve(&again).unwrap(), record.experiment());
    }

    #[test]
    fn fields_that_contradict_the_model_are_refused() {
        assert_eq!(
            messages(json!({ "prompt": [1, 64] })),
            ["prompt has the number 64; it can have 1 to 5 numbers from 0 to 63."]
        );
        assert_eq!(
            messages(json!({ "prompt": [1, 1, 1, 1, 1, 1] })),
            ["prompt has 6 numbers; it can have 1 to 5 numbers from 0 to 63."]
        );
        assert_eq!(
            messages(json!({ "edit": ["delete:6", "replace:6:0"] })),
            ["edit has replace:6:0; positions of the prompt are then 0 to 5."]
        );
        assert_eq!(
            messages(json!({ "edit": ["replace:0:67"] })),
            ["edit has replace:0:67; tokens of this model are 0 to 66."]
        );
        assert_eq!(
            messages(json!({ "edit": vec!["insert:0:1"; 6] }))[0],
            "edit has insert:0:1; the prompt would have 13 tokens, and the model reads 12."
        );
        let parts = "this model has layers 0 to 0, heads 0 to 0 in each, no MLP, and positions 0 to 11.";
        assert_eq!(messages(json!({ "ablate": ["mlp:0"], "pin": ["0.1"], "cell": "12:0" })).len(), 3);
        assert_eq!(
            messages(json!({ "ablate": ["head:0.0:mean", "head:1.0:zero"] })),
            [format!("ablate has head:1.0:zero; {parts}")]
        );
        assert!(messages(json!({ "weights": "AAAA" }))[0].starts_with("weights"));
    }

    #[test]
    fn single_fields_are_checked_by_the_table() {
        assert!(
            messages(json!({ "edit": ["swap:1:2"] }))[0]
                .starts_with("edit has \"swap:1:2\"; it can have up to 200 items, each replace:")
        );
        assert!(messages(json!({ "hide": ["body"] }))[0].contains("hide has \"body\""));
        assert!(messages(json!({ "prompt": [] }))[0].contains("1 to 50 whole numbers"));
        assert!(messages(json!({ "expect": { "fingerprint": "xyz" } }))[0].contains("hexadecimal"));
        assert!(messages(json!({ "train": { "steps": 4_000_001 } }))[0].contains("4000000"));
        assert!(messages(json!({ "devise": "cpu" }))[0].contains("no field devise"));
    }
}
