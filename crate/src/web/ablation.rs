//! `ablate` and `claims` in JavaScript.

use js_sys::{Function, Promise, Reflect};
use serde_json::json;
use wasm_bindgen::prelude::*;

use super::convert::{from_js, promise, to_js, yield_now};
use super::model::Model;
use super::options::Options;
use crate::error::{Error, Result};
use crate::experiment::{Battery, Survey, task_around};
use crate::task::{Choice, Request, Task, TaskConfig};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
export type Watched = {
  /** Rejects between two forward passes once it is aborted. */
  signal?: { aborted: boolean };
  onProgress?: (done: number, lists: number) => void;
};

/** What came of an ablation over many inputs. A measure that the task does not have is missing. */
export type AblationReport = Record<MeasureName, Rate> & {
  /** How many inputs were answered. */
  lists: number;
  /** The same measures together. */
  measures: Partial<Record<MeasureName, Rate>>;
  /** The first inputs that failed: those whose answers missed the first measure. */
  failures: number[][];
  failed: Failure[];
  /** [place of the answer][kind of token]; the kinds are the task's. */
  confusion: number[][];
};

export type AblateOptions = Watched & {
  experiment: AblationName;
  /** Where: what it means is the ablation's. Left out: the usual place. */
  site?: number | "random";
  /** The token that is put there. "random": a number. Left out: the usual one. */
  value?: number | "random";
  /** 2000 unless said otherwise, up to 100,000. */
  lists?: number;
  seed?: number;
  /** In every forward pass. */
  interventions?: Intervention[];
};

export type ClaimsOptions = Watched & { /** 500 unless said otherwise. */ lists?: number; seed?: number };
"#;

/// How many inputs an ablation is measured over, unless the caller says.
const LISTS: u32 = 2000;

/// How many inputs claims are measured over, unless the caller says.
const CLAIM_LISTS: u32 = 500;

/// Measures the ablation `options.experiment` of the model's task over many random inputs: rates with 95 % intervals.
/// The fields of `task` replace those of the model's own task.
#[wasm_bindgen(unchecked_return_type = "Promise<AblationReport>")]
pub fn ablate(
    model: &Model,
    #[wasm_bindgen(unchecked_optional_param_type = "Partial<TaskConfig> | null")] task: JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "AblateOptions")] options: JsValue,
) -> Promise {
    let now = model.now();
    let known = ["experiment", "site", "value", "lists", "seed", "interventions", "signal", "onProgress"];
    let prepared: Result<(Battery, Watcher)> = (|| {
        let options = Options::new(&options, "options", &known)?;
        let task = task_of(model, &task)?;
        let task = task.task();
        let request = Request {
            name: &experiment(&options, task)?,
            site: choice(&options, "site")?,
            value: choice(&options, "value")?,
            seed: options.whole("seed", 0)?.unwrap_or(0),
        };
        let ablation = task.ablation(now.config(), &request)?;
        let lists = options.whole("lists", 0)?.unwrap_or(LISTS);
        Ok((Battery::new(ablation, task, &now, options.interventions()?, lists)?, Watcher::new(&options)?))
    })();
    promise(async move {
        let (mut battery, watcher) = prepared?;
        loop {
            if let Some(report) = battery.advance(&now).await? {
                return to_js(&report).map_err(|_| Error::new("The report could not be passed on."));
            }
            watcher.look(battery.progress())?;
            yield_now().await;
        }
    })
}

/// Measures the claims of the model's task over many random inputs. The fields of `task` replace those of the model's
/// own.
#[wasm_bindgen(unchecked_return_type = "Promise<Claim[]>")]
pub fn claims(
    model: &Model,
    #[wasm_bindgen(unchecked_optional_param_type = "Partial<TaskConfig> | null")] task: JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "ClaimsOptions")] options: JsValue,
) -> Promise {
    let now = model.now();
    let prepared: Result<(Survey, Watcher)> = (|| {
        let options = Options::new(&options, "options", &["lists", "seed", "signal", "onProgress"])?;
        let lists = options.whole("lists", 0)?.unwrap_or(CLAIM_LISTS);
        let seed = options.whole("seed", 0)?.unwrap_or(0);
        let survey = Survey::new(&now, &task_of(model, &task)?, lists, seed)?;
        Ok((survey, Watcher::new(&options)?))
    })();
    promise(async move {
        let (mut survey, watcher) = prepared?;
        loop {
            if let Some(claims) = survey.advance(&now).await? {
                return to_js(&claims).map_err(|_| Error::new("The claims could not be passed on."));
            }
            watcher.look(survey.progress())?;
            yield_now().await;
        }
    })
}

/// The task that is meant: the model's own, with what is given before it.
fn task_of(model: &Model, given: &JsValue) -> Result<TaskConfig> {
    let given = if given.is_null() {
        json!({})
    } else {
        from_js(given, "task").map_err(|_| Error::new("task must be a plain object."))?
    };
    let own = match model.task_now() {
        Some(task) => serde_json::to_value(task).map_err(|error| Error::new(error.to_string()))?,
        None => model.stated().get("task").cloned().unwrap_or_else(|| json!({})),
    };
    Ok(task_around(model.now().config(), &[&json!({ "task": own }), &json!({ "task": given })])?)
}

/// Which of a task's ablations is asked for.
fn experiment(options: &Options, task: &dyn Task) -> Result<String> {
    let name = options.get("experiment").and_then(|value| value.as_string()).unwrap_or_default();
    let known = task.ablations();
    if known.contains(&name.as_str()) {
        return Ok(name);
    }
    let known: Vec<String> = known.iter().map(|name| format!("{name:?}")).collect();
    Err(Error::new(format!("options.experiment is {name:?}; it must be one of {}.", known.join(", "))))
}

/// A number, "random", or nothing.
fn choice(options: &Options, field: &str) -> Result<Option<Choice>> {
    match options.get(field).and_then(|value| value.as_string()).as_deref() {
        Some("random") => Ok(Some(Choice::Random)),
        Some(_) => Err(Error::new(format!("options.{field} must be a whole number from 0 or \"random\"."))),
        None => Ok(options.whole(field, 0)?.map(|number| Choice::At(number as usize))),
    }
}

/// Whoever waits: told of progress, able to stop.
struct Watcher {
    signal: JsValue,
    on_progress: Option<Function>,
}

impl Watcher {
    fn new(options: &Options) -> Result<Self> {
        let on_progress = match options.get("onProgress") {
            None => None,
            Some(listener) => {
                Some(listener.dyn_into().map_err(|_| Error::new("options.onProgress must be a function."))?)
            }
        };
        Ok(Self { signal: options.get("signal").unwrap_or(JsValue::UNDEFINED), on_progress })
    }

    /// # Errors
    /// If it has been stopped.
    fn look(&self, (done, lists): (u32, u32)) -> Result<()> {
        if self.signal.is_object()
            && Reflect::get(&self.signal, &"aborted".into()).is_ok_and(|aborted| aborted.is_truthy())
        {
            return Err(Error::new(format!("Stopped after {done} of {lists} lists, as asked.")));
        }
        if let Some(listener) = &self.on_progress {
            // What a listener throws is its own affair.
            let _ = listener.call2(&JsValue::NULL, &done.into(), &lists.into());
        }
        Ok(())
    }
}
