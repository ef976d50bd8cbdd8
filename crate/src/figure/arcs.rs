//! Attention as lines between two columns of the same tokens (the form of BertViz, Vig 2019): thicker for more, a hue for each head.

use super::drawing::{Anchor, Drawing, Shape, Text, text_width};
use super::picture::Picture;
use crate::config::Side;

/// CSS pixels: height of labels, from one token to the next at most and at least, room above for the names of the columns.
const SIZE: f64 = 12.0;
const PITCH: (f64, f64) = (24.0, 13.0);
const HEAD: f64 = 26.0;
/// A picture that is higher has its tokens closer together.
const HIGHEST: f64 = 480.0;
const WIDEST: f64 = 480.0;
/// A column is at most so wide; a label that is wider is cut.
const COLUMN: f64 = 96.0;
/// Lines with a smaller share are left out: they would be a haze.
const LEAST: f32 = 0.02;
/// Width of the strongest line.
const THICKEST: f64 = 4.5;

/// Where tokens stand; device pixels.
pub(super) struct Arcs {
    positions: usize,
    pitch: f64,
    column: f64,
    pub width: f64,
    pub height: f64,
    pub ratio: f64,
}

impl Arcs {
    pub fn new(labels: &[String], width: f64, ratio: f64) -> Self {
        let positions = labels.len();
        let pitch = (HIGHEST / positions.max(1) as f64).clamp(PITCH.1, PITCH.0);
        let widest = labels.iter().map(|label| text_width(label, SIZE)).fold(0.0, f64::max);
        let width = width.min(WIDEST);
        let column = (widest + 14.0).min(COLUMN).min(width / 3.0);
        let device = |length: f64| (length * ratio).round();
        Self {
            positions,
            pitch: pitch * ratio,
            column: device(column),
            width: device(width),
            height: device(HEAD + positions as f64 * pitch + 8.0),
            ratio,
        }
    }

    fn y(&self, position: usize) -> f64 {
        HEAD * self.ratio + (position as f64 + 0.5) * self.pitch
    }

    pub fn drawing(&self, picture: &Picture) -> Drawing {
        let mut shapes = Vec::new();
        self.links(picture, &mut shapes);
        self.tokens(picture, &mut shapes);
        Drawing { width: self.width, height: self.height, ratio: self.ratio, shapes }
    }

    /// Weakest first, so that the strongest lie on top.
    fn links(&self, picture: &Picture, shapes: &mut Vec<Shape>) {
        let n = self.positions;
        let rows = picture.style.rows;
        let focus = picture.focus;
        let mut links: Vec<(f32, Shape)> = Vec::new();
        for (number, layer) in picture.layers.iter().enumerate() {
            for destination in 0..n {
                for source in (0..n).filter(|source| !picture.values.masked(destination, *source)) {
                    let value = layer.values[destination * n + source];
                    let share = layer.scale.share(value).abs();
                    if share < LEAST {
                        continue;
                    }
                    let touched = focus.destination.is_none_or(|one| one == destination)
                        && focus.source.is_none_or(|one| one == source);
                    let (row, column) =
                        if rows == Side::Destination { (destination, source) } else { (source, destination) };
                    let strength = f64::from(share);
                    let link = Shape::Link {
                        from: (self.column, self.y(row)),
                        to: (self.width - self.column, self.y(column)),
                        width: (0.5 + (THICKEST - 0.5) * strength) * self.ratio,
                        colour: picture.line_colour(number, value),
                        opacity: if touched { 0.2 + 0.7 * strength } else { 0.06 },
                    };
                    links.push((if touched { share } else { share - 1.0 }, link));
                }
            }
        }
        links.sort_by(|a, b| a.0.total_cmp(&b.0));
        shapes.extend(links.into_iter().map(|(_, link)| link));
    }

    fn tokens(&self, picture: &Picture, shapes: &mut Vec<Shape>) {
        let theme = picture.style.theme;
        let rows = picture.style.rows;
        let size = SIZE * self.ratio;
        let away = 7.0 * self.ratio;
        for (side, x, edge, anchor) in [
            (rows, self.column - away, 0.0, Anchor::End),
            (rows.other(), self.width - self.column + away, self.width, Anchor::Start),
        ] {
            let name = if side == Side::Destination { "attends from" } else { "attends to" };
            let at_edge = if anchor == Anchor::End { Anchor::Start } else { Anchor::End };
            let y = HEAD * self.ratio * 0.4;
            shapes.push(Shape::Text(Text {
                text: name.into(),
                x: edge,
                y,
                size: 11.0 * self.ratio,
                bold: false,
                anchor: at_edge,
                upright: false,
                colour: theme.muted(),
            }));
            for (position, label) in picture.values.labels.iter().enumerate() {
                let focused = picture.focus.on(side) == Some(position);
                let colour = if focused { theme.accent() } else { theme.text() };
                shapes.push(Shape::Text(Text {
                    text: cut(label, self.column - away, size),
                    x,
                    y: self.y(position),
                    size,
                    bold: focused,
                    anchor,
                    upright: false,
                    colour,
                }));
            }
        }
    }

    /// The row or the column of the token under a point in CSS pixels.
    pub fn hit(&self, x: f64, y: f64) -> Option<(Option<usize>, Option<usize>)> {
        let (x, y) = (x * self.ratio, y * self.ratio);
        let position = (y - HEAD * self.ratio) / self.pitch;
        let position = (position >= 0.0 && position < self.positions as f64).then_some(position as usize)?;
        if x >= 0.0 && x < self.column {
            Some((Some(position), None))
        } else if x >= self.width - self.column && x < self.width {
            Some((None, Some(position)))
        } else {
            None
        }
    }
}

/// A label as far as there is room for it.
fn cut(label: &str, room: f64, size: f64) -> String {
    if text_width(label, size) <= room {
        return label.into();
    }
    let mut short = String::new();
    for c in label.chars() {
        short.push(c);
        if text_width(&short, size) + size > room {
            break;
        }
    }
    short.push('…');
    short
}
