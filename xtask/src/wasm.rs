//! The two wasm modules and their JavaScript: cargo, then wasm-bindgen, into `pkg/`. One has all devices; the other, a fraction of its size,
//! the CPU only. Their API is the same.

use std::fs;
use std::path::Path;

use wasm_bindgen_cli_support::Bindgen;

use crate::paths::Paths;
use crate::stage::{Outcome, run, stage};
use crate::toolchain::{TARGET, Toolchain};

/// A profile of Cargo.toml.
#[derive(Clone, Copy)]
pub enum Profile {
    /// The edit loop and the tests.
    Release,
    /// What is published.
    Dist,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dist => "dist",
        }
    }
}

/// A module: features of the crate, and a folder of `pkg/`.
struct Module {
    name: &'static str,
    features: &'static [&'static str],
    folder: &'static str,
    /// Both have the same types: one file says them.
    types: bool,
}

const MODULES: [Module; 2] = [
    Module { name: "CPU", features: &["--no-default-features"], folder: "cpu", types: false },
    Module { name: "WebGPU", features: &["--features", "webgpu"], folder: "", types: true },
];

/// Builds the modules and their bindings, as far as they are out of date.
pub fn build(paths: &Paths, profile: Profile) -> Outcome {
    let mut toolchain = None;
    stage("toolchain", || {
        let found = Toolchain::ensure()?;
        println!("  Building with {}.", found.describe());
        toolchain = Some(found);
        Ok(())
    })?;
    let Some(toolchain) = toolchain else { return Ok(()) };
    // One after the other: cargo leaves both under the same name.
    MODULES.iter().try_for_each(|module| build_one(module, paths, profile, &toolchain))
}

fn build_one(module: &Module, paths: &Paths, profile: Profile, toolchain: &Toolchain) -> Outcome {
    stage(&format!("wasm, {}", module.name), || {
        let mut cargo = toolchain.cargo_rustc();
        // Of the crate's types only this one: cargo optimises nothing across crates (`lto`) where a Rust library is to come out as well.
        cargo.args(["--package", "tinylens", "--lib", "--crate-type", "cdylib", "--locked"]);
        cargo.args(["--profile", profile.name()]).args(module.features);
        cargo.current_dir(&paths.root).env("CARGO_TARGET_DIR", &paths.target);
        // simd128 is in every browser that has WebGPU, and in Node. Relaxed SIMD is not wanted: its results differ between machines.
        cargo.env("CARGO_ENCODED_RUSTFLAGS", "-Ctarget-feature=+simd128");
        run(&mut cargo)
    })?;
    let wasm = paths.target.join(TARGET).join(profile.name()).join("tinylens.wasm");
    stage(&format!("bindings, {}", module.name), || bindings(&wasm, &paths.pkg().join(module.folder), module.types))
}

/// wasm-bindgen, unless its output is that of this module already.
fn bindings(module: &Path, folder: &Path, types: bool) -> Outcome {
    let unreadable = |error| format!("{} can't be read: {error}.", module.display());
    let metadata = fs::metadata(module).map_err(unreadable)?;
    let modified = metadata.modified().map_err(unreadable)?;
    let stamp = format!("{} {} {modified:?}", module.display(), metadata.len());
    let stamp_file = folder.join(".stamp");
    let outputs: &[&str] = if types { &["tinylens.js", "tinylens_bg.wasm", "tinylens.d.ts"] } else { &["tinylens.js", "tinylens_bg.wasm"] };
    let complete = outputs.iter().all(|name| folder.join(name).is_file());
    if complete && fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
        println!("  up to date.");
        return Ok(());
    }
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module).typescript(types).omit_default_module_path(false);
    bindgen.remove_name_section(true).remove_producers_section(true);
    let generated = bindgen.web(true).and_then(|bindgen| bindgen.generate(folder));
    generated.map_err(|error| format!("wasm-bindgen failed: {error:?}."))?;
    let script = folder.join("tinylens.js");
    let text = fs::read_to_string(&script).map_err(|error| format!("{} can't be read: {error}.", script.display()))?;
    fs::write(&script, for_node_too(&text)?).map_err(|error| format!("{} can't be written: {error}.", script.display()))?;
    fs::write(stamp_file, stamp).map_err(|error| format!("{} can't be written: {error}.", folder.display()))
}

/// Lets `init()` without an argument work in Node, whose `fetch` reads no file: there it reads the module from disk.
fn for_node_too(script: &str) -> Result<String, String> {
    const FETCH: &str = "module_or_path = fetch(module_or_path);";
    const READ: &str =
        "module_or_path = module_or_path instanceof URL && module_or_path.protocol === 'file:' && typeof process === 'object'
            ? (await import(/* @vite-ignore */ 'node:fs/promises')).readFile(module_or_path)
            : fetch(module_or_path);";
    if script.matches(FETCH).count() != 1 {
        return Err("wasm-bindgen's output has changed: the line that fetches the module was not found once.".into());
    }
    Ok(script.replace(FETCH, READ))
}
