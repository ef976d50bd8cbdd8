//! The wasm modules and their JavaScript: cargo, then wasm-bindgen, into `pkg/`. One module has all devices. Another
//! has the same API with the CPU only, in a fraction of the size. The third opens checkpoints for both;
//! `pkg/checkpoint.mjs` loads it.

use std::fs;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use wasm_bindgen_cli_support::Bindgen;

use crate::paths::{self, Paths};
use crate::stage::{Background, Outcome, Stage, stage};
use crate::toolchain::{TARGET, Toolchain};

/// A profile of Cargo.toml.
#[derive(Clone, Copy)]
pub enum Profile {
    /// For the edit loop and the tests.
    Release,
    /// For what is published.
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

/// A module: a package of the workspace, and a folder of `pkg/`.
pub struct Module {
    name: &'static str,
    package: &'static str,
    /// What its files in `pkg/` are called.
    stem: &'static str,
    folder: &'static str,
    face: Face,
}

/// What a module's JavaScript is.
#[derive(Clone, Copy, PartialEq)]
enum Face {
    /// The package's API.
    Api,
    /// The package's API with its types, which are the same for both.
    ApiWithTypes,
    /// A function that gives a fresh instance at each call, for `pkg/checkpoint.mjs`.
    Instances,
}

/// The modules that the page needs at once. The CPU's takes what it depends on from the reader's build.
pub static FIRST: [Module; 2] = [
    Module {
        name: "reader",
        package: "tinylens-reader",
        stem: "tinylens_reader",
        folder: "reader",
        face: Face::Instances,
    },
    Module { name: "CPU", package: "tinylens-cpu", stem: "tinylens", folder: "cpu", face: Face::Api },
];

/// The module with WebGPU, which takes longer to build than all else.
pub static WEBGPU: Module =
    Module { name: "WebGPU", package: "tinylens-webgpu", stem: "tinylens", folder: "", face: Face::ApiWithTypes };

/// Builds modules as far as they are out of date.
pub struct Builder<'a> {
    paths: &'a Paths,
    profile: Profile,
    toolchain: Toolchain,
}

/// A module whose compilation is under way.
pub struct Building {
    /// The compiler.
    pub cargo: Background,
    stage: Stage,
    module: &'static Module,
    wasm: PathBuf,
    folder: PathBuf,
}

impl<'a> Builder<'a> {
    /// Finds or installs a toolchain.
    pub fn new(paths: &'a Paths, profile: Profile) -> Result<Self, String> {
        let toolchain = stage("toolchain", || {
            let toolchain = Toolchain::ensure()?;
            println!("  Building with {}.", toolchain.describe());
            Ok(toolchain)
        })?;
        Ok(Self { paths, profile, toolchain })
    }

    /// Builds a module and its bindings.
    pub fn build(&self, module: &'static Module) -> Outcome {
        self.start(module)?.finish()
    }

    /// Starts to compile a module.
    pub fn start(&self, module: &'static Module) -> Result<Building, String> {
        let stage = Stage::begin(&format!("wasm, {}", module.name));
        let profile = self.profile.name();
        let target = &self.paths.target;
        let mut cargo = self.toolchain.cargo_build();
        cargo.args(["--package", module.package, "--locked", "--profile", profile]).current_dir(&self.paths.root);
        // The page's tests force a panic. What is published has no function for that.
        if matches!(self.profile, Profile::Release) && module.face != Face::Instances {
            cargo.args(["--features", "tinylens/panic"]);
        }
        cargo.env("CARGO_TARGET_DIR", target).env("CARGO_ENCODED_RUSTFLAGS", flags().join("\x1f"));
        let wasm = target.join(TARGET).join(profile).join(format!("{}.wasm", module.package.replace('-', "_")));
        let folder = self.paths.pkg().join(module.folder);
        Ok(Building { cargo: Background::start(&mut cargo)?, stage, module, wasm, folder })
    }
}

impl Building {
    /// Waits for the compiler, and makes the bindings.
    pub fn finish(self) -> Outcome {
        let Self { cargo, stage: compiling, module, wasm, folder } = self;
        compiling.end(cargo.end())?;
        stage(&format!("bindings, {}", module.name), || bindings(module, &wasm, &folder))
    }
}

/// The compiler's flags beside those of the profile. Changing them builds everything again.
fn flags() -> Vec<String> {
    // Every browser with WebGPU has simd128, and Node has it. Relaxed SIMD is off: its results differ between machines.
    let mut flags = vec!["-Ctarget-feature=+simd128".to_string()];
    // Panics name the file that they come from, but not its folder on the machine that built it.
    let sources = paths::cargo_home().join("registry/src");
    let mut registries: Vec<PathBuf> =
        fs::read_dir(sources).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    registries.sort(); // another order would be other flags
    flags.extend(
        registries.iter().map(|registry| format!("--remap-path-prefix={}{}=", registry.display(), MAIN_SEPARATOR)),
    );
    flags
}

/// Runs wasm-bindgen, unless its output for this module is there.
fn bindings(module: &Module, wasm: &Path, folder: &Path) -> Outcome {
    let unreadable = |error| format!("{} can't be read: {error}.", wasm.display());
    let metadata = fs::metadata(wasm).map_err(unreadable)?;
    let modified = metadata.modified().map_err(unreadable)?;
    let stamp = format!("{} {} {modified:?}", wasm.display(), metadata.len());
    let stamp_file = folder.join(".stamp");
    let (stem, types) = (module.stem, module.face == Face::ApiWithTypes);
    let outputs: &[&str] = if types { &[".js", "_bg.wasm", ".d.ts"] } else { &[".js", "_bg.wasm"] };
    let complete = outputs.iter().all(|end| folder.join(format!("{stem}{end}")).is_file());
    if complete && fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
        println!("  up to date.");
        return Ok(());
    }
    let mut bindgen = Bindgen::new();
    bindgen.input_path(wasm).out_name(stem).typescript(types).omit_default_module_path(module.face == Face::Instances);
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

/// Lets `init()` without an argument work in Node, whose `fetch` reads no files: there it reads the module from the
/// disk.
fn for_node_too(script: &str) -> Result<String, String> {
    const FETCH: &str = "module_or_path = fetch(module_or_path);";
    const READ: &str =
        "module_or_path = module_or_path instanceof URL && module_or_path.protocol === 'file:' && typeof process === 'object'
            ? (await import(/* @vite-ignore */ 'node:fs/promises')).readFile(module_or_path)
            : fetch(module_or_path);";
    replaced(script, FETCH, READ)
}

/// Finds the hand-written scripts, which are in `pkg/` itself.
fn one_folder_below(script: &str) -> Result<String, String> {
    replaced(script, "from './checkpoint.mjs'", "from '../checkpoint.mjs'")
}

/// Exports the function that wasm-bindgen's script calls once for its only instance.
fn fresh_at_each_call(script: &str) -> Result<String, String> {
    replaced(script, "let wasm_bindgen = (function", "export default () => (function")
}

fn replaced(script: &str, line: &str, by: &str) -> Result<String, String> {
    if script.matches(line).count() != 1 {
        return Err(format!("wasm-bindgen's output has changed: “{line}” was not found once."));
    }
    Ok(script.replace(line, by))
}
