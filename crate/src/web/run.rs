//! `Run` in JavaScript.

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::lock::Mutex;
use js_sys::{Array, Float32Array, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

use super::convert::{from_js, js_error, object, promise, tensor, to_js, token_row, token_rows, whole, yield_now};
use super::device::Device;
use super::link;
use super::model::Model;
use super::options;
use super::shards::Crew;
use super::shown::Shown;
use crate::config::AttentionDirection;
use crate::error::Error;
use crate::experiment::Experiment;
use crate::model;
use crate::task::Data;
use crate::train::{self, Evaluator};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
export type Evaluation = {
  loss: number;
  tokenAccuracy: number;
  sequenceAccuracy: number;
  lists: number;
  /** false: the task has too few inputs to keep any from training. */
  heldOut: boolean;
};

/** `values` are what `show` asked for. */
export type Look = Shown & {
  /** At each position: the likeliest next token. */
  predictions: { token: number; label: string; probability: number }[];
  /** [layer, head, destination, source] */
  pattern: Tensor;
};
"#;

/// An experiment under way.
#[wasm_bindgen]
pub struct Run {
    experiment: Rc<Experiment>,
    data: Rc<Data>,
    /// Held by whatever changes the run or reads its optimiser, so that such calls queue.
    run: Rc<Mutex<train::Run>>,
    /// The run as the last call left it, for whatever only looks.
    shown: Rc<RefCell<Shown>>,
    /// The device that the run was put on.
    device: Rc<RefCell<Device>>,
}

impl Run {
    fn new(run: train::Run, device: Device) -> Self {
        Self {
            experiment: Rc::new(run.experiment().clone()),
            data: Rc::new(run.data().clone()),
            shown: Rc::new(RefCell::new(Shown::new(&run))),
            run: Rc::new(Mutex::new(run)),
            device: Rc::new(RefCell::new(device)),
        }
    }

    fn now(&self) -> model::Model {
        self.shown.borrow().model.clone()
    }
}

#[wasm_bindgen]
impl Run {
    /// A run of a partial experiment or a link, before its first step. What a record says beside task, model and
    /// training has no effect.
    #[wasm_bindgen(unchecked_return_type = "Promise<Run>")]
    pub fn create(
        #[wasm_bindgen(unchecked_param_type = "PartialRecord | string")] experiment: JsValue,
        device: &Device,
    ) -> Promise {
        let device = device.clone();
        let experiment = link::partial(&experiment);
        js_sys::futures::future_to_promise(async move {
            let experiment = Experiment::resolve(&experiment?).map_err(Error::from).map_err(js_error)?;
            let device = device.for_run(&experiment).await;
            Ok(Self::new(train::Run::new(experiment, &device.inner).await, device).into())
        })
    }

    /// A run that trains a model further, from the weights it has. Task and training are what `experiment` says, else
    /// what the model's file says, else the defaults; `experiment.model` has no effect. The given model stays as it is.
    #[wasm_bindgen(js_name = fromModel, unchecked_return_type = "Promise<Run>")]
    pub fn from_model(
        model: &Model,
        #[wasm_bindgen(unchecked_optional_param_type = "Omit<PartialExperiment, \"model\">")] experiment: JsValue,
    ) -> Promise {
        let (now, stated) = (model.now(), model.stated().clone());
        let given = from_js(&experiment, "experiment");
        js_sys::futures::future_to_promise(async move {
            let experiment =
                Experiment::around(now.config(), &[&stated, &given?]).map_err(Error::from).map_err(js_error)?;
            let device = Device::of(now.device());
            let parameters = now.read_parameters().await.map_err(js_error)?;
            Ok(Self::new(train::Run::from_parameters(experiment, parameters, &device.inner).await, device).into())
        })
    }

    /// The run that `save` saved.
    #[wasm_bindgen(unchecked_return_type = "Promise<Run>")]
    pub fn restore(snapshot: &[u8], device: &Device) -> Promise {
        let (snapshot, device) = (snapshot.to_vec(), device.clone());
        promise(async move {
            let snapshot = train::Snapshot::read(&snapshot)?;
            let device = device.for_run(snapshot.experiment()).await;
            Ok(Self::new(snapshot.resume(&device.inner).await, device).into())
        })
    }

    /// The whole experiment, defaults filled in.
    #[wasm_bindgen(getter, unchecked_return_type = "Experiment")]
    pub fn experiment(&self) -> std::result::Result<JsValue, JsValue> {
        to_js(&*self.experiment)
    }

    /// Steps trained so far.
    #[wasm_bindgen(getter)]
    pub fn steps(&self) -> u32 {
        self.shown.borrow().steps
    }

    /// What computes the steps: on the CPU "tables", for one attention-only layer without norm, or "rows", for any
    /// other model; on WebGPU "kernels". Where the kernels do not cover the model: "rows, on the CPU: " and why.
    #[wasm_bindgen(getter)]
    pub fn path(&self) -> String {
        self.shown.borrow().path.clone()
    }

    /// The device it is on: of one that was opened as "auto", the faster for this run's model.
    #[wasm_bindgen(getter)]
    pub fn device(&self) -> Device {
        self.device.borrow().of_run(&self.shown.borrow().path)
    }

    /// Adam's learning rate now; the schedule lowers it.
    #[wasm_bindgen(getter, js_name = learningRate)]
    pub fn learning_rate(&self) -> f64 {
        self.shown.borrow().learning_rate
    }

    /// How many shards a step has. They are the same whoever computes them; 1: a step is one piece, as on WebGPU and
    /// where it is cheap.
    #[wasm_bindgen(getter)]
    pub fn shards(&self) -> usize {
        self.shown.borrow().shards
    }

    /// Trains `n` steps. Calls queue. If one fails, the steps before the failure stand: `steps` says how many. A crew
    /// computes some of the shards, where steps have more than one, and changes nothing but the time that takes.
    #[wasm_bindgen(unchecked_return_type = "Promise<{ step: number; losses: Float32Array }>")]
    pub fn step(&self, #[wasm_bindgen(unchecked_param_type = "number")] n: JsValue, crew: Option<Crew>) -> Promise {
        let (run, shown) = (self.run.clone(), self.shown.clone());
        promise(async move {
            let n = whole(&n, "n", 0, 1_000_000)?;
            let mut run = run.lock().await;
            let losses = run.step_with(n, crew.as_ref().map(|crew| crew as &dyn train::Crew)).await;
            let step = run.steps();
            // Also when a later part of it failed: the steps done before are good.
            *shown.borrow_mut() = Shown::new(&run);
            Ok(object([("step", step.into()), ("losses", Float32Array::from(&losses?[..]).into())]))
        })
    }

    /// Figures over held-out lists (2000 unless said otherwise), greedily generated.
    #[wasm_bindgen(unchecked_return_type = "Promise<Evaluation>")]
    pub fn evaluate(&self, #[wasm_bindgen(unchecked_optional_param_type = "number")] lists: JsValue) -> Promise {
        let (model, data) = (self.now(), self.data.clone());
        promise(async move {
            let lists = if lists.is_undefined() { 2000 } else { whole(&lists, "lists", 1, 1_000_000)? };
            let mut evaluator = Evaluator::new(lists as usize);
            loop {
                if let Some(figures) = evaluator.advance(&model, &data).await? {
                    // Not as JSON, which knows no NaN: a run that has diverged has that for a loss.
                    return Ok(object([
                        ("loss", figures.loss.into()),
                        ("tokenAccuracy", figures.token_accuracy.into()),
                        ("sequenceAccuracy", figures.sequence_accuracy.into()),
                        ("lists", figures.inputs.into()),
                        ("heldOut", figures.held_out.into()),
                    ]));
                }
                yield_now().await;
            }
        })
    }

    /// Everything it takes to go on exactly from here, as bytes for `Run.restore`.
    #[wasm_bindgen(unchecked_return_type = "Promise<Uint8Array>")]
    pub fn save(&self) -> Promise {
        let run = self.run.clone();
        promise(async move { Ok(Uint8Array::from(&run.lock().await.save().await?[..]).into()) })
    }

    /// Moves the run to another device, with its weights and optimiser.
    #[wasm_bindgen(js_name = useDevice, unchecked_return_type = "Promise<void>")]
    pub fn use_device(&self, device: &Device) -> Promise {
        let (run, shown, on, device) = (self.run.clone(), self.shown.clone(), self.device.clone(), device.clone());
        promise(async move {
            let mut run = run.lock().await;
            let device = device.for_run(run.experiment()).await;
            *run = run.to_device(&device.inner).await?;
            *shown.borrow_mut() = Shown::new(&run);
            *on.borrow_mut() = device;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// The model that this run trains, always as it is now.
    pub fn model(&self) -> Model {
        Model::of_run(self.shown.clone(), self.experiment.task.clone())
    }

    /// SHA-256 over all parameters' bytes, in hexadecimal.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn fingerprint(&self) -> Promise {
        let model = self.now();
        promise(async move { Ok(model.fingerprint().await?.into()) })
    }

    /// One sequence under the microscope: the next-token prediction at each position, every head's pattern, and what
    /// `show` asks for.
    #[wasm_bindgen(unchecked_return_type = "Promise<Look>")]
    pub fn look(
        &self,
        #[wasm_bindgen(unchecked_param_type = "number[]")] tokens: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "LookOptions")] options: JsValue,
    ) -> Promise {
        let (model, experiment) = (self.now(), self.experiment.clone());
        let input = token_row(&tokens, "tokens").and_then(|tokens| Ok((tokens, options::look(&options)?)));
        promise(async move {
            let (tokens, (show, changes)) = input?;
            let look = model.look(&tokens, &changes, show).await?;
            let label = |token: usize| JsValue::from(experiment.task.task().label(token));
            let prediction = |(token, probability): &(usize, f32)| {
                object([
                    ("token", (*token as u32).into()),
                    ("label", label(*token)),
                    ("probability", (*probability).into()),
                ])
            };
            let pattern = tensor(&look.pattern_shape, &look.pattern);
            let values = look.quantity.map_or_else(|| pattern.clone(), |values| tensor(&look.pattern_shape, &values));
            Ok(object([
                ("predictions", look.predictions.iter().map(prediction).collect::<Array>().into()),
                ("labels", tokens.iter().map(|token| label(*token)).collect::<Array>().into()),
                ("pattern", pattern),
                ("values", values),
                ("causal", causal(&model).into()),
            ]))
        })
    }

    /// The mean of what `show` asks for over sequences of one length. A position's label is its token's where all
    /// sequences have the same one there, else empty. Interventions act on all sequences together.
    #[wasm_bindgen(js_name = meanLook, unchecked_return_type = "Promise<Shown>")]
    pub fn mean_look(
        &self,
        #[wasm_bindgen(unchecked_param_type = "number[][]")] tokens: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "LookOptions")] options: JsValue,
    ) -> Promise {
        let (model, experiment) = (self.now(), self.experiment.clone());
        let input = token_rows(&tokens, "tokens").and_then(|rows| Ok((rows, options::look(&options)?)));
        promise(async move {
            let (rows, (show, changes)) = input?;
            let values = model.mean_look(&rows, &changes, show).await?;
            let config = model.config();
            let positions = rows[0].len(); // there is one: mean_look refuses an empty batch
            let label = |position: usize| {
                let token = rows[0][position];
                let common = rows.iter().all(|row| row[position] == token);
                JsValue::from(if common { experiment.task.task().label(token) } else { String::new() })
            };
            Ok(object([
                ("labels", (0..positions).map(label).collect::<Array>().into()),
                ("values", tensor(&[config.n_layers, config.n_heads, positions, positions], &values)),
                ("causal", causal(&model).into()),
            ]))
        })
    }
}

fn causal(model: &model::Model) -> bool {
    model.config().attention_dir == AttentionDirection::Causal
}
