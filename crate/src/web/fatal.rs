//! Failures that end a module or a device: a panic, a lost GPU, a shader that does not compile. The page is told and
//! starts over.

use std::cell::RefCell;

use js_sys::Function;
use wasm_bindgen::prelude::*;

thread_local! {
    /// The listener of `onFatal`.
    static LISTENER: RefCell<Option<Function>> = const { RefCell::new(None) };
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub(super) fn console_error(message: &str);
}

/// Calls `listener(kind, message)` when this module can no longer be used ("panic"), or its GPU ("device_lost",
/// "shader").
#[wasm_bindgen(js_name = onFatal)]
pub fn on_fatal(
    #[wasm_bindgen(unchecked_param_type = "(kind: \"panic\" | \"device_lost\" | \"shader\", message: string) => void")]
    listener: Function,
) {
    LISTENER.with(|slot| *slot.borrow_mut() = Some(listener));
}

/// Panics. The page's tests call it, to see how the page recovers. What is published does not have it.
#[cfg(feature = "panic")]
#[wasm_bindgen(js_name = __tinylens_panic, skip_typescript)]
pub fn force_panic() {
    panic!("asked to panic");
}

/// Tells the listener of a failure.
pub(super) fn report(kind: &str, message: &str) {
    let listener = LISTENER.with(|slot| slot.borrow().clone());
    if let Some(listener) = listener {
        let _ = listener.call2(&JsValue::NULL, &kind.into(), &message.into());
    }
}

/// Sends panics to the console and to the listener.
pub(super) fn install() {
    std::panic::set_hook(Box::new(|info| {
        let message = info.to_string();
        console_error(&message);
        report("panic", &message);
    }));
}
