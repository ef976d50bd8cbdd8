//! The transformer, with TransformerLens's names, shapes and conventions (`HookedTransformer`).
//!
//! Legend: `B` batch, `T` position, `H` n_heads, `C` d_model, `D` d_head, `M` d_mlp, `V` d_vocab, `V out` d_vocab_out.
//!
//! All parameters live in one flat tensor; [`Layout`] says where each of them begins. The forward pass reads
//! [`Weights`], views of that tensor. If the parameters are in the host's memory and no hook is used, `tinylens-lean`
//! computes the same by hand ([`Inference`]). The loss and the optimiser are in `train`.

mod attention;
mod decode;
mod forward;
mod generate;
mod hook_points;
mod hooks;
mod inference;
mod intervention;
mod look;
mod mlp;
mod norm;
mod padding;
mod processing;
mod rotary;
mod sample;
mod tokens;
mod weights;

pub use decode::{Decoder, Decoding};
pub use hook_points::hook_names;
pub use hooks::{Cached, Hooks};
pub use intervention::{Action, Intervention, Selection, Values};
pub use look::Look;
pub use padding::Padding;
pub use processing::Processing;
pub use sample::Generation;
pub(crate) use tinylens_lean::argmax;
pub use tinylens_lean::{Entry, Inference, Layout};
pub use tokens::Tokens;
pub use weights::Weights;

use std::sync::Arc;

use burn_tensor::{Device, Tensor, TensorData};
use sha2::{Digest, Sha256};

use crate::config::ModelConfig;
use crate::error::{Error, Result};

/// A transformer on a device.
#[derive(Clone, Debug)]
pub struct Model {
    config: ModelConfig,
    layout: Arc<Layout>,
    /// All parameters, `[parameters]`, in the layout's order.
    parameters: Tensor<1>,
}

impl Model {
    /// A model with TransformerLens's initial weights (`init_mode` "gpt2"), drawn from `config.seed`.
    pub fn new(config: &ModelConfig, device: &Device) -> Self {
        Self::from_parameters(config, Layout::new(config).initial(config), device)
    }

    /// A model with the parameters `values`, in the layout's order, on a device.
    ///
    /// # Panics
    /// If `values` is not as long as the layout.
    pub fn from_parameters(config: &ModelConfig, values: Vec<f32>, device: &Device) -> Self {
        let layout = Arc::new(Layout::new(config));
        assert_eq!(values.len(), layout.len(), "one value for each parameter of the layout");
        let length = values.len();
        let parameters = Tensor::from_data(TensorData::new(values, [length]), device);
        Self { config: config.clone(), layout, parameters }
    }

    /// The model's architecture.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// Name, shape and offset of each parameter.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// All parameters, `[parameters]`.
    pub fn parameters(&self) -> Tensor<1> {
        self.parameters.clone()
    }

    /// The same model with other parameters, `[parameters]`, on whichever device they are.
    pub fn with_parameters(&self, parameters: Tensor<1>) -> Self {
        Self { parameters, ..self.clone() }
    }

    /// The same model with the parameters `values`, in the layout's order, on the same device.
    pub fn with_values(&self, values: Vec<f32>) -> Self {
        let length = values.len();
        self.with_parameters(Tensor::from_data(TensorData::new(values, [length]), &self.device()))
    }

    /// All parameters, in the layout's order, in the host's memory.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn read_parameters(&self) -> Result<Vec<f32>> {
        read(self.parameters.clone()).await
    }

    /// SHA-256 of all parameters' bytes (float32, little-endian, in the layout's order), in hexadecimal.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn fingerprint(&self) -> Result<String> {
        let mut hash = Sha256::new();
        for value in self.read_parameters().await? {
            hash.update(value.to_le_bytes());
        }
        Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The device that the parameters are on.
    pub fn device(&self) -> Device {
        self.parameters.device()
    }
}

/// A tensor's values in row order, in the host's memory.
///
/// # Errors
/// If the device fails.
pub async fn read<const R: usize>(tensor: Tensor<R>) -> Result<Vec<f32>> {
    let data = tensor
        .into_data_async()
        .await
        .map_err(|error| Error::new(format!("The device failed to compute: {error}.")))?;
    data.try_into_vec().map_err(|error| Error::new(format!("A tensor could not be read: {error:?}.")))
}
