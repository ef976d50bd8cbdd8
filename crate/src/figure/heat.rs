//! Heat maps of attention: cells, labels, axis names, and marks around the row, column and cell that are pointed at.

use super::colour::{Rgb, hue, ink_on};
use super::drawing::{Anchor, Cells, Drawing, Shape, Text, text_width};
use super::grid::{Corner, Grid};
use super::picture::{Layer, Picture};
use super::scale::short;
use crate::config::{Range, Side};

/// CSS pixels: height of labels, and between labels and cells.
const SIZE: f64 = 11.0;
const AWAY: f64 = 5.0;
/// Below the title stands the name of the upper axis.
const TITLE: f64 = 16.0;
/// From here on axis names have room to say what they mean.
const ROOMY: f64 = 170.0;

pub(super) fn drawing(picture: &Picture, grid: &Grid, overlaid: bool) -> Drawing {
    let mut shapes = Vec::new();
    for (number, corner) in grid.panels.iter().enumerate() {
        let layers = if overlaid { &picture.layers[..] } else { &picture.layers[number..=number] };
        Panel { picture, grid, corner: *corner, layers, overlaid }.draw(&mut shapes);
    }
    Drawing { width: grid.width.ceil(), height: grid.height.ceil(), ratio: grid.ratio, shapes }
}

struct Panel<'a> {
    picture: &'a Picture,
    grid: &'a Grid,
    corner: Corner,
    layers: &'a [Layer],
    overlaid: bool,
}

impl Panel<'_> {
    fn draw(&self, shapes: &mut Vec<Shape>) {
        shapes.push(Shape::Cells(self.cells()));
        self.marks(shapes);
        self.labels(shapes);
        self.names(shapes);
        if let Some((destination, source)) = self.picture.pinned {
            self.tag(shapes, destination, source);
        }
        if let (Some(destination), Some(source)) = (self.picture.focus.destination, self.picture.focus.source) {
            self.tag(shapes, destination, source);
        }
    }

    /// Destination and source of a row and a column.
    fn pair(&self, row: usize, column: usize) -> (usize, usize) {
        if self.picture.style.rows == Side::Destination { (row, column) } else { (column, row) }
    }

    fn cells(&self) -> Cells {
        let (picture, n) = (self.picture, self.grid.positions);
        let theme = picture.style.theme;
        let mut colours = Vec::with_capacity(n * n);
        let mut values = vec![Vec::with_capacity(n * n); self.layers.len()];
        for row in 0..n {
            for column in 0..n {
                let (destination, source) = self.pair(row, column);
                let at = destination * n + source;
                if picture.values.masked(destination, source) {
                    colours.push(theme.masked());
                    values.iter_mut().for_each(|values| values.push(f32::NAN));
                    continue;
                }
                colours.push(if self.overlaid {
                    theme.overlaid(
                        self.layers
                            .iter()
                            .enumerate()
                            .map(|(number, layer)| (number, layer.scale.share(layer.values[at]))),
                    )
                } else {
                    picture.colour(&self.layers[0], self.layers[0].values[at])
                });
                values.iter_mut().zip(self.layers).for_each(|(values, layer)| values.push(layer.values[at]));
            }
        }
        let heads = self
            .layers
            .iter()
            .map(|layer| layer.head.map_or("mean".into(), |head| format!("{}.{}", head.layer, head.head)))
            .collect();
        let Corner { left, top } = self.corner;
        Cells { left, top, cell: self.grid.cell, columns: n, colours, rows: picture.style.rows, heads, values }
    }

    /// Outlines of the row and the column that are pointed at, and of the pinned cell.
    fn marks(&self, shapes: &mut Vec<Shape>) {
        let (Corner { left, top }, cell, side) = (self.corner, self.grid.cell, self.grid.side());
        let n = self.grid.positions;
        let line = (1.5 * self.grid.ratio).round().max(1.0);
        let colour = self.picture.style.theme.accent();
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
        if let Some((destination, source)) =
            self.picture.pinned.filter(|(destination, source)| *destination < n && *source < n)
        {
            let (row, column) = self.pair(destination, source);
            outline(left + column as f64 * cell, top + row as f64 * cell, cell, cell, 2.0 * line);
        }
    }

    /// The row and the column that are pointed at.
    fn focused(&self) -> (Option<usize>, Option<usize>) {
        let rows = self.picture.style.rows;
        (self.picture.focus.on(rows), self.picture.focus.on(rows.other()))
    }

    fn labels(&self, shapes: &mut Vec<Shape>) {
        let (grid, Corner { left, top }) = (self.grid, self.corner);
        let ratio = grid.ratio;
        let labels = &self.picture.values.labels;
        let flat = labels.iter().all(|label| text_width(label, SIZE * ratio) < grid.cell - 2.0 * ratio);
        let (row, column) = self.focused();
        for (position, label) in labels.iter().enumerate() {
            let along = (position as f64 + 0.5) * grid.cell;
            if self.labelled(position, row) {
                shapes.push(self.text(
                    label,
                    left - AWAY * ratio,
                    top + along,
                    Anchor::End,
                    row == Some(position),
                    false,
                ));
            }
            if self.labelled(position, column) {
                let bold = column == Some(position);
                shapes.push(if flat {
                    self.text(label, left + along, top - (AWAY + SIZE / 2.0) * ratio, Anchor::Middle, bold, false)
                } else {
                    self.text(label, left + along, top - AWAY * ratio, Anchor::Start, bold, true)
                });
            }
        }
    }

    /// Every so many are labelled, and what is pointed at always is: its neighbours make room.
    fn labelled(&self, position: usize, focus: Option<usize>) -> bool {
        let every = self.grid.label_every;
        match focus {
            Some(focus) if position == focus => true,
            Some(focus) if position.abs_diff(focus) < every => false,
            _ => every > 0 && position.is_multiple_of(every),
        }
    }

    /// Names of the axes, and the heads' where the model has several.
    fn names(&self, shapes: &mut Vec<Shape>) {
        let (Corner { left, top }, ratio, margin) = (self.corner, self.grid.ratio, self.grid.margin);
        let roomy = self.grid.side() > ROOMY * ratio;
        let rows = self.picture.style.rows;
        let name = |side: Side| match (side, roomy) {
            (Side::Destination, true) => "destination: attends from",
            (Side::Destination, false) => "destination",
            (Side::Source, true) => "source: attends to",
            (Side::Source, false) => "source",
        };
        let muted = self.picture.style.theme.muted();
        let above = top - margin + SIZE * ratio * 0.6;
        let beside = left - margin + SIZE * ratio * 0.6;
        let text = |text: String, x: f64, y: f64, anchor: Anchor, upright: bool, colour: Rgb, bold: bool| {
            Shape::Text(Text { text, x, y, size: SIZE * ratio, bold, anchor, upright, colour })
        };
        shapes.push(text(format!("{} →", name(rows.other())), left, above, Anchor::Start, false, muted, false));
        shapes.push(text(format!("← {}", name(rows)), beside, top, Anchor::End, true, muted, false));
        let shape = self.picture.values.shape;
        if shape[0] * shape[1] == 1 {
            return;
        }
        let mut x = left;
        for (number, layer) in self.layers.iter().enumerate() {
            let own = self.picture.style.range == Range::Head && !self.overlaid && self.picture.layers.len() > 1;
            let title = if own { format!("{}, to {}", layer.name(), short(layer.scale.high)) } else { layer.name() };
            let wide = text_width(&title, SIZE * ratio) * 1.08;
            if number > 0 && x + wide > left + self.grid.side() {
                shapes.push(text("…".into(), x, above - TITLE * ratio, Anchor::Start, false, muted, true));
                break;
            }
            let colour = if self.overlaid { self.readable(hue(number)) } else { self.picture.style.theme.text() };
            shapes.push(text(title, x, above - TITLE * ratio, Anchor::Start, false, colour, true));
            x += wide + 8.0 * ratio;
        }
    }

    /// A hue as writing: darker on a light page.
    fn readable(&self, hue: Rgb) -> Rgb {
        let text = self.picture.style.theme.text();
        std::array::from_fn(|i| ((u16::from(hue[i]) * 3 + u16::from(text[i]) * 2) / 5) as u8)
    }

    /// The numbers of a cell on a small plate beside it.
    fn tag(&self, shapes: &mut Vec<Shape>, destination: usize, source: usize) {
        let n = self.grid.positions;
        if destination >= n || source >= n || self.picture.values.masked(destination, source) {
            return;
        }
        let (ratio, cell, Corner { left, top }) = (self.grid.ratio, self.grid.cell, self.corner);
        let written = self.picture.written(self.layers, destination, source);
        let size = SIZE * ratio;
        let (wide, high) = (text_width(&written, size) + 8.0 * ratio, size + 6.0 * ratio);
        let (row, column) = self.pair(destination, source);
        let (x, y) = (left + column as f64 * cell, top + row as f64 * cell);
        let edge = (self.grid.width - wide).max(0.0);
        // Inside the cell where it fits, else to its right, or left of it at the edge.
        let (x, y) = if cell >= wide && cell >= high {
            (x + (cell - wide) / 2.0, y + (cell - high) / 2.0)
        } else if x + cell + wide + 2.0 * ratio <= self.grid.width {
            (x + cell + 2.0 * ratio, y + (cell - high) / 2.0)
        } else {
            ((x - wide - 2.0 * ratio).clamp(0.0, edge), y + (cell - high) / 2.0)
        };
        let plate = self.picture.style.theme.text();
        shapes.push(Shape::Rect {
            left: x.round(),
            top: y.round(),
            width: wide.round(),
            height: high.round(),
            fill: Some(plate),
            stroke: None,
        });
        shapes.push(Shape::Text(Text {
            text: written,
            x: x + wide / 2.0,
            y: y + high / 2.0,
            size,
            bold: true,
            anchor: Anchor::Middle,
            upright: false,
            colour: ink_on(plate),
        }));
    }

    fn text(&self, text: &str, x: f64, y: f64, anchor: Anchor, focused: bool, upright: bool) -> Shape {
        let theme = self.picture.style.theme;
        let colour = if focused { theme.accent() } else { theme.text() };
        Shape::Text(Text {
            text: text.into(),
            x,
            y,
            size: SIZE * self.grid.ratio,
            bold: focused,
            anchor,
            upright,
            colour,
        })
    }
}
