//! `Model` in JavaScript.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Object, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

use super::convert::{from_js, js_error, object, promise, promise_of, set, tensor, to_js, token_rows};
use super::device::Device;
use super::options::{self, ForwardOptions};
use super::reader;
use super::shown::Shown;
use crate::checkpoint::{self, Source};
use crate::error::{Error, Result};
use crate::experiment::resolve_model;
use crate::model::{self, Cached, Hooks, Tokens, hook_names, read};
use crate::task::TaskConfig;

/// A transformer. One that a run trains is always the run's current one.
#[wasm_bindgen]
pub struct Model {
    held: Held,
    source: Source,
    /// The task it was made for, where that is known or assumed and fits it.
    task: Option<TaskConfig>,
    /// What is known of task and training, from the file or the run it came from, as a partial experiment.
    stated: serde_json::Value,
}

enum Held {
    Own(Box<model::Model>),
    /// A run's.
    Training(Rc<RefCell<Shown>>),
}

impl Model {
    pub(super) fn of_run(shown: Rc<RefCell<Shown>>, task: TaskConfig) -> Self {
        let source = Source { format: "trained here".into(), notes: Vec::new() };
        let stated = serde_json::json!({ "task": &task });
        Self { held: Held::Training(shown), source, task: Some(task), stated }
    }

    fn own(model: model::Model, source: Source) -> Self {
        Self { held: Held::Own(Box::new(model)), source, task: None, stated: serde_json::json!({}) }
    }

    /// A model of which all is known.
    pub(super) fn from_record(
        model: model::Model,
        source: Source,
        task: TaskConfig,
        stated: serde_json::Value,
    ) -> Self {
        Self { held: Held::Own(Box::new(model)), source, task: Some(task), stated }
    }

    /// The model as it is now; cheap, since tensors are shared.
    pub(super) fn now(&self) -> model::Model {
        match &self.held {
            Held::Own(model) => (**model).clone(),
            Held::Training(shown) => shown.borrow().model.clone(),
        }
    }

    /// The task it was made for, if any.
    pub(super) fn task_now(&self) -> Option<TaskConfig> {
        self.task.clone()
    }

    /// The partial experiment of the file or the run that it came from.
    pub(super) fn stated(&self) -> &serde_json::Value {
        &self.stated
    }
}

#[wasm_bindgen]
impl Model {
    /// A model with TransformerLens's initial weights, from `config.seed`.
    #[wasm_bindgen(unchecked_return_type = "Promise<Model>")]
    pub fn create(
        #[wasm_bindgen(unchecked_param_type = "Partial<ModelConfig>")] config: JsValue,
        device: &Device,
    ) -> Promise {
        let device = device.inner.clone();
        let config = from_js(&config, "config");
        js_sys::futures::future_to_promise(async move {
            let config = resolve_model(config?).map_err(Error::from).map_err(js_error)?;
            let source = Source { format: "created here".into(), notes: Vec::new() };
            Ok(Self::own(model::Model::new(&config, &device), source).into())
        })
    }

    /// The model of a file of any supported format. `config` fills what the file cannot say and goes before what it
    /// says. What reads files is loaded when the first is opened; `bytes` must stay as they are until it is done.
    #[wasm_bindgen(js_name = fromCheckpoint, unchecked_return_type = "Promise<Model>")]
    pub fn from_checkpoint(
        #[wasm_bindgen(unchecked_param_type = "Uint8Array | number[]")] bytes: JsValue,
        device: &Device,
        #[wasm_bindgen(unchecked_optional_param_type = "Partial<ModelConfig>")] config: JsValue,
    ) -> Promise {
        let device = device.inner.clone();
        let config = options::fields(&config, "config").map_err(js_error);
        promise_of(async move {
            let opened = reader::open(&bytes, config?).await?;
            let (task, stated) = (opened.task_config(), opened.stated());
            let model = model::Model::from_parameters(&opened.config, opened.parameters, &device);
            Ok(Self { held: Held::Own(Box::new(model)), source: opened.source, task, stated }.into())
        })
    }

    /// The same model on a device. Of a model that a run trains: as it is now, and stays.
    #[wasm_bindgen(js_name = copyTo, unchecked_return_type = "Promise<Model>")]
    pub fn copy_to(&self, device: &Device) -> Promise {
        let device = device.inner.clone();
        let (model, source, task, stated) = (self.now(), self.source.clone(), self.task_now(), self.stated.clone());
        promise(async move {
            let copy = model::Model::from_parameters(model.config(), model.read_parameters().await?, &device);
            Ok(Self { held: Held::Own(Box::new(copy)), source, task, stated }.into())
        })
    }

    /// Where the model came from: how it was stored, and what was assumed, filled in or ignored.
    #[wasm_bindgen(getter, unchecked_return_type = "{ format: string; notes: string[] }")]
    pub fn source(&self) -> std::result::Result<JsValue, JsValue> {
        to_js(&self.source)
    }

    /// The task it was made for: its run's, its file's, or what its sizes suggest; null where none fits it.
    #[wasm_bindgen(getter, unchecked_return_type = "TaskConfig | null")]
    pub fn task(&self) -> std::result::Result<JsValue, JsValue> {
        to_js(&self.task_now())
    }

    #[wasm_bindgen(getter, unchecked_return_type = "ModelConfig")]
    pub fn config(&self) -> std::result::Result<JsValue, JsValue> {
        to_js(self.now().config())
    }

    /// All parameters under TransformerLens's names, in its shapes.
    #[wasm_bindgen(js_name = stateDict, unchecked_return_type = "Promise<Record<string, Tensor>>")]
    pub fn state_dict(&self) -> Promise {
        let model = self.now();
        promise(async move {
            let values = model.read_parameters().await?;
            let out = Object::new();
            for entry in model.layout().entries() {
                set(&out, &entry.name, &tensor(&entry.shape, &values[entry.range()]));
            }
            Ok(out.into())
        })
    }

    /// The names that `runWithCache` knows, in the order of the forward pass.
    #[wasm_bindgen(js_name = hookNames)]
    pub fn hook_names(&self) -> Vec<String> {
        hook_names(self.now().config())
    }

    /// Logits `[batch, pos, d_vocab_out]`.
    #[wasm_bindgen(unchecked_return_type = "Promise<Tensor>")]
    pub fn forward(
        &self,
        #[wasm_bindgen(unchecked_param_type = "number[][]")] tokens: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "ForwardOptions")] options: JsValue,
    ) -> Promise {
        let model = self.now();
        let input = Input::read(&model, &tokens, &options);
        promise(async move { input?.run(&model, &mut Hooks::none()).await })
    }

    /// Logits, and the activations at the hooks named; at all of them when none are.
    #[wasm_bindgen(js_name = runWithCache, unchecked_return_type = "Promise<{ logits: Tensor; cache: Record<string, Tensor> }>")]
    pub fn run_with_cache(
        &self,
        #[wasm_bindgen(unchecked_param_type = "number[][]")] tokens: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "string[] | null")] names: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "ForwardOptions")] options: JsValue,
    ) -> Promise {
        let model = self.now();
        let input = wanted(&model, &names).and_then(|names| Ok((names, Input::read(&model, &tokens, &options)?)));
        promise(async move {
            let (names, input) = input?;
            let mut hooks = names.map_or_else(Hooks::all, Hooks::names);
            let logits = input.run(&model, &mut hooks).await?;
            let found = Object::new();
            for (name, value) in hooks.cache {
                let value = match value {
                    Cached::Three(value) => tensor(&value.dims(), &read(value.clone()).await?),
                    Cached::Four(value) => tensor(&value.dims(), &read(value.clone()).await?),
                };
                set(&found, &name, &value);
            }
            Ok(object([("logits", logits), ("cache", found.into())]))
        })
    }

    /// Each prompt followed by the tokens generated: greedily, unless a temperature is given.
    #[wasm_bindgen(unchecked_return_type = "Promise<number[][]>")]
    pub fn generate(
        &self,
        #[wasm_bindgen(unchecked_param_type = "number[][]")] prompts: JsValue,
        #[wasm_bindgen(unchecked_param_type = "GenerateOptions")] options: JsValue,
    ) -> Promise {
        let model = self.now();
        let prompts = token_rows(&prompts, "prompts");
        let options = options::generation(&options);
        promise(async move {
            let (options, interventions) = options?;
            let rows = model.generate(&prompts?, &options, &interventions).await?;
            let row = |row: Vec<usize>| row.into_iter().map(|token| JsValue::from_f64(token as f64)).collect::<Array>();
            Ok(rows.into_iter().map(row).collect::<Array>().into())
        })
    }

    /// The same model with weights that are easier to read and the same log probabilities; `source.notes` says what was
    /// left out.
    #[wasm_bindgen(js_name = processWeights, unchecked_return_type = "Promise<Model>")]
    pub fn process_weights(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "Partial<Processing>")] options: JsValue,
    ) -> Promise {
        let (model, task, stated, source) = (self.now(), self.task_now(), self.stated.clone(), self.source.clone());
        let options = options::processing(&options);
        promise(async move {
            let (processed, notes) = model.process_weights(&options?).await?;
            let source = Source {
                format: format!("{}, weights processed", source.format),
                notes: [source.notes, notes].concat(),
            };
            Ok(Self { held: Held::Own(Box::new(processed)), source, task, stated }.into())
        })
    }

    /// The model as a safetensors file with TransformerLens's names, its configuration and task as metadata.
    #[wasm_bindgen(js_name = toSafetensors, unchecked_return_type = "Promise<Uint8Array>")]
    pub fn to_safetensors(&self) -> Promise {
        let (model, task) = (self.now(), self.task_now());
        promise(
            async move { Ok(Uint8Array::from(&checkpoint::to_safetensors(&model, task.as_ref()).await?[..]).into()) },
        )
    }

    /// Python that loads what `toSafetensors` gave, saved as `file`, into TransformerLens.
    #[wasm_bindgen(js_name = toPython)]
    pub fn to_python(&self, file: &str) -> String {
        checkpoint::python(self.now().config(), file)
    }

    /// SHA-256 over all parameters' bytes, in hexadecimal.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn fingerprint(&self) -> Promise {
        let model = self.now();
        promise(async move { Ok(model.fingerprint().await?.into()) })
    }
}

/// What a forward pass is given, checked against the model.
struct Input {
    tokens: Tokens,
    options: ForwardOptions,
}

impl Input {
    fn read(model: &model::Model, tokens: &JsValue, options: &JsValue) -> Result<Self> {
        let options = options::forward(options)?;
        let mut tokens = Tokens::new(&token_rows(tokens, "tokens")?, model.config())?;
        if let Some(mask) = &options.mask {
            tokens = tokens.masked(mask)?;
        }
        for (number, change) in options.interventions.iter().enumerate() {
            change.check(&format!("interventions[{number}]"), model.config(), tokens.batch, tokens.positions)?;
        }
        Ok(Self { tokens, options })
    }

    async fn run<'a>(&'a self, model: &model::Model, hooks: &mut Hooks<'a>) -> Result<JsValue> {
        let Self { tokens, options } = self;
        *hooks = std::mem::take(hooks).with(&options.interventions);
        let rows = 0..tokens.positions;
        let logits =
            model.logits(&model.weights(), tokens.tensor(&model.device()), tokens.padding.as_ref(), rows, hooks);
        Ok(tensor(&logits.dims(), &read(logits.clone()).await?))
    }
}

/// The hooks to keep; `None`: all.
fn wanted(model: &model::Model, names: &JsValue) -> Result<Option<Vec<String>>> {
    if names.is_undefined() || names.is_null() {
        return Ok(None);
    }
    let known = hook_names(model.config());
    let names: Option<Vec<String>> =
        names.dyn_ref::<Array>().and_then(|names| names.iter().map(|name| name.as_string()).collect());
    let names = names.ok_or_else(|| Error::new("names must be an array of hook names."))?;
    match names.iter().find(|name| !known.contains(name)) {
        Some(unknown) => Err(Error::new(format!("This model has no hook {unknown}; it has {}.", known.join(", ")))),
        None => Ok(Some(names)),
    }
}
