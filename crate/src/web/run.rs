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
use crate::config::AttentionDirection;
use crate::error::Error;
use crate::experiment::Experiment;
use crate::task::Sort;
use crate::train::{self, Evaluator};

/// An experiment under way.
#[wasm_bindgen]
pub struct Run {
    run: Rc<RefCell<train::Run>>,
    /// Held by whatever changes the run, so that calls queue. What only looks works on a copy, which shares its tensors.
    turn: Rc<Mutex<()>>,
    /// What it is on.
    device: Rc<RefCell<Device>>,
}

impl Run {
    fn new(run: train::Run, device: Device) -> Self {
        Self { run: Rc::new(RefCell::new(run)), turn: Rc::default(), device: Rc::new(RefCell::new(device)) }
    }

    fn copy(&self) -> train::Run {
        self.run.borrow().clone()
    }
}

#[wasm_bindgen]
impl Run {
    /// A run of a partial experiment or a link, before its first step. What a record says beside task, model and training has no effect.
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
            Ok(Self::new(train::Run::new(experiment, &device.inner), device).into())
        })
    }

    /// A run that trains a model further, from the weights it has. Task and training are what `experiment` says, else what the model's
    /// file says, else the defaults; `experiment.model` has no effect. The given model stays as it is.
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
            Ok(Self::new(train::Run::from_model(experiment, now), device).into())
        })
    }

    /// The run that `save` saved.
    #[wasm_bindgen(unchecked_return_type = "Promise<Run>")]
    pub fn restore(snapshot: &[u8], device: &Device) -> Promise {
        // Onto a GPU only where it shall be there.
        let run = train::Run::restore(snapshot, &burn::tensor::Device::flex());
        let device = device.clone();
        promise(async move {
            let run = run?;
            let device = device.for_run(run.experiment()).await;
            let run = if device.inner == run.model().device() { run } else { run.to_device(&device.inner).await? };
            Ok(Self::new(run, device).into())
        })
    }

    /// The whole experiment, defaults filled in.
    #[wasm_bindgen(getter, unchecked_return_type = "Experiment")]
    pub fn experiment(&self) -> std::result::Result<JsValue, JsValue> {
        to_js(self.run.borrow().experiment())
    }

    /// Steps trained so far.
    #[wasm_bindgen(getter)]
    pub fn steps(&self) -> u32 {
        self.run.borrow().steps()
    }

    /// What computes the steps: on the CPU "tables", by hand for one attention-only layer without norm, or "rows", by hand for any other
    /// model; on WebGPU "kernels", by hand, or "autodiff" for the few models that those do not cover.
    #[wasm_bindgen(getter, unchecked_return_type = "\"tables\" | \"rows\" | \"kernels\" | \"autodiff\"")]
    pub fn path(&self) -> String {
        self.run.borrow().path().into()
    }

    /// The device it is on: of one that was opened as "auto", the faster for this run's model.
    #[wasm_bindgen(getter)]
    pub fn device(&self) -> Device {
        self.device.borrow().clone()
    }

    /// Adam's learning rate now; the schedule lowers it.
    #[wasm_bindgen(getter, js_name = learningRate)]
    pub fn learning_rate(&self) -> f64 {
        self.run.borrow().learning_rate()
    }

    /// How many shards a step has. They are the same whoever computes them; 1: a step is one piece, as on WebGPU and where it is cheap.
    #[wasm_bindgen(getter)]
    pub fn shards(&self) -> usize {
        self.run.borrow().shards()
    }

    /// Trains `n` steps. Calls queue. If one fails, the steps before the failure stand: `steps` says how many. A crew computes some of the
    /// shards, where steps have more than one, and changes nothing but the time that takes.
    #[wasm_bindgen(unchecked_return_type = "Promise<{ step: number; losses: Float32Array }>")]
    pub fn step(&self, #[wasm_bindgen(unchecked_param_type = "number")] n: JsValue, crew: Option<Crew>) -> Promise {
        let (run, turn) = (self.run.clone(), self.turn.clone());
        promise(async move {
            let n = whole(&n, "n", 0, 1_000_000)?;
            let _turn = turn.lock().await;
            let mut next = run.borrow().clone();
            let losses = next.step_with(n, crew.as_ref().map(|crew| crew as &dyn train::Crew)).await;
            let step = next.steps();
            // Also when a later part of it failed: the steps done before are good.
            *run.borrow_mut() = next;
            Ok(object([("step", step.into()), ("losses", Float32Array::from(&losses?[..]).into())]))
        })
    }

    /// Figures over held-out lists (2000 unless said otherwise), greedily generated.
    #[wasm_bindgen(unchecked_return_type = "Promise<Evaluation>")]
    pub fn evaluate(&self, #[wasm_bindgen(unchecked_optional_param_type = "number")] lists: JsValue) -> Promise {
        let run = self.copy();
        promise(async move {
            let lists = if lists.is_undefined() { 2000 } else { whole(&lists, "lists", 1, 1_000_000)? };
            let mut evaluator = Evaluator::new(lists as usize);
            loop {
                if let Some(figures) = evaluator.advance(run.model(), run.task()).await? {
                    // Not as JSON, which knows no NaN: a run that has diverged has that for a loss.
                    return Ok(object([
                        ("loss", figures.loss.into()),
                        ("tokenAccuracy", figures.token_accuracy.into()),
                        ("sequenceAccuracy", figures.sequence_accuracy.into()),
                        ("lists", lists.into()),
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
        let run = self.copy();
        promise(async move { Ok(Uint8Array::from(&run.save().await?[..]).into()) })
    }

    /// Moves the run to another device, with its weights and optimiser.
    #[wasm_bindgen(js_name = useDevice, unchecked_return_type = "Promise<void>")]
    pub fn use_device(&self, device: &Device) -> Promise {
        let (run, turn, on, device) = (self.run.clone(), self.turn.clone(), self.device.clone(), device.clone());
        promise(async move {
            let _turn = turn.lock().await;
            let now = run.borrow().clone();
            let device = device.for_run(now.experiment()).await;
            let moved = now.to_device(&device.inner).await?;
            *run.borrow_mut() = moved;
            *on.borrow_mut() = device;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// The model that this run trains, always as it is now.
    pub fn model(&self) -> Model {
        Model::of_run(self.run.clone())
    }

    /// SHA-256 over all parameters' bytes, in hexadecimal.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn fingerprint(&self) -> Promise {
        let run = self.copy();
        promise(async move { Ok(run.model().fingerprint().await?.into()) })
    }

    /// One sequence under the microscope: the next-token prediction at each position, every head's pattern, and what `show` asks for.
    #[wasm_bindgen(unchecked_return_type = "Promise<Look>")]
    pub fn look(
        &self,
        #[wasm_bindgen(unchecked_param_type = "number[]")] tokens: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "LookOptions")] options: JsValue,
    ) -> Promise {
        let run = self.copy();
        let input = token_row(&tokens, "tokens").and_then(|tokens| Ok((tokens, options::look(&options)?)));
        promise(async move {
            let (tokens, (show, changes)) = input?;
            let look = run.model().look(&tokens, &changes, show).await?;
            let label = |token: usize| JsValue::from(Sort::label(&run.experiment().task, token));
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
                ("causal", causal(&run).into()),
            ]))
        })
    }

    /// The mean of what `show` asks for over sequences of one length. A position's label is its token's where all sequences have the same
    /// one there, else empty. Interventions act on all sequences together.
    #[wasm_bindgen(js_name = meanLook, unchecked_return_type = "Promise<Shown>")]
    pub fn mean_look(
        &self,
        #[wasm_bindgen(unchecked_param_type = "number[][]")] tokens: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "LookOptions")] options: JsValue,
    ) -> Promise {
        let run = self.copy();
        let input = token_rows(&tokens, "tokens").and_then(|rows| Ok((rows, options::look(&options)?)));
        promise(async move {
            let (rows, (show, changes)) = input?;
            let values = run.model().mean_look(&rows, &changes, show).await?;
            let config = run.model().config();
            let positions = rows[0].len(); // there is one: mean_look refuses an empty batch
            let label = |position: usize| {
                let token = rows[0][position];
                let common = rows.iter().all(|row| row[position] == token);
                JsValue::from(if common { Sort::label(&run.experiment().task, token) } else { String::new() })
            };
            Ok(object([
                ("labels", (0..positions).map(label).collect::<Array>().into()),
                ("values", tensor(&[config.n_layers, config.n_heads, positions, positions], &values)),
                ("causal", causal(&run).into()),
            ]))
        })
    }
}

fn causal(run: &train::Run) -> bool {
    run.experiment().model.attention_dir == AttentionDirection::Causal
}
