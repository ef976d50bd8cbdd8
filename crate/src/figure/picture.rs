//! The large picture of attention: it lays itself out, draws itself as shapes, and says what lies under a point.

use super::arcs::Arcs;
use super::drawing::Drawing;
use super::focus::Focus;
use super::grid::Grid;
use super::head_values::HeadValues;
use super::heat;
use super::legend::Legend;
use super::scene::Scene;
use super::style::Style;
use crate::config::{Form, Head, Pair};

/// Room that a legend has at least, in CSS pixels, where the page allows.
const LEGEND_WIDTH: f64 = 300.0;

/// What lies under a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The cell or the token.
    pub focus: Focus,
    /// The head whose panel it is; `None` where heads are overlaid, and for their mean.
    pub head: Option<Head>,
}

/// Where everything is, by the form of the picture.
enum Geometry {
    Heat(Grid),
    Arcs(Arcs),
}

/// The large picture.
pub struct Picture {
    scene: Scene,
    geometry: Geometry,
    legend: Legend,
}

impl Picture {
    /// A picture of the `chosen` heads; those that the model does not have are left out, and none means all.
    pub fn new(values: HeadValues, style: Style, chosen: &[Head]) -> Self {
        let scene = Scene::new(values, style, chosen);
        let geometry = match style.form {
            Form::Arcs => Geometry::Arcs(Arcs::new(&scene.values.labels, style.width, style.ratio)),
            Form::Heatmap => {
                let panels = if scene.overlaid() { 1 } else { scene.series.len() };
                let [layers, heads, ..] = scene.values.shape;
                let whole = layers * heads;
                // All heads: a row for each layer.
                let a_row = if panels == whole { heads } else { panels };
                let positions = scene.values.positions();
                Geometry::Heat(Grid::new(panels, a_row, whole > 1, positions, style.width, style.ratio))
            }
        };
        let (width, _, ratio) = geometry.size();
        let legend = Legend::new(&scene, width.max(style.width.min(LEGEND_WIDTH) * ratio), ratio);
        Self { scene, geometry, legend }
    }

    /// Marks what is pointed at.
    pub fn point_at(&mut self, focus: Focus) {
        self.scene.focus = focus;
    }

    /// Marks a cell and writes its number beside it; `None` marks none.
    pub fn pin(&mut self, pinned: Option<Pair>) {
        self.scene.pinned = pinned;
    }

    /// The values that it was made from, for another picture.
    pub fn into_values(self) -> HeadValues {
        self.scene.values
    }

    /// The picture as shapes.
    pub fn drawing(&self) -> Drawing {
        let (mut drawing, left) = match &self.geometry {
            Geometry::Heat(grid) => (heat::drawing(&self.scene, grid), grid.margin),
            Geometry::Arcs(arcs) => (arcs.drawing(&self.scene), 0.0),
        };
        self.legend.draw(&mut drawing, left);
        drawing
    }

    /// Its height in CSS pixels.
    pub fn height(&self) -> f64 {
        let (_, height, ratio) = self.geometry.size();
        (height + self.legend.height()) / ratio
    }

    /// What lies under a point in CSS pixels.
    pub fn hit(&self, x: f64, y: f64) -> Option<Hit> {
        let (head, row, column) = match &self.geometry {
            Geometry::Heat(grid) => {
                let (panel, row, column) = grid.hit(x, y)?;
                (if self.scene.overlaid() { None } else { self.scene.series[panel].head }, row, column)
            }
            Geometry::Arcs(arcs) => {
                let (row, column) = arcs.hit(x, y)?;
                (None, row, column)
            }
        };
        Some(Hit { focus: Focus::at(self.scene.style.rows, row, column), head })
    }

    /// The value of each head that is shown at a pair of positions; `None` stands for the mean over all heads. Empty
    /// where the pair is masked.
    pub fn read(&self, pair: Pair) -> Vec<(Option<Head>, f32)> {
        self.scene.read(pair)
    }

    /// If one token is pointed at: for every position the strongest share of colour (-1 to 1) that a head has between
    /// the two.
    pub fn shades(&self, focus: Focus) -> Option<Vec<f32>> {
        self.scene.shades(focus)
    }
}

impl Geometry {
    /// Width and height in device pixels, without the legend; and how many device pixels a CSS pixel has.
    fn size(&self) -> (f64, f64, f64) {
        match self {
            Self::Heat(grid) => (grid.width, grid.height, grid.ratio),
            Self::Arcs(arcs) => (arcs.width, arcs.height, arcs.ratio),
        }
    }
}
