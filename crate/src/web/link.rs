//! Links in JavaScript: records to links and back, and what a record's edits and ablations come to.

use js_sys::{Array, JsString, Promise};
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;

use super::convert::{from_js, js_error, promise, to_js, token_row};
use super::device::Device;
use super::model::Model;
use super::task_config;
use crate::checkpoint::Source;
use crate::config::{Knockout, TokenEdit};
use crate::error::{Error, Result};
use crate::experiment::{self, Decoded, LIMIT, Record};
use crate::model::{self, Action, Intervention};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What a task calls one of its tokens, in capitals. */
export type TokenName = Uppercase<string>;
/** A change of the prompt. Positions are those of the prompt as it stands when the change is made. */
export type TokenEdit = `replace:${number}:${number | TokenName}` | `delete:${number}` | `insert:${number}:${number | TokenName}` | `move:${number}:${number}`;
/** layer.head */
export type HeadName = `${number}.${number}`;
/** What is taken out: a head's output, the attention of a destination to a source, a position's embedding, a layer's MLP. */
export type Knockout =
  | `head:${HeadName}:${"zero" | "mean" | "resample"}`
  | `edge:${HeadName}:${number}:${number}`
  | `edge:${HeadName}:${number}:${number}:zero`
  | `position:${number}`
  | `mlp:${number}`;

type Part<T> = { [K in keyof T]?: T[K] extends unknown[] | null ? T[K] : T[K] extends object ? Partial<T[K]> : T[K] };
export type PartialRecord = Part<ExperimentRecord>;
"#;

/// The version of this module.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").into()
}

/// The link of an experiment, as the text after the `#`: what differs from the defaults.
#[wasm_bindgen(js_name = encodeLink)]
pub fn encode_link(
    #[wasm_bindgen(unchecked_param_type = "PartialRecord")] experiment: JsValue,
) -> std::result::Result<String, JsValue> {
    Ok(experiment::encode(&record(&experiment)?))
}

/// What a link says (a whole address, its hash, or the text after the `#`), defaults filled in; and a sentence for each
/// thing in it that is ignored.
#[wasm_bindgen(js_name = decodeLink, unchecked_return_type = "{ experiment: ExperimentRecord; warnings: string[] }")]
pub fn decode_link(
    #[wasm_bindgen(unchecked_param_type = "string")] link: JsValue,
) -> std::result::Result<JsValue, JsValue> {
    let Decoded { record, warnings } = decoded(&link).map_err(js_error)?;
    to_js(&json!({ "experiment": record, "warnings": warnings }))
}

/// The prompt that a record's edits make of a list.
#[wasm_bindgen(js_name = applyEdits, unchecked_return_type = "number[]")]
pub fn apply_edits(
    #[wasm_bindgen(unchecked_param_type = "Partial<TaskConfig>")] task: JsValue,
    #[wasm_bindgen(unchecked_param_type = "number[]")] numbers: JsValue,
    #[wasm_bindgen(unchecked_param_type = "TokenEdit[]")] edits: JsValue,
) -> std::result::Result<Array, JsValue> {
    let task = task_config(&task)?;
    let numbers = token_row(&numbers, "numbers").map_err(js_error)?;
    let texts: Vec<String> =
        serde_json::from_value(from_js(&edits, "edits")?).map_err(|_| js_error("edits must be an array of texts."))?;
    let edits: Result<Vec<TokenEdit>> =
        texts.iter().enumerate().map(|(number, text)| read_edit(number, text)).collect();
    let tokens = edits.and_then(|edits| experiment::apply_edits(&task, &numbers, &edits)).map_err(js_error)?;
    Ok(tokens.into_iter().map(|token| JsValue::from_f64(token as f64)).collect())
}

fn read_edit(number: usize, text: &str) -> Result<TokenEdit> {
    let forms = "replace:POSITION:TOKEN, delete:POSITION, insert:POSITION:TOKEN or move:POSITION:POSITION";
    text.parse().map_err(|()| Error::new(format!("edits[{number}] is {}; it must be {forms}.", json!(text))))
}

/// What a record takes out of its model, for forward passes and batteries.
#[wasm_bindgen(js_name = interventionsOf, unchecked_return_type = "Intervention[]")]
pub fn interventions_of(
    #[wasm_bindgen(unchecked_param_type = "PartialRecord")] experiment: JsValue,
) -> std::result::Result<JsValue, JsValue> {
    to_js(&record(&experiment)?.knockouts().into_iter().map(as_json).collect::<Vec<Value>>())
}

fn as_json(knockout: Knockout) -> Value {
    let Intervention { hook, action, at } = knockout.into();
    let mut json = json!({ "hook": hook });
    for (field, indices) in
        [("batch", at.batch), ("positions", at.positions), ("heads", at.heads), ("sources", at.sources)]
    {
        if let Some(indices) = indices {
            json[field] = json!(indices);
        }
    }
    json["edit"] = match action {
        Action::Zero => "zero".into(),
        Action::Mean => "mean".into(),
        Action::Resample => "resample".into(),
        Action::Replace(values) => {
            json["value"] = json!(values.data.first());
            "replace".into()
        }
        Action::Add(values) => {
            json["value"] = json!(values.data.first());
            "add".into()
        }
    };
    json
}

/// A partial record from JavaScript, completed.
fn record(experiment: &JsValue) -> std::result::Result<Record, JsValue> {
    Record::resolve(&from_js(experiment, "experiment")?).map_err(|errors| js_error(Error::from(errors)))
}

fn decoded(link: &JsValue) -> Result<Decoded> {
    let text = link.dyn_ref::<JsString>().ok_or_else(|| Error::new("link must be a text."))?;
    // One that is too long is not even copied.
    let end = LIMIT as u32 + 1;
    Ok(experiment::decode(&String::from(text.slice(0, end.min(text.length())))))
}

/// A partial record from JavaScript, or one from a link of which nothing has to be ignored: who runs it wants what it
/// says.
pub(super) fn partial(experiment: &JsValue) -> std::result::Result<Value, JsValue> {
    if !experiment.is_string() {
        return from_js(experiment, "experiment");
    }
    let Decoded { record, warnings } = decoded(experiment).map_err(js_error)?;
    if warnings.is_empty() {
        return serde_json::to_value(&record).map_err(js_error);
    }
    Err(js_error(format!(
        "The link does not hold as it is: {} decodeLink takes what can be taken of it.",
        warnings.join(" ")
    )))
}

#[wasm_bindgen]
impl Model {
    /// All parameters as a link can carry them, rounded to float16: `experiment.weights`. Rejects with the size where
    /// they are too many.
    #[wasm_bindgen(js_name = packWeights, unchecked_return_type = "Promise<string>")]
    pub fn pack_weights(&self) -> Promise {
        let model = self.now();
        promise(async move { Ok(experiment::pack_weights(&model.read_parameters().await?)?.into()) })
    }

    /// The model of a link that has its weights in it.
    #[wasm_bindgen(js_name = fromLink, unchecked_return_type = "Promise<Model>")]
    pub fn from_link(
        #[wasm_bindgen(unchecked_param_type = "string | PartialRecord")] link: JsValue,
        device: &Device,
    ) -> Promise {
        let device = device.inner.clone();
        let record = partial(&link).map(|partial| Record::resolve(&partial).map_err(Error::from));
        js_sys::futures::future_to_promise(async move {
            let record = record?.map_err(js_error)?;
            let weights = record
                .weights()
                .ok_or_else(|| js_error("The link has no weights in it; a link that has them says weights=…"))?;
            let experiment = record.experiment();
            let model = model::Model::from_parameters(&experiment.model, weights, &device);
            let notes = vec!["The weights are from a link, rounded to float16.".to_string()];
            let stated = json!({ "task": experiment.task, "train": experiment.train });
            Ok(Self::from_record(model, Source { format: "link".into(), notes }, experiment.task.clone(), stated)
                .into())
        })
    }
}
