//! All heads as small images: a row of tiles for each layer, each a head's values as pixels without labels. They are
//! drawn at every frame while a model trains, so colours come from a table and rows of pixels are copied.

use serde::Serialize;

use super::colour::Theme;
use super::head_values::HeadValues;
use super::scale::Scale;
use crate::config::{ColourMap, Curve, Head, Range};

/// The largest side of a tile, in CSS pixels.
const MAX_SIDE: f64 = 72.0;

/// The smallest side of a tile, in CSS pixels; where tiles would be smaller, a layer takes several rows.
const MIN_SIDE: f64 = 44.0;

/// Between tiles, in CSS pixels.
const GAP: f64 = 8.0;

/// Room under a tile for its name, in CSS pixels.
const NAME: f64 = 18.0;

/// Entries of a table of colours: more than a screen can tell apart.
const SHADES: usize = 2048;

/// One head's tile, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Tile {
    /// The head's layer.
    pub layer: usize,
    /// The head's number in its layer.
    pub head: usize,
    /// Left edge.
    pub left: f64,
    /// Top edge.
    pub top: f64,
}

/// Where the tiles are, in CSS pixels.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Thumbnails {
    /// A tile for each head, layer by layer.
    pub tiles: Vec<Tile>,
    /// Side of a tile.
    pub side: f64,
    /// Of all tiles together.
    pub width: f64,
    /// Of all tiles together.
    pub height: f64,
}

impl Thumbnails {
    /// Lays out a tile for each head within `width` CSS pixels.
    pub fn new(layers: usize, heads: usize, width: f64) -> Self {
        let fits = |side: f64| ((width + GAP) / (side + GAP)).floor().max(1.0) as usize;
        let lines = heads.div_ceil(fits(MIN_SIDE)).max(1);
        let columns = heads.div_ceil(lines).max(1);
        let side = ((width + GAP) / columns as f64 - GAP).clamp(MIN_SIDE.min(width), MAX_SIDE).floor();
        let tile = |layer: usize, head: usize| Tile {
            layer,
            head,
            left: (head % columns) as f64 * (side + GAP),
            top: (layer * lines + head / columns) as f64 * (side + NAME + GAP),
        };
        let tiles: Vec<Tile> = (0..layers).flat_map(|layer| (0..heads).map(move |head| tile(layer, head))).collect();
        let width = columns as f64 * (side + GAP) - GAP;
        let height = (layers * lines) as f64 * (side + NAME + GAP) - GAP;
        Self { tiles, side, width, height }
    }

    /// Draws all tiles at `ratio` device pixels in a CSS pixel; between them the image is transparent.
    ///
    /// # Panics
    /// If `values` lack a head that has a tile.
    pub fn pixels(&self, values: &HeadValues, style: ThumbnailStyle, ratio: f64) -> Pixels {
        let device = |length: f64| (length * ratio).round() as usize;
        let (width, height, side) = (device(self.width), device(self.height), device(self.side).max(1));
        let mut rgba = vec![0u8; width * height * 4];
        let n = values.positions();
        let common =
            (style.range == Range::Common).then(|| Shades::new(values.scale(&[], style.range, style.curve), style));
        let mut line = vec![[0u8; 4]; side];
        for tile in &self.tiles {
            let own = values.of(Head { layer: tile.layer, head: tile.head });
            let of_head;
            let shades = match &common {
                Some(common) => common,
                None => {
                    of_head = Shades::new(values.scale(own, style.range, style.curve), style);
                    &of_head
                }
            };
            let (left, top) = (device(tile.left), device(tile.top));
            let mut drawn = None;
            for y in 0..side {
                let rows = span(y, side, n);
                if drawn != Some(rows) {
                    for (x, pixel) in line.iter_mut().enumerate() {
                        *pixel = shades.strongest(values, own, rows, span(x, side, n));
                    }
                    drawn = Some(rows);
                }
                let start = ((top + y) * width + left) * 4;
                let end = (start + side * 4).min(rgba.len());
                if start < end {
                    rgba[start..end].copy_from_slice(&line.as_flattened()[..end - start]);
                }
            }
        }
        Pixels { width, height, rgba }
    }
}

/// An image.
pub struct Pixels {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `[height, width, 4]`: red, green, blue, opacity.
    pub rgba: Vec<u8>,
}

/// How tiles are coloured.
#[derive(Clone, Copy, Debug)]
pub struct ThumbnailStyle {
    /// The colours.
    pub map: ColourMap,
    /// How values become shares of the colours.
    pub curve: Curve,
    /// Whether all heads share one scale.
    pub range: Range,
    /// The page's theme.
    pub theme: Theme,
}

/// The first and the last of the positions that a pixel stands for. They are the same unless there are more positions
/// than pixels.
fn span(pixel: usize, pixels: usize, positions: usize) -> (usize, usize) {
    let first = pixel * positions / pixels;
    (first, ((pixel + 1) * positions / pixels).saturating_sub(1).max(first))
}

/// The colours of a scale as a table.
struct Shades {
    /// The value of the first entry.
    low: f32,
    /// Entries for each unit of value.
    steps: f32,
    colours: Vec<[u8; 4]>,
    masked: [u8; 4],
}

impl Shades {
    fn new(scale: Scale, style: ThumbnailStyle) -> Self {
        let opaque = |[r, g, b]: [u8; 3]| [r, g, b, 255];
        let colours = (0..SHADES)
            .map(|step| {
                let value = scale.low + (scale.high - scale.low) * step as f32 / (SHADES - 1) as f32;
                opaque(style.theme.sequential(style.map, scale.share(value)))
            })
            .collect();
        let steps = if scale.high > scale.low { (SHADES - 1) as f32 / (scale.high - scale.low) } else { 0.0 };
        Self { low: scale.low, steps, colours, masked: opaque(style.theme.masked()) }
    }

    /// The colour of the largest value from the first to the last of these destinations (`rows`) and sources
    /// (`columns`).
    #[inline]
    fn strongest(&self, values: &HeadValues, own: &[f32], rows: (usize, usize), columns: (usize, usize)) -> [u8; 4] {
        let n = values.positions();
        if values.masked(rows.1, columns.0) {
            return self.masked;
        }
        let mut largest = f32::NEG_INFINITY;
        for row in rows.0..=rows.1 {
            for value in &own[row * n + columns.0..=row * n + columns.1] {
                largest = largest.max(*value);
            }
        }
        // NaN and minus infinity become 0.
        self.colours[(((largest - self.low) * self.steps) as usize).min(SHADES - 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Quantity;

    fn style(range: Range) -> ThumbnailStyle {
        ThumbnailStyle { map: ColourMap::Blue, curve: Curve::Linear, range, theme: Theme::Light }
    }

    #[test]
    fn tiles_fit_and_do_not_overlap() {
        for (layers, heads) in [(1, 1), (2, 4), (8, 8), (3, 32), (1, 64)] {
            for width in [200.0, 328.0, 640.0, 1200.0] {
                let all = Thumbnails::new(layers, heads, width);
                assert!(all.width <= width && all.tiles.len() == layers * heads, "{layers} {heads} {width}: {all:?}");
                for (i, a) in all.tiles.iter().enumerate() {
                    for b in &all.tiles[..i] {
                        assert!((a.left - b.left).abs().max((a.top - b.top).abs()) >= all.side + GAP, "{a:?} {b:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_pixel_has_its_cells_colour() {
        for n in [2, 5, 300] {
            let mut data = vec![0.0; 2 * n * n];
            data[(n - 1) * n] = 1.0; // head 0: the last attends to the first
            data[n * n..].fill(0.5);
            let values = HeadValues {
                labels: vec![String::new(); n],
                data,
                shape: [1, 2, n, n],
                causal: true,
                quantity: Quantity::Pattern,
                difference: false,
            };
            let all = Thumbnails::new(1, 2, 160.0);
            let image = all.pixels(&values, style(Range::Common), 2.0);
            let at = |tile: usize, x: f64, y: f64| {
                let pixel = ((all.tiles[tile].top + y * all.side) * 2.0) as usize * image.width
                    + ((all.tiles[tile].left + x * all.side) * 2.0) as usize;
                [image.rgba[pixel * 4], image.rgba[pixel * 4 + 1], image.rgba[pixel * 4 + 2]]
            };
            let colour = |share| Theme::Light.sequential(ColourMap::Blue, share);
            assert_eq!(at(0, 0.001, 0.999), colour(1.0), "{n}");
            assert_eq!(at(0, 0.999, 0.001), Theme::Light.masked(), "{n}");
            assert_eq!(at(0, 0.999, 0.999), colour(0.0), "{n}");
            assert!(at(1, 0.001, 0.999).iter().zip(colour(0.5)).all(|(a, b)| a.abs_diff(b) < 3), "{n}");
            let own = all.pixels(&values, style(Range::Head), 2.0);
            let pixel = (((all.tiles[1].top + all.side / 2.0) * 2.0) as usize * own.width
                + (all.tiles[1].left * 2.0) as usize)
                * 4;
            assert_eq!(own.rgba[pixel..pixel + 3], colour(1.0), "{n}: its own largest");
        }
    }
}
