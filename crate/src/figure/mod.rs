//! Geometry, colours and pixels of every picture, and which part of it lies under a point. Thin painters elsewhere put them on a canvas;
//! [`svg()`] writes the same shapes as text.
//!
//! Not here: the canvas, and where the numbers come from.

mod arcs;
mod colour;
mod drawing;
mod grid;
mod heat;
mod legend;
mod picture;
mod scale;
mod svg;
mod thumbnails;
mod values;

pub use colour::{Rgb, Theme};
pub use drawing::{Anchor, Cells, Drawing, FONT, Shape, Text};
pub use picture::{Focus, Hit, Picture, Style};
pub use svg::svg;
pub use thumbnails::{Pixels, ThumbnailStyle, Thumbnails, Tile};
pub use values::{Head, Values};
