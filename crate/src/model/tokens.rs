//! Sequences of tokens from outside, checked against the model that will read them.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::config::ModelConfig;
use crate::error::{Error, Result};

/// Sequences of equal length that a model can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// Row by row, `[batch, positions]`.
    pub values: Vec<i32>,
    pub batch: usize,
    pub positions: usize,
}

impl Tokens {
    /// # Errors
    /// If there is no sequence, or one is empty, longer than `n_ctx`, of another length than the first, or has a token that is not in
    /// the vocabulary.
    pub fn new(rows: &[Vec<usize>], config: &ModelConfig) -> Result<Self> {
        let positions = rows.first().ok_or_else(|| Error::new("tokens holds no sequence; it must hold at least one."))?.len();
        let mut values = Vec::with_capacity(rows.len() * positions);
        for (number, row) in rows.iter().enumerate() {
            if row.is_empty() || row.len() > config.n_ctx {
                let message = format!("tokens[{number}] has {} tokens; this model reads 1 to {} (n_ctx).", row.len(), config.n_ctx);
                return Err(Error::new(message));
            }
            if row.len() != positions {
                return Err(Error::new(format!(
                    "tokens[{number}] has {} tokens and tokens[0] has {positions}; all must be equally long.",
                    row.len()
                )));
            }
            for (position, token) in row.iter().enumerate() {
                if *token >= config.d_vocab {
                    let last = config.d_vocab - 1;
                    return Err(Error::new(format!("tokens[{number}][{position}] is {token}; tokens of this model are 0 to {last}.")));
                }
                values.push(*token as i32);
            }
        }
        Ok(Self { values, batch: rows.len(), positions })
    }

    /// The tokens on a device, `[batch, positions]`.
    pub fn tensor(&self, device: &Device) -> Tensor<2, Int> {
        Tensor::from_data(TensorData::new(self.values.clone(), [self.batch, self.positions]), device)
    }
}
