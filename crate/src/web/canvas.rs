//! Pictures of attention on `OffscreenCanvas`es, in JavaScript: the large picture, and the heads as thumbnails.

use js_sys::{Array, Float32Array};
use wasm_bindgen::prelude::*;
use web_sys::OffscreenCanvas;

use super::convert::{js_error, object, to_js};
use super::drawn::{Drawn, read_focus, read_shown};
use super::paint::Painter;
use crate::config::{Head, Pair};
use crate::figure::{Focus, HeadValues, Picture, Pixels, Theme, Thumbnails, svg};

#[wasm_bindgen(typescript_custom_section)]
const HIT: &str = r#"
/** What lies under a point. */
export type Hit = Focus & {
  /** The head whose panel it is; null where heads are overlaid, and for their mean. */
  head: Head | null;
  /** Of each head shown, if the point is on a cell; `layer` and `head` are null for the mean over all heads. */
  values: { layer: number | null; head: number | null; value: number }[];
};
"#;

/// The large picture of attention on a canvas.
#[wasm_bindgen]
pub struct AttentionCanvas {
    painter: Painter,
    picture: Option<Picture>,
    theme: Theme,
}

#[wasm_bindgen]
impl AttentionCanvas {
    /// Draws on this canvas from now on.
    #[wasm_bindgen(constructor)]
    pub fn new(canvas: OffscreenCanvas) -> Result<AttentionCanvas, JsValue> {
        Ok(Self { painter: Painter::new(canvas)?, picture: None, theme: Theme::Light })
    }

    /// Draws what `Run.look` or `Run.meanLook` gave. Returns the height in CSS pixels.
    pub fn draw(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Shown")] shown: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Drawn")] drawn: &JsValue,
    ) -> Result<f64, JsValue> {
        let drawn = Drawn::read(drawn)?;
        let values = read_shown(shown, drawn.view.show)?;
        self.show(&drawn, values)
    }

    /// Draws what an edited sequence has more (orange) or less (blue) than the clean one; both must be equally long.
    /// Returns the height in CSS pixels.
    #[wasm_bindgen(js_name = drawDifference)]
    pub fn draw_difference(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Shown")] edited: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Shown")] clean: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Drawn")] drawn: &JsValue,
    ) -> Result<f64, JsValue> {
        let drawn = Drawn::read(drawn)?;
        let (mut edited, clean) = (read_shown(edited, drawn.view.show)?, read_shown(clean, drawn.view.show)?);
        if edited.shape != clean.shape {
            let [.., a] = edited.shape;
            let [.., b] = clean.shape;
            return Err(js_error(format!(
                "A difference needs patterns of one shape; these have {a} and {b} positions."
            )));
        }
        edited.data.iter_mut().zip(&clean.data).for_each(|(value, clean)| *value -= clean);
        edited.difference = true;
        self.show(&drawn, edited)
    }

    /// Draws the last values in another way: another width, head or view, or something else pointed at. Another `show`
    /// needs other values. Returns the height in CSS pixels, 0 if nothing was ever drawn.
    pub fn redraw(&mut self, #[wasm_bindgen(unchecked_param_type = "Drawn")] drawn: &JsValue) -> Result<f64, JsValue> {
        let drawn = Drawn::read(drawn)?;
        match self.picture.take() {
            Some(picture) => self.show(&drawn, picture.into_values()),
            None => Ok(0.0),
        }
    }

    /// Marks what is pointed at, if nothing else has changed.
    #[wasm_bindgen(js_name = pointAt)]
    pub fn point_at(&mut self, #[wasm_bindgen(unchecked_param_type = "Focus")] focus: &JsValue) -> Result<(), JsValue> {
        let focus = read_focus(focus)?;
        let Some(picture) = &mut self.picture else { return Ok(()) };
        picture.point_at(focus);
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
        let values = match (destination, source) {
            (Some(destination), Some(source)) => values_at(picture, Pair { destination, source }, hit.head),
            _ => Array::new().into(),
        };
        object([("destination", index(destination)), ("source", index(source)), ("head", head), ("values", values)])
    }

    /// The value of each head that is shown at a pair of positions; none if the pair is masked.
    #[wasm_bindgen(js_name = valuesAt, unchecked_return_type = "Hit[\"values\"]")]
    pub fn values_at(&self, destination: usize, source: usize) -> JsValue {
        let Some(picture) = &self.picture else { return Array::new().into() };
        values_at(picture, Pair { destination, source }, None)
    }

    /// If one token is pointed at: for every position the strongest share of colour (-1 to 1) that a shown head has
    /// between the two.
    pub fn shades(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Focus")] focus: &JsValue,
    ) -> Result<Option<Float32Array>, JsValue> {
        let focus = read_focus(focus)?;
        let shades = self.picture.as_ref().and_then(|picture| picture.shades(focus));
        Ok(shades.map(|shades| Float32Array::from(&shades[..])))
    }

    /// The picture as SVG text, with every cell's number; `undefined` if nothing was ever drawn.
    pub fn svg(&self) -> Option<String> {
        self.picture.as_ref().map(|picture| svg(&picture.drawing(), self.theme.paper()))
    }
}

impl AttentionCanvas {
    fn show(&mut self, drawn: &Drawn, values: HeadValues) -> Result<f64, JsValue> {
        let picture = drawn.picture(values);
        self.theme = drawn.theme;
        let (drawing, height) = (picture.drawing(), picture.height());
        self.picture = Some(picture);
        self.painter.paint(&drawing)?;
        Ok(height)
    }
}

/// `Hit.values` at a pair of positions: of one head, or of all that are shown.
fn values_at(picture: &Picture, pair: Pair, only: Option<Head>) -> JsValue {
    let of = picture.read(pair).into_iter().filter(|(head, _)| only.is_none() || *head == only);
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

/// All heads as thumbnails on a canvas.
#[wasm_bindgen]
pub struct HeadsCanvas {
    painter: Painter,
}

#[wasm_bindgen]
impl HeadsCanvas {
    /// Draws on this canvas from now on.
    #[wasm_bindgen(constructor)]
    pub fn new(canvas: OffscreenCanvas) -> Result<HeadsCanvas, JsValue> {
        Ok(Self { painter: Painter::new(canvas)? })
    }

    /// Draws every head of what `Run.look` or `Run.meanLook` gave. Returns where each is.
    #[wasm_bindgen(unchecked_return_type = "Tiles")]
    pub fn draw(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Shown")] shown: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Drawn")] drawn: &JsValue,
    ) -> Result<JsValue, JsValue> {
        let drawn = Drawn::read(drawn)?;
        let values = read_shown(shown, drawn.view.show)?;
        let thumbnails = Thumbnails::new(values.shape[0], values.shape[1], drawn.width);
        let Pixels { width, height, rgba } = thumbnails.pixels(&values, drawn.thumbnails(), drawn.pixel_ratio);
        self.painter.put(width, height, &rgba)?;
        to_js(&thumbnails)
    }
}

/// A number or `null`.
fn index(value: Option<usize>) -> JsValue {
    value.map_or(JsValue::NULL, |value| JsValue::from_f64(value as f64))
}
