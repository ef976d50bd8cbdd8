//! The key to a picture's colours, with numbers: a bar for values, or a swatch for each of the heads that lie over one another.

use super::colour::Theme;
use super::drawing::{Anchor, Cells, Drawing, Shape, Text, text_width};
use super::picture::{Layer, Style};
use super::scale::{Scale, short};
use crate::config::{ColourMap, Curve, Form, Range, Side, Together};

/// CSS pixels.
const SIZE: f64 = 11.0;
const BAR: (f64, f64) = (180.0, 8.0);
const SWATCH: f64 = 18.0;
const ABOVE: f64 = 10.0;
const LINE: f64 = 18.0;
/// Colours of the bar.
const STEPS: usize = 60;

pub(super) struct Legend {
    key: Key,
    ratio: f64,
    lines: usize,
}

enum Key {
    /// `own`: each panel's scale ends at its own largest value, which its title names.
    Bar { scale: Scale, map: ColourMap, own: bool },
    /// Name and scale of each head, and where its swatch stands: from the left, and in which line. Device pixels.
    Heads(Vec<(String, f64, usize)>),
}

impl Legend {
    pub fn new(layers: &[Layer], style: Style, width: f64, ratio: f64) -> Self {
        let overlaid = layers.len() > 1
            && (style.form == Form::Arcs || style.together == Together::Overlay)
            && !layers[0].scale.diverging;
        if !overlaid {
            let own = layers.len() > 1 && style.range == Range::Head;
            return Self { key: Key::Bar { scale: layers[0].scale, map: style.map, own }, ratio, lines: 1 };
        }
        let (mut x, mut line) = (0.0, 0);
        let mut heads = Vec::new();
        for layer in layers {
            let name = format!("{}  {} to {}", layer.name(), short(layer.scale.low), short(layer.scale.high));
            let wide = (SWATCH + 24.0) * ratio + text_width(&name, SIZE * ratio);
            if x > 0.0 && x + wide > width {
                (x, line) = (0.0, line + 1);
            }
            heads.push((name, x, line));
            x += wide;
        }
        Self { key: Key::Heads(heads), ratio, lines: line + 1 }
    }

    /// Device pixels.
    pub fn height(&self) -> f64 {
        let content = match self.key {
            Key::Bar { .. } => BAR.1 + 6.0 + SIZE + 4.0,
            Key::Heads(_) => self.lines as f64 * LINE,
        };
        ((ABOVE + content) * self.ratio).round()
    }

    /// Under what is drawn, from `left` on.
    pub fn draw(&self, drawing: &mut Drawing, left: f64, theme: Theme) {
        let top = drawing.height + ABOVE * self.ratio;
        drawing.height += self.height();
        match &self.key {
            Key::Bar { scale, map, own } => self.bar(drawing, (left, top), *scale, *map, *own, theme),
            Key::Heads(heads) => {
                // Without labels to stand under, it needs no margin; with many heads the room counts.
                for (number, (name, x, line)) in heads.iter().enumerate() {
                    let y = top + *line as f64 * LINE * self.ratio;
                    self.swatch(drawing, (*x, y), number, theme);
                    drawing.width = drawing
                        .width
                        .max((*x + (SWATCH + 24.0) * self.ratio + text_width(name, SIZE * self.ratio)).ceil());
                    drawing.shapes.push(self.text(
                        name,
                        x + (SWATCH + 6.0) * self.ratio,
                        y + 5.0 * self.ratio,
                        Anchor::Start,
                        theme,
                    ));
                }
            }
        }
    }

    fn bar(
        &self,
        drawing: &mut Drawing,
        (left, top): (f64, f64),
        scale: Scale,
        map: ColourMap,
        own: bool,
        theme: Theme,
    ) {
        let ratio = self.ratio;
        let room = (drawing.width - left - 24.0 * ratio).max(40.0 * ratio);
        let cell = ((BAR.0 * ratio).min(room) / STEPS as f64).max(1.0).floor();
        let width = cell * STEPS as f64;
        let colour = |step: usize| {
            let share = step as f32 / (STEPS - 1) as f32;
            if scale.diverging { theme.diverging(2.0 * share - 1.0) } else { theme.sequential(map, share) }
        };
        // Rows of square cells, as high as the bar.
        let rows = ((BAR.1 * ratio / cell).round() as usize).max(1);
        let colours = (0..rows).flat_map(|_| (0..STEPS).map(colour)).collect();
        drawing.shapes.push(Shape::Cells(Cells {
            left,
            top,
            cell,
            columns: STEPS,
            colours,
            rows: Side::Destination,
            heads: Vec::new(),
            values: Vec::new(),
        }));
        let below = top + rows as f64 * cell + (3.0 + SIZE / 2.0) * ratio;
        let ticks = scale.ticks();
        let last = ticks.len() - 1;
        for (number, tick) in ticks.iter().enumerate() {
            // Scales of several panels have their ends in common only.
            let text = match (own, number) {
                (false, _) => {
                    format!("{}{}", if scale.diverging && tick.value > 0.0 { "+" } else { "" }, short(tick.value))
                }
                (true, 0) => "least".into(),
                (true, n) if n == last => "each head’s largest".into(),
                _ => continue,
            };
            // Below the least of a logarithmic scale everything looks alike.
            let text = if scale.curve == Curve::Log && !scale.diverging && !own && number == 0 {
                format!("≤ {text}")
            } else {
                text
            };
            let anchor = if number == 0 {
                Anchor::Start
            } else if number == last && !own {
                Anchor::End
            } else {
                Anchor::Middle
            };
            drawing.shapes.push(self.text(&text, left + f64::from(tick.at) * width, below, anchor, theme));
        }
    }

    /// From nothing to a head's full hue.
    fn swatch(&self, drawing: &mut Drawing, (left, top): (f64, f64), head: usize, theme: Theme) {
        const SHADES: usize = 6;
        let cell = (SWATCH / SHADES as f64 * self.ratio).round().max(1.0);
        let rows = ((10.0 * self.ratio / cell).round() as usize).max(1);
        let colour = |shade: usize| theme.overlaid(std::iter::once((head, (shade + 1) as f32 / SHADES as f32)));
        let colours = (0..rows).flat_map(|_| (0..SHADES).map(colour)).collect();
        drawing.shapes.push(Shape::Cells(Cells {
            left,
            top,
            cell,
            columns: SHADES,
            colours,
            rows: Side::Destination,
            heads: Vec::new(),
            values: Vec::new(),
        }));
    }

    fn text(&self, text: &str, x: f64, y: f64, anchor: Anchor, theme: Theme) -> Shape {
        Shape::Text(Text {
            text: text.into(),
            x,
            y,
            size: SIZE * self.ratio,
            bold: false,
            anchor,
            upright: false,
            colour: theme.muted(),
        })
    }
}
