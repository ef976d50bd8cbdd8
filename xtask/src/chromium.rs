//! A Chromium for the browser tests.

use crate::paths::which;
use crate::stage::{Outcome, apt_install};

/// Under which names it is installed.
pub const NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Finds one, or installs Debian's. Elsewhere it must be on the PATH, or named by the variable CHROMIUM.
pub fn ensure() -> Outcome {
    if std::env::var_os("CHROMIUM").is_some() || which(NAMES).is_some() {
        return Ok(());
    }
    apt_install(
        &["chromium"],
        "The browser tests need Chromium, and none was found on the PATH or in the variable CHROMIUM.",
    )
}
