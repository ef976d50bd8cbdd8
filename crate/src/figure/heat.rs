//! Heat maps of attention: cells, labels, axis names, and outlines of the row, column and cell that are pointed at.

use super::colour::{Rgb, hue, ink_on};
use super::drawing::{Anchor, Cells, Drawing, Shape, Text, text_width};
use super::grid::{Corner, Grid};
use super::scale::short;
use super::scene::{Scene, Series};
use crate::config::{Pair, Range, Side};

/// Height of all text, in CSS pixels.
const SIZE: f64 = 11.0;

/// Between labels and cells, in CSS pixels.
const GAP: f64 = 5.0;

/// From the name of the upper axis to the title above it, in CSS pixels.
const TITLE: f64 = 16.0;

/// A panel that is wider than this has room for axis names that explain themselves, in CSS pixels.
const ROOMY: f64 = 170.0;

pub(super) fn drawing(scene: &Scene, grid: &Grid) -> Drawing {
    let mut shapes = Vec::new();
    let overlaid = scene.overlaid();
    for (number, corner) in grid.panels.iter().enumerate() {
        let series = if overlaid { &scene.series[..] } else { &scene.series[number..=number] };
        Panel { scene, grid, corner: *corner, series, overlaid }.draw(&mut shapes);
    }
    Drawing { width: grid.width.ceil(), height: grid.height.ceil(), ratio: grid.ratio, shapes }
}

struct Panel<'a> {
    scene: &'a Scene,
    grid: &'a Grid,
    corner: Corner,
    series: &'a [Series],
    overlaid: bool,
}

impl Panel<'_> {
    fn draw(&self, shapes: &mut Vec<Shape>) {
        shapes.push(Shape::Cells(self.cells()));
        self.outlines(shapes);
        self.labels(shapes);
        self.axes(shapes);
        self.title(shapes);
        if let Some(pinned) = self.scene.pinned {
            self.plate(shapes, pinned);
        }
        if let (Some(destination), Some(source)) = (self.scene.focus.destination, self.scene.focus.source) {
            self.plate(shapes, Pair { destination, source });
        }
    }

    fn cells(&self) -> Cells {
        let (scene, n) = (self.scene, self.grid.positions);
        let theme = scene.style.theme;
        let mut colours = Vec::with_capacity(n * n);
        let mut values = vec![Vec::with_capacity(n * n); self.series.len()];
        for row in 0..n {
            for column in 0..n {
                let (destination, source) = scene.style.rows.swap(row, column);
                let at = destination * n + source;
                if scene.values.masked(destination, source) {
                    colours.push(theme.masked());
                    values.iter_mut().for_each(|values| values.push(f32::NAN));
                    continue;
                }
                colours.push(if self.overlaid {
                    let shares = self.series.iter().map(|series| series.scale.share(series.values[at]));
                    theme.overlaid(shares.enumerate())
                } else {
                    scene.colour(&self.series[0].scale, self.series[0].values[at])
                });
                values.iter_mut().zip(self.series).for_each(|(values, series)| values.push(series.values[at]));
            }
        }
        let heads = self.series.iter().map(|series| series.head.map_or("mean".into(), |head| head.to_string()));
        let Corner { left, top } = self.corner;
        let (cell, rows) = (self.grid.cell, scene.style.rows);
        Cells { left, top, cell, columns: n, colours, rows, heads: heads.collect(), values }
    }

    /// Outlines of the row and the column that are pointed at, and of the pinned cell.
    fn outlines(&self, shapes: &mut Vec<Shape>) {
        let (Corner { left, top }, cell, side) = (self.corner, self.grid.cell, self.grid.side());
        let n = self.grid.positions;
        let line = (1.5 * self.grid.ratio).round().max(1.0);
        let colour = self.scene.style.theme.accent();
        let mut outline = |left: f64, top: f64, width: f64, height: f64, line: f64| {
            shapes.push(Shape::Rect {
                left: left - line / 2.0,
                top: top - line / 2.0,
                width: width + line,
                height: height + line,
                fill: None,
                stroke: Some((colour, line)),
            });
        };
        let (row, column) = self.focused();
        if let Some(row) = row.filter(|row| *row < n) {
            outline(left, top + row as f64 * cell, side, cell, line);
        }
        if let Some(column) = column.filter(|column| *column < n) {
            outline(left + column as f64 * cell, top, cell, side, line);
        }
        if let Some(Pair { destination, source }) = self.scene.pinned
            && destination < n
            && source < n
        {
            let (row, column) = self.scene.style.rows.swap(destination, source);
            outline(left + column as f64 * cell, top + row as f64 * cell, cell, cell, 2.0 * line);
        }
    }

    /// The row and the column that are pointed at.
    fn focused(&self) -> (Option<usize>, Option<usize>) {
        let rows = self.scene.style.rows;
        (self.scene.focus.on(rows), self.scene.focus.on(rows.other()))
    }

    /// Tokens beside the rows and above the columns. Where a column is narrower than its label, labels read upwards.
    fn labels(&self, shapes: &mut Vec<Shape>) {
        let (grid, Corner { left, top }) = (self.grid, self.corner);
        let ratio = grid.ratio;
        let theme = self.scene.style.theme;
        let labels = &self.scene.values.labels;
        let upright = !labels.iter().all(|label| text_width(label, SIZE * ratio) < grid.cell - 2.0 * ratio);
        let (row, column) = self.focused();
        let mut push = |label: &str, at: (f64, f64), anchor: Anchor, bold: bool, upright: bool| {
            let colour = if bold { theme.accent() } else { theme.text() };
            shapes.push(Shape::Text(Text { bold, upright, ..Text::new(label, at, SIZE * ratio, anchor, colour) }));
        };
        for (position, label) in labels.iter().enumerate() {
            let along = (position as f64 + 0.5) * grid.cell;
            if self.labelled(position, row) {
                push(label, (left - GAP * ratio, top + along), Anchor::End, row == Some(position), false);
            }
            if self.labelled(position, column) {
                let (above, anchor) = if upright { (GAP, Anchor::Start) } else { (GAP + SIZE / 2.0, Anchor::Middle) };
                push(label, (left + along, top - above * ratio), anchor, column == Some(position), upright);
            }
        }
    }

    /// Whether a position is labelled: each n-th is, and so is the one that is pointed at, for which its neighbours
    /// make room.
    fn labelled(&self, position: usize, focus: Option<usize>) -> bool {
        let every = self.grid.label_every;
        match focus {
            Some(focus) if position == focus => true,
            Some(focus) if position.abs_diff(focus) < every => false,
            _ => every > 0 && position.is_multiple_of(every),
        }
    }

    /// The middle of the text that stands at the outer edge of the margin, beside or above cells that begin at `edge`.
    fn outermost(&self, edge: f64) -> f64 {
        edge - self.grid.margin + SIZE * self.grid.ratio * 0.6
    }

    /// Names of the axes.
    fn axes(&self, shapes: &mut Vec<Shape>) {
        let (Corner { left, top }, ratio) = (self.corner, self.grid.ratio);
        let roomy = self.grid.side() > ROOMY * ratio;
        let name = |side: Side| match (side, roomy) {
            (Side::Destination, true) => "destination: attends from",
            (Side::Destination, false) => "destination",
            (Side::Source, true) => "source: attends to",
            (Side::Source, false) => "source",
        };
        let (rows, muted, size) = (self.scene.style.rows, self.scene.style.theme.muted(), SIZE * ratio);
        let (above, beside) = ((left, self.outermost(top)), (self.outermost(left), top));
        let columns = Text::new(format!("{} →", name(rows.other())), above, size, Anchor::Start, muted);
        let rows = Text::new(format!("← {}", name(rows)), beside, size, Anchor::End, muted);
        shapes.push(Shape::Text(columns));
        shapes.push(Shape::Text(Text { upright: true, ..rows }));
    }

    /// Names of the heads in the panel, where the model has several.
    fn title(&self, shapes: &mut Vec<Shape>) {
        let [layers, heads, ..] = self.scene.values.shape;
        if layers * heads == 1 {
            return;
        }
        let ratio = self.grid.ratio;
        let Corner { left, top } = self.corner;
        let theme = self.scene.style.theme;
        let mut push = |text: String, x: f64, colour: Rgb| {
            let at = (x, self.outermost(top) - TITLE * ratio);
            shapes.push(Shape::Text(Text { bold: true, ..Text::new(text, at, SIZE * ratio, Anchor::Start, colour) }));
        };
        // The legend of several panels with scales of their own does not say where each ends.
        let own = self.scene.style.range == Range::Head && !self.overlaid && self.scene.series.len() > 1;
        let mut x = left;
        for (number, series) in self.series.iter().enumerate() {
            let name = series.name();
            let name = if own { format!("{name}, to {}", short(series.scale.high)) } else { name };
            let wide = text_width(&name, SIZE * ratio) * 1.08;
            if number > 0 && x + wide > left + self.grid.side() {
                push("…".into(), x, theme.muted());
                break;
            }
            push(name, x, if self.overlaid { self.readable(hue(number)) } else { theme.text() });
            x += wide + 8.0 * ratio;
        }
    }

    /// A hue for text: mixed with the theme's text colour for contrast.
    fn readable(&self, hue: Rgb) -> Rgb {
        let text = self.scene.style.theme.text();
        std::array::from_fn(|i| ((u16::from(hue[i]) * 3 + u16::from(text[i]) * 2) / 5) as u8)
    }

    /// The numbers of a cell on a small plate: inside the cell where they fit, else to its right, or left of it at the
    /// edge.
    fn plate(&self, shapes: &mut Vec<Shape>, pair: Pair) {
        if !self.scene.visible(pair) {
            return;
        }
        let (ratio, cell, Corner { left, top }) = (self.grid.ratio, self.grid.cell, self.corner);
        let written = self.scene.written(self.series, pair);
        let size = SIZE * ratio;
        let (wide, high) = (text_width(&written, size) + 8.0 * ratio, size + 6.0 * ratio);
        let (row, column) = self.scene.style.rows.swap(pair.destination, pair.source);
        let (x, y) = (left + column as f64 * cell, top + row as f64 * cell + (cell - high) / 2.0);
        let x = if cell >= wide && cell >= high {
            x + (cell - wide) / 2.0
        } else if x + cell + wide + 2.0 * ratio <= self.grid.width {
            x + cell + 2.0 * ratio
        } else {
            (x - wide - 2.0 * ratio).clamp(0.0, (self.grid.width - wide).max(0.0))
        };
        let plate = self.scene.style.theme.text();
        shapes.push(Shape::Rect {
            left: x.round(),
            top: y.round(),
            width: wide.round(),
            height: high.round(),
            fill: Some(plate),
            stroke: None,
        });
        let at = (x + wide / 2.0, y + high / 2.0);
        shapes.push(Shape::Text(Text { bold: true, ..Text::new(written, at, size, Anchor::Middle, ink_on(plate)) }));
    }
}
