//! Says to the tests whether real checkpoints are here: `cfg(shared)`. Those that need them are ignored elsewhere.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(shared)");
    let folder = std::path::Path::new("../../shared/checkpoints");
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rerun-if-changed=build.rs");
    if folder.is_dir() {
        println!("cargo::rustc-cfg=shared");
    }
}
