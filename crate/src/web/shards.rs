//! Shards of a training step in JavaScript: `Helper`, for a worker beside the run's own, and the crew that `Run.step`
//! takes.

use js_sys::{Array, Float32Array, Promise, Reflect};
use wasm_bindgen::prelude::*;

use super::convert::{js_error, object, whole};
use super::link;
use crate::error::Error;
use crate::experiment::Experiment;
use crate::train::{self, Part, Parts};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** One shard's part of a step: its summed loss, and its part of the gradient. */
export type StepPart = { loss: number; gradient: Float32Array };

/** Computes some shards of a run's steps in other workers: `Crew` in crew.mjs is one. */
export interface StepCrew {
  /** Begins the shards of a step from the returned number on; those before it, at least one, are left to the run. */
  handOut(step: number, parameters: Float32Array<ArrayBuffer>, shards: number): number;
  /** Their parts, in order. The run computes those that are null itself. */
  collect(): Promise<(StepPart | null)[]>;
}
"#;

/// Computes shards of a run's steps, in a worker beside the run's own, on the CPU. It holds no weights.
#[wasm_bindgen]
pub struct Helper(train::Helper);

#[wasm_bindgen]
impl Helper {
    /// For runs of this experiment.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "PartialRecord | string")] experiment: JsValue,
    ) -> Result<Helper, JsValue> {
        let record = link::partial(&experiment)?;
        let experiment = Experiment::resolve(&record).map_err(Error::from).map_err(js_error)?;
        Ok(Self(train::Helper::new(&experiment)))
    }

    /// How many shards a step has; 1: there is nothing to help with.
    #[wasm_bindgen(getter)]
    pub fn shards(&self) -> usize {
        self.0.shards()
    }

    /// Shard `shard` of step `step` (counted from 0) at these parameters.
    #[wasm_bindgen(unchecked_return_type = "StepPart")]
    pub fn part(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "number")] step: JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] shard: JsValue,
        parameters: &Float32Array,
    ) -> Result<JsValue, JsValue> {
        let step = whole(&step, "step", 0, u32::MAX).map_err(js_error)?;
        let shard = whole(&shard, "shard", 0, u32::MAX).map_err(js_error)?;
        let part = self.0.part(step, shard as usize, &parameters.to_vec()).map_err(js_error)?;
        Ok(object([("loss", part.loss.into()), ("gradient", Float32Array::from(&part.gradient[..]).into())]))
    }
}

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    #[wasm_bindgen(typescript_type = "StepCrew")]
    pub type Crew;
    #[wasm_bindgen(method, catch, js_name = handOut)]
    fn hand_out(this: &Crew, step: u32, parameters: Float32Array, shards: usize) -> Result<usize, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn collect(this: &Crew) -> Result<Promise, JsValue>;
}

/// A crew that throws has done nothing, and the run does it all.
impl train::Crew for Crew {
    fn hand_out(&self, step: u32, parameters: &[f32], shards: usize) -> usize {
        Crew::hand_out(self, step, Float32Array::from(parameters), shards).unwrap_or(shards)
    }

    fn collect(&self) -> Parts<'_> {
        Box::pin(async {
            let Ok(promise) = Crew::collect(self) else { return Vec::new() };
            let parts = js_sys::futures::JsFuture::from(promise).await.unwrap_or_default();
            if Array::is_array(&parts) {
                Array::from(&parts).iter().map(|part| read(&part)).collect()
            } else {
                Vec::new()
            }
        })
    }
}

fn read(part: &JsValue) -> Option<Part> {
    let loss = Reflect::get(part, &"loss".into()).ok()?.as_f64()?;
    let gradient = Reflect::get(part, &"gradient".into()).ok()?.dyn_into::<Float32Array>().ok()?.to_vec();
    Some(Part { loss, gradient })
}
