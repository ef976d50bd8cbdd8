//! Colours. In every map lightness alone carries the value, so that every kind of colour vision can read it.

use serde::Deserialize;

use crate::config::ColourMap;

/// Red, green, blue.
pub type Rgb = [u8; 3];

/// The page's theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// Dark text on a light page.
    Light,
    /// Light text on a dark page.
    Dark,
}

/// The page's own map on a light page, evenly spaced from 0 to 1: one hue, from the page's background to a dark end.
const BLUE_LIGHT: [Rgb; 5] = [[246, 248, 251], [190, 214, 240], [110, 164, 220], [42, 104, 176], [10, 42, 96]];

/// The page's own map on a dark page, evenly spaced from 0 to 1: one hue, from the page's background to a bright end.
const BLUE_DARK: [Rgb; 5] = [[30, 34, 39], [32, 62, 104], [48, 110, 176], [110, 172, 232], [222, 240, 255]];

/// Greys on a light page, from 0 to 1.
const GREY_LIGHT: [Rgb; 2] = [[248, 248, 249], [22, 22, 24]];

/// Greys on a dark page, from 0 to 1.
const GREY_DARK: [Rgb; 2] = [[33, 34, 37], [250, 250, 250]];

/// Matplotlib's viridis, evenly spaced from 0 to 1.
const VIRIDIS: [Rgb; 9] = [
    [68, 1, 84],
    [71, 44, 122],
    [59, 81, 139],
    [44, 113, 142],
    [33, 144, 141],
    [39, 173, 129],
    [92, 200, 99],
    [170, 220, 50],
    [253, 231, 37],
];

/// Matplotlib's cividis, evenly spaced from 0 to 1.
const CIVIDIS: [Rgb; 5] = [[0, 34, 78], [65, 77, 107], [124, 123, 120], [188, 174, 108], [254, 232, 56]];

/// The negative end of the diverging scale by theme, light and dark: blue. Its middle is the page's own background.
const NEGATIVE: [Rgb; 2] = [[20, 80, 160], [120, 180, 250]];

/// The positive end of the diverging scale by theme: orange, which every kind of colour vision tells from blue.
const POSITIVE: [Rgb; 2] = [[190, 80, 0], [255, 160, 70]];

/// Hues of overlaid heads, which every kind of colour vision can tell apart (Okabe and Ito, 2008).
const HUES: [Rgb; 8] = [
    [0, 114, 178],
    [213, 94, 0],
    [0, 158, 115],
    [204, 121, 167],
    [230, 159, 0],
    [86, 180, 233],
    [148, 103, 60],
    [130, 130, 130],
];

impl Theme {
    /// The colour of a share from 0 to 1. Shares outside are clipped; NaN has the colour of 0.
    pub(super) fn sequential(self, map: ColourMap, share: f32) -> Rgb {
        match (map, self) {
            (ColourMap::Blue, Self::Light) => between(&BLUE_LIGHT, share),
            (ColourMap::Blue, Self::Dark) => between(&BLUE_DARK, share),
            (ColourMap::Grey, Self::Light) => between(&GREY_LIGHT, share),
            (ColourMap::Grey, Self::Dark) => between(&GREY_DARK, share),
            (ColourMap::Viridis, _) => between(&VIRIDIS, share),
            (ColourMap::Cividis, _) => between(&CIVIDIS, share),
        }
    }

    /// The colour of a share from -1 to 1. Shares outside are clipped.
    pub(super) fn diverging(self, share: f32) -> Rgb {
        let theme = usize::from(self == Self::Dark);
        let end = if share < 0.0 { NEGATIVE[theme] } else { POSITIVE[theme] };
        mix(self.ground(), end, share.abs().min(1.0))
    }

    /// The colour of a cell from its heads' numbers and shares. Each share has its head's hue; they mix as ink on a
    /// light page, so that many strong ones become dark, and as light on a dark page, where they become bright.
    pub(super) fn overlaid(self, shares: impl Iterator<Item = (usize, f32)>) -> Rgb {
        let ground = self.ground().map(f32::from);
        let mut rest = [1.0f32; 3];
        for (head, share) in shares {
            let hue = hue(head).map(|channel| f32::from(channel) / 255.0);
            for (rest, hue) in rest.iter_mut().zip(hue) {
                let covers = if self == Self::Light { 1.0 - hue } else { hue };
                *rest *= 1.0 - share.clamp(0.0, 1.0) * covers;
            }
        }
        std::array::from_fn(|i| {
            let end = if self == Self::Light { 0.0 } else { 255.0 };
            (end + (ground[i] - end) * rest[i]).round() as u8
        })
    }

    /// The colour of share 0 in the page's own map and in the diverging scale.
    fn ground(self) -> Rgb {
        if self == Self::Light { BLUE_LIGHT[0] } else { BLUE_DARK[0] }
    }

    /// The colour of cells that causal attention cannot reach.
    pub(super) fn masked(self) -> Rgb {
        if self == Self::Light { [233, 234, 237] } else { [8, 9, 11] }
    }

    /// The colour of token labels.
    pub(super) fn text(self) -> Rgb {
        if self == Self::Light { [38, 42, 51] } else { [222, 226, 233] }
    }

    /// The colour of axis names and other secondary text.
    pub(super) fn muted(self) -> Rgb {
        if self == Self::Light { [92, 98, 110] } else { [154, 161, 173] }
    }

    /// The page's background.
    pub fn paper(self) -> Rgb {
        if self == Self::Light { [252, 252, 253] } else { [17, 19, 23] }
    }

    /// The colour of what is pointed at or pinned.
    pub(super) fn accent(self) -> Rgb {
        if self == Self::Light { [168, 72, 0] } else { [255, 160, 70] }
    }
}

/// The hue of a head by its number among those shown; hues repeat after the eighth.
pub(super) fn hue(head: usize) -> Rgb {
    HUES[head % HUES.len()]
}

/// Black or white, whichever is easier to read on `ground`.
pub(super) fn ink_on(ground: Rgb) -> Rgb {
    let [r, g, b] = ground.map(f32::from);
    if 0.299 * r + 0.587 * g + 0.114 * b > 140.0 { [20, 22, 27] } else { [255, 255, 255] }
}

/// The colour at a share from 0 to 1 along evenly spaced ones.
fn between(anchors: &[Rgb], share: f32) -> Rgb {
    let last = anchors.len() - 1;
    let at = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) } * last as f32;
    let below = (at as usize).min(last - 1);
    mix(anchors[below], anchors[below + 1], at - below as f32)
}

/// From `from` at 0 to `to` at 1.
fn mix(from: Rgb, to: Rgb, part: f32) -> Rgb {
    let part = if part.is_nan() { 0.0 } else { part };
    std::array::from_fn(|i| (f32::from(from[i]) * (1.0 - part) + f32::from(to[i]) * part).round() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPS: [ColourMap; 4] = [ColourMap::Blue, ColourMap::Viridis, ColourMap::Cividis, ColourMap::Grey];

    fn lightness([r, g, b]: Rgb) -> f32 {
        0.2126 * f32::from(r) + 0.7152 * f32::from(g) + 0.0722 * f32::from(b)
    }

    #[test]
    fn lightness_changes_steadily_with_the_value() {
        for theme in [Theme::Light, Theme::Dark] {
            for map in MAPS {
                let steps: Vec<f32> = (0..=20).map(|i| lightness(theme.sequential(map, i as f32 / 20.0))).collect();
                let rising = steps[20] > steps[0];
                assert!(steps.windows(2).all(|pair| (pair[1] > pair[0]) == rising), "{theme:?} {map:?} {steps:?}");
            }
        }
    }

    #[test]
    fn differences_part_from_zero_in_two_hues() {
        for theme in [Theme::Light, Theme::Dark] {
            let [less, none, more] = [-0.5, 0.0, 0.5].map(|value| theme.diverging(value));
            assert_eq!(none, theme.ground());
            assert!(less[2] > less[0] && more[0] > more[2], "blue {less:?}, orange {more:?}");
        }
    }

    #[test]
    fn what_is_out_of_range_is_clipped() {
        assert_eq!(Theme::Light.sequential(ColourMap::Blue, 7.0), BLUE_LIGHT[4]);
        assert_eq!(Theme::Light.sequential(ColourMap::Blue, f32::NAN), BLUE_LIGHT[0]);
    }

    #[test]
    fn heads_keep_their_hues_alone_and_mix_together() {
        for theme in [Theme::Light, Theme::Dark] {
            let one = |head, share| theme.overlaid([(head, share)].into_iter());
            assert_eq!(one(3, 0.0), theme.ground());
            let near = |a: Rgb, b: Rgb| a.iter().zip(b).all(|(a, b)| a.abs_diff(b) < 40);
            for head in 0..8 {
                assert!(near(one(head, 1.0), hue(head)), "{theme:?} {head}: {:?} {:?}", one(head, 1.0), hue(head));
            }
            let both = theme.overlaid([(0, 1.0), (1, 1.0)].into_iter());
            let (a, b) = (lightness(one(0, 1.0)), lightness(one(1, 1.0)));
            assert!(if theme == Theme::Light { lightness(both) < a.min(b) } else { lightness(both) > a.max(b) });
        }
    }
}
