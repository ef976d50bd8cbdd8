//! Pictures of attention on `OffscreenCanvas`es, in JavaScript: the large picture, and the heads as thumbnails.

use js_sys::{Array, Float32Array};
use serde_json::json;
use wasm_bindgen::prelude::*;
use web_sys::OffscreenCanvas;

use super::convert::{from_js, js_error, object, to_js};
use super::drawn::{Options, Positions, read_shown};
use super::paint::Painter;
use crate::figure::{Focus, Head, Picture, Pixels, Theme, ThumbnailStyle, Thumbnails, Tile, Values, svg};

/// The large picture of attention on a canvas.
#[wasm_bindgen]
pub struct AttentionCanvas {
    painter: Painter,
    picture: Option<Picture>,
    theme: Theme,
}

#[wasm_bindgen]
impl AttentionCanvas {
    #[wasm_bindgen(constructor)]
    pub fn new(canvas: OffscreenCanvas) -> Result<AttentionCanvas, JsValue> {
        Ok(Self { painter: Painter::new(canvas)?, picture: None, theme: Theme::Light })
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
            return Err(js_error(format!(
                "A difference needs patterns of one shape; these have {a} and {b} positions."
            )));
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
        self.painter.paint(&drawing)
    }

    /// What lies under a point (CSS pixels), if anything.
    #[wasm_bindgen(unchecked_return_type = "Hit | undefined")]
    pub fn hit(&self, x: f64, y: f64) -> JsValue {
        let Some((picture, hit)) = self.picture.as_ref().and_then(|picture| Some((picture, picture.hit(x, y)?))) else {
            return JsValue::UNDEFINED;
        };
        let Focus { destination, source } = hit.focus;
        let head = hit.head.map_or(JsValue::NULL, |head| {
            object([("layer", index(Some(head.layer))), ("head", index(Some(head.head)))])
        });
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
    pub fn shades(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Focus")] focus: &JsValue,
    ) -> Result<Option<Float32Array>, JsValue> {
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
        self.painter.paint(&drawing)?;
        Ok(height)
    }

    /// Of one head, or of all that are shown.
    fn read(&self, picture: &Picture, focus: Focus, only: Option<Head>) -> JsValue {
        let (Some(destination), Some(source)) = (focus.destination, focus.source) else { return Array::new().into() };
        let of = picture.read(destination, source).into_iter().filter(|(head, _)| only.is_none() || *head == only);
        of.map(|(head, value)| {
            object([
                ("layer", index(head.map(|head| head.layer))),
                ("head", index(head.map(|head| head.head))),
                ("value", value.into()),
            ])
        })
        .collect::<Array>()
        .into()
    }
}

/// All heads as thumbnails on a canvas.
#[wasm_bindgen]
pub struct HeadsCanvas {
    painter: Painter,
}

#[wasm_bindgen]
impl HeadsCanvas {
    #[wasm_bindgen(constructor)]
    pub fn new(canvas: OffscreenCanvas) -> Result<HeadsCanvas, JsValue> {
        Ok(Self { painter: Painter::new(canvas)? })
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
        let style = ThumbnailStyle {
            map: options.view.colours,
            curve: options.view.scale,
            range: options.view.range,
            theme: options.theme(),
        };
        let Pixels { width, height, rgba } = all.pixels(&values, style, options.pixel_ratio);
        self.painter.put(width, height, &rgba)?;
        let tile =
            |tile: &Tile| json!({ "layer": tile.of.layer, "head": tile.of.head, "left": tile.left, "top": tile.top });
        let tiles: Vec<_> = all.tiles.iter().map(tile).collect();
        to_js(&json!({ "side": all.side, "width": all.width, "height": all.height, "tiles": tiles }))
    }
}

fn index(value: Option<usize>) -> JsValue {
    value.map_or(JsValue::NULL, |value| JsValue::from_f64(value as f64))
}
