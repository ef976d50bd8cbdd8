//! How a picture is drawn.

use super::colour::Theme;
use crate::config::{ColourMap, Curve, Form, Range, Side, Together};

/// How a picture is drawn: the fields of the view settings, the page's theme, and the room there is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// Heat map or arcs.
    pub form: Form,
    /// How values become shares of the colours.
    pub curve: Curve,
    /// Whether all heads share one scale.
    pub range: Range,
    /// The colours of a lone head's values.
    pub map: ColourMap,
    /// What rows stand for; of arcs, what the left column stands for.
    pub rows: Side,
    /// Whether several heads are overlaid or side by side.
    pub together: Together,
    /// The page's theme.
    pub theme: Theme,
    /// Room across, in CSS pixels.
    pub width: f64,
    /// Device pixels in a CSS pixel.
    pub ratio: f64,
}
