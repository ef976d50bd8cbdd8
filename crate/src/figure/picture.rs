//! The large picture of attention: which heads of which values it shows, in which style, with what pointed at and pinned. It lays itself
//! out, draws itself as shapes, and says what lies under a point.

use super::arcs::Arcs;
use super::colour::{Rgb, Theme, hue};
use super::drawing::Drawing;
use super::grid::Grid;
use super::heat;
use super::legend;
use super::scale::{Scale, short};
use super::values::{Head, Values};
use crate::config::{ColourMap, Curve, Form, Range, Side, Together};

/// With more heads than this and none chosen, the mean over all is shown: so many hues can't be told apart.
const MOST_HUES: usize = 8;

/// How a picture is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    pub form: Form,
    pub curve: Curve,
    pub range: Range,
    pub map: ColourMap,
    pub rows: Side,
    pub together: Together,
    pub theme: Theme,
    /// Room across, in CSS pixels, and device pixels in each.
    pub width: f64,
    pub ratio: f64,
}

/// Positions that are pointed at: a pair is a cell, one alone a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Focus {
    pub destination: Option<usize>,
    pub source: Option<usize>,
}

impl Focus {
    /// The position on one side.
    pub fn on(self, side: Side) -> Option<usize> {
        if side == Side::Destination { self.destination } else { self.source }
    }

    /// A row and a column, of which `rows` says what a row is.
    pub fn at(rows: Side, row: Option<usize>, column: Option<usize>) -> Self {
        let (destination, source) = if rows == Side::Destination { (row, column) } else { (column, row) };
        Self { destination, source }
    }
}

impl Side {
    pub(super) fn other(self) -> Self {
        if self == Self::Destination { Self::Source } else { Self::Destination }
    }
}

/// What lies under a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    pub focus: Focus,
    /// Of the panel; `None` where heads lie over one another.
    pub head: Option<Head>,
}

/// One head, or the mean of all, as it is drawn.
pub(super) struct Layer {
    /// `None`: the mean over all heads.
    pub head: Option<Head>,
    /// `[destination, source]`.
    pub values: Vec<f32>,
    pub scale: Scale,
}

impl Layer {
    pub fn name(&self) -> String {
        self.head.map_or("mean of all heads".into(), Head::name)
    }
}

enum Layout {
    /// A panel a layer, or all layers in one.
    Heat {
        grid: Grid,
        overlaid: bool,
    },
    Arcs(Arcs),
}

/// The large picture.
pub struct Picture {
    pub(super) values: Values,
    pub(super) style: Style,
    pub(super) layers: Vec<Layer>,
    pub(super) focus: Focus,
    /// Destination and source whose numbers stay written.
    pub(super) pinned: Option<(usize, usize)>,
    layout: Layout,
    legend: legend::Legend,
}

impl Picture {
    /// `chosen`: the heads to show; those that the model has not are left out, and none means all.
    pub fn new(values: Values, style: Style, chosen: &[Head]) -> Self {
        let mut heads: Vec<Head> = chosen.iter().copied().filter(|head| values.has(*head)).collect();
        if heads.is_empty() {
            heads = values.heads().collect();
        }
        let panels = style.form == Form::Heatmap && (style.together == Together::Panels || values.difference);
        let layer = |head: Head| {
            let own = values.of(head);
            Layer { head: Some(head), values: own.to_vec(), scale: values.scale(own, style.range, style.curve) }
        };
        let layers: Vec<Layer> = if chosen.is_empty() && heads.len() > MOST_HUES && !panels {
            let mean = values.mean();
            vec![Layer { head: None, scale: values.scale(&mean, style.range, style.curve), values: mean }]
        } else {
            heads.into_iter().map(layer).collect()
        };
        let overlaid = layers.len() > 1 && !panels;
        let layout = if style.form == Form::Arcs {
            Layout::Arcs(Arcs::new(&values.labels, style.width, style.ratio))
        } else {
            let panels = if overlaid { 1 } else { layers.len() };
            let whole = values.shape[0] * values.shape[1];
            let a_row = if panels == whole { values.shape[1] } else { panels };
            Layout::Heat {
                grid: Grid::new(panels, a_row, whole > 1, values.positions(), style.width, style.ratio),
                overlaid,
            }
        };
        let (width, ratio) = match &layout {
            Layout::Heat { grid, .. } => (grid.width, grid.ratio),
            Layout::Arcs(arcs) => (arcs.width, arcs.ratio),
        };
        let legend = legend::Legend::new(&layers, style, width.max(style.width.min(300.0) * ratio), ratio);
        Self { values, style, layers, focus: Focus::default(), pinned: None, layout, legend }
    }

    pub fn point_at(&mut self, focus: Focus) {
        self.focus = focus;
    }

    pub fn pin(&mut self, pinned: Option<(usize, usize)>) {
        self.pinned = pinned;
    }

    /// What it was made from, for another picture.
    pub fn into_values(self) -> Values {
        self.values
    }

    /// As shapes.
    pub fn drawing(&self) -> Drawing {
        let (mut drawing, left) = match &self.layout {
            Layout::Heat { grid, overlaid } => (heat::drawing(self, grid, *overlaid), grid.margin),
            Layout::Arcs(arcs) => (arcs.drawing(self), 0.0),
        };
        self.legend.draw(&mut drawing, left, self.style.theme);
        drawing
    }

    /// Its height in CSS pixels.
    pub fn height(&self) -> f64 {
        let (height, ratio) = match &self.layout {
            Layout::Heat { grid, .. } => (grid.height, grid.ratio),
            Layout::Arcs(arcs) => (arcs.height, arcs.ratio),
        };
        (height + self.legend.height()) / ratio
    }

    /// What lies under a point in CSS pixels.
    pub fn hit(&self, x: f64, y: f64) -> Option<Hit> {
        match &self.layout {
            Layout::Heat { grid, overlaid } => {
                let (panel, row, column) = grid.hit(x, y)?;
                let head = if *overlaid { None } else { self.layers[panel].head };
                Some(Hit { focus: Focus::at(self.style.rows, row, column), head })
            }
            Layout::Arcs(arcs) => {
                let (row, column) = arcs.hit(x, y)?;
                Some(Hit { focus: Focus::at(self.style.rows, row, column), head: None })
            }
        }
    }

    /// What each head that is shown has at a pair of positions; `None` stands for the mean. Nothing where it is masked.
    pub fn read(&self, destination: usize, source: usize) -> Vec<(Option<Head>, f32)> {
        let n = self.values.positions();
        if destination >= n || source >= n || self.values.masked(destination, source) {
            return Vec::new();
        }
        self.layers.iter().map(|layer| (layer.head, layer.values[destination * n + source])).collect()
    }

    /// Where one token is pointed at: for every position the strongest share of colour that a head has between the two.
    pub fn shades(&self, focus: Focus) -> Option<Vec<f32>> {
        let n = self.values.positions();
        let at = |position: usize| match (focus.destination, focus.source) {
            (Some(destination), None) => Some((destination, position)),
            (None, Some(source)) => Some((position, source)),
            _ => None,
        };
        let share = |position: usize| {
            let (destination, source) = at(position).filter(|(destination, source)| *destination < n && *source < n)?;
            if self.values.masked(destination, source) {
                return Some(0.0);
            }
            Some(
                self.layers
                    .iter()
                    .map(|layer| layer.scale.share(layer.values[destination * n + source]))
                    .fold(0.0, |a, b| if b.abs() > f32::abs(a) { b } else { a }),
            )
        };
        (0..n).map(share).collect()
    }

    /// The colour of one layer's value.
    pub(super) fn colour(&self, layer: &Layer, value: f32) -> Rgb {
        let share = layer.scale.share(value);
        if layer.scale.diverging {
            self.style.theme.diverging(share)
        } else {
            self.style.theme.sequential(self.style.map, share)
        }
    }

    /// The colour of a layer's lines.
    pub(super) fn line_colour(&self, number: usize, value: f32) -> Rgb {
        let layer = &self.layers[number];
        if layer.scale.diverging {
            self.style.theme.diverging(1f32.copysign(value))
        } else if self.layers.len() > 1 {
            hue(number)
        } else if self.style.map == ColourMap::Blue {
            self.style.theme.sequential(ColourMap::Blue, if self.style.theme == Theme::Light { 0.75 } else { 0.7 })
        } else {
            self.style.theme.sequential(self.style.map, if self.style.map == ColourMap::Grey { 0.8 } else { 0.45 })
        }
    }

    /// The numbers of a pair of positions as they are written beside it: one for each layer, in order.
    pub(super) fn written(&self, layers: &[Layer], destination: usize, source: usize) -> String {
        let n = self.values.positions();
        let number = |layer: &Layer| {
            let value = layer.values[destination * n + source];
            let plus = if layer.scale.diverging && value > 0.0 { "+" } else { "" };
            format!("{plus}{}", short(value))
        };
        layers.iter().map(number).collect::<Vec<_>>().join("  ")
    }
}
