//! Sequences of tokens, checked against the model that will read them.

use burn_tensor::{Device, Int, Tensor, TensorData};

use super::{Model, Padding};
use crate::config::ModelConfig;
use crate::error::{Error, Result};

/// The most values in the largest activation of a forward pass: 200 MB. Several such activations must fit into a wasm
/// module's 4 GB.
const MAX_VALUES: usize = 50_000_000;

/// The most multiplications in one of the forward passes that a long computation is split into: about 10 ms on the CPU.
/// The notebook's model reads a hundred lists with them.
const MOST_MULTIPLICATIONS: usize = 110_000_000;

impl Model {
    /// How many sequences of `positions` tokens one forward pass of a long computation should read, at most `most`: so
    /// many that it takes about 10 ms on the CPU, after which the caller can do other things.
    pub fn sequences_a_pass(&self, positions: usize, most: usize) -> usize {
        let config = self.config();
        let patterns = 2 * config.n_layers * config.n_heads * positions * config.d_head;
        (MOST_MULTIPLICATIONS / (positions * (self.layout().len() + patterns))).clamp(1, most)
    }
}

/// A batch of sequences of equal length that a model can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// The tokens, `[batch, positions]`.
    pub values: Vec<i32>,
    /// Sequences.
    pub batch: usize,
    /// Positions of each sequence.
    pub positions: usize,
    /// Which positions hold tokens; `None`: all of them.
    pub padding: Option<Padding>,
}

impl Tokens {
    /// The batch of the sequences `rows`.
    ///
    /// # Errors
    /// If there is no sequence; if one is empty, longer than `n_ctx`, or of another length than the first; if a token
    /// is not in the vocabulary; if the activations would take too much memory.
    pub fn new(rows: &[Vec<usize>], config: &ModelConfig) -> Result<Self> {
        let positions =
            rows.first().ok_or_else(|| Error::new("tokens holds no sequence; it must hold at least one."))?.len();
        for (number, row) in rows.iter().enumerate() {
            Self::check_row(row, &format!("tokens[{number}]"), config)?;
            if row.len() != positions {
                let message = format!(
                    "tokens[{number}] has {} tokens and tokens[0] has {positions}; all must be equally long.",
                    row.len()
                );
                return Err(Error::new(message));
            }
        }
        let widest = [
            config.d_vocab,
            config.d_vocab_out,
            config.d_model,
            config.n_heads * config.d_head.max(positions),
            if config.attn_only { 0 } else { config.d_mlp },
        ];
        let most = MAX_VALUES / (positions * widest.into_iter().max().unwrap_or(1));
        if rows.len() > most {
            return Err(Error::new(format!(
                "tokens has {} sequences; of this length this model reads at most {most} at once.",
                rows.len()
            )));
        }
        let values = rows.iter().flatten().map(|token| *token as i32).collect();
        Ok(Self { values, batch: rows.len(), positions, padding: None })
    }

    /// The same batch with padding: `mask[row][position]` says whether the position holds a token.
    ///
    /// # Errors
    /// If the mask's shape is not that of the tokens.
    pub fn masked(self, mask: &[Vec<bool>]) -> Result<Self> {
        let padding = Padding::new(mask, self.batch, self.positions)?;
        Ok(Self { padding: Some(padding), ..self })
    }

    /// Whether a model can read a sequence. Errors call it `name`.
    ///
    /// # Errors
    /// If the sequence is empty or longer than `n_ctx`, or has a token that is not in the vocabulary.
    pub fn check_row(row: &[usize], name: &str, config: &ModelConfig) -> Result<()> {
        if row.is_empty() || row.len() > config.n_ctx {
            return Err(Error::new(format!(
                "{name} has {} tokens; this model reads 1 to {} (n_ctx).",
                row.len(),
                config.n_ctx
            )));
        }
        match row.iter().enumerate().find(|(_, token)| **token >= config.d_vocab) {
            None => Ok(()),
            Some((position, token)) => {
                let last = config.d_vocab - 1;
                Err(Error::new(format!("{name}[{position}] is {token}; tokens of this model are 0 to {last}.")))
            }
        }
    }

    /// The tokens on a device, `[batch, positions]`.
    pub fn tensor(&self, device: &Device) -> Tensor<2, Int> {
        Tensor::from_data(TensorData::new(self.values.clone(), [self.batch, self.positions]), device)
    }
}
