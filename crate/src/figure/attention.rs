//! Attention patterns of all heads as a grid of heat maps: a row of panels a layer, a panel a head. In a panel destinations (attends
//! from) go down and sources (attended to) go right.
//!
//! All lengths are device pixels, so that cells are sharp at any pixel ratio.

use super::colour::{Rgb, Scale, Theme};

/// Side of a panel at most and, where the width allows, at least; in CSS pixels.
const LARGEST: f64 = 432.0;
const SMALLEST: f64 = 88.0;

/// Room in CSS pixels: token labels along an axis, an axis name, between panels. Text is 11 pixels high.
const LABELS: f64 = 30.0;
const AXIS: f64 = 18.0;
const GAP: f64 = 12.0;

/// A line of labels needs this much, in CSS pixels, for each.
const LABEL_PITCH: f64 = 11.5;

/// Browsers make no canvas much taller than this, in device pixels. A taller grid is drawn less sharply; heads that would still lie beyond
/// are left out.
const TALLEST: f64 = 16_000.0;

/// One head's heat map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Panel {
    pub layer: usize,
    pub head: usize,
    /// Left and top edge of its cells.
    pub left: f64,
    pub top: f64,
}

/// A cell of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    pub layer: usize,
    pub head: usize,
    pub destination: usize,
    pub source: usize,
}

/// Where everything is.
#[derive(Clone, Debug, PartialEq)]
pub struct AttentionGrid {
    pub panels: Vec<Panel>,
    pub positions: usize,
    /// Side of a cell, a whole number.
    pub cell: f64,
    /// Every so many positions are labelled; 0: none.
    pub label_every: usize,
    /// Room for labels and axis name to the left of a panel's cells; above them there is as much, and the head's name.
    pub margin: f64,
    pub width: f64,
    pub height: f64,
    /// Device pixels in a CSS pixel.
    pub ratio: f64,
}

impl AttentionGrid {
    /// Lays out `n_layers` by `n_heads` patterns of `positions` within `width` CSS pixels, at `ratio` device pixels each.
    pub fn new(n_layers: usize, n_heads: usize, positions: usize, width: f64, ratio: f64) -> Self {
        let margin = LABELS + AXIS;
        let title = if n_layers * n_heads > 1 { AXIS } else { 0.0 };
        let side_of = |columns: usize| (width / columns as f64 - margin - GAP).min(LARGEST);
        // A row a layer, broken where panels would become too small, for the eye or for a pixel a cell.
        let needed = SMALLEST.max(positions as f64 / ratio);
        let columns = (1..=n_heads.max(1)).rev().find(|columns| side_of(*columns) >= needed).unwrap_or(1);
        // As many rows, evenly filled: four heads that don't fit side by side are two and two, not three and one.
        let rows_a_layer = n_heads.div_ceil(columns).max(1);
        let columns = n_heads.div_ceil(rows_a_layer).max(1);
        let cell = (side_of(columns) * ratio / positions as f64).floor().max(1.0);
        let side = cell * positions as f64;
        let (margin, title, gap) = ((margin * ratio).round(), (title * ratio).round(), (GAP * ratio).round());
        let mut panels = Vec::with_capacity(n_layers * n_heads);
        for layer in 0..n_layers {
            for head in 0..n_heads {
                let (row, column) = (layer * rows_a_layer + head / columns, head % columns);
                let left = column as f64 * (margin + side + gap) + margin;
                let top = row as f64 * (title + margin + side + gap) + title + margin;
                panels.push(Panel { layer, head, left, top });
            }
        }
        let tallest = panels.last().map_or(0.0, |panel| panel.top + side);
        if tallest > TALLEST && ratio > 1.0 {
            return Self::new(n_layers, n_heads, positions, width, (ratio * TALLEST / tallest).max(1.0));
        }
        panels.retain(|panel| panel.top + side <= TALLEST);
        let right = panels.iter().map(|panel| panel.left + side).fold(0.0, f64::max);
        let bottom = panels.iter().map(|panel| panel.top + side).fold(0.0, f64::max);
        let label_every = (LABEL_PITCH * ratio / cell).ceil() as usize;
        let label_every = if label_every > 4 { 0 } else { label_every };
        Self { panels, positions, cell, label_every, margin, width: right + gap, height: bottom + gap, ratio }
    }

    /// Side of a panel's cells together.
    pub fn side(&self) -> f64 {
        self.cell * self.positions as f64
    }

    /// The cell under a point in CSS pixels.
    pub fn hit(&self, x: f64, y: f64) -> Option<Cell> {
        let (x, y) = (x * self.ratio, y * self.ratio);
        self.panels.iter().find_map(|panel| {
            let (right, down) = ((x - panel.left) / self.cell, (y - panel.top) / self.cell);
            let inside = |at: f64| at >= 0.0 && at < self.positions as f64;
            let cell = Cell { layer: panel.layer, head: panel.head, destination: down as usize, source: right as usize };
            (inside(right) && inside(down)).then_some(cell)
        })
    }

    /// The pixels of one head's pattern, `[positions, positions]` (destination, source): RGBA, `side` by `side`. `causal`: what lies
    /// above the diagonal is no weight.
    pub fn pixels(&self, pattern: &[f32], scale: Scale, causal: bool, theme: Theme) -> Vec<u8> {
        let (n, cell) = (self.positions, self.cell as usize);
        let mut out = Vec::with_capacity(n * cell * n * cell * 4);
        for (destination, weights) in pattern.chunks_exact(n).enumerate() {
            let start = out.len();
            for (source, weight) in weights.iter().enumerate() {
                let beyond = causal && source > destination;
                let [r, g, b]: Rgb = if beyond { theme.masked() } else { theme.colour(*weight, scale) };
                (0..cell).for_each(|_| out.extend([r, g, b, 255]));
            }
            let row = start..out.len();
            (1..cell).for_each(|_| out.extend_from_within(row.clone()));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_the_width_at_every_size_and_never_overlaps() {
        for (layers, heads, positions) in [(1, 1, 12), (1, 8, 12), (2, 4, 22), (8, 8, 64), (1, 32, 130), (16, 3, 2)] {
            for width in [328.0, 390.0, 768.0, 1440.0] {
                for ratio in [1.0, 1.5, 3.0] {
                    let grid = AttentionGrid::new(layers, heads, positions, width, ratio);
                    let what = format!("{layers} {heads} {positions} {width} {ratio}");
                    assert!(
                        grid.width <= (width * ratio).max(positions as f64 + grid.margin + 12.0 * ratio) + 1.0,
                        "{what}: {}",
                        grid.width
                    );
                    assert!(grid.height <= TALLEST + 12.0 * ratio, "{what}: {}", grid.height);
                    assert!(grid.panels.len() == layers * heads || grid.ratio == 1.0, "{what}: {} panels", grid.panels.len());
                    for (i, a) in grid.panels.iter().enumerate() {
                        for b in &grid.panels[..i] {
                            let apart = (a.left - b.left).abs().max((a.top - b.top).abs());
                            assert!(apart >= grid.side() + grid.margin, "{what}: {a:?} {b:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn heads_that_do_not_fit_side_by_side_fill_their_rows_evenly() {
        let grid = AttentionGrid::new(1, 4, 12, 480.0, 1.0);
        let tops: Vec<f64> = grid.panels.iter().map(|panel| panel.top).collect();
        assert!(tops[0] == tops[1] && tops[2] == tops[3] && tops[1] < tops[2], "{tops:?}");
    }

    #[test]
    fn a_hit_finds_the_cell_that_was_drawn_there() {
        let grid = AttentionGrid::new(2, 3, 7, 700.0, 2.0);
        for panel in &grid.panels {
            for (destination, source) in [(0, 0), (3, 5), (6, 6)] {
                let x = (panel.left + (source as f64 + 0.5) * grid.cell) / 2.0;
                let y = (panel.top + (destination as f64 + 0.5) * grid.cell) / 2.0;
                assert_eq!(grid.hit(x, y), Some(Cell { layer: panel.layer, head: panel.head, destination, source }));
            }
            assert_eq!(grid.hit((panel.left - 1.0) / 2.0, panel.top / 2.0), None);
        }
    }

    #[test]
    fn pixels_show_weights_below_the_diagonal_and_grey_above() {
        let grid = AttentionGrid::new(1, 1, 2, 100.0, 1.0);
        let pixels = grid.pixels(&[1.0, 0.0, 0.25, 0.75], Scale::Weights, true, Theme::Light);
        let side = grid.side() as usize;
        let at = |destination: usize, source: usize| {
            let cell = grid.cell as usize;
            let pixel = ((destination * cell + cell / 2) * side + source * cell + cell / 2) * 4;
            [pixels[pixel], pixels[pixel + 1], pixels[pixel + 2]]
        };
        assert_eq!(pixels.len(), side * side * 4);
        assert_eq!((at(0, 0), at(0, 1)), (Theme::Light.sequential(1.0), Theme::Light.masked()));
        assert_eq!((at(1, 0), at(1, 1)), (Theme::Light.sequential(0.25), Theme::Light.sequential(0.75)));
        let both = grid.pixels(&[0.5, 0.5, 0.25, 0.75], Scale::Weights, false, Theme::Light);
        let above = (grid.cell as usize / 2 * side + grid.cell as usize * 3 / 2) * 4;
        assert_eq!(both[above..above + 3], Theme::Light.sequential(0.5), "a bidirectional model attends ahead");
    }
}
