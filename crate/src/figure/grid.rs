//! Where heat maps stand: panels in rows, each a square of square cells with room for labels, axis names and a title.
//!
//! All lengths are device pixels, so that cells are sharp at any pixel ratio.

/// The largest side of a panel, in CSS pixels.
const MAX_SIDE: f64 = 360.0;

/// The smallest side of a panel where the width allows it, in CSS pixels.
const MIN_SIDE: f64 = 88.0;

/// Room for token labels beside an axis, in CSS pixels. Text is 11 pixels high.
const LABELS: f64 = 30.0;

/// Room for the name of an axis, and for a title, in CSS pixels.
const AXIS: f64 = 18.0;

/// Between panels, in CSS pixels.
const GAP: f64 = 12.0;

/// From one label to the next at least, in CSS pixels.
const LABEL_PITCH: f64 = 11.5;

/// Browsers make no canvas much taller than this, in device pixels. A taller grid is drawn less sharply, and panels
/// that would still lie beyond are left out.
const MAX_HEIGHT: f64 = 16_000.0;

/// Left and top edge of a panel's cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Corner {
    pub left: f64,
    pub top: f64,
}

/// Where everything is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grid {
    pub panels: Vec<Corner>,
    /// Cells along each side of a panel.
    pub positions: usize,
    /// Side of a cell, a whole number.
    pub cell: f64,
    /// Every n-th position is labelled; 0: none is.
    pub label_every: usize,
    /// Room for labels and the name of the axis to the left of a panel's cells. Above the cells there is as much, and
    /// room for the title.
    pub margin: f64,
    pub width: f64,
    pub height: f64,
    /// Device pixels in a CSS pixel.
    pub ratio: f64,
}

impl Grid {
    /// Lays out `panels` panels within `width` CSS pixels, at `ratio` device pixels in each. `a_row` panels belong
    /// together in a row; where they do not fit side by side, they share several rows evenly.
    pub fn new(panels: usize, a_row: usize, titled: bool, positions: usize, width: f64, ratio: f64) -> Self {
        let margin = LABELS + AXIS;
        let title = if titled { AXIS } else { 0.0 };
        let side_of = |columns: usize| (width / columns as f64 - margin - GAP).min(MAX_SIDE);
        // A row is broken where panels would become too small: for the eye, or for a pixel a cell.
        let needed = MIN_SIDE.max(positions as f64 / ratio);
        let a_row = a_row.clamp(1, panels.max(1));
        let columns = (1..=a_row).rev().find(|columns| side_of(*columns) >= needed).unwrap_or(1);
        // As many rows, evenly filled: four heads that do not fit side by side are two and two, not three and one.
        let lines = a_row.div_ceil(columns);
        let columns = a_row.div_ceil(lines);
        let cell = (side_of(columns) * ratio / positions as f64).floor().max(1.0);
        let side = cell * positions as f64;
        let (margin, title, gap) = ((margin * ratio).round(), (title * ratio).round(), (GAP * ratio).round());
        let mut corners: Vec<Corner> = (0..panels)
            .map(|panel| {
                let (group, place) = (panel / a_row, panel % a_row);
                let (row, column) = (group * lines + place / columns, place % columns);
                Corner {
                    left: column as f64 * (margin + side + gap) + margin,
                    top: row as f64 * (title + margin + side + gap) + title + margin,
                }
            })
            .collect();
        let tallest = corners.last().map_or(0.0, |corner| corner.top + side);
        if tallest > MAX_HEIGHT && ratio > 1.0 {
            return Self::new(panels, a_row, titled, positions, width, (ratio * MAX_HEIGHT / tallest).max(1.0));
        }
        corners.retain(|corner| corner.top + side <= MAX_HEIGHT);
        let right = corners.iter().map(|corner| corner.left + side).fold(0.0, f64::max);
        let bottom = corners.iter().map(|corner| corner.top + side).fold(0.0, f64::max);
        let label_every = (LABEL_PITCH * ratio / cell).ceil() as usize;
        let label_every = if label_every > 4 { 0 } else { label_every };
        Self { panels: corners, positions, cell, label_every, margin, width: right + gap, height: bottom + gap, ratio }
    }

    /// Side of a panel's cells together, in device pixels.
    pub fn side(&self) -> f64 {
        self.cell * self.positions as f64
    }

    /// The panel under a point in CSS pixels, and in it the row and the column; of a point at a label only one of the
    /// two.
    pub fn hit(&self, x: f64, y: f64) -> Option<(usize, Option<usize>, Option<usize>)> {
        let (x, y) = (x * self.ratio, y * self.ratio);
        let labels = LABELS * self.ratio;
        self.panels.iter().enumerate().find_map(|(panel, corner)| {
            let along = |at: f64| (at >= 0.0 && at < self.positions as f64).then_some(at as usize);
            let row = along((y - corner.top) / self.cell);
            let column = along((x - corner.left) / self.cell);
            let beside = |at: f64, edge: f64| at < edge && at >= edge - labels;
            match (row, column) {
                (Some(_), Some(_)) => Some((panel, row, column)),
                (Some(_), None) if beside(x, corner.left) => Some((panel, row, None)),
                (None, Some(_)) if beside(y, corner.top) => Some((panel, None, column)),
                _ => None,
            }
        })
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
                    let grid = Grid::new(layers * heads, heads, layers * heads > 1, positions, width, ratio);
                    let what = format!("{layers} {heads} {positions} {width} {ratio}");
                    let most = (width * ratio).max(positions as f64 + grid.margin + 12.0 * ratio) + 1.0;
                    assert!(grid.width <= most, "{what}: {}", grid.width);
                    assert!(grid.height <= MAX_HEIGHT + 12.0 * ratio, "{what}: {}", grid.height);
                    assert!(
                        grid.panels.len() == layers * heads || grid.ratio == 1.0,
                        "{what}: {} panels",
                        grid.panels.len()
                    );
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
    fn panels_that_do_not_fit_side_by_side_fill_their_rows_evenly() {
        let grid = Grid::new(4, 4, true, 12, 480.0, 1.0);
        let tops: Vec<f64> = grid.panels.iter().map(|panel| panel.top).collect();
        assert!(tops[0] == tops[1] && tops[2] == tops[3] && tops[1] < tops[2], "{tops:?}");
    }

    #[test]
    fn a_hit_finds_what_was_drawn_there() {
        let grid = Grid::new(6, 3, true, 7, 700.0, 2.0);
        for (number, panel) in grid.panels.iter().enumerate() {
            let at = |row: f64, column: f64| {
                grid.hit((panel.left + column * grid.cell) / 2.0, (panel.top + row * grid.cell) / 2.0)
            };
            assert_eq!(at(3.5, 5.5), Some((number, Some(3), Some(5))));
            assert_eq!(
                grid.hit((panel.left - 8.0) / 2.0, (panel.top + 3.5 * grid.cell) / 2.0),
                Some((number, Some(3), None)),
                "a row's label"
            );
            assert_eq!(
                grid.hit((panel.left + 5.5 * grid.cell) / 2.0, (panel.top - 8.0) / 2.0),
                Some((number, None, Some(5))),
                "a column's label"
            );
            assert_eq!(at(-0.5 - grid.margin / grid.cell, -0.5 - grid.margin / grid.cell), None);
        }
    }
}
