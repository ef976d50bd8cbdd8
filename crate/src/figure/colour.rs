//! Colours. In every map lightness alone carries the value, so that it reads the same to every kind of colour vision.

use crate::config::ColourMap;

/// Red, green, blue.
pub type Rgb = [u8; 3];

/// The page's theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

/// Anchors of the page's own map, evenly spaced from 0 to 1: one hue, from the page's background to a dark (or bright) end.
const LIGHT: [Rgb; 5] = [[246, 248, 251], [190, 214, 240], [110, 164, 220], [42, 104, 176], [10, 42, 96]];
const DARK: [Rgb; 5] = [[30, 34, 39], [32, 62, 104], [48, 110, 176], [110, 172, 232], [222, 240, 255]];

const GREY_LIGHT: [Rgb; 2] = [[248, 248, 249], [22, 22, 24]];
const GREY_DARK: [Rgb; 2] = [[33, 34, 37], [250, 250, 250]];

/// Matplotlib's maps, at even steps.
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
const CIVIDIS: [Rgb; 5] = [[0, 34, 78], [65, 77, 107], [124, 123, 120], [188, 174, 108], [254, 232, 56]];

/// Ends of the diverging scale, whose middle is the page's own background: blue and orange, which every kind of colour vision tells
/// apart.
const NEGATIVE: [Rgb; 2] = [[20, 80, 160], [120, 180, 250]];
const POSITIVE: [Rgb; 2] = [[190, 80, 0], [255, 160, 70]];

/// Hues of heads that lie over one another: Okabe and Ito's, which are told apart by every kind of colour vision.
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
    /// The colour of a share from 0 to 1.
    pub fn sequential(self, map: ColourMap, share: f32) -> Rgb {
        match (map, self) {
            (ColourMap::Blue, Self::Light) => between(&LIGHT, share),
            (ColourMap::Blue, Self::Dark) => between(&DARK, share),
            (ColourMap::Grey, Self::Light) => between(&GREY_LIGHT, share),
            (ColourMap::Grey, Self::Dark) => between(&GREY_DARK, share),
            (ColourMap::Viridis, _) => between(&VIRIDIS, share),
            (ColourMap::Cividis, _) => between(&CIVIDIS, share),
        }
    }

    /// The colour of a share from -1 to 1.
    pub fn diverging(self, share: f32) -> Rgb {
        let theme = usize::from(self == Self::Dark);
        let end = if share < 0.0 { NEGATIVE[theme] } else { POSITIVE[theme] };
        mix(self.ground(), end, share.abs().min(1.0))
    }

    /// Shares of several heads in one cell, each in its hue: ink on a light page, light on a dark one. A share that stands alone has its
    /// hue, many strong ones together become dark (bright).
    pub fn overlaid(self, shares: impl Iterator<Item = (usize, f32)>) -> Rgb {
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

    /// Where nothing is: the least of the page's own map.
    pub fn ground(self) -> Rgb {
        if self == Self::Light { LIGHT[0] } else { DARK[0] }
    }

    /// Cells that causal attention can't reach.
    pub fn masked(self) -> Rgb {
        if self == Self::Light { [233, 234, 237] } else { [8, 9, 11] }
    }

    /// Token labels.
    pub fn text(self) -> Rgb {
        if self == Self::Light { [38, 42, 51] } else { [222, 226, 233] }
    }

    /// Axis names and other secondary text.
    pub fn muted(self) -> Rgb {
        if self == Self::Light { [92, 98, 110] } else { [154, 161, 173] }
    }

    /// The page's background.
    pub fn paper(self) -> Rgb {
        if self == Self::Light { [252, 252, 253] } else { [17, 19, 23] }
    }

    /// What is pointed at or pinned.
    pub fn accent(self) -> Rgb {
        if self == Self::Light { [168, 72, 0] } else { [255, 160, 70] }
    }
}

/// The hue of a head by its number among those shown; they repeat.
pub fn hue(head: usize) -> Rgb {
    HUES[head % HUES.len()]
}

/// A colour that writing on `ground` can be read in.
pub fn ink_on(ground: Rgb) -> Rgb {
    let [r, g, b] = ground.map(f32::from);
    if 0.299 * r + 0.587 * g + 0.114 * b > 140.0 { [20, 22, 27] } else { [255, 255, 255] }
}

fn between(anchors: &[Rgb], share: f32) -> Rgb {
    let last = anchors.len() - 1;
    let at = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) } * last as f32;
    let below = (at as usize).min(last - 1);
    mix(anchors[below], anchors[below + 1], at - below as f32)
}

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
        assert_eq!(Theme::Light.sequential(ColourMap::Blue, 7.0), LIGHT[4]);
        assert_eq!(Theme::Light.sequential(ColourMap::Blue, f32::NAN), LIGHT[0]);
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
