//! Puts pictures of attention on `OffscreenCanvas`es: the large picture, and the heads as thumbnails. Labels are drawn as text, so nothing
//! in them can be markup.

use js_sys::{Array, Float32Array, Reflect};
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{ImageData, OffscreenCanvas, OffscreenCanvasRenderingContext2d};

use super::convert::{from_js, js_error, object, to_js};
use crate::config::{ColourMap, Curve, Form, Quantity, Range, Side, Together};
use crate::figure::{
    Anchor, Cells, Drawing, FONT, Focus, Head, Picture, Pixels, Rgb, Shape, Style, Text, Theme, ThumbnailStyle, Thumbnails, Values, svg,
};

/// `Drawn` of the TypeScript declarations.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    width: f64,
    pixel_ratio: f64,
    theme: String,
    view: View,
    heads: Vec<Head>,
    focus: Positions,
    cell: Option<Pair>,
}

#[derive(Clone, Copy, Deserialize)]
struct View {
    show: Quantity,
    form: Form,
    scale: Curve,
    range: Range,
    colours: ColourMap,
    rows: Side,
    heads: Together,
}

#[derive(Clone, Copy, Deserialize)]
struct Positions {
    destination: Option<usize>,
    source: Option<usize>,
}

#[derive(Clone, Copy, Deserialize)]
struct Pair {
    destination: usize,
    source: usize,
}

impl Options {
    fn read(value: &JsValue) -> Result<Self, JsValue> {
        let mut options: Self = serde_json::from_value(from_js(value, "drawn")?)
            .map_err(|error| js_error(format!("drawn is not as its type says: {error}.")))?;
        options.width = if options.width.is_finite() { options.width.clamp(60.0, 4096.0) } else { 320.0 };
        options.pixel_ratio = if options.pixel_ratio.is_finite() { options.pixel_ratio.clamp(0.5, 4.0) } else { 1.0 };
        Ok(options)
    }

    fn theme(&self) -> Theme {
        if self.theme == "dark" { Theme::Dark } else { Theme::Light }
    }

    fn style(&self) -> Style {
        let View { form, scale, range, colours, rows, heads, .. } = self.view;
        let (width, ratio) = (self.width, self.pixel_ratio);
        Style { form, curve: scale, range, map: colours, rows, together: heads, theme: self.theme(), width, ratio }
    }

    fn focus(&self) -> Focus {
        Focus { destination: self.focus.destination, source: self.focus.source }
    }

    fn picture(&self, values: Values) -> Picture {
        let mut picture = Picture::new(values, self.style(), &self.heads);
        picture.point_at(self.focus());
        picture.pin(self.cell.map(|cell| (cell.destination, cell.source)));
        picture
    }
}

/// The values of a `Shown`.
fn read_shown(shown: &JsValue, quantity: Quantity) -> Result<Values, JsValue> {
    let wrong = || js_error("What is drawn must be as Run.look gives it: labels, and values of shape [layer, head, destination, source].");
    let tensor = Reflect::get(shown, &"values".into())?;
    let array = |object: &JsValue, name: &str| Reflect::get(object, &name.into()).ok().and_then(|value| value.dyn_into::<Array>().ok());
    let shape: Vec<usize> =
        array(&tensor, "shape").ok_or_else(wrong)?.iter().filter_map(|size| size.as_f64()).map(|size| size as usize).collect();
    let shape: [usize; 4] = shape.try_into().map_err(|_| wrong())?;
    let data = Reflect::get(&tensor, &"data".into())?.dyn_into::<Float32Array>().map_err(|_| wrong())?.to_vec();
    let labels: Vec<String> = array(shown, "labels").ok_or_else(wrong)?.iter().filter_map(|label| label.as_string()).collect();
    if shape[2] != shape[3] || labels.len() != shape[2] || data.len() != shape.iter().product::<usize>() || data.is_empty() {
        return Err(wrong());
    }
    let causal = Reflect::get(shown, &"causal".into())?.as_bool().unwrap_or(true);
    Ok(Values { labels, data, shape, causal, quantity, difference: false })
}

/// The large picture of attention on a canvas.
#[wasm_bindgen]
pub struct AttentionCanvas {
    canvas: OffscreenCanvas,
    context: OffscreenCanvasRenderingContext2d,
    /// Cells are put here one pixel each, and drawn from here as large as they are to be.
    scratch: OffscreenCanvas,
    scratch_context: OffscreenCanvasRenderingContext2d,
    picture: Option<Picture>,
    theme: Theme,
}

#[wasm_bindgen]
impl AttentionCanvas {
    #[wasm_bindgen(constructor)]
    pub fn new(canvas: OffscreenCanvas) -> Result<AttentionCanvas, JsValue> {
        let context = context_of(&canvas)?;
        let scratch = OffscreenCanvas::new(1, 1)?;
        let scratch_context = context_of(&scratch)?;
        Ok(Self { canvas, context, scratch, scratch_context, picture: None, theme: Theme::Light })
    }

    /// Draws what `Run.look` or `Run.meanLook` gave. Gives the height in CSS pixels.
    pub fn draw(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Shown")] shown: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Drawn")] drawn: &JsValue,
    ) -> Result<f64, JsValue> {
        let options = Options::read(drawn)?;
        let values = read_shown(shown, options.view.show)?;
        self.show(&options, values)
    }

    /// Draws what an edited sequence has more (orange) or less (blue) than the clean one; both must be equally long. Gives the height in
    /// CSS pixels.
    #[wasm_bindgen(js_name = drawDifference)]
    pub fn draw_difference(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Shown")] edited: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Shown")] clean: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Drawn")] drawn: &JsValue,
    ) -> Result<f64, JsValue> {
        let options = Options::read(drawn)?;
        let (mut edited, clean) = (read_shown(edited, options.view.show)?, read_shown(clean, options.view.show)?);
        if edited.shape != clean.shape {
            let [.., a] = edited.shape;
            let [.., b] = clean.shape;
            return Err(js_error(format!("A difference needs patterns of one shape; these have {a} and {b} positions.")));
        }
        edited.data.iter_mut().zip(&clean.data).for_each(|(value, clean)| *value -= clean);
        edited.difference = true;
        self.show(&options, edited)
    }

    /// Draws what was drawn last in another way: another width, head or view, something else pointed at. Another `show` needs other
    /// values. Gives the height in CSS pixels, 0 if nothing was ever drawn.
    pub fn redraw(&mut self, #[wasm_bindgen(unchecked_param_type = "Drawn")] drawn: &JsValue) -> Result<f64, JsValue> {
        let options = Options::read(drawn)?;
        match self.picture.take() {
            Some(picture) => self.show(&options, picture.into_values()),
            None => Ok(0.0),
        }
    }

    /// Marks what is pointed at, where nothing else has changed.
    #[wasm_bindgen(js_name = pointAt)]
    pub fn point_at(&mut self, #[wasm_bindgen(unchecked_param_type = "Focus")] focus: &JsValue) -> Result<(), JsValue> {
        let Positions { destination, source } =
            serde_json::from_value(from_js(focus, "focus")?).map_err(|error| js_error(error.to_string()))?;
        let Some(picture) = &mut self.picture else { return Ok(()) };
        picture.point_at(Focus { destination, source });
        let drawing = picture.drawing();
        self.paint(&drawing)
    }

    /// What lies under a point (CSS pixels), if anything.
    #[wasm_bindgen(unchecked_return_type = "Hit | undefined")]
    pub fn hit(&self, x: f64, y: f64) -> JsValue {
        let Some((picture, hit)) = self.picture.as_ref().and_then(|picture| Some((picture, picture.hit(x, y)?))) else {
            return JsValue::UNDEFINED;
        };
        let Focus { destination, source } = hit.focus;
        let head = hit.head.map_or(JsValue::NULL, |head| object([("layer", index(Some(head.layer))), ("head", index(Some(head.head)))]));
        object([
            ("destination", index(destination)),
            ("source", index(source)),
            ("head", head),
            ("values", self.read(picture, hit.focus, hit.head)),
        ])
    }

    /// What each head that is shown has for a pair of positions; nothing where it is masked.
    #[wasm_bindgen(js_name = valuesAt, unchecked_return_type = "Hit[\"values\"]")]
    pub fn values_at(&self, destination: usize, source: usize) -> JsValue {
        let focus = Focus { destination: Some(destination), source: Some(source) };
        self.picture.as_ref().map_or_else(|| Array::new().into(), |picture| self.read(picture, focus, None))
    }

    /// Where one token is pointed at: for every position the strongest share of colour (-1 to 1) that a shown head has between the two.
    pub fn shades(&self, #[wasm_bindgen(unchecked_param_type = "Focus")] focus: &JsValue) -> Result<Option<Float32Array>, JsValue> {
        let Positions { destination, source } =
            serde_json::from_value(from_js(focus, "focus")?).map_err(|error| js_error(error.to_string()))?;
        let shades = self.picture.as_ref().and_then(|picture| picture.shades(Focus { destination, source }));
        Ok(shades.map(|shades| Float32Array::from(&shades[..])))
    }

    /// What is drawn as SVG text, with every cell's number.
    pub fn svg(&self) -> Option<String> {
        self.picture.as_ref().map(|picture| svg(&picture.drawing(), self.theme.paper()))
    }
}

impl AttentionCanvas {
    fn show(&mut self, options: &Options, values: Values) -> Result<f64, JsValue> {
        let picture = options.picture(values);
        self.theme = options.theme();
        let (drawing, height) = (picture.drawing(), picture.height());
        self.picture = Some(picture);
        self.paint(&drawing)?;
        Ok(height)
    }

    /// Of one head, or of all that are shown.
    fn read(&self, picture: &Picture, focus: Focus, only: Option<Head>) -> JsValue {
        let (Some(destination), Some(source)) = (focus.destination, focus.source) else { return Array::new().into() };
        let of = picture.read(destination, source).into_iter().filter(|(head, _)| only.is_none() || *head == only);
        of.map(|(head, value)| {
            object([("layer", index(head.map(|head| head.layer))), ("head", index(head.map(|head| head.head))), ("value", value.into())])
        })
        .collect::<Array>()
        .into()
    }

    fn paint(&self, drawing: &Drawing) -> Result<(), JsValue> {
        let (width, height) = (drawing.width.ceil() as u32, drawing.height.ceil() as u32);
        // Setting a size, even the same one, clears the canvas and costs an allocation.
        if (self.canvas.width(), self.canvas.height()) != (width, height) {
            self.canvas.set_width(width);
            self.canvas.set_height(height);
        }
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
        // Parsing a font costs more than drawing a label in it.
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
}

/// All heads as thumbnails on a canvas.
#[wasm_bindgen]
pub struct HeadsCanvas {
    canvas: OffscreenCanvas,
    context: OffscreenCanvasRenderingContext2d,
}

#[wasm_bindgen]
impl HeadsCanvas {
    #[wasm_bindgen(constructor)]
    pub fn new(canvas: OffscreenCanvas) -> Result<HeadsCanvas, JsValue> {
        let context = context_of(&canvas)?;
        Ok(Self { canvas, context })
    }

    /// Draws every head of what `Run.look` or `Run.meanLook` gave, and gives where each is.
    #[wasm_bindgen(unchecked_return_type = "Tiles")]
    pub fn draw(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Shown")] shown: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Drawn")] drawn: &JsValue,
    ) -> Result<JsValue, JsValue> {
        let options = Options::read(drawn)?;
        let values = read_shown(shown, options.view.show)?;
        let all = Thumbnails::new(values.shape[0], values.shape[1], options.width);
        let style =
            ThumbnailStyle { map: options.view.colours, curve: options.view.scale, range: options.view.range, theme: options.theme() };
        let Pixels { width, height, rgba } = all.pixels(&values, style, options.pixel_ratio);
        let (width, height) = (width as u32, height as u32);
        if (self.canvas.width(), self.canvas.height()) != (width, height) {
            self.canvas.set_width(width);
            self.canvas.set_height(height);
        }
        let image = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&rgba), width, height)?;
        self.context.put_image_data(&image, 0.0, 0.0)?;
        let tile = |tile: &crate::figure::Tile| serde_json::json!({ "layer": tile.of.layer, "head": tile.of.head, "left": tile.left, "top": tile.top });
        let tiles: Vec<_> = all.tiles.iter().map(tile).collect();
        to_js(&serde_json::json!({ "side": all.side, "width": all.width, "height": all.height, "tiles": tiles }))
    }
}

fn context_of(canvas: &OffscreenCanvas) -> Result<OffscreenCanvasRenderingContext2d, JsValue> {
    Ok(canvas.get_context("2d")?.ok_or_else(|| js_error("The canvas has no 2d context."))?.dyn_into()?)
}

fn index(value: Option<usize>) -> JsValue {
    value.map_or(JsValue::NULL, |value| JsValue::from_f64(value as f64))
}

fn css([r, g, b]: Rgb) -> String {
    format!("rgb({r} {g} {b})")
}
