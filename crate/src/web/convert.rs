//! Values between Rust and JavaScript.

use std::future::Future;
use std::pin::Pin;

use js_sys::{Array, Float32Array, JSON, Object, Promise, Reflect};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::error::{Error, Result};

#[wasm_bindgen(typescript_custom_section)]
const TENSOR: &str = "export type Tensor = { shape: number[]; data: Float32Array };";

/// A JavaScript `Error` with this message.
pub(super) fn js_error(message: impl ToString) -> JsValue {
    js_sys::Error::new(&message.to_string()).into()
}

/// A promise of the value of `future`; an error rejects it with a JavaScript `Error`.
pub(super) fn promise(future: impl Future<Output = Result<JsValue>> + 'static) -> Promise {
    promise_of(async move { future.await.map_err(js_error) })
}

/// A promise of the value of `future`; an error rejects it as it is.
pub(super) fn promise_of(future: impl Future<Output = std::result::Result<JsValue, JsValue>> + 'static) -> Promise {
    boxed(Box::pin(future))
}

/// The code of a promise exists once for all futures, behind a pointer; generic over them it took 40 KB more.
fn boxed(future: Pin<Box<dyn Future<Output = std::result::Result<JsValue, JsValue>>>>) -> Promise {
    js_sys::futures::future_to_promise(future)
}

/// A small record as a JavaScript value, by way of JSON.
///
/// # Errors
/// If the record cannot be written as JSON.
pub(super) fn to_js(record: &impl Serialize) -> std::result::Result<JsValue, JsValue> {
    JSON::parse(&serde_json::to_string(record).map_err(js_error)?)
}

/// A small record from JavaScript, by way of JSON; `undefined` is an empty one. `name` is what the error calls it.
///
/// # Errors
/// If JSON cannot hold it.
pub(super) fn from_js(value: &JsValue, name: &str) -> std::result::Result<serde_json::Value, JsValue> {
    if value.is_undefined() {
        return Ok(serde_json::json!({}));
    }
    let unreadable = || js_error(format!("{name} must be a plain object that JSON can hold."));
    let text = JSON::stringify(value).map_err(|_| unreadable())?.as_string().ok_or_else(unreadable)?;
    serde_json::from_str(&text).map_err(|_| unreadable())
}

/// A `Tensor`.
pub(super) fn tensor(shape: &[usize], data: &[f32]) -> JsValue {
    let dimensions: Array = shape.iter().map(|size| JsValue::from_f64(*size as f64)).collect();
    object([("shape", dimensions.into()), ("data", Float32Array::from(data).into())])
}

/// An object with these fields.
pub(super) fn object<const N: usize>(fields: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        set(&object, name, &value);
    }
    object.into()
}

/// Sets a field of a plain object.
pub(super) fn set(object: &Object, name: &str, value: &JsValue) {
    // Setting a field of a fresh plain object cannot fail.
    let _ = Reflect::set(object, &name.into(), value);
}

/// Rows of token numbers, from `number[][]` or an array of typed arrays. `name` is what the error calls them.
///
/// # Errors
/// If it is something else.
pub(super) fn token_rows(value: &JsValue, name: &str) -> Result<Vec<Vec<usize>>> {
    let rows =
        iterate(value).ok_or_else(|| Error::new(format!("{name} must be an array of arrays of token numbers.")))?;
    rows.iter().enumerate().map(|(number, row)| token_row(row, &format!("{name}[{number}]"))).collect()
}

/// One row of token numbers, from `number[]` or a typed array. `name` is what the error calls it.
///
/// # Errors
/// If it is something else.
pub(super) fn token_row(value: &JsValue, name: &str) -> Result<Vec<usize>> {
    let row = iterate(value).ok_or_else(|| Error::new(format!("{name} must be an array of token numbers.")))?;
    let token = |(position, value): (usize, &JsValue)| {
        let number = value.as_f64().filter(|x| x.fract() == 0.0 && (0.0..4_294_967_296.0).contains(x));
        number
            .map(|x| x as usize)
            .ok_or_else(|| Error::new(format!("{name}[{position}] is not a token number, a whole number from 0.")))
    };
    row.iter().enumerate().map(token).collect()
}

/// The items of an array, a typed array or another iterable object.
fn iterate(value: &JsValue) -> Option<Vec<JsValue>> {
    if !value.is_object() {
        return None;
    }
    js_sys::try_iter(value).ok()??.collect::<std::result::Result<Vec<JsValue>, _>>().ok()
}

/// A whole number from `min` to `max`. `name` is what the error calls it.
///
/// # Errors
/// If it is something else.
pub(super) fn whole(value: &JsValue, name: &str, min: u32, max: u32) -> Result<u32> {
    let number = value.as_f64().filter(|x| x.fract() == 0.0 && (f64::from(min)..=f64::from(max)).contains(x));
    number.map(|x| x as u32).ok_or_else(|| Error::new(format!("{name} must be a whole number from {min} to {max}.")))
}

#[wasm_bindgen]
extern "C" {
    type MessageChannel;
    #[wasm_bindgen(constructor)]
    fn new() -> MessageChannel;
    #[wasm_bindgen(method, getter)]
    fn port1(this: &MessageChannel) -> MessagePort;
    #[wasm_bindgen(method, getter)]
    fn port2(this: &MessageChannel) -> MessagePort;
    type MessagePort;
    #[wasm_bindgen(method, setter)]
    fn set_onmessage(this: &MessagePort, listener: &js_sys::Function);
    #[wasm_bindgen(method, js_name = postMessage)]
    fn post_message(this: &MessagePort, message: &JsValue);
    #[wasm_bindgen(method)]
    fn close(this: &MessagePort);
}

/// Lets the event loop handle what is waiting. It does so by a message, because browsers slow `setTimeout` down in
/// background tabs and after a few nested calls.
pub(super) async fn yield_now() {
    let channel = MessageChannel::new();
    let (inbox, outbox) = (channel.port1(), channel.port2());
    let promise = Promise::new(&mut |resolve, _| {
        inbox.set_onmessage(&resolve);
        outbox.post_message(&JsValue::NULL);
    });
    // The promise resolves with the message event, and never rejects.
    let _ = js_sys::futures::JsFuture::from(promise).await;
    inbox.close();
}
