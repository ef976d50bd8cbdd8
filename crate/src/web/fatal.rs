//! What ends a module or a device: a panic, a lost GPU, a shader that does not compile. The page hears of it and starts over.

use std::cell::RefCell;

use js_sys::Function;
use wasm_bindgen::prelude::*;

thread_local! {
    static LISTENER: RefCell<Option<Function>> = const { RefCell::new(None) };
    /// Errors that the GPU backend logs while it is being tested; `None` while it is not, when they are fatal.
    static TESTING: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(message: &str);
    #[wasm_bindgen(js_namespace = console, js_name = warn)]
    fn console_warn(message: &str);
}

/// Calls `listener(kind, message)` when this module can't be used any more ("panic"), or its GPU ("device_lost", "shader").
#[wasm_bindgen(js_name = onFatal)]
pub fn on_fatal(
    #[wasm_bindgen(unchecked_param_type = "(kind: \"panic\" | \"device_lost\" | \"shader\", message: string) => void")] listener: Function,
) {
    LISTENER.with(|slot| *slot.borrow_mut() = Some(listener));
}

/// Panics. It is exported so that a page's recovery from a panic can be tested in the real browser.
#[wasm_bindgen(js_name = __tinylens_panic, skip_typescript)]
pub fn force_panic() {
    panic!("asked to panic");
}

fn report(kind: &str, message: &str) {
    let listener = LISTENER.with(|slot| slot.borrow().clone());
    if let Some(listener) = listener {
        let _ = listener.call2(&JsValue::NULL, &kind.into(), &message.into());
    }
}

/// From now on errors of the GPU backend are gathered, until [`end_test`].
#[cfg(target_family = "wasm")]
pub(super) fn begin_test() {
    TESTING.set(Some(Vec::new()));
}

/// What was gathered. From now on such errors are fatal.
#[cfg(target_family = "wasm")]
pub(super) fn end_test() -> Vec<String> {
    TESTING.take().unwrap_or_default()
}

/// Routes panics and the log to the console and to the listener.
pub(super) fn install() {
    std::panic::set_hook(Box::new(|info| {
        let message = info.to_string();
        console_error(&message);
        report("panic", &message);
    }));
    // A second instance of the module in one realm would find the logger set; it is the same one.
    let _ = log::set_logger(&Bridge);
    log::set_max_level(log::LevelFilter::Warn);
}

/// cubecl only logs a shader that fails validation and a device that is lost: without listening, their results are silently stale.
struct Bridge;

impl log::Log for Bridge {
    fn enabled(&self, metadata: &log::Metadata) -> bool {
        metadata.level() <= log::Level::Warn
    }

    fn log(&self, record: &log::Record) {
        let message = format!("{}: {}", record.target(), record.args());
        if record.level() > log::Level::Error {
            return console_warn(&message);
        }
        console_error(&message);
        if record.target().starts_with("cubecl") || record.target().starts_with("wgpu") {
            let lost = message.contains("device was lost");
            TESTING.with_borrow_mut(|testing| match testing {
                Some(errors) => errors.push(message),
                None => report(if lost { "device_lost" } else { "shader" }, &message),
            });
        }
    }

    fn flush(&self) {}
}
