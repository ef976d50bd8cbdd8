//! Paints a [`Drawing`] on an `OffscreenCanvas`. Labels are drawn as text, so nothing in them can be markup.

use wasm_bindgen::prelude::*;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{ImageData, OffscreenCanvas, OffscreenCanvasRenderingContext2d};

use super::convert::js_error;
use crate::figure::{Anchor, Cells, Drawing, FONT, Rgb, Shape, Text};

/// A canvas to paint on.
pub(super) struct Painter {
    canvas: OffscreenCanvas,
    context: OffscreenCanvasRenderingContext2d,
    /// Holds cells as single pixels, which are drawn enlarged from here.
    scratch: OffscreenCanvas,
    scratch_context: OffscreenCanvasRenderingContext2d,
}

impl Painter {
    /// # Errors
    /// If the canvas has no 2d context.
    pub fn new(canvas: OffscreenCanvas) -> Result<Self, JsValue> {
        let context = context_of(&canvas)?;
        let scratch = OffscreenCanvas::new(1, 1)?;
        let scratch_context = context_of(&scratch)?;
        Ok(Self { canvas, context, scratch, scratch_context })
    }

    /// Makes the canvas as large as the drawing, and draws it.
    ///
    /// # Errors
    /// What the canvas throws.
    pub fn paint(&self, drawing: &Drawing) -> Result<(), JsValue> {
        let (width, height) = (drawing.width.ceil() as u32, drawing.height.ceil() as u32);
        self.resize(width, height);
        let context = &self.context;
        context.clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
        context.set_text_baseline("middle");
        let mut font = String::new();
        for shape in &drawing.shapes {
            match shape {
                Shape::Cells(cells) => self.cells(cells)?,
                Shape::Rect { left, top, width, height, fill, stroke } => {
                    if let Some(fill) = fill {
                        context.set_fill_style_str(&css(*fill));
                        context.fill_rect(*left, *top, *width, *height);
                    }
                    if let Some((colour, line)) = stroke {
                        context.set_stroke_style_str(&css(*colour));
                        context.set_line_width(*line);
                        context.stroke_rect(*left, *top, *width, *height);
                    }
                }
                Shape::Text(text) => self.text(text, &mut font)?,
                Shape::Link { from, to, width, colour, opacity } => {
                    let middle = (from.0 + to.0) / 2.0;
                    context.set_global_alpha(*opacity);
                    context.set_stroke_style_str(&css(*colour));
                    context.set_line_width(*width);
                    context.begin_path();
                    context.move_to(from.0, from.1);
                    context.bezier_curve_to(middle, from.1, middle, to.1, to.0, to.1);
                    context.stroke();
                    context.set_global_alpha(1.0);
                }
            }
        }
        Ok(())
    }

    fn cells(&self, cells: &Cells) -> Result<(), JsValue> {
        let (columns, rows) = (cells.columns as u32, (cells.colours.len() / cells.columns) as u32);
        let rgba: Vec<u8> = cells.colours.iter().flat_map(|[r, g, b]| [*r, *g, *b, 255]).collect();
        if self.scratch.width() < columns || self.scratch.height() < rows {
            self.scratch.set_width(self.scratch.width().max(columns));
            self.scratch.set_height(self.scratch.height().max(rows));
        }
        let image = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&rgba), columns, rows)?;
        self.scratch_context.put_image_data(&image, 0.0, 0.0)?;
        self.context.set_image_smoothing_enabled(false);
        let (width, height) = (f64::from(columns), f64::from(rows));
        self.context.draw_image_with_offscreen_canvas_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
            &self.scratch,
            0.0,
            0.0,
            width,
            height,
            cells.left,
            cells.top,
            width * cells.cell,
            height * cells.cell,
        )
    }

    fn text(&self, text: &Text, font: &mut String) -> Result<(), JsValue> {
        let context = &self.context;
        let wanted = format!("{}{}px {FONT}", if text.bold { "600 " } else { "" }, text.size);
        // Parsing a font costs more than drawing a label in it, so the font is set only if it changes.
        if *font != wanted {
            context.set_font(&wanted);
            *font = wanted;
        }
        context.set_fill_style_str(&css(text.colour));
        context.set_text_align(match text.anchor {
            Anchor::Start => "left",
            Anchor::Middle => "center",
            Anchor::End => "right",
        });
        if !text.upright {
            return context.fill_text(&text.text, text.x, text.y);
        }
        context.save();
        context.translate(text.x, text.y)?;
        context.rotate(-std::f64::consts::FRAC_PI_2)?;
        context.fill_text(&text.text, 0.0, 0.0)?;
        context.restore();
        Ok(())
    }

    /// Gives the canvas this size and these pixels, `[height, width, 4]`: red, green, blue, opacity.
    ///
    /// # Errors
    /// What the canvas throws.
    pub fn put(&self, width: usize, height: usize, rgba: &[u8]) -> Result<(), JsValue> {
        let (width, height) = (width as u32, height as u32);
        self.resize(width, height);
        let image = ImageData::new_with_u8_clamped_array_and_sh(Clamped(rgba), width, height)?;
        self.context.put_image_data(&image, 0.0, 0.0)
    }

    /// Sets the size only if it changes: setting it clears the canvas and costs an allocation.
    fn resize(&self, width: u32, height: u32) {
        if (self.canvas.width(), self.canvas.height()) != (width, height) {
            self.canvas.set_width(width);
            self.canvas.set_height(height);
        }
    }
}

fn context_of(canvas: &OffscreenCanvas) -> Result<OffscreenCanvasRenderingContext2d, JsValue> {
    Ok(canvas.get_context("2d")?.ok_or_else(|| js_error("The canvas has no 2d context."))?.dyn_into()?)
}

fn css([r, g, b]: Rgb) -> String {
    format!("rgb({r} {g} {b})")
}
