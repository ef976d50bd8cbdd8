//! What a picture shows, apart from its geometry: the values, the series drawn from them, and what is pointed at and
//! pinned.

use super::colour::{Rgb, Theme, hue};
use super::focus::Focus;
use super::head_values::HeadValues;
use super::scale::{Scale, short};
use super::style::Style;
use crate::config::{ColourMap, Form, Head, Pair, Together};

/// With more heads than this and none chosen, the mean over all is shown: so many hues cannot be told apart.
const MAX_HUES: usize = 8;

/// One head, or the mean over all heads, as it is drawn.
pub(super) struct Series {
    /// `None`: the mean over all heads.
    pub head: Option<Head>,
    /// `[destination, source]`, row by row.
    pub values: Vec<f32>,
    pub scale: Scale,
}

impl Series {
    /// Its name for people: `L0H1`.
    pub fn name(&self) -> String {
        self.head.map_or("mean of all heads".into(), |Head { layer, head }| format!("L{layer}H{head}"))
    }
}

pub(super) struct Scene {
    pub values: HeadValues,
    pub style: Style,
    /// At least one.
    pub series: Vec<Series>,
    pub focus: Focus,
    /// The cell whose number stays written.
    pub pinned: Option<Pair>,
}

impl Scene {
    /// A scene of the `chosen` heads; those that the model does not have are left out, and none means all.
    pub fn new(values: HeadValues, style: Style, chosen: &[Head]) -> Self {
        let mut heads: Vec<Head> = chosen.iter().copied().filter(|head| values.has(*head)).collect();
        if heads.is_empty() {
            heads = values.heads().collect();
        }
        let series = |head: Option<Head>, own: Vec<f32>| {
            let scale = values.scale(&own, style.range, style.curve);
            Series { head, values: own, scale }
        };
        let series: Vec<Series> =
            if chosen.is_empty() && heads.len() > MAX_HUES && !side_by_side(style, values.difference) {
                vec![series(None, values.mean())]
            } else {
                heads.into_iter().map(|head| series(Some(head), values.of(head).to_vec())).collect()
            };
        Self { values, style, series, focus: Focus::default(), pinned: None }
    }

    /// Whether several series lie over one another.
    pub fn overlaid(&self) -> bool {
        self.series.len() > 1 && !side_by_side(self.style, self.values.difference)
    }

    /// Whether there is a cell for a pair of positions that causal attention can reach.
    pub fn visible(&self, Pair { destination, source }: Pair) -> bool {
        let n = self.values.positions();
        destination < n && source < n && !self.values.masked(destination, source)
    }

    /// The colour of a value in a panel of its own.
    pub fn colour(&self, scale: &Scale, value: f32) -> Rgb {
        let (theme, share) = (self.style.theme, scale.share(value));
        if scale.diverging { theme.diverging(share) } else { theme.sequential(self.style.map, share) }
    }

    /// The colour of a series' lines; `number` is its place among those shown. A line's strength is its width and
    /// opacity, so that one colour serves all values.
    pub fn line_colour(&self, number: usize, value: f32) -> Rgb {
        let Style { theme, map, .. } = self.style;
        if self.series[number].scale.diverging {
            return theme.diverging(1f32.copysign(value));
        }
        if self.series.len() > 1 {
            return hue(number);
        }
        let share = match (map, theme) {
            (ColourMap::Blue, Theme::Light) => 0.75,
            (ColourMap::Blue, Theme::Dark) => 0.7,
            (ColourMap::Grey, _) => 0.8,
            (ColourMap::Viridis | ColourMap::Cividis, _) => 0.45,
        };
        theme.sequential(map, share)
    }

    /// The numbers of a pair of positions as they are written beside it: one for each of the series, in order.
    ///
    /// # Panics
    /// If the values have no such pair.
    pub fn written(&self, series: &[Series], Pair { destination, source }: Pair) -> String {
        let at = destination * self.values.positions() + source;
        let number = |series: &Series| {
            let value = series.values[at];
            let plus = if series.scale.diverging && value > 0.0 { "+" } else { "" };
            format!("{plus}{}", short(value))
        };
        series.iter().map(number).collect::<Vec<_>>().join("  ")
    }

    /// What each series has at a pair of positions; `None` stands for the mean. Empty where the pair is masked.
    pub fn read(&self, pair: Pair) -> Vec<(Option<Head>, f32)> {
        if !self.visible(pair) {
            return Vec::new();
        }
        let at = pair.destination * self.values.positions() + pair.source;
        self.series.iter().map(|series| (series.head, series.values[at])).collect()
    }

    /// If one token is pointed at: for every position the strongest share of colour (-1 to 1) that a series has between
    /// the two.
    pub fn shades(&self, focus: Focus) -> Option<Vec<f32>> {
        let n = self.values.positions();
        let pair = |position: usize| match (focus.destination, focus.source) {
            (Some(destination), None) if destination < n => Some(Pair { destination, source: position }),
            (None, Some(source)) if source < n => Some(Pair { destination: position, source }),
            _ => None,
        };
        let strongest = |position: usize| {
            let pair = pair(position)?;
            if !self.visible(pair) {
                return Some(0.0);
            }
            let at = pair.destination * n + pair.source;
            let shares = self.series.iter().map(|series| series.scale.share(series.values[at]));
            Some(shares.fold(0.0, |a, b| if b.abs() > f32::abs(a) { b } else { a }))
        };
        (0..n).map(strongest).collect()
    }
}

/// Whether each of several heads has a panel of its own. Differences always do: their two hues leave none to tell heads
/// apart.
fn side_by_side(style: Style, difference: bool) -> bool {
    style.form == Form::Heatmap && (style.together == Together::Panels || difference)
}
