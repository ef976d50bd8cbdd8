//! A saved run: a safetensors file with the parameters and Adam's moments, and the rest as JSON in its metadata.

use std::collections::HashMap;

use burn_tensor::Device;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use serde::{Deserialize, Serialize};

use tinylens_lean::State;

use super::Run;
use super::run::{MAX_STEPS, Progress};
use crate::error::{Error, Result};
use crate::experiment::Experiment;
use crate::model::Layout;

/// The key of the JSON in the file's metadata.
const KEY: &str = "tinylens.run";

/// The version of the format. It changes if this build can no longer read older files as they are.
const VERSION: u32 = 1;

/// The tensors' names; each is `[parameters]`, in the layout's order.
const TENSORS: [&str; 3] = ["parameters", "adam.mean", "adam.square"];

/// The JSON in the file's metadata.
#[derive(Serialize, Deserialize)]
struct Header {
    version: u32,
    experiment: serde_json::Value,
    progress: Progress,
}

impl Run {
    /// The bytes of a file with everything needed to resume exactly here: experiment, parameters, optimiser and
    /// counters.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn save(&self) -> Result<Vec<u8>> {
        let (progress, state) = self.state().await?;
        let experiment = serde_json::to_value(self.experiment()).map_err(unwritable)?;
        let record = serde_json::to_string(&Header { version: VERSION, experiment, progress }).map_err(unwritable)?;
        let bytes = [state.parameters, state.mean, state.square]
            .map(|values| values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>());
        let mut views = Vec::new();
        for (name, bytes) in TENSORS.into_iter().zip(&bytes) {
            views.push((name, TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes).map_err(unwritable)?));
        }
        serialize(views, Some(HashMap::from([(KEY.to_string(), record)]))).map_err(unwritable)
    }
}

/// The content of a file that [`Run::save`] made.
#[derive(Debug)]
pub struct Snapshot {
    experiment: Experiment,
    progress: Progress,
    state: State,
}

impl Snapshot {
    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// If the bytes are not a saved run, or one of another version; if its experiment or its tensors are not valid.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| unreadable(&error.to_string()))?;
        let json = metadata
            .metadata()
            .as_ref()
            .and_then(|metadata| metadata.get(KEY))
            .ok_or_else(|| unreadable("the metadata has no entry tinylens.run"))?;
        let header: Header = serde_json::from_str(json).map_err(|error| unreadable(&error.to_string()))?;
        let Header { version, experiment, progress } = header;
        if version != VERSION {
            return Err(unreadable(&format!("they are of version {version}, and this build reads version {VERSION}")));
        }
        let experiment = Experiment::resolve(&experiment)?;
        if progress.steps > MAX_STEPS || !(0.0..=experiment.train.lr).contains(&progress.plateau.lr) {
            return Err(unreadable("the step count or the learning rate is out of range"));
        }
        let length = Layout::new(&experiment.model).len();
        let file = SafeTensors::deserialize(bytes).map_err(|error| unreadable(&error.to_string()))?;
        let values = |name: &str| -> Result<Vec<f32>> {
            let view = file.tensor(name).map_err(|error| unreadable(&error.to_string()))?;
            if view.dtype() != Dtype::F32 || view.shape() != [length] {
                return Err(unreadable(&format!(
                    "{name} is {:?} of shape {:?}, and this model needs F32 of shape [{length}]",
                    view.dtype(),
                    view.shape()
                )));
            }
            let numbers = view.data().chunks_exact(4);
            Ok(numbers.map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect())
        };
        let [parameters, mean, square] = TENSORS.map(values);
        let state = State { parameters: parameters?, mean: mean?, square: square? };
        Ok(Self { experiment, progress, state })
    }

    /// The experiment of the saved run.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// Resumes the run on a device.
    pub async fn resume(self, device: &Device) -> Run {
        Run::resume(self.experiment, self.progress, self.state, device).await
    }
}

fn unreadable(why: &str) -> Error {
    Error::new(format!("These bytes are not a saved run: {why}."))
}

fn unwritable(why: impl std::fmt::Display) -> Error {
    Error::new(format!("The run could not be saved: {why}."))
}
