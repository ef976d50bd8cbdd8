//! How attention is shown: which quantity of the heads, in which form, order, scale and colours. None of it changes a run.

use serde::{Deserialize, Serialize};

/// What is shown of a destination and a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Attention weights, after the softmax.
    #[default]
    Pattern,
    /// What the softmax is taken of, the scale applied.
    Scores,
    /// The weight times the norm of the source's value vector.
    ValueWeighted,
    /// The weight times the norm of what the source's value vector adds to the residual stream through `W_O` (Kobayashi et al., 2020).
    OutputWeighted,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    #[default]
    Heatmap,
    /// Lines between tokens, as in BertViz.
    Arcs,
}

/// How a share of the range becomes a share of the colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Curve {
    #[default]
    Linear,
    Sqrt,
    /// Three decades.
    Log,
}

/// Whose largest value has the strongest colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Range {
    /// The same for all heads.
    #[default]
    Common,
    /// Each head's own.
    Head,
}

/// Maps that every kind of colour vision can read: lightness alone carries the value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColourMap {
    #[default]
    Blue,
    Viridis,
    Cividis,
    Grey,
}

/// One of the two positions of a weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The query's, which attends.
    #[default]
    Destination,
    /// The key's, which is attended to.
    Source,
}

/// How several heads are shown at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Together {
    /// In one picture, each in a hue of its own.
    #[default]
    Overlay,
    /// Side by side.
    Panels,
}
