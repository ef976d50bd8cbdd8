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

impl Theme {
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
    fn what_is_out_of_range_is_clipped() {
        assert_eq!(Theme::Light.sequential(7.0), LIGHT[4]);
        assert_eq!(Theme::Light.sequential(f32::NAN), LIGHT[0]);
    }
}
