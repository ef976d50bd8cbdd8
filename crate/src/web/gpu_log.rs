//! What the GPU backend logs. cubecl only logs a shader that fails validation and a device that is lost: without listening, their results
//! are silently stale.

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use super::fatal::{console_error, report};

thread_local! {
    /// Errors that are logged while the device is being tested; `None` while it is not, when they are fatal.
    static TESTING: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = warn)]
    fn console_warn(message: &str);
}

/// From now on the log goes to the console, and its errors to the listener of `onFatal`.
pub(super) fn install() {
    // A second instance of the module in one realm would find the logger set; it is the same one.
    let _ = log::set_logger(&Bridge);
    log::set_max_level(log::LevelFilter::Warn);
}

/// From now on errors of the GPU backend are gathered, until [`end_test`].
pub(super) fn begin_test() {
    TESTING.set(Some(Vec::new()));
}

/// What was gathered. From now on such errors are fatal.
pub(super) fn end_test() -> Vec<String> {
    TESTING.take().unwrap_or_default()
}

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
