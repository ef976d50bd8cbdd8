//! A compiler that can build wasm. In this order: the user's own, if it has the wasm target; Debian's `rustc-web` with its library
//! sources, if installed; the target from rustup; Debian's packages, installed now (where rustup can fetch nothing).

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::paths::which;
use crate::stage::{apt_install, output};

pub const TARGET: &str = "wasm32-unknown-unknown";

/// The oldest compiler that builds burn 0.22: `rust-version` in Cargo.toml.
const OLDEST: (u32, u32) = (1, 95);

const DEBIAN: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-19"];

/// Linkers of wasm, as systems call them.
const LINKERS: [&str; 3] = ["wasm-ld-19", "wasm-ld", "rust-lld"];

/// How to call cargo for the wasm target.
pub enum Toolchain {
    /// It has the target's standard library, and a linker of its own.
    Rustup { linker: PathBuf },
    /// Debian's compiler builds the standard library from its sources.
    Debian { linker: PathBuf },
}

impl Toolchain {
    /// Finds a toolchain, installing one if there is none.
    pub fn ensure() -> Result<Self, String> {
        if let Some(rustup) = rustup() {
            return Ok(rustup);
        }
        if let Some(debian) = debian() {
            return Ok(debian);
        }
        if which(&["rustup"]).is_some() {
            println!("  The wasm target of Rust is missing; asking rustup for it.");
            // It prints why when it can't: some networks reach package registries only.
            let added = Command::new("rustup").args(["target", "add", TARGET]).status();
            if added.is_ok_and(|status| status.success())
                && let Some(rustup) = rustup()
            {
                return Ok(rustup);
            }
        }
        apt_install(&DEBIAN, "No compiler here can build wasm, and rustup could not fetch the target.")?;
        debian().ok_or_else(|| {
            let (major, minor) = OLDEST;
            format!("Debian's compiler can't build this project: rustc {major}.{minor} or newer with its library sources is needed.")
        })
    }

    /// `cargo rustc` for wasm, with this toolchain's settings.
    pub fn cargo_rustc(&self) -> Command {
        match self {
            Self::Rustup { .. } => {
                let mut cargo = Command::new("cargo");
                cargo.args(["rustc", "--target", TARGET]);
                cargo
            }
            Self::Debian { .. } => {
                let mut cargo = Command::new("/usr/bin/cargo");
                cargo.args(["rustc", "--target", TARGET, "-Zbuild-std=std,panic_abort"]);
                // rustup's proxies set these for the xtask that calls us; they name the other compiler.
                for variable in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTDOC", "LD_LIBRARY_PATH"] {
                    cargo.env_remove(variable);
                }
                cargo.env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1");
                cargo
            }
        }
    }

    pub fn linker(&self) -> &Path {
        match self {
            Self::Rustup { linker } | Self::Debian { linker } => linker,
        }
    }

    pub fn describe(&self) -> &'static str {
        match self {
            Self::Rustup { .. } => "the wasm target of the installed Rust",
            Self::Debian { .. } => "Debian's rustc-web, with the standard library built from source",
        }
    }
}

/// The compiler that plain `rustc` calls, if it can build wasm.
fn rustup() -> Option<Toolchain> {
    let sysroot = PathBuf::from(output(Command::new("rustc").args(["--print", "sysroot"]))?);
    let libraries = sysroot.join("lib/rustlib");
    let usable = version("rustc")? >= OLDEST && libraries.join(TARGET).join("lib").is_dir();
    let host = output(Command::new("rustc").args(["--print", "host-tuple"]))?;
    let own = libraries.join(host).join("bin").join(if cfg!(windows) { "rust-lld.exe" } else { "rust-lld" });
    let linker = if own.is_file() { own } else { which(&LINKERS)? };
    usable.then_some(Toolchain::Rustup { linker })
}

/// Debian's compiler, if it, its library sources and a wasm linker are installed.
fn debian() -> Option<Toolchain> {
    let sysroot = output(Command::new("/usr/bin/rustc").args(["--print", "sysroot"]))?;
    let sources = Path::new(&sysroot).join("lib/rustlib/src/rust/library/Cargo.toml");
    let linker = which(&LINKERS)?;
    let usable = version("/usr/bin/rustc")? >= OLDEST && sources.is_file() && Path::new("/usr/bin/cargo").is_file();
    usable.then_some(Toolchain::Debian { linker })
}

/// Major and minor version of a compiler.
fn version(rustc: &str) -> Option<(u32, u32)> {
    let text = output(Command::new(rustc).arg("--version"))?;
    let mut numbers = text.split_whitespace().nth(1)?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}
