//! Shares of trials, with the interval that they leave open.

use serde::Serialize;

/// A share with its 95 % Wilson interval (Wilson, 1927). Without trials everything is possible: 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Rate {
    /// The share, from 0 to 1.
    pub rate: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The normal distribution's 97.5 % quantile.
const Z: f64 = 1.959_963_984_540_054;

impl Rate {
    /// The share of `hits` among `trials`.
    pub fn of(hits: u64, trials: u64) -> Self {
        if trials == 0 {
            return Self { rate: 0.0, low: 0.0, high: 1.0 };
        }
        let (n, p) = (trials as f64, hits as f64 / trials as f64);
        let centre = p + Z * Z / (2.0 * n);
        let reach = Z * libm::sqrt(p * (1.0 - p) / n + Z * Z / (4.0 * n * n));
        let scale = 1.0 + Z * Z / n;
        // Rounding must not leave the rate outside its own interval.
        Self { rate: p, low: ((centre - reach) / scale).clamp(0.0, p), high: ((centre + reach) / scale).clamp(p, 1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the textbook's figures (Newcombe, 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29).
    #[test]
    fn agrees_with_newcombe() {
        for (hits, trials, low, high) in
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
        {
            let rate = Rate::of(hits, trials);
            assert!((rate.low - low).abs() < 6e-5 && (rate.high - high).abs() < 6e-5, "{hits} of {trials}: {rate:?}");
        }
    }

    #[test]
    fn an_interval_holds_its_rate_and_no_trials_say_nothing() {
        assert_eq!(Rate::of(0, 0), Rate { rate: 0.0, low: 0.0, high: 1.0 });
        for (hits, trials) in [(0, 1), (1, 1), (2000, 2000), (0, 100_000)] {
            let Rate { rate, low, high } = Rate::of(hits, trials);
            assert!((0.0..=rate).contains(&low) && (rate..=1.0).contains(&high) && low < high, "{hits} of {trials}");
        }
    }
}
