//! Sets `cfg(shared)` for the tests if the folder of real checkpoints is there: tests that need it are ignored
//! elsewhere.

use std::path::Path;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(shared)");
    println!("cargo::rerun-if-changed=build.rs");
    let folder = Path::new("../../shared/checkpoints");
    if folder.is_dir() {
        println!("cargo::rustc-cfg=shared");
        // Cargo takes a path that does not exist for changed, and would compile the crate again each time. So a clone
        // that gets the folder later must be told: `touch crate/build.rs`.
        println!("cargo::rerun-if-changed={}", folder.display());
    }
}
