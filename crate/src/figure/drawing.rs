//! A picture as a list of shapes in device pixels. Painters put it on a canvas or write it as SVG; both have the same
//! geometry.

use super::colour::Rgb;
use crate::config::Side;

/// What a painter draws, first shape first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawing {
    /// Device pixels.
    pub width: f64,
    /// Device pixels.
    pub height: f64,
    /// Device pixels in a CSS pixel.
    pub ratio: f64,
    /// In the order in which they are drawn.
    pub shapes: Vec<Shape>,
}

/// One thing to draw.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A grid of square cells.
    Cells(Cells),
    /// A rectangle with edges parallel to the axes.
    Rect {
        /// Left edge.
        left: f64,
        /// Top edge.
        top: f64,
        /// Its width.
        width: f64,
        /// Its height.
        height: f64,
        /// The colour of its area; `None`: transparent.
        fill: Option<Rgb>,
        /// The colour and the width of its outline, half of which lies outside the rectangle.
        stroke: Option<(Rgb, f64)>,
    },
    /// A line of text.
    Text(Text),
    /// A smooth S-shaped line that is horizontal at both ends.
    Link {
        /// One end, x and y.
        from: (f64, f64),
        /// The other end, x and y.
        to: (f64, f64),
        /// Width of the line.
        width: f64,
        /// Its colour.
        colour: Rgb,
        /// From 0 to 1.
        opacity: f64,
    },
}

/// A grid of square cells, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells {
    /// Left edge.
    pub left: f64,
    /// Top edge.
    pub top: f64,
    /// Side of a cell.
    pub cell: f64,
    /// Cells in a row.
    pub columns: usize,
    /// A colour for each cell.
    pub colours: Vec<Rgb>,
    /// Which side of attention a row is.
    pub rows: Side,
    /// The heads whose values the cells show, `0.1` for layer 0, head 1, and `mean` for the mean over all; empty where
    /// the cells show colours only, as in a legend.
    pub heads: Vec<String>,
    /// For each of the heads a value for each cell, NaN where the cell is masked.
    pub values: Vec<Vec<f32>>,
}

impl Cells {
    /// Cells that show colours only. `at` is the top left corner.
    pub(super) fn plain((left, top): (f64, f64), cell: f64, columns: usize, colours: Vec<Rgb>) -> Self {
        let (heads, values) = (Vec::new(), Vec::new());
        Self { left, top, cell, columns, colours, rows: Side::Destination, heads, values }
    }
}

/// A line of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// What it says.
    pub text: String,
    /// The place of its anchor along the line.
    pub x: f64,
    /// The middle of the line's height.
    pub y: f64,
    /// The font's size.
    pub size: f64,
    /// Whether it is bold.
    pub bold: bool,
    /// Which part of it stands at `(x, y)`.
    pub anchor: Anchor,
    /// Whether it reads from bottom to top: turned about `(x, y)`.
    pub upright: bool,
    /// Its colour.
    pub colour: Rgb,
}

impl Text {
    /// Text that reads from left to right and is not bold. `at` is the place of its anchor.
    pub(super) fn new(text: impl Into<String>, (x, y): (f64, f64), size: f64, anchor: Anchor, colour: Rgb) -> Self {
        Self { text: text.into(), x, y, size, bold: false, anchor, upright: false, colour }
    }
}

/// Which part of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Where it begins.
    Start,
    /// Its middle.
    Middle,
    /// Where it ends.
    End,
}

/// The fonts of every painter.
pub const FONT: &str = "system-ui, sans-serif";

/// About how wide a text is, in the unit of `size`. An estimate, because geometry must be the same for all painters and
/// only some can measure.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    let ems = |c: char| match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | '\'' | '|' | ' ' => 0.32,
        'm' | 'w' | 'M' | 'W' | 'O' | 'Q' | '→' | '←' => 0.86,
        c if c.is_ascii_uppercase() => 0.7,
        c if c.is_ascii() => 0.6,
        _ => 1.0,
    };
    text.chars().map(ems).sum::<f64>() * size
}
