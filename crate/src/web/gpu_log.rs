//! What the GPU backend logs. cubecl only logs that a shader fails validation or that a device is lost: to who does not
//! listen, their results are silently stale.

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use super::fatal::{console_error, report};

thread_local! {
    /// Errors that were logged since the test of the device began; `None` outside of a test, when errors are fatal.
    static TESTING: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = warn)]
    fn console_warn(message: &str);
}

/// Sends the log to the console, and its errors also to the listener of `onFatal`.
pub(super) fn install() {
    // A second call finds the logger set, and it is the same one.
    let _ = log::set_logger(&Bridge);
    log::set_max_level(log::LevelFilter::Warn);
}

/// Collects errors of the GPU backend, until [`end_test`], instead of reporting them as fatal.
pub(super) fn begin_test() {
    TESTING.set(Some(Vec::new()));
}

/// The errors that were collected. From now on such errors are fatal.
pub(super) fn end_test() -> Vec<String> {
    TESTING.take().unwrap_or_default()
}

/// Passes the backend's log on.
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
