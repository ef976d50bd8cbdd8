//! What a picture of attention is drawn from: one quantity of every head, and the scales that it is shown on.

use super::scale::Scale;
use crate::config::{Curve, Quantity, Range};

/// A head of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Head {
    pub layer: usize,
    pub head: usize,
}

impl Head {
    /// As people write it: `L0H1`.
    pub fn name(self) -> String {
        format!("L{}H{}", self.layer, self.head)
    }
}

/// One number for every head, destination and source.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    /// Of the positions.
    pub labels: Vec<String>,
    /// `[layer, head, destination, source]`.
    pub data: Vec<f32>,
    pub shape: [usize; 4],
    /// Whether destinations see nothing that comes after them.
    pub causal: bool,
    pub quantity: Quantity,
    /// What an edited sequence has more than a clean one.
    pub difference: bool,
}

/// A score that is lower stands for an edge that was cut.
const CUT: f32 = -1e8;

/// The range of a pattern's differences is never narrower: noise shall not look like a finding.
const LEAST_DIFFERENCE: f32 = 0.05;

impl Values {
    pub fn positions(&self) -> usize {
        self.shape[2]
    }

    /// Every head, layer by layer.
    pub fn heads(&self) -> impl Iterator<Item = Head> + use<> {
        let [layers, heads, ..] = self.shape;
        (0..layers).flat_map(move |layer| (0..heads).map(move |head| Head { layer, head }))
    }

    pub fn has(&self, head: Head) -> bool {
        head.layer < self.shape[0] && head.head < self.shape[1]
    }

    /// `[destination, source]` of one head, row by row.
    pub fn of(&self, head: Head) -> &[f32] {
        let square = self.shape[2] * self.shape[3];
        let start = (head.layer * self.shape[1] + head.head) * square;
        &self.data[start..start + square]
    }

    /// Whether a destination can't see a source.
    pub fn masked(&self, destination: usize, source: usize) -> bool {
        self.causal && source > destination
    }

    /// The mean over all heads, `[destination, source]`.
    pub fn mean(&self) -> Vec<f32> {
        let square = self.shape[2] * self.shape[3];
        let mut sum = vec![0.0; square];
        for head in self.data.chunks_exact(square) {
            sum.iter_mut().zip(head).for_each(|(sum, value)| *sum += value);
        }
        let heads = (self.data.len() / square).max(1) as f32;
        sum.iter_mut().for_each(|sum| *sum /= heads);
        sum
    }

    /// The scale of one head's values, or of whichever values are given.
    pub fn scale(&self, own: &[f32], range: Range, curve: Curve) -> Scale {
        let over = if range == Range::Common { &self.data } else { own };
        if self.difference {
            let largest = self.seen(over).filter(|value| value.abs() < -CUT).map(f32::abs).fold(0.0, f32::max);
            let least = if self.quantity == Quantity::Pattern { LEAST_DIFFERENCE } else { 1e-6 };
            return Scale { low: 0.0, high: largest.max(least), curve, diverging: true };
        }
        let (low, high) = match self.quantity {
            // The same colour for the same share, whatever the model does.
            Quantity::Pattern if range == Range::Common => (0.0, 1.0),
            Quantity::Scores => {
                let scores = || self.seen(over).filter(|score| *score > CUT);
                (scores().fold(f32::INFINITY, f32::min), scores().fold(f32::NEG_INFINITY, f32::max))
            }
            _ => (0.0, self.seen(over).fold(0.0, f32::max)),
        };
        if low <= high {
            Scale { low, high, curve, diverging: false }
        } else {
            Scale { low: 0.0, high: 0.0, curve, diverging: false }
        }
    }

    /// Values of whole heads that are numbers and not masked.
    fn seen<'a>(&'a self, values: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        let n = self.positions();
        let rows = values.chunks_exact(n).enumerate();
        let visible = move |row: usize| if self.causal { row % n + 1 } else { n };
        rows.flat_map(move |(row, values)| values[..visible(row)].iter().copied()).filter(|value| value.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(quantity: Quantity, difference: bool) -> Values {
        let data = vec![1.0, 9.0, 0.25, 0.75, -2.0, 9.0, 0.5, -0.5];
        Values { labels: vec!["a".into(), "b".into()], data, shape: [1, 2, 2, 2], causal: true, quantity, difference }
    }

    #[test]
    fn scales_leave_masked_cells_out() {
        let scores = values(Quantity::Scores, false);
        let common = scores.scale(scores.of(Head { layer: 0, head: 0 }), Range::Common, Curve::Linear);
        assert_eq!((common.low, common.high), (-2.0, 1.0));
        let own = scores.scale(scores.of(Head { layer: 0, head: 0 }), Range::Head, Curve::Linear);
        assert_eq!((own.low, own.high), (0.25, 1.0));
    }

    #[test]
    fn a_pattern_goes_from_nothing_to_all_and_a_difference_both_ways() {
        let pattern = values(Quantity::Pattern, false);
        let common = pattern.scale(&pattern.data, Range::Common, Curve::Linear);
        assert_eq!((common.low, common.high), (0.0, 1.0));
        let difference = values(Quantity::Pattern, true);
        let common = difference.scale(&difference.data, Range::Common, Curve::Linear);
        assert_eq!((common.high, common.diverging, common.share(-2.0)), (2.0, true, -1.0));
    }

    #[test]
    fn an_edge_that_was_cut_does_not_stretch_the_scale() {
        let mut scores = values(Quantity::Scores, false);
        scores.data[2] = -1e9;
        let scale = scores.scale(&scores.data, Range::Common, Curve::Linear);
        assert_eq!((scale.low, scale.high), (-2.0, 1.0));
    }

    #[test]
    fn the_mean_is_over_heads() {
        assert_eq!(values(Quantity::Pattern, false).mean(), [-0.5, 9.0, 0.375, 0.125]);
    }
}
