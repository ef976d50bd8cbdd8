//! All heads small: a row of tiles a layer, each a head's values as pixels without labels. Drawn at every frame while a model trains, so
//! colours come from a table and rows of pixels are copied.

use super::colour::Theme;
use super::scale::Scale;
use super::values::{Head, Values};
use crate::config::{ColourMap, Curve, Range};

/// Side of a tile at most, least side, and room between tiles and for a tile's name under it; in CSS pixels.
const LARGEST: f64 = 72.0;
const SMALLEST: f64 = 44.0;
const GAP: f64 = 8.0;
const NAME: f64 = 18.0;

/// Entries of a table of colours: more than a screen tells apart.
const SHADES: usize = 2048;

/// One head's tile; CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tile {
    pub of: Head,
    pub left: f64,
    pub top: f64,
}

/// Where the tiles are; CSS pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct Thumbnails {
    pub tiles: Vec<Tile>,
    pub side: f64,
    pub width: f64,
    pub height: f64,
}

impl Thumbnails {
    /// Lays out a tile for each head within `width` CSS pixels.
    pub fn new(layers: usize, heads: usize, width: f64) -> Self {
        let fits = |side: f64| ((width + GAP) / (side + GAP)).floor().max(1.0) as usize;
        let lines = heads.div_ceil(fits(SMALLEST)).max(1);
        let columns = heads.div_ceil(lines).max(1);
        let side = ((width + GAP) / columns as f64 - GAP).clamp(SMALLEST.min(width), LARGEST).floor();
        let tile = |layer: usize, head: usize| Tile {
            of: Head { layer, head },
            left: (head % columns) as f64 * (side + GAP),
            top: (layer * lines + head / columns) as f64 * (side + NAME + GAP),
        };
        let tiles: Vec<Tile> = (0..layers).flat_map(|layer| (0..heads).map(move |head| tile(layer, head))).collect();
        let width = columns as f64 * (side + GAP) - GAP;
        let height = (layers * lines) as f64 * (side + NAME + GAP) - GAP;
        Self { tiles, side, width, height }
    }

    /// RGBA of the whole, `[height, width]` device pixels; between the tiles it is transparent.
    pub fn pixels(&self, values: &Values, style: ThumbnailStyle, ratio: f64) -> Pixels {
        let device = |length: f64| (length * ratio).round() as usize;
        let (width, height, side) = (device(self.width), device(self.height), device(self.side).max(1));
        let mut rgba = vec![0u8; width * height * 4];
        let n = values.positions();
        let common =
            (style.range == Range::Common).then(|| Shades::new(values.scale(&[], style.range, style.curve), style));
        let mut line = vec![[0u8; 4]; side];
        for tile in &self.tiles {
            let own = values.of(tile.of);
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
    pub width: usize,
    pub height: usize,
    pub rgba: Vec<u8>,
}

/// How tiles are coloured.
#[derive(Clone, Copy, Debug)]
pub struct ThumbnailStyle {
    pub map: ColourMap,
    pub curve: Curve,
    pub range: Range,
    pub theme: Theme,
}

/// The positions that a pixel stands for, first and last: one, or several where there are more positions than pixels.
fn span(pixel: usize, pixels: usize, positions: usize) -> (usize, usize) {
    let first = pixel * positions / pixels;
    (first, ((pixel + 1) * positions / pixels).saturating_sub(1).max(first))
}

/// Colours by value.
struct Shades {
    low: f32,
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

    /// The colour of the largest value among these destinations and sources.
    #[inline]
    fn strongest(&self, values: &Values, own: &[f32], rows: (usize, usize), columns: (usize, usize)) -> [u8; 4] {
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
        // What is no number, or minus infinity, becomes 0.
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
            let values = Values {
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
