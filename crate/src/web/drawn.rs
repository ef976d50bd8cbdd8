//! What a canvas is given: how to draw (`Drawn`), and what (`Shown`).

use js_sys::{Array, Float32Array, Reflect};
use serde::Deserialize;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use super::convert::{from_js, js_error};
use crate::config::{ColourMap, Curve, Form, Head, Pair, Quantity, Range, Side, Together};
use crate::figure::{Focus, HeadValues, Picture, Style, Theme, ThumbnailStyle};

#[wasm_bindgen(typescript_custom_section)]
const SHOWN: &str = r#"
/** What a picture of attention shows. */
export type Shown = {
  /** A label for each position. */
  labels: string[];
  /** [layer, head, destination, source] */
  values: Tensor;
  /** Whether destinations attend to nothing that comes after them. */
  causal: boolean;
};
"#;

/// How a canvas is to be drawn.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Drawn {
    /// Room across, in CSS pixels.
    pub width: f64,
    /// Device pixels in a CSS pixel.
    pub pixel_ratio: f64,
    /// The page's theme.
    pub theme: Theme,
    /// How attention is shown.
    pub view: DrawnView,
    /// The heads to show; none means all.
    heads: Vec<Head>,
    /// What is pointed at.
    focus: Focus,
    /// The cell whose number stays written.
    cell: Option<Pair>,
}

/// The settings of the view that a picture depends on.
#[derive(Clone, Copy, Deserialize)]
pub(super) struct DrawnView {
    /// What the values are.
    pub show: Quantity,
    /// Heat map or arcs.
    form: Form,
    /// How values become shares of the colours.
    scale: Curve,
    /// Whether all heads share one scale.
    range: Range,
    /// The colours of a lone head.
    colours: ColourMap,
    /// What rows stand for.
    rows: Side,
    /// Whether several heads are overlaid or side by side.
    heads: Together,
}

impl Drawn {
    /// Reads a `Drawn`. Sizes are brought into the range of those that a canvas can have.
    ///
    /// # Errors
    /// If it is not as its type says.
    pub fn read(value: &JsValue) -> Result<Self, JsValue> {
        let mut drawn: Self = serde_json::from_value(from_js(value, "drawn")?)
            .map_err(|error| js_error(format!("drawn is not as its type says: {error}.")))?;
        drawn.width = if drawn.width.is_finite() { drawn.width.clamp(60.0, 4096.0) } else { 320.0 };
        drawn.pixel_ratio = if drawn.pixel_ratio.is_finite() { drawn.pixel_ratio.clamp(0.5, 4.0) } else { 1.0 };
        Ok(drawn)
    }

    /// The picture of some values.
    pub fn picture(&self, values: HeadValues) -> Picture {
        let DrawnView { form, scale, range, colours, rows, heads, .. } = self.view;
        let (theme, width, ratio) = (self.theme, self.width, self.pixel_ratio);
        let style = Style { form, curve: scale, range, map: colours, rows, together: heads, theme, width, ratio };
        let mut picture = Picture::new(values, style, &self.heads);
        picture.point_at(self.focus);
        picture.pin(self.cell);
        picture
    }

    /// How thumbnails are coloured.
    pub fn thumbnails(&self) -> ThumbnailStyle {
        let DrawnView { scale, range, colours, .. } = self.view;
        ThumbnailStyle { map: colours, curve: scale, range, theme: self.theme }
    }
}

/// Reads a `Focus`.
///
/// # Errors
/// If it is not as its type says.
pub(super) fn read_focus(value: &JsValue) -> Result<Focus, JsValue> {
    serde_json::from_value(from_js(value, "focus")?)
        .map_err(|error| js_error(format!("focus is not as its type says: {error}.")))
}

/// Reads the values of a `Shown`.
///
/// # Errors
/// If it is not as its type says.
pub(super) fn read_shown(shown: &JsValue, quantity: Quantity) -> Result<HeadValues, JsValue> {
    let wrong = || {
        let form = "labels, and values of shape [layer, head, destination, source]";
        js_error(format!("What is drawn must be as Run.look gives it: {form}."))
    };
    let tensor = Reflect::get(shown, &"values".into())?;
    let array = |object: &JsValue, name: &str| {
        Reflect::get(object, &name.into()).ok().and_then(|value| value.dyn_into::<Array>().ok())
    };
    let shape: Vec<usize> = array(&tensor, "shape")
        .ok_or_else(wrong)?
        .iter()
        .filter_map(|size| size.as_f64())
        .map(|size| size as usize)
        .collect();
    let shape: [usize; 4] = shape.try_into().map_err(|_| wrong())?;
    let data = Reflect::get(&tensor, &"data".into())?.dyn_into::<Float32Array>().map_err(|_| wrong())?.to_vec();
    let labels: Vec<String> =
        array(shown, "labels").ok_or_else(wrong)?.iter().filter_map(|label| label.as_string()).collect();
    if shape[2] != shape[3]
        || labels.len() != shape[2]
        || data.len() != shape.iter().product::<usize>()
        || data.is_empty()
    {
        return Err(wrong());
    }
    let causal = Reflect::get(shown, &"causal".into())?.as_bool().unwrap_or(true);
    Ok(HeadValues { labels, data, shape, causal, quantity, difference: false })
}
