//! The wasm modules and their JavaScript: cargo, then wasm-bindgen, into `pkg/`. One has all devices; another, a fraction of its size, the CPU
//! only, and the same API. The third opens checkpoints for either, and is loaded by `pkg/checkpoint.mjs`.

use std::fs;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use wasm_bindgen_cli_support::Bindgen;

use crate::paths::{self, Paths};
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

/// A module: a package of the workspace with features, and a folder of `pkg/`.
struct Module {
    name: &'static str,
    package: &'static str,
    features: &'static [&'static str],
    folder: &'static str,
    face: Face,
}

/// What a module's JavaScript is.
#[derive(Clone, Copy, PartialEq)]
enum Face {
    /// The package's API.
    Api,
    /// The same with its types: one file says them for both.
    ApiWithTypes,
    /// A function that gives a fresh one at each call, for `pkg/checkpoint.mjs`.
    Instances,
}

const MODULES: [Module; 3] = [
    Module { name: "reader", package: "tinylens-reader", features: &[], folder: "reader", face: Face::Instances },
    Module {
        name: "CPU",
        package: "tinylens",
        features: &["--no-default-features", "--features", "web"],
        folder: "cpu",
        face: Face::Api,
    },
    Module {
        name: "WebGPU",
        package: "tinylens",
        features: &["--no-default-features", "--features", "webgpu"],
        folder: "",
        face: Face::ApiWithTypes,
    },
];

impl Module {
    /// What its files are called.
    fn stem(&self) -> String {
        self.package.replace('-', "_")
    }
}

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
    // One after the other: cargo leaves two of them under the same name.
    MODULES.iter().try_for_each(|module| build_one(module, paths, profile, &toolchain))
}

fn build_one(module: &Module, paths: &Paths, profile: Profile, toolchain: &Toolchain) -> Outcome {
    let wasm = paths.target.join(TARGET).join(profile.name()).join(format!("{}.wasm", module.stem()));
    stage(&format!("wasm, {}", module.name), || {
        let mut cargo = toolchain.cargo_rustc();
        cargo.args(["--package", module.package, "--lib", "--crate-type", "cdylib", "--locked"]);
        cargo.args(["--profile", profile.name()]).args(module.features);
        // The page's tests force a panic. What is published has no function for that.
        if matches!(profile, Profile::Release) && module.face != Face::Instances {
            cargo.args(["--features", "panic"]);
        }
        cargo.current_dir(&paths.root).env("CARGO_TARGET_DIR", &paths.target);
        cargo.env("CARGO_ENCODED_RUSTFLAGS", flags().join("\x1f"));
        run(&mut cargo)
    })?;
    stage(&format!("bindings, {}", module.name), || bindings(module, &wasm, &paths.pkg().join(module.folder)))
}

/// What the compiler is told beside the profile. A change builds everything anew.
fn flags() -> Vec<String> {
    // simd128 is in every browser that has WebGPU, and in Node. Relaxed SIMD is not wanted: its results differ between machines.
    let mut flags = vec!["-Ctarget-feature=+simd128".to_string()];
    // Panics name the file they come from: not where it was on the machine that built this.
    let sources = paths::cargo_home().join("registry/src");
    let mut registries: Vec<PathBuf> =
        fs::read_dir(sources).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    registries.sort(); // in another order they would be other flags
    flags.extend(
        registries.iter().map(|registry| format!("--remap-path-prefix={}{}=", registry.display(), MAIN_SEPARATOR)),
    );
    flags
}

/// wasm-bindgen, unless its output is that of this module already.
fn bindings(module: &Module, wasm: &Path, folder: &Path) -> Outcome {
    let unreadable = |error| format!("{} can't be read: {error}.", wasm.display());
    let metadata = fs::metadata(wasm).map_err(unreadable)?;
    let modified = metadata.modified().map_err(unreadable)?;
    let stamp = format!("{} {} {modified:?}", wasm.display(), metadata.len());
    let stamp_file = folder.join(".stamp");
    let (stem, types) = (module.stem(), module.face == Face::ApiWithTypes);
    let outputs: &[&str] = if types { &[".js", "_bg.wasm", ".d.ts"] } else { &[".js", "_bg.wasm"] };
    let complete = outputs.iter().all(|end| folder.join(format!("{stem}{end}")).is_file());
    if complete && fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
        println!("  up to date.");
        return Ok(());
    }
    let mut bindgen = Bindgen::new();
    bindgen.input_path(wasm).typescript(types).omit_default_module_path(module.face == Face::Instances);
    bindgen.remove_name_section(true).remove_producers_section(true);
    let target = if module.face == Face::Instances { bindgen.no_modules(true) } else { bindgen.web(true) };
    let generated = target.and_then(|bindgen| bindgen.generate(folder));
    generated.map_err(|error| format!("wasm-bindgen failed: {error:?}."))?;
    let script = folder.join(format!("{stem}.js"));
    let text = fs::read_to_string(&script).map_err(|error| format!("{} can't be read: {error}.", script.display()))?;
    let text = match module.face {
        Face::Instances => fresh_at_each_call(&text),
        Face::Api => for_node_too(&text).and_then(|text| one_folder_below(&text)),
        Face::ApiWithTypes => for_node_too(&text),
    };
    fs::write(&script, text?).map_err(|error| format!("{} can't be written: {error}.", script.display()))?;
    fs::write(stamp_file, stamp).map_err(|error| format!("{} can't be written: {error}.", folder.display()))
}

/// Lets `init()` without an argument work in Node, whose `fetch` reads no file: there it reads the module from disk.
fn for_node_too(script: &str) -> Result<String, String> {
    const FETCH: &str = "module_or_path = fetch(module_or_path);";
    const READ: &str =
        "module_or_path = module_or_path instanceof URL && module_or_path.protocol === 'file:' && typeof process === 'object'
            ? (await import(/* @vite-ignore */ 'node:fs/promises')).readFile(module_or_path)
            : fetch(module_or_path);";
    replaced(script, FETCH, READ)
}

/// The scripts that are written by hand are in `pkg/` itself.
fn one_folder_below(script: &str) -> Result<String, String> {
    replaced(script, "from './checkpoint.mjs'", "from '../checkpoint.mjs'")
}

/// wasm-bindgen's script holds one instance, as a call of a function; here the function is what it exports.
fn fresh_at_each_call(script: &str) -> Result<String, String> {
    replaced(script, "let wasm_bindgen = (function", "export default () => (function")
}

fn replaced(script: &str, line: &str, by: &str) -> Result<String, String> {
    if script.matches(line).count() != 1 {
        return Err(format!("wasm-bindgen's output has changed: “{line}” was not found once."));
    }
    Ok(script.replace(line, by))
}
