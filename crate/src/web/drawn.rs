//! What a canvas is told: how to draw (`Drawn`), and what (`Shown`).

use js_sys::{Array, Float32Array, Reflect};
use serde::Deserialize;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use super::convert::{from_js, js_error};
use crate::config::{ColourMap, Curve, Form, Quantity, Range, Side, Together};
use crate::figure::{Focus, Head, Picture, Style, Theme, Values};

/// `Drawn` of the TypeScript declarations.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Options {
    pub width: f64,
    pub pixel_ratio: f64,
    theme: String,
    pub view: View,
    heads: Vec<Head>,
    focus: Positions,
    cell: Option<Pair>,
}

#[derive(Clone, Copy, Deserialize)]
pub(super) struct View {
    pub show: Quantity,
    form: Form,
    pub scale: Curve,
    pub range: Range,
    pub colours: ColourMap,
    rows: Side,
    heads: Together,
}

#[derive(Clone, Copy, Deserialize)]
pub(super) struct Positions {
    pub destination: Option<usize>,
    pub source: Option<usize>,
}

#[derive(Clone, Copy, Deserialize)]
struct Pair {
    destination: usize,
    source: usize,
}

impl Options {
    pub fn read(value: &JsValue) -> Result<Self, JsValue> {
        let mut options: Self = serde_json::from_value(from_js(value, "drawn")?)
            .map_err(|error| js_error(format!("drawn is not as its type says: {error}.")))?;
        options.width = if options.width.is_finite() { options.width.clamp(60.0, 4096.0) } else { 320.0 };
        options.pixel_ratio = if options.pixel_ratio.is_finite() { options.pixel_ratio.clamp(0.5, 4.0) } else { 1.0 };
        Ok(options)
    }

    pub fn theme(&self) -> Theme {
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

    pub fn picture(&self, values: Values) -> Picture {
        let mut picture = Picture::new(values, self.style(), &self.heads);
        picture.point_at(self.focus());
        picture.pin(self.cell.map(|cell| (cell.destination, cell.source)));
        picture
    }
}

/// The values of a `Shown`.
pub(super) fn read_shown(shown: &JsValue, quantity: Quantity) -> Result<Values, JsValue> {
    let wrong = || {
        js_error(
            "What is drawn must be as Run.look gives it: labels, and values of shape [layer, head, destination, source].",
        )
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
    Ok(Values { labels, data, shape, causal, quantity, difference: false })
}
