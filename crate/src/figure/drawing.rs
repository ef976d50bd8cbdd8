//! A picture as a list of shapes in device pixels. Painters put it on a canvas or write it as SVG; both have the same geometry.

use super::colour::Rgb;
use crate::config::Side;

/// What a painter draws, first shape first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawing {
    pub width: f64,
    pub height: f64,
    /// Device pixels in a CSS pixel.
    pub ratio: f64,
    pub shapes: Vec<Shape>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    Cells(Cells),
    Rect {
        left: f64,
        top: f64,
        width: f64,
        height: f64,
        fill: Option<Rgb>,
        stroke: Option<(Rgb, f64)>,
    },
    Text(Text),
    /// From `from` level to `to` level, as a smooth S.
    Link {
        from: (f64, f64),
        to: (f64, f64),
        width: f64,
        colour: Rgb,
        opacity: f64,
    },
}

/// A square of square cells, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells {
    pub left: f64,
    pub top: f64,
    /// Side of a cell.
    pub cell: f64,
    /// Cells in a row.
    pub columns: usize,
    pub colours: Vec<Rgb>,
    /// Which side of attention a row is.
    pub rows: Side,
    /// Whose values the cells show: `0.1` for layer 0, head 1.
    pub heads: Vec<String>,
    /// For each of the heads, cell by cell; a cell that is masked has NaN.
    pub values: Vec<Vec<f32>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    pub text: String,
    pub x: f64,
    /// Of its middle, or where it reads upwards, of its middle too.
    pub y: f64,
    /// Its height.
    pub size: f64,
    pub bold: bool,
    pub anchor: Anchor,
    /// Reads from bottom to top.
    pub upright: bool,
    pub colour: Rgb,
}

/// Which part of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// The fonts of every painter.
pub const FONT: &str = "system-ui, sans-serif";

/// About how wide a text is: geometry must be the same for all painters, and only some can measure.
pub fn text_width(text: &str, size: f64) -> f64 {
    let ems = |c: char| match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | '\'' | '|' | ' ' => 0.32,
        'm' | 'w' | 'M' | 'W' | 'O' | 'Q' | '→' | '←' => 0.86,
        c if c.is_ascii_uppercase() => 0.7,
        c if c.is_ascii() => 0.6,
        _ => 1.0,
    };
    text.chars().map(ems).sum::<f64>() * size
}
