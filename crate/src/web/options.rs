//! Options of calls, read from JavaScript objects.

use js_sys::{Array, Float32Array, Reflect};
use serde_json::{Map, Value};
use wasm_bindgen::prelude::*;

use super::convert::{from_js, token_row, whole};
use crate::config::Quantity;
use crate::error::{Error, Result};
use crate::model::{Action, Generation, Intervention, Processing, Selection, Values};

#[wasm_bindgen(typescript_custom_section)]
const OPTIONS: &str = r#"
/** A change of one activation while the model runs. */
export type Intervention = {
  /** TransformerLens's name of the hook. */
  hook: string;
  /** "mean": a value becomes its mean over the batch. "resample": it becomes that of the batch's next sequence. */
  edit: "zero" | "mean" | "resample" | "replace" | "add";
  /** For "replace" and "add": a number, or a tensor whose shape broadcasts to the activation's. */
  value?: number | Tensor;
  /** The sequences of the batch that it changes; all unless given. */
  batch?: number[];
  /** The positions (of a pattern: the destinations) that it changes; all unless given. */
  positions?: number[];
  /** The heads that it changes; all unless given. */
  heads?: number[];
  /** The source positions that it changes; all unless given. */
  sources?: number[];
};

export type ForwardOptions = {
  /** [batch, pos]: 1 where there is a token, 0 where there is padding. */
  mask?: (number | boolean)[][];
  /** In the order given. */
  interventions?: Intervention[];
};

/** The order of operations is TransformerLens's: temperature, frequency penalty, then topK, else topP. */
export type GenerateOptions = {
  maxNewTokens: number;
  /** 0, the default: the likeliest token, whatever else is set. */
  temperature?: number;
  topK?: number;
  topP?: number;
  /** Subtracted from a token's logit for each time that it is in the sequence, prompt included. */
  freqPenalty?: number;
  /** Ends a sequence, which is filled up with it until all of equal prompt length have ended. */
  stopToken?: number;
  seed?: number;
  interventions?: Intervention[];
};

export type LookOptions = {
  /** "pattern" unless given. */
  show?: ViewConfig["show"];
  interventions?: Intervention[];
};

/** TransformerLens's weight processing; each step is on unless it is false. */
export type Processing = {
  foldLn: boolean;
  centerWritingWeights: boolean;
  centerUnembed: boolean;
  foldValueBiases: boolean;
};
"#;

/// Options of a forward pass.
#[derive(Default)]
pub(super) struct ForwardOptions {
    /// `[batch, pos]`: where there are tokens; `None`: everywhere.
    pub mask: Option<Vec<Vec<bool>>>,
    /// In the order in which they are made.
    pub interventions: Vec<Intervention>,
}

/// The fields of a small record; `undefined` is an empty one.
///
/// # Errors
/// If it is no plain object that JSON can hold.
pub(super) fn fields(value: &JsValue, name: &str) -> Result<Map<String, Value>> {
    match from_js(value, name) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(Error::new(format!("{name} must be a plain object that JSON can hold."))),
    }
}

/// Reads `ForwardOptions`.
///
/// # Errors
/// If an option is unknown or of the wrong kind.
pub(super) fn forward(value: &JsValue) -> Result<ForwardOptions> {
    let options = Options::new(value, "options", &["mask", "interventions"])?;
    let mask = match options.get("mask") {
        None => None,
        Some(rows) => Some(list(&rows, "options.mask")?.iter().map(mask_row).collect::<Result<_>>()?),
    };
    Ok(ForwardOptions { mask, interventions: options.interventions()? })
}

/// Reads `GenerateOptions`.
///
/// # Errors
/// If an option is unknown, of the wrong kind or out of range.
pub(super) fn generation(value: &JsValue) -> Result<(Generation, Vec<Intervention>)> {
    let known = ["maxNewTokens", "temperature", "topK", "topP", "freqPenalty", "stopToken", "seed", "interventions"];
    let options = Options::new(value, "options", &known)?;
    let new = options.get("maxNewTokens").unwrap_or(JsValue::UNDEFINED);
    let max_new_tokens = whole(&new, "options.maxNewTokens", 0, 1_000_000)? as usize;
    let defaults = Generation::default();
    let generation = Generation {
        max_new_tokens,
        temperature: options.number("temperature")?.unwrap_or(defaults.temperature),
        top_k: options.whole("topK", 1)?.map(|k| k as usize),
        top_p: options.number("topP")?,
        freq_penalty: options.number("freqPenalty")?.unwrap_or(defaults.freq_penalty),
        stop_token: options.whole("stopToken", 0)?.map(|token| token as usize),
        seed: options.whole("seed", 0)?.unwrap_or(defaults.seed),
    };
    generation.check()?;
    Ok((generation, options.interventions()?))
}

/// Reads `LookOptions`.
///
/// # Errors
/// If an option is unknown or of the wrong kind.
pub(super) fn look(value: &JsValue) -> Result<(Quantity, Vec<Intervention>)> {
    let options = Options::new(value, "options", &["show", "interventions"])?;
    let show = match options.get("show") {
        None => Quantity::Pattern,
        Some(show) => {
            from_js(&show, "options.show").ok().and_then(|show| serde_json::from_value(show).ok()).ok_or_else(|| {
                Error::new("options.show must be \"pattern\", \"scores\", \"value_weighted\" or \"output_weighted\".")
            })?
        }
    };
    Ok((show, options.interventions()?))
}

/// Reads `Processing`.
///
/// # Errors
/// If an option is unknown or no boolean.
pub(super) fn processing(value: &JsValue) -> Result<Processing> {
    let options =
        Options::new(value, "options", &["foldLn", "centerWritingWeights", "centerUnembed", "foldValueBiases"])?;
    let flag = |name: &str| match options.get(name) {
        None => Ok(true),
        Some(value) => value.as_bool().ok_or_else(|| Error::new(format!("options.{name} must be true or false."))),
    };
    Ok(Processing {
        fold_ln: flag("foldLn")?,
        center_writing_weights: flag("centerWritingWeights")?,
        center_unembed: flag("centerUnembed")?,
        fold_value_biases: flag("foldValueBiases")?,
    })
}

/// An object of options. Fields other than the known ones are refused; `undefined` and `null` are empty objects.
pub(super) struct Options<'a> {
    value: &'a JsValue,
    name: String,
}

impl<'a> Options<'a> {
    /// `name` is what errors call the object; `known` are its fields.
    ///
    /// # Errors
    /// If it is no object, or has another field.
    ///
    /// # Panics
    /// If no field is known.
    pub fn new(value: &'a JsValue, name: &str, known: &[&str]) -> Result<Self> {
        let options = Self { value, name: name.into() };
        if value.is_undefined() || value.is_null() {
            return Ok(options);
        }
        if !value.is_object() {
            return Err(Error::new(format!("{name} must be an object with fields such as {}.", known[0])));
        }
        let keys = Reflect::own_keys(value)
            .map_or_else(|_| Vec::new(), |keys| keys.iter().filter_map(|key| key.as_string()).collect());
        match keys.iter().find(|key| !known.contains(&key.as_str())) {
            Some(unknown) => Err(Error::new(format!("{name} has no field {unknown}; it has {}.", known.join(", ")))),
            None => Ok(options),
        }
    }

    /// The value of a field; `None` if it is missing, `undefined` or `null`.
    pub fn get(&self, field: &str) -> Option<JsValue> {
        if !self.value.is_object() {
            return None;
        }
        Reflect::get(self.value, &field.into()).ok().filter(|value| !value.is_undefined() && !value.is_null())
    }

    fn number(&self, field: &str) -> Result<Option<f64>> {
        let wrong = || Error::new(format!("{}.{field} must be a number.", self.name));
        self.get(field).map(|value| value.as_f64().ok_or_else(wrong)).transpose()
    }

    /// A whole number of at least `min`.
    ///
    /// # Errors
    /// If the field is something else.
    pub fn whole(&self, field: &str, min: u32) -> Result<Option<u32>> {
        self.get(field).map(|value| whole(&value, &format!("{}.{field}", self.name), min, u32::MAX)).transpose()
    }

    fn indices(&self, field: &str) -> Result<Option<Vec<usize>>> {
        self.get(field).map(|value| token_row(&value, &format!("{}.{field}", self.name))).transpose()
    }

    /// The field `interventions`; none if it is missing.
    ///
    /// # Errors
    /// If one of them is not as its type says.
    pub fn interventions(&self) -> Result<Vec<Intervention>> {
        let Some(value) = self.get("interventions") else { return Ok(Vec::new()) };
        let name = format!("{}.interventions", self.name);
        list(&value, &name)?
            .iter()
            .enumerate()
            .map(|(number, value)| intervention(value, &format!("interventions[{number}]")))
            .collect()
    }
}

/// Reads an `Intervention`.
fn intervention(value: &JsValue, name: &str) -> Result<Intervention> {
    let options = Options::new(value, name, &["hook", "edit", "value", "batch", "positions", "heads", "sources"])?;
    let text = |field: &str| options.get(field).and_then(|value| value.as_string());
    let hook = text("hook").ok_or_else(|| Error::new(format!("{name}.hook must be the name of a hook.")))?;
    let action = match text("edit").as_deref() {
        Some("zero") => Action::Zero,
        Some("mean") => Action::Mean,
        Some("resample") => Action::Resample,
        Some("replace") => Action::Replace(values(&options, name)?),
        Some("add") => Action::Add(values(&options, name)?),
        _ => {
            return Err(Error::new(format!(
                "{name}.edit must be \"zero\", \"mean\", \"resample\", \"replace\" or \"add\"."
            )));
        }
    };
    let at = Selection {
        batch: options.indices("batch")?,
        positions: options.indices("positions")?,
        heads: options.indices("heads")?,
        sources: options.indices("sources")?,
    };
    Ok(Intervention { hook, action, at })
}

/// Reads the field `value` of an `Intervention`: a number or a tensor.
fn values(options: &Options, name: &str) -> Result<Values> {
    let wrong =
        || Error::new(format!("{name}.value must be a number or a tensor, {{ shape: number[], data: Float32Array }}."));
    let value = options.get("value").ok_or_else(wrong)?;
    if let Some(number) = value.as_f64() {
        return Ok(Values { shape: Vec::new(), data: vec![number as f32] });
    }
    let field = |field: &str| Reflect::get(&value, &field.into()).map_err(|_| wrong());
    let shape = token_row(&field("shape")?, &format!("{name}.value.shape"))?;
    let data = field("data")?.dyn_into::<Float32Array>().map_err(|_| wrong())?.to_vec();
    Ok(Values { shape, data })
}

fn list(value: &JsValue, name: &str) -> Result<Vec<JsValue>> {
    let list = value.dyn_ref::<Array>().ok_or_else(|| Error::new(format!("{name} must be an array.")))?;
    Ok(list.iter().collect())
}

/// One row of a padding mask: 1 or true where there is a token.
fn mask_row(value: &JsValue) -> Result<Vec<bool>> {
    let one = |value: &JsValue| match (value.as_bool(), value.as_f64()) {
        (Some(held), _) => Ok(held),
        (_, Some(held)) if held == 0.0 || held == 1.0 => Ok(held == 1.0),
        _ => Err(Error::new(
            "options.mask must hold 1 or true where there is a token, and 0 or false where there is none.",
        )),
    };
    list(value, "options.mask[…]")?.iter().map(one).collect()
}
