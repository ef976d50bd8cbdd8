//! The wasm and its JavaScript: cargo, then wasm-bindgen, into `pkg/`.

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

/// Builds the module and its bindings, as far as they are out of date.
pub fn build(paths: &Paths, profile: Profile) -> Outcome {
    let mut toolchain = None;
    stage("toolchain", || {
        let found = Toolchain::ensure()?;
        println!("  Building with {}.", found.describe());
        toolchain = Some(found);
        Ok(())
    })?;
    let Some(toolchain) = toolchain else { return Ok(()) };
    stage("wasm", || {
        let mut cargo = toolchain.cargo_build();
        cargo.args(["--package", "tinylens", "--lib", "--locked", "--profile", profile.name()]).current_dir(&paths.root);
        cargo.env("CARGO_TARGET_DIR", &paths.target);
        // simd128 is in every browser that has WebGPU, and in Node. Relaxed SIMD is not wanted: its results differ between machines.
        cargo.env("CARGO_ENCODED_RUSTFLAGS", "-Ctarget-feature=+simd128");
        run(&mut cargo)
    })?;
    let module = paths.target.join(TARGET).join(profile.name()).join("tinylens.wasm");
    stage("bindings", || bindings(&module, &paths.pkg()))
}

/// wasm-bindgen, unless its output is that of this module already.
fn bindings(module: &Path, pkg: &Path) -> Outcome {
    let unreadable = |error| format!("{} can't be read: {error}.", module.display());
    let metadata = fs::metadata(module).map_err(unreadable)?;
    let modified = metadata.modified().map_err(unreadable)?;
    let stamp = format!("{} {} {modified:?}", module.display(), metadata.len());
    let stamp_file = pkg.join(".stamp");
    let outputs = ["tinylens.js", "tinylens.d.ts", "tinylens_bg.wasm"];
    let complete = outputs.iter().all(|name| pkg.join(name).is_file());
    if complete && fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
        println!("  pkg/ is up to date.");
        return Ok(());
    }
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module).typescript(true).omit_default_module_path(false);
    bindgen.remove_name_section(true).remove_producers_section(true);
    let generated = bindgen.web(true).and_then(|bindgen| bindgen.generate(pkg));
    generated.map_err(|error| format!("wasm-bindgen failed: {error:?}."))?;
    let script = pkg.join("tinylens.js");
    let text = fs::read_to_string(&script).map_err(|error| format!("{} can't be read: {error}.", script.display()))?;
    fs::write(&script, for_node_too(&text)?).map_err(|error| format!("{} can't be written: {error}.", script.display()))?;
    fs::write(stamp_file, stamp).map_err(|error| format!("pkg/ can't be written: {error}."))
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
