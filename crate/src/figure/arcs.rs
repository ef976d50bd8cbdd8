//! Attention as lines between two columns of the same tokens (the form of BertViz, Vig 2019): more attention is a
//! thicker line, and each head has a hue.

use super::drawing::{Anchor, Drawing, Shape, Text, text_width};
use super::scene::Scene;
use crate::config::{Pair, Side};

/// Height of a label, in CSS pixels.
const SIZE: f64 = 12.0;

/// From one token to the next where there is room, in CSS pixels.
const WIDE_PITCH: f64 = 24.0;

/// From one token to the next at least, in CSS pixels.
const NARROW_PITCH: f64 = 13.0;

/// Room above the tokens for the names of the columns, in CSS pixels.
const HEADING: f64 = 26.0;

/// Tokens move closer together so that the picture gets no taller than this while their labels stay apart, in CSS
/// pixels.
const MAX_HEIGHT: f64 = 480.0;

/// The picture gets no wider than this, in CSS pixels.
const MAX_WIDTH: f64 = 480.0;

/// The widest column of tokens, in CSS pixels; longer labels are cut.
const MAX_COLUMN: f64 = 96.0;

/// Lines of a smaller share are left out: together they would be a haze.
const MIN_SHARE: f32 = 0.02;

/// Width of the weakest line, in CSS pixels.
const THIN: f64 = 0.5;

/// Width of the strongest line, in CSS pixels.
const THICK: f64 = 4.5;

/// Where the tokens are, in device pixels.
pub(super) struct Arcs {
    positions: usize,
    pitch: f64,
    column: f64,
    pub width: f64,
    pub height: f64,
    /// Device pixels in a CSS pixel.
    pub ratio: f64,
}

impl Arcs {
    /// Lays out tokens with these labels within `width` CSS pixels.
    pub fn new(labels: &[String], width: f64, ratio: f64) -> Self {
        let positions = labels.len();
        let pitch = (MAX_HEIGHT / positions.max(1) as f64).clamp(NARROW_PITCH, WIDE_PITCH);
        let widest = labels.iter().map(|label| text_width(label, SIZE)).fold(0.0, f64::max);
        let width = width.min(MAX_WIDTH);
        let column = (widest + 14.0).min(MAX_COLUMN).min(width / 3.0);
        let device = |length: f64| (length * ratio).round();
        Self {
            positions,
            pitch: pitch * ratio,
            column: device(column),
            width: device(width),
            height: device(HEADING + positions as f64 * pitch + 8.0),
            ratio,
        }
    }

    /// The middle of a token.
    fn y(&self, position: usize) -> f64 {
        HEADING * self.ratio + (position as f64 + 0.5) * self.pitch
    }

    pub fn drawing(&self, scene: &Scene) -> Drawing {
        let mut shapes = Vec::new();
        self.links(scene, &mut shapes);
        self.tokens(scene, &mut shapes);
        Drawing { width: self.width, height: self.height, ratio: self.ratio, shapes }
    }

    /// The lines, weakest first, so that the strongest lie on top.
    fn links(&self, scene: &Scene, shapes: &mut Vec<Shape>) {
        let n = self.positions;
        let focus = scene.focus;
        let mut links: Vec<(f32, Shape)> = Vec::new();
        for (number, series) in scene.series.iter().enumerate() {
            for destination in 0..n {
                for source in (0..n).filter(|source| scene.visible(Pair { destination, source: *source })) {
                    let value = series.values[destination * n + source];
                    let share = series.scale.share(value).abs();
                    if share < MIN_SHARE {
                        continue;
                    }
                    let touched = focus.destination.is_none_or(|one| one == destination)
                        && focus.source.is_none_or(|one| one == source);
                    let (row, column) = scene.style.rows.swap(destination, source);
                    let strength = f64::from(share);
                    let link = Shape::Link {
                        from: (self.column, self.y(row)),
                        to: (self.width - self.column, self.y(column)),
                        width: (THIN + (THICK - THIN) * strength) * self.ratio,
                        colour: scene.line_colour(number, value),
                        opacity: if touched { 0.2 + 0.7 * strength } else { 0.06 },
                    };
                    links.push((if touched { share } else { share - 1.0 }, link));
                }
            }
        }
        links.sort_by(|a, b| a.0.total_cmp(&b.0));
        shapes.extend(links.into_iter().map(|(_, link)| link));
    }

    /// The two columns of tokens, each under its name.
    fn tokens(&self, scene: &Scene, shapes: &mut Vec<Shape>) {
        let (theme, rows) = (scene.style.theme, scene.style.rows);
        let size = SIZE * self.ratio;
        let gap = 7.0 * self.ratio;
        for (side, x, edge, anchor) in [
            (rows, self.column - gap, 0.0, Anchor::End),
            (rows.other(), self.width - self.column + gap, self.width, Anchor::Start),
        ] {
            let name = if side == Side::Destination { "attends from" } else { "attends to" };
            let outer = if anchor == Anchor::End { Anchor::Start } else { Anchor::End };
            let above = (edge, HEADING * self.ratio * 0.4);
            shapes.push(Shape::Text(Text::new(name, above, 11.0 * self.ratio, outer, theme.muted())));
            for (position, label) in scene.values.labels.iter().enumerate() {
                let bold = scene.focus.on(side) == Some(position);
                let colour = if bold { theme.accent() } else { theme.text() };
                let label = cut(label, self.column - gap, size);
                let text = Text::new(label, (x, self.y(position)), size, anchor, colour);
                shapes.push(Shape::Text(Text { bold, ..text }));
            }
        }
    }

    /// The row, or the column, of the token under a point in CSS pixels.
    pub fn hit(&self, x: f64, y: f64) -> Option<(Option<usize>, Option<usize>)> {
        let (x, y) = (x * self.ratio, y * self.ratio);
        let position = (y - HEADING * self.ratio) / self.pitch;
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

/// As much of a label as there is room for.
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
