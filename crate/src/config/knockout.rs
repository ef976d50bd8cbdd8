//! An ablated part of a model, in the form that records and links hold: `head:0.1:zero`. `experiment/knockouts.rs`
//! makes an intervention of it.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use super::forms::{MAX_POSITION, whole};
use super::{ModelConfig, PositionalEmbedding};

/// One head of a model, `layer.head`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Head {
    /// The layer, counted from 0.
    pub layer: usize,
    /// The head within the layer, counted from 0.
    pub head: usize,
}

/// A destination and a source, `destination:source`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Pair {
    /// The position that attends (the query's).
    pub destination: usize,
    /// The position that is attended to (the key's).
    pub source: usize,
}

/// What a head's output is replaced by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instead {
    /// Zeros.
    Zero,
    /// Its mean over the sequences of the batch.
    Mean,
    /// The head's output on the next sequence of the batch.
    Resample,
}

/// A part of a model that is ablated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knockout {
    /// A head's output.
    Head {
        /// The head.
        head: Head,
        /// What replaces its output.
        instead: Instead,
    },
    /// The attention of a destination to a source.
    Edge {
        /// The head that attends.
        head: Head,
        /// The destination and the source.
        pair: Pair,
        /// Whether only this weight becomes 0, so that the row no longer sums to 1. Otherwise the row is renormalised.
        zero: bool,
    },
    /// The positional embedding of a position.
    Position(usize),
    /// The MLP of a layer.
    Mlp(usize),
}

impl Head {
    /// Whether a model has this head.
    pub fn is_in(self, model: &ModelConfig) -> bool {
        self.layer < model.n_layers && self.head < model.n_heads
    }
}

impl Pair {
    /// Whether a model can read both positions.
    pub fn is_in(self, model: &ModelConfig) -> bool {
        self.destination.max(self.source) < model.n_ctx
    }
}

impl Knockout {
    /// Whether a model has this part.
    pub fn is_in(self, model: &ModelConfig) -> bool {
        match self {
            Self::Head { head, .. } => head.is_in(model),
            Self::Edge { head, pair, .. } => head.is_in(model) && pair.is_in(model),
            Self::Position(position) => {
                position < model.n_ctx && model.positional_embedding_type != PositionalEmbedding::Rotary
            }
            Self::Mlp(layer) => layer < model.n_layers && !model.attn_only,
        }
    }
}

fn index(text: &str) -> Result<usize, ()> {
    whole(text, MAX_POSITION).ok_or(())
}

impl FromStr for Head {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (layer, head) = text.split_once('.').ok_or(())?;
        Ok(Self { layer: index(layer)?, head: index(head)? })
    }
}

impl FromStr for Pair {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (destination, source) = text.split_once(':').ok_or(())?;
        Ok(Self { destination: index(destination)?, source: index(source)? })
    }
}

impl FromStr for Knockout {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let pair = |destination, source| Ok(Pair { destination: index(destination)?, source: index(source)? });
        match parts[..] {
            ["head", head, "zero"] => Ok(Self::Head { head: head.parse()?, instead: Instead::Zero }),
            ["head", head, "mean"] => Ok(Self::Head { head: head.parse()?, instead: Instead::Mean }),
            ["head", head, "resample"] => Ok(Self::Head { head: head.parse()?, instead: Instead::Resample }),
            ["edge", head, destination, source] => {
                Ok(Self::Edge { head: head.parse()?, pair: pair(destination, source)?, zero: false })
            }
            ["edge", head, destination, source, "zero"] => {
                Ok(Self::Edge { head: head.parse()?, pair: pair(destination, source)?, zero: true })
            }
            ["position", position] => Ok(Self::Position(index(position)?)),
            ["mlp", layer] => Ok(Self::Mlp(index(layer)?)),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.layer, self.head)
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.destination, self.source)
    }
}

impl fmt::Display for Knockout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head { head, instead: Instead::Zero } => write!(f, "head:{head}:zero"),
            Self::Head { head, instead: Instead::Mean } => write!(f, "head:{head}:mean"),
            Self::Head { head, instead: Instead::Resample } => write!(f, "head:{head}:resample"),
            Self::Edge { head, pair, zero: false } => write!(f, "edge:{head}:{pair}"),
            Self::Edge { head, pair, zero: true } => write!(f, "edge:{head}:{pair}:zero"),
            Self::Position(position) => write!(f, "position:{position}"),
            Self::Mlp(layer) => write!(f, "mlp:{layer}"),
        }
    }
}
