//! Geometry, colours and pixels of every picture, and which part of it lies under a point. Thin painters elsewhere put them on a canvas.
//!
//! Not here: the canvas, fonts, and where the numbers come from.

mod attention;
mod colour;

pub use attention::{AttentionGrid, Cell, Panel};
pub use colour::{Rgb, Scale, Theme};
