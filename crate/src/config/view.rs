//! How attention is shown: which quantity, in which form, order, scale and colours. Nothing here affects a run.

use serde::{Deserialize, Serialize};

/// What is shown of a pair of positions, destination and source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Attention weights, after the softmax.
    #[default]
    Pattern,
    /// Attention scores before the softmax, divided by the attention scale.
    Scores,
    /// The attention weight times the norm of the source's value vector.
    ValueWeighted,
    /// The attention weight times the norm of the source's value vector after `W_O` (Kobayashi et al., 2020).
    OutputWeighted,
}

/// A kind of picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A cell for each pair of positions.
    #[default]
    Heatmap,
    /// Lines between the tokens, as in BertViz.
    Arcs,
}

/// How a share of the range of values, 0 to 1, maps to a share of the colours, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Curve {
    /// In proportion.
    #[default]
    Linear,
    /// By its square root.
    Sqrt,
    /// By its logarithm, over three decades.
    Log,
}

/// Which heads share a colour scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Range {
    /// All of them: the largest value of all heads has the strongest colour.
    #[default]
    Common,
    /// Each has its own: each head's largest value has the strongest colour.
    Head,
}

/// Colour maps that are readable with any colour vision: lightness alone encodes the value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColourMap {
    /// Shades of blue, from the page's background on.
    #[default]
    Blue,
    /// Matplotlib's viridis.
    Viridis,
    /// Matplotlib's cividis.
    Cividis,
    /// Shades of grey, from the page's background on.
    Grey,
}

/// One of the two positions of an attention weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The query's position, which attends.
    #[default]
    Destination,
    /// The key's position, which is attended to.
    Source,
}

/// How several heads are shown together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Together {
    /// In one picture, each in its own hue.
    #[default]
    Overlay,
    /// In pictures side by side.
    Panels,
}
