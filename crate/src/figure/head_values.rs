//! What a picture of attention is drawn from: one quantity of every head, and the scales that it is shown on.

use super::scale::Scale;
use crate::config::{Curve, Head, Quantity, Range};

/// One number for every head, destination and source.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadValues {
    /// A label for each position.
    pub labels: Vec<String>,
    /// `[layer, head, destination, source]`.
    pub data: Vec<f32>,
    /// The shape of `data`; the last two sizes are the same.
    pub shape: [usize; 4],
    /// Whether destinations attend to nothing that comes after them.
    pub causal: bool,
    /// What the numbers are.
    pub quantity: Quantity,
    /// Whether the numbers are those of an edited sequence less those of the clean one.
    pub difference: bool,
}

/// Scores below this stand for edges that were cut.
const CUT: f32 = -1e8;

/// The least upper end of a scale for differences of patterns, so that noise does not look like a finding.
const MIN_PATTERN_DIFFERENCE: f32 = 0.05;

/// The least upper end of a scale for other differences: it only must not be zero.
const MIN_DIFFERENCE: f32 = 1e-6;

impl HeadValues {
    /// How many positions there are.
    pub(super) fn positions(&self) -> usize {
        self.shape[2]
    }

    /// Every head, layer by layer.
    pub(super) fn heads(&self) -> impl Iterator<Item = Head> + use<> {
        let [layers, heads, ..] = self.shape;
        (0..layers).flat_map(move |layer| (0..heads).map(move |head| Head { layer, head }))
    }

    /// Whether there are values of this head.
    pub(super) fn has(&self, head: Head) -> bool {
        head.layer < self.shape[0] && head.head < self.shape[1]
    }

    /// The values of one head, `[destination, source]`, row by row.
    ///
    /// # Panics
    /// If there are none of this head.
    pub(super) fn of(&self, head: Head) -> &[f32] {
        let square = self.shape[2] * self.shape[3];
        let start = (head.layer * self.shape[1] + head.head) * square;
        &self.data[start..start + square]
    }

    /// Whether causal attention keeps the destination from the source.
    pub(super) fn masked(&self, destination: usize, source: usize) -> bool {
        self.causal && source > destination
    }

    /// The mean over all heads, `[destination, source]`.
    pub(super) fn mean(&self) -> Vec<f32> {
        let square = self.shape[2] * self.shape[3];
        let mut sum = vec![0.0; square];
        for head in self.data.chunks_exact(square) {
            sum.iter_mut().zip(head).for_each(|(sum, value)| *sum += value);
        }
        let heads = (self.data.len() / square).max(1) as f32;
        sum.iter_mut().for_each(|sum| *sum /= heads);
        sum
    }

    /// The scale for `own`, the values of one head or their mean: over them alone, or over all heads, as `range` says.
    pub(super) fn scale(&self, own: &[f32], range: Range, curve: Curve) -> Scale {
        let over = if range == Range::Common { &self.data } else { own };
        if self.difference {
            let largest = self.seen(over).filter(|value| value.abs() < -CUT).map(f32::abs).fold(0.0, f32::max);
            let least = if self.quantity == Quantity::Pattern { MIN_PATTERN_DIFFERENCE } else { MIN_DIFFERENCE };
            return Scale { low: 0.0, high: largest.max(least), curve, diverging: true };
        }
        let (low, high) = match self.quantity {
            // One attention weight has one colour, whatever the model does.
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

    /// Those of the values of whole heads that are finite and not masked.
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

    fn values(quantity: Quantity, difference: bool) -> HeadValues {
        let data = vec![1.0, 9.0, 0.25, 0.75, -2.0, 9.0, 0.5, -0.5];
        let labels = vec!["a".into(), "b".into()];
        HeadValues { labels, data, shape: [1, 2, 2, 2], causal: true, quantity, difference }
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
