//! How values become shares of a colour map, and which numbers a legend names.

use crate::config::Curve;

/// Decades that a logarithmic scale spans; smaller values have share 0.
const DECADES: f32 = 3.0;

/// From values to shares: 0 to 1, or -1 to 1 around zero if it diverges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// The value of share 0, unless the scale diverges.
    pub low: f32,
    /// The value of share 1.
    pub high: f32,
    pub curve: Curve,
    /// Whether it goes from `-high` to `high`, around zero.
    pub diverging: bool,
}

/// A number of the legend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tick {
    /// How far along the bar it stands, from 0 to 1.
    pub at: f32,
    pub value: f32,
}

impl Scale {
    /// The share of a value. Values outside the range are clipped; NaN has share 0.
    pub fn share(&self, value: f32) -> f32 {
        if value.is_nan() || self.high <= self.low {
            return 0.0;
        }
        if self.diverging {
            return bend(self.curve, value.abs() / self.high).copysign(value);
        }
        bend(self.curve, (value - self.low) / (self.high - self.low))
    }

    /// The value that has this share.
    pub fn value(&self, share: f32) -> f32 {
        let part = unbend(self.curve, share.abs());
        if self.diverging { (part * self.high).copysign(share) } else { self.low + part * (self.high - self.low) }
    }

    /// Ticks that are evenly spaced along the bar, both ends included.
    pub fn ticks(&self) -> Vec<Tick> {
        let steps = if self.curve == Curve::Log && !self.diverging { DECADES as usize } else { 4 };
        (0..=steps)
            .map(|step| {
                let at = step as f32 / steps as f32;
                Tick { at, value: self.value(if self.diverging { 2.0 * at - 1.0 } else { at }) }
            })
            .collect()
    }
}

/// From a part of the range to a share, both 0 to 1.
fn bend(curve: Curve, part: f32) -> f32 {
    let part = part.clamp(0.0, 1.0);
    match curve {
        Curve::Linear => part,
        Curve::Sqrt => part.sqrt(),
        Curve::Log => (1.0 + libm::log10f(part.max(1e-30)) / DECADES).max(0.0),
    }
}

/// From a share to a part of the range, both 0 to 1: the inverse of [`bend`].
fn unbend(curve: Curve, share: f32) -> f32 {
    match curve {
        Curve::Linear => share,
        Curve::Sqrt => share * share,
        // Share 0 stands for all smaller values; this is the largest of them.
        Curve::Log if share == 0.0 => libm::powf(10.0, -DECADES),
        Curve::Log => libm::powf(10.0, (share - 1.0) * DECADES),
    }
}

/// A number to three significant digits, without trailing zeros and with a minus sign.
pub(super) fn short(value: f32) -> String {
    let size = value.abs();
    let text = if value == 0.0 || !value.is_finite() {
        format!("{value}")
    } else if size >= 99.95 {
        format!("{value:.0}")
    } else if size >= 0.000_95 {
        let decimals = (2 - libm::floorf(libm::log10f(size)) as i32).clamp(0, 3) as usize;
        let text = format!("{value:.decimals$}");
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        text.to_string()
    } else {
        format!("{value:.0e}")
    };
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(curve: Curve, diverging: bool) -> Scale {
        Scale { low: 0.0, high: 2.0, curve, diverging }
    }

    #[test]
    fn a_share_and_its_value_belong_together() {
        for curve in [Curve::Linear, Curve::Sqrt, Curve::Log] {
            for diverging in [false, true] {
                for value in [0.01, 0.3, 1.0, 1.9, 2.0] {
                    let scale = scale(curve, diverging);
                    assert!((scale.value(scale.share(value)) - value).abs() < 1e-5, "{curve:?} {diverging} {value}");
                    if diverging {
                        assert_eq!(scale.share(-value), -scale.share(value));
                    }
                }
            }
        }
    }

    #[test]
    fn weak_values_show_more_by_root_and_logarithm() {
        let shares = [Curve::Linear, Curve::Sqrt, Curve::Log].map(|curve| scale(curve, false).share(0.02));
        assert!(shares[0] < shares[1] && shares[1] < shares[2], "{shares:?}");
        assert_eq!(scale(Curve::Log, false).share(0.002), 0.0, "three decades below");
    }

    #[test]
    fn what_is_no_number_or_out_of_range_is_clipped() {
        let scale = scale(Curve::Linear, false);
        assert_eq!(
            [f32::NAN, f32::NEG_INFINITY, -1.0, 5.0, f32::INFINITY].map(|value| scale.share(value)),
            [0.0, 0.0, 0.0, 1.0, 1.0]
        );
    }

    #[test]
    fn a_legend_names_both_ends() {
        let ticks = |curve, diverging| {
            scale(curve, diverging).ticks().into_iter().map(|tick| short(tick.value)).collect::<Vec<_>>()
        };
        assert_eq!(ticks(Curve::Linear, false), ["0", "0.5", "1", "1.5", "2"]);
        assert_eq!(ticks(Curve::Log, false), ["0.002", "0.02", "0.2", "2"]);
        assert_eq!(ticks(Curve::Linear, true), ["−2", "−1", "0", "1", "2"]);
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [0.123_456, 12.345, 123.6, 0.000_012, -0.5, 1.0, 0.001].map(short),
            ["0.123", "12.3", "124", "1e−5", "−0.5", "1", "0.001"]
        );
    }
}
