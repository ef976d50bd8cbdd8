//! The key to a picture's colours, with numbers: a bar for values, or a swatch for each of the heads that are overlaid.

use super::colour::Theme;
use super::drawing::{Anchor, Cells, Drawing, Shape, Text, text_width};
use super::scale::{Scale, short};
use super::scene::Scene;
use crate::config::{ColourMap, Curve, Range};

/// Height of text, in CSS pixels.
const SIZE: f64 = 11.0;

/// Width of the bar where there is room, in CSS pixels.
const BAR_WIDTH: f64 = 180.0;

/// Height of the bar, in CSS pixels.
const BAR_HEIGHT: f64 = 8.0;

/// Colours in the bar, from left to right.
const BAR_COLOURS: usize = 60;

/// Width of a swatch, in CSS pixels.
const SWATCH_WIDTH: f64 = 18.0;

/// Height of a swatch, in CSS pixels.
const SWATCH_HEIGHT: f64 = 10.0;

/// Colours in a swatch, from left to right.
const SWATCH_COLOURS: usize = 6;

/// From the picture to the legend, in CSS pixels.
const ABOVE: f64 = 10.0;

/// From one line of swatches to the next, in CSS pixels.
const LINE: f64 = 18.0;

pub(super) struct Legend {
    key: Key,
    theme: Theme,
    /// Device pixels in a CSS pixel.
    ratio: f64,
}

enum Key {
    Bar(Bar),
    /// Of overlaid heads, in their order.
    Swatches(Vec<Swatch>),
}

struct Bar {
    scale: Scale,
    map: ColourMap,
    /// Whether there are several panels whose scales end at their own largest values, which their titles name.
    own: bool,
}

struct Swatch {
    /// The name and the scale of a head.
    text: String,
    /// Its left edge in device pixels.
    left: f64,
    /// Its line, from 0.
    line: usize,
}

impl Legend {
    /// The legend of a picture that has `width` device pixels for it.
    pub fn new(scene: &Scene, width: f64, ratio: f64) -> Self {
        let (style, scale) = (scene.style, scene.series[0].scale);
        let key = if scene.overlaid() && !scale.diverging {
            Key::Swatches(swatches(scene, width, ratio))
        } else {
            Key::Bar(Bar { scale, map: style.map, own: scene.series.len() > 1 && style.range == Range::Head })
        };
        Self { key, theme: style.theme, ratio }
    }

    /// Device pixels.
    pub fn height(&self) -> f64 {
        let content = match &self.key {
            Key::Bar(_) => BAR_HEIGHT + 6.0 + SIZE + 4.0,
            Key::Swatches(swatches) => swatches.last().map_or(0.0, |last| (last.line + 1) as f64 * LINE),
        };
        ((ABOVE + content) * self.ratio).round()
    }

    /// Draws the legend under what is there; a bar begins at `left`, under the cells. Swatches have no ticks to line up
    /// with anything, so they start at the edge, which leaves more room.
    pub fn draw(&self, drawing: &mut Drawing, left: f64) {
        let top = drawing.height + ABOVE * self.ratio;
        drawing.height += self.height();
        match &self.key {
            Key::Bar(bar) => self.bar(drawing, (left, top), bar),
            Key::Swatches(swatches) => {
                for (number, Swatch { text, left, line }) in swatches.iter().enumerate() {
                    let top = top + *line as f64 * LINE * self.ratio;
                    self.swatch(drawing, (*left, top), number);
                    drawing.width = drawing.width.max((left + swatch_width(text, self.ratio)).ceil());
                    let at = (left + (SWATCH_WIDTH + 6.0) * self.ratio, top + 5.0 * self.ratio);
                    drawing.shapes.push(self.text(text, at, Anchor::Start));
                }
            }
        }
    }

    fn bar(&self, drawing: &mut Drawing, (left, top): (f64, f64), bar: &Bar) {
        let (ratio, theme) = (self.ratio, self.theme);
        let room = (drawing.width - left - 24.0 * ratio).max(40.0 * ratio);
        let cell = ((BAR_WIDTH * ratio).min(room) / BAR_COLOURS as f64).max(1.0).floor();
        let width = cell * BAR_COLOURS as f64;
        let colour = |step: usize| {
            let share = step as f32 / (BAR_COLOURS - 1) as f32;
            if bar.scale.diverging { theme.diverging(2.0 * share - 1.0) } else { theme.sequential(bar.map, share) }
        };
        let rows = cells_high(BAR_HEIGHT * ratio, cell);
        let colours = (0..rows).flat_map(|_| (0..BAR_COLOURS).map(colour)).collect();
        drawing.shapes.push(Shape::Cells(Cells::plain((left, top), cell, BAR_COLOURS, colours)));
        let below = top + rows as f64 * cell + (3.0 + SIZE / 2.0) * ratio;
        for (along, text, anchor) in bar.ticks() {
            drawing.shapes.push(self.text(&text, (left + along * width, below), anchor));
        }
    }

    /// From nearly nothing to a head's full hue; `number` is its place among the heads shown.
    fn swatch(&self, drawing: &mut Drawing, at: (f64, f64), number: usize) {
        let cell = (SWATCH_WIDTH / SWATCH_COLOURS as f64 * self.ratio).round().max(1.0);
        let share = |step: usize| (step + 1) as f32 / SWATCH_COLOURS as f32;
        let colour = |step: usize| self.theme.overlaid(std::iter::once((number, share(step))));
        let rows = cells_high(SWATCH_HEIGHT * self.ratio, cell);
        let colours = (0..rows).flat_map(|_| (0..SWATCH_COLOURS).map(colour)).collect();
        drawing.shapes.push(Shape::Cells(Cells::plain(at, cell, SWATCH_COLOURS, colours)));
    }

    fn text(&self, text: &str, at: (f64, f64), anchor: Anchor) -> Shape {
        Shape::Text(Text::new(text, at, SIZE * self.ratio, anchor, self.theme.muted()))
    }
}

impl Bar {
    /// The texts under the bar, each with how far along it stands, from 0 to 1.
    fn ticks(&self) -> Vec<(f64, String, Anchor)> {
        let Self { scale, own, .. } = self;
        let ticks = scale.ticks();
        let last = ticks.len() - 1;
        if *own {
            // Only the meaning of their ends is common to the scales of several panels.
            let end = f64::from(ticks[last].at);
            return vec![(0.0, "least".into(), Anchor::Start), (end, "each head’s largest".into(), Anchor::Middle)];
        }
        let text = |number: usize, value: f32| match number {
            // Everything below the start of a logarithmic scale has its colour.
            0 if scale.curve == Curve::Log && !scale.diverging => format!("≤ {}", short(value)),
            _ if scale.diverging && value > 0.0 => format!("+{}", short(value)),
            _ => short(value),
        };
        let anchor = |number: usize| match number {
            0 => Anchor::Start,
            _ if number == last => Anchor::End,
            _ => Anchor::Middle,
        };
        let tick = |(number, tick): (usize, &super::scale::Tick)| {
            (f64::from(tick.at), text(number, tick.value), anchor(number))
        };
        ticks.iter().enumerate().map(tick).collect()
    }
}

/// Swatches side by side, in as many lines as `width` device pixels need.
fn swatches(scene: &Scene, width: f64, ratio: f64) -> Vec<Swatch> {
    let (mut left, mut line) = (0.0, 0);
    let swatch = |series: &super::scene::Series| {
        let text = format!("{}  {} to {}", series.name(), short(series.scale.low), short(series.scale.high));
        let wide = swatch_width(&text, ratio);
        if left > 0.0 && left + wide > width {
            (left, line) = (0.0, line + 1);
        }
        let swatch = Swatch { text, left, line };
        left += wide;
        swatch
    };
    scene.series.iter().map(swatch).collect()
}

/// Device pixels of a swatch, its text, and the space after it.
fn swatch_width(text: &str, ratio: f64) -> f64 {
    (SWATCH_WIDTH + 24.0) * ratio + text_width(text, SIZE * ratio)
}

/// How many rows of square cells come closest to a height; at least one.
fn cells_high(height: f64, cell: f64) -> usize {
    ((height / cell).round() as usize).max(1)
}
