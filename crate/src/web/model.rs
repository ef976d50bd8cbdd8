//! `Model` in JavaScript.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Object, Promise};
use wasm_bindgen::prelude::*;

use super::convert::{from_js, js_error, object, promise, set, tensor, to_js, token_rows, whole};
use super::device::Device;
use crate::error::{Error, Result};
use crate::experiment::resolve_model;
use crate::model::{self, Activation, Cache, Tokens, hook_names, read};
use crate::train;

/// A transformer. One that a run trains is always the run's current one.
#[wasm_bindgen]
pub struct Model {
    source: Source,
}

enum Source {
    Own(Box<model::Model>),
    Training(Rc<RefCell<train::Run>>),
}

impl Model {
    pub(super) fn of_run(run: Rc<RefCell<train::Run>>) -> Self {
        Self { source: Source::Training(run) }
    }

    /// The model as it is now; cheap, since tensors are shared.
    fn now(&self) -> model::Model {
        match &self.source {
            Source::Own(model) => (**model).clone(),
            Source::Training(run) => run.borrow().model().clone(),
        }
    }
}

#[wasm_bindgen]
impl Model {
    /// A model with TransformerLens's initial weights, from `config.seed`.
    #[wasm_bindgen(unchecked_return_type = "Promise<Model>")]
    pub fn create(#[wasm_bindgen(unchecked_param_type = "Partial<ModelConfig>")] config: JsValue, device: &Device) -> Promise {
        let device = device.inner.clone();
        let config = from_js(&config, "config");
        js_sys::futures::future_to_promise(async move {
            let config = resolve_model(config?).map_err(Error::from).map_err(js_error)?;
            Ok(Self { source: Source::Own(Box::new(model::Model::new(&config, &device))) }.into())
        })
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

    /// Logits `[batch, pos, d_vocab]`.
    #[wasm_bindgen(unchecked_return_type = "Promise<Tensor>")]
    pub fn forward(&self, #[wasm_bindgen(unchecked_param_type = "number[][]")] tokens: JsValue) -> Promise {
        let model = self.now();
        let rows = token_rows(&tokens, "tokens");
        promise(async move { forward(&model, &rows?, &mut Cache::none()).await })
    }

    /// Logits, and the activations at the hooks named; at all of them when none are.
    #[wasm_bindgen(js_name = runWithCache, unchecked_return_type = "Promise<{ logits: Tensor; cache: Record<string, Tensor> }>")]
    pub fn run_with_cache(
        &self,
        #[wasm_bindgen(unchecked_param_type = "number[][]")] tokens: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "string[]")] names: JsValue,
    ) -> Promise {
        let model = self.now();
        let (cache, rows) = (wanted(&model, &names), token_rows(&tokens, "tokens"));
        promise(async move {
            let mut cache = cache?;
            let logits = forward(&model, &rows?, &mut cache).await?;
            let found = Object::new();
            for (name, value) in cache.found {
                let value = match value {
                    Activation::Three(value) => tensor(&value.dims(), &read(value.clone()).await?),
                    Activation::Four(value) => tensor(&value.dims(), &read(value.clone()).await?),
                };
                set(&found, &name, &value);
            }
            Ok(object([("logits", logits), ("cache", found.into())]))
        })
    }

    /// Each prompt followed by `maxNewTokens` greedy tokens.
    #[wasm_bindgen(unchecked_return_type = "Promise<number[][]>")]
    pub fn generate(
        &self,
        #[wasm_bindgen(unchecked_param_type = "number[][]")] prompts: JsValue,
        #[wasm_bindgen(unchecked_param_type = "{ maxNewTokens: number }")] options: JsValue,
    ) -> Promise {
        let model = self.now();
        let prompts = token_rows(&prompts, "prompts");
        let new_tokens = js_sys::Reflect::get(&options, &"maxNewTokens".into()).unwrap_or(JsValue::UNDEFINED);
        let new_tokens = whole(&new_tokens, "options.maxNewTokens", 0, model.config().n_ctx as u32);
        promise(async move {
            let rows = model.generate(&prompts?, new_tokens? as usize).await?;
            let row = |row: Vec<usize>| row.into_iter().map(|token| JsValue::from_f64(token as f64)).collect::<Array>();
            Ok(rows.into_iter().map(row).collect::<Array>().into())
        })
    }
}

async fn forward(model: &model::Model, rows: &[Vec<usize>], cache: &mut Cache) -> Result<JsValue> {
    let tokens = Tokens::new(rows, model.config())?;
    let logits = model.logits(&model.weights(), tokens.tensor(&model.device()), 0..tokens.positions, cache);
    Ok(tensor(&logits.dims(), &read(logits.clone()).await?))
}

/// The cache that keeps the hooks named.
fn wanted(model: &model::Model, names: &JsValue) -> Result<Cache> {
    if names.is_undefined() || names.is_null() {
        return Ok(Cache::all());
    }
    let known = hook_names(model.config());
    let names: Option<Vec<String>> = names.dyn_ref::<Array>().and_then(|names| names.iter().map(|name| name.as_string()).collect());
    let names = names.ok_or_else(|| Error::new("names must be an array of hook names."))?;
    match names.iter().find(|name| !known.contains(name)) {
        Some(unknown) => Err(Error::new(format!("This model has no hook {unknown}; it has {}.", known.join(", ")))),
        None => Ok(Cache::names(names)),
    }
}
