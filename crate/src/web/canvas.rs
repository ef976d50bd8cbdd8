//! Paints an [`AttentionGrid`] on an `OffscreenCanvas`. Labels are drawn as text, so nothing in them can be markup.

use js_sys::{Array, Float32Array, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{ImageData, OffscreenCanvas, OffscreenCanvasRenderingContext2d};

use super::convert::{js_error, object};
use crate::figure::{AttentionGrid, Panel, Rgb, Scale, Theme};

const FONT: &str = "system-ui, sans-serif";

/// Every head's attention pattern on a canvas, axes labelled.
#[wasm_bindgen]
pub struct AttentionCanvas {
    canvas: OffscreenCanvas,
    context: OffscreenCanvasRenderingContext2d,
    /// CSS pixels across, and device pixels in each.
    width: f64,
    ratio: f64,
    theme: Theme,
    shown: Option<Shown>,
}

/// What was last drawn.
struct Shown {
    grid: AttentionGrid,
    labels: Vec<String>,
    /// `[layer, head, destination, source]`.
    pattern: Vec<f32>,
    shape: [usize; 4],
    scale: Scale,
    causal: bool,
}

/// What `Run.look` gave, as far as it is drawn.
struct Looked {
    labels: Vec<String>,
    pattern: Vec<f32>,
    shape: [usize; 4],
    causal: bool,
}

impl Looked {
    fn read(look: &JsValue) -> Result<Self, JsValue> {
        let wrong = || js_error("draw needs what Run.look gives: labels, and a pattern of shape [layer, head, destination, source].");
        let pattern = Reflect::get(look, &"pattern".into())?;
        let array = |object: &JsValue, name: &str| Reflect::get(object, &name.into()).ok().and_then(|value| value.dyn_into::<Array>().ok());
        let shape: Vec<usize> =
            array(&pattern, "shape").ok_or_else(wrong)?.iter().filter_map(|size| size.as_f64()).map(|size| size as usize).collect();
        let shape: [usize; 4] = shape.try_into().map_err(|_| wrong())?;
        let data = Reflect::get(&pattern, &"data".into())?.dyn_into::<Float32Array>().map_err(|_| wrong())?.to_vec();
        let labels: Vec<String> = array(look, "labels").ok_or_else(wrong)?.iter().filter_map(|label| label.as_string()).collect();
        if shape[2] != shape[3] || labels.len() != shape[2] || data.len() != shape.iter().product::<usize>() || data.is_empty() {
            return Err(wrong());
        }
        let causal = Reflect::get(look, &"causal".into())?.as_bool().unwrap_or(true);
        Ok(Self { labels, pattern: data, shape, causal })
    }
}

#[wasm_bindgen]
impl AttentionCanvas {
    #[wasm_bindgen(constructor)]
    pub fn new(canvas: OffscreenCanvas) -> Result<AttentionCanvas, JsValue> {
        let context = canvas.get_context("2d")?.ok_or_else(|| js_error("The canvas has no 2d context."))?.dyn_into()?;
        Ok(Self { canvas, context, width: 320.0, ratio: 1.0, theme: Theme::Light, shown: None })
    }

    /// Sets the room across (CSS pixels), the device pixel ratio and the theme, and draws again. Gives the height in CSS pixels.
    pub fn resize(
        &mut self,
        width: f64,
        pixel_ratio: f64,
        #[wasm_bindgen(unchecked_param_type = "\"light\" | \"dark\"")] theme: &str,
    ) -> Result<f64, JsValue> {
        self.width = if width.is_finite() { width.clamp(60.0, 4096.0) } else { self.width };
        self.ratio = if pixel_ratio.is_finite() { pixel_ratio.clamp(0.5, 4.0) } else { self.ratio };
        self.theme = if theme == "dark" { Theme::Dark } else { Theme::Light };
        match self.shown.take() {
            Some(Shown { labels, pattern, shape, scale, causal, .. }) => self.show(Looked { labels, pattern, shape, causal }, scale),
            None => Ok(0.0),
        }
    }

    /// Draws what `Run.look` gave. Gives the height in CSS pixels.
    pub fn draw(&mut self, #[wasm_bindgen(unchecked_param_type = "Look")] look: &JsValue) -> Result<f64, JsValue> {
        self.show(Looked::read(look)?, Scale::Weights)
    }

    /// Draws what an edited sequence's pattern has more (orange) or less (blue) than the clean one's; both must be equally long. Gives the
    /// height in CSS pixels.
    #[wasm_bindgen(js_name = drawDifference)]
    pub fn draw_difference(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Look")] edited: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Look")] clean: &JsValue,
    ) -> Result<f64, JsValue> {
        let (mut edited, clean) = (Looked::read(edited)?, Looked::read(clean)?);
        if edited.shape != clean.shape {
            let [.., a] = edited.shape;
            let [.., b] = clean.shape;
            return Err(js_error(format!("A difference needs patterns of one shape; these have {a} and {b} positions.")));
        }
        edited.pattern.iter_mut().zip(&clean.pattern).for_each(|(weight, clean)| *weight -= clean);
        self.show(edited, Scale::Difference)
    }

    /// The cell under a point (CSS pixels), if any.
    #[wasm_bindgen(
        unchecked_return_type = "{ layer: number; head: number; destination: number; source: number; weight: number } | undefined"
    )]
    pub fn hit(&self, x: f64, y: f64) -> JsValue {
        let Some((shown, cell)) = self.shown.as_ref().and_then(|shown| Some((shown, shown.grid.hit(x, y)?))) else {
            return JsValue::UNDEFINED;
        };
        let [_, heads, n, _] = shown.shape;
        let weight = shown.pattern[((cell.layer * heads + cell.head) * n + cell.destination) * n + cell.source];
        let number = |value: usize| JsValue::from_f64(value as f64);
        object([
            ("layer", number(cell.layer)),
            ("head", number(cell.head)),
            ("destination", number(cell.destination)),
            ("source", number(cell.source)),
            ("weight", weight.into()),
        ])
    }
}

impl AttentionCanvas {
    fn show(&mut self, looked: Looked, scale: Scale) -> Result<f64, JsValue> {
        let Looked { labels, pattern, shape, causal } = looked;
        let grid = AttentionGrid::new(shape[0], shape[1], shape[2], self.width, self.ratio);
        let (width, height) = (grid.width.ceil() as u32, grid.height.ceil() as u32);
        // Setting a size, even the same one, clears the canvas and costs an allocation.
        if (self.canvas.width(), self.canvas.height()) != (width, height) {
            self.canvas.set_width(width);
            self.canvas.set_height(height);
        }
        self.context.clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
        let square = shape[2] * shape[3];
        for (panel, pattern) in grid.panels.iter().zip(pattern.chunks_exact(square)) {
            let pixels = grid.pixels(pattern, scale, causal, self.theme);
            let side = grid.side() as u32;
            let image = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&pixels), side, side)?;
            self.context.put_image_data(&image, panel.left, panel.top)?;
            self.label(&grid, panel, &labels)?;
        }
        let height = grid.height / grid.ratio;
        self.shown = Some(Shown { grid, labels, pattern, shape, scale, causal });
        Ok(height)
    }

    /// Token labels, axis names, and the head's name where there are several.
    fn label(&self, grid: &AttentionGrid, panel: &Panel, labels: &[String]) -> Result<(), JsValue> {
        let context = &self.context;
        let (ratio, side) = (grid.ratio, grid.side());
        let size = 11.0 * ratio;
        context.set_font(&format!("{size}px {FONT}"));
        context.set_text_baseline("middle");
        let gap = 5.0 * ratio;
        context.set_fill_style_str(&css(self.theme.text()));
        let flat = labels.iter().all(|label| context.measure_text(label).is_ok_and(|text| text.width() < grid.cell - 2.0 * ratio));
        for (position, label) in labels.iter().enumerate().filter(|(position, _)| grid.label_every > 0 && position % grid.label_every == 0)
        {
            let along = (position as f64 + 0.5) * grid.cell;
            context.set_text_align("right");
            context.fill_text(label, panel.left - gap, panel.top + along)?;
            if flat {
                context.set_text_align("center");
                context.fill_text(label, panel.left + along, panel.top - gap - size / 2.0)?;
            } else {
                self.upright(label, panel.left + along, panel.top - gap, "left")?;
            }
        }
        context.set_fill_style_str(&css(self.theme.muted()));
        context.set_text_align("left");
        let above = panel.top - grid.margin + size * 0.6;
        let axis = |long: &'static str, short: &'static str| if side > 170.0 * ratio { long } else { short };
        context.fill_text(axis("source: attends to →", "source →"), panel.left, above)?;
        self.upright(axis("← destination: attends from", "← destination"), panel.left - grid.margin + size * 0.6, panel.top, "right")?;
        if grid.panels.len() > 1 {
            context.set_fill_style_str(&css(self.theme.text()));
            context.set_text_align("left");
            context.set_font(&format!("600 {size}px {FONT}"));
            context.fill_text(&format!("L{}H{}", panel.layer, panel.head), panel.left, above - 16.0 * ratio)?;
        }
        Ok(())
    }

    /// Text that reads upwards, with `x, y` at its start ("left") or end ("right").
    fn upright(&self, text: &str, x: f64, y: f64, align: &str) -> Result<(), JsValue> {
        self.context.save();
        self.context.translate(x, y)?;
        self.context.rotate(-std::f64::consts::FRAC_PI_2)?;
        self.context.set_text_align(align);
        self.context.fill_text(text, 0.0, 0.0)?;
        self.context.restore();
        Ok(())
    }
}

fn css([r, g, b]: Rgb) -> String {
    format!("rgb({r} {g} {b})")
}
