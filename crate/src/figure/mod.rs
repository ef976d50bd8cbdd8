//! Geometry, colours and pixels of every picture, and which part of it lies under a point. `web/paint.rs` puts the
//! shapes on a canvas; [`svg()`] writes the same shapes as text.

mod arcs;
mod colour;
mod drawing;
mod focus;
mod grid;
mod head_values;
mod heat;
mod legend;
mod picture;
mod scale;
mod scene;
mod side;
mod style;
mod svg;
mod thumbnails;

pub use colour::{Rgb, Theme};
pub use drawing::{Anchor, Cells, Drawing, FONT, Shape, Text};
pub use focus::Focus;
pub use head_values::HeadValues;
pub use picture::{Hit, Picture};
pub use style::Style;
pub use svg::svg;
pub use thumbnails::{Pixels, ThumbnailStyle, Thumbnails, Tile};
