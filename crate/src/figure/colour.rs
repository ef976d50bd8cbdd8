//! Colours: one hue from the page's background to a dark (or, on a dark page, a bright) end. Lightness alone carries the value, so the
//! scale reads the same to every kind of colour vision.

/// Red, green, blue.
pub type Rgb = [u8; 3];

/// The page's theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

/// Anchors of the sequential scale, evenly spaced from 0 to 1.
const LIGHT: [Rgb; 5] = [[246, 248, 251], [190, 214, 240], [110, 164, 220], [42, 104, 176], [10, 42, 96]];
const DARK: [Rgb; 5] = [[27, 31, 38], [32, 62, 104], [48, 110, 176], [110, 172, 232], [222, 240, 255]];

/// Ends of the diverging scale, whose middle is the sequential scale's lightest (darkest) colour: blue and orange, which every kind of
/// colour vision tells apart.
const NEGATIVE: [Rgb; 2] = [[20, 80, 160], [120, 180, 250]];
const POSITIVE: [Rgb; 2] = [[190, 80, 0], [255, 160, 70]];

/// What a heat map's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// From 0 to 1.
    Weights,
    /// From -1 to 1, around 0.
    Difference,
}

impl Theme {
    pub fn colour(self, value: f32, scale: Scale) -> Rgb {
        match scale {
            Scale::Weights => self.sequential(value),
            Scale::Difference => self.diverging(value),
        }
    }

    /// The colour of a value from -1 to 1. Small differences show: lightness goes with the square root.
    pub fn diverging(self, value: f32) -> Rgb {
        let theme = usize::from(self == Self::Dark);
        let end = if value < 0.0 { NEGATIVE[theme] } else { POSITIVE[theme] };
        let middle = if self == Self::Light { LIGHT[0] } else { DARK[0] };
        let part = if value.is_nan() { 0.0 } else { value.abs().min(1.0).sqrt() };
        std::array::from_fn(|i| (f32::from(middle[i]) * (1.0 - part) + f32::from(end[i]) * part).round() as u8)
    }

    /// The colour of a value from 0 to 1; what lies outside is clipped, and what is no number is shown as 0.
    pub fn sequential(self, value: f32) -> Rgb {
        let anchors = if self == Self::Light { LIGHT } else { DARK };
        let at = if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) } * 4.0;
        let below = (at as usize).min(3);
        let part = at - below as f32;
        std::array::from_fn(|i| (f32::from(anchors[below][i]) * (1.0 - part) + f32::from(anchors[below + 1][i]) * part).round() as u8)
    }

    /// Cells that causal attention can't reach.
    pub fn masked(self) -> Rgb {
        if self == Self::Light { [233, 234, 237] } else { [20, 22, 27] }
    }

    /// Token labels.
    pub fn text(self) -> Rgb {
        if self == Self::Light { [38, 42, 51] } else { [222, 226, 233] }
    }

    /// Axis names and other secondary text.
    pub fn muted(self) -> Rgb {
        if self == Self::Light { [92, 98, 110] } else { [154, 161, 173] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lightness([r, g, b]: Rgb) -> f32 {
        0.2126 * f32::from(r) + 0.7152 * f32::from(g) + 0.0722 * f32::from(b)
    }

    #[test]
    fn lightness_changes_steadily_with_the_value() {
        for theme in [Theme::Light, Theme::Dark] {
            let steps: Vec<f32> = (0..=20).map(|i| lightness(theme.sequential(i as f32 / 20.0))).collect();
            let rising = theme == Theme::Dark;
            assert!(steps.windows(2).all(|pair| (pair[1] > pair[0]) == rising), "{theme:?} {steps:?}");
        }
    }

    #[test]
    fn differences_part_from_zero_in_two_hues() {
        for theme in [Theme::Light, Theme::Dark] {
            let [less, none, more] = [-0.5, 0.0, 0.5].map(|value| theme.diverging(value));
            assert_eq!(none, theme.sequential(0.0));
            assert!(less[2] > less[0] && more[0] > more[2], "blue {less:?}, orange {more:?}");
        }
    }

    #[test]
    fn what_is_out_of_range_is_clipped() {
        assert_eq!(Theme::Light.sequential(7.0), LIGHT[4]);
        assert_eq!(Theme::Light.sequential(f32::NAN), LIGHT[0]);
    }
}
