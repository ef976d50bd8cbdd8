//! A compiler that can build wasm. In this order: the user's own, if it has the wasm target; Debian's `rustc-web` with
//! its library sources, if installed; the target from rustup; Debian's packages, installed now (where rustup can fetch
//! nothing).

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::paths::which;
use crate::stage::{apt_install, output};

pub const TARGET: &str = "wasm32-unknown-unknown";

/// The oldest compiler that builds burn 0.22: `rust-version` in Cargo.toml.
const OLDEST: (u32, u32) = (1, 95);

const DEBIAN: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-19"];

/// How to call cargo for the wasm target.
pub enum Toolchain {
    /// The user's own compiler, which has the target's standard library and a linker.
    Rustup,
    /// Debian's compiler builds the standard library from its sources.
    Debian { linker: PathBuf },
}

impl Toolchain {
    /// Finds a toolchain, installing one if there is none.
    pub fn ensure() -> Result<Self, String> {
        if has_target() {
            return Ok(Self::Rustup);
        }
        if let Some(debian) = debian() {
            return Ok(debian);
        }
        if which(&["rustup"]).is_some() {
            println!("  The wasm target of Rust is missing; asking rustup for it.");
            // It prints why when it can't: some networks reach package registries only.
            let added = Command::new("rustup").args(["target", "add", TARGET]).status();
            if added.is_ok_and(|status| status.success()) && has_target() {
                return Ok(Self::Rustup);
            }
        }
        apt_install(&DEBIAN, "No compiler here can build wasm, and rustup could not fetch the target.")?;
        debian().ok_or_else(|| {
            let (major, minor) = OLDEST;
            format!("Debian's compiler can't build this project: rustc {major}.{minor} or newer with its library sources is needed.")
        })
    }

    /// `cargo build` for wasm, with this toolchain's settings.
    pub fn cargo_build(&self) -> Command {
        match self {
            Self::Rustup => {
                let mut cargo = Command::new("cargo");
                cargo.args(["build", "--target", TARGET]);
                cargo
            }
            Self::Debian { linker } => {
                let mut cargo = Command::new("/usr/bin/cargo");
                cargo.args(["build", "--target", TARGET, "-Zbuild-std=std,panic_abort"]);
                // rustup's proxies set these for the xtask that calls us; they name the other compiler.
                for variable in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTDOC", "LD_LIBRARY_PATH"] {
                    cargo.env_remove(variable);
                }
                cargo.env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1");
                cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
                cargo
            }
        }
    }

    pub fn describe(&self) -> &'static str {
        match self {
            Self::Rustup => "the wasm target of the installed Rust",
            Self::Debian { .. } => "Debian's rustc-web, with the standard library built from source",
        }
    }
}

/// Whether the compiler that plain `rustc` calls can build wasm.
fn has_target() -> bool {
    let Some(sysroot) = output(Command::new("rustc").args(["--print", "sysroot"])) else {
        return false;
    };
    let library = Path::new(&sysroot).join("lib/rustlib").join(TARGET).join("lib");
    library.is_dir() && version("rustc").is_some_and(|version| version >= OLDEST)
}

/// Debian's compiler, if it, its library sources and a wasm linker are installed.
fn debian() -> Option<Toolchain> {
    let sysroot = output(Command::new("/usr/bin/rustc").args(["--print", "sysroot"]))?;
    let sources = Path::new(&sysroot).join("lib/rustlib/src/rust/library/Cargo.toml");
    let linker = which(&["wasm-ld-19", "wasm-ld", "rust-lld"])?;
    let usable = version("/usr/bin/rustc")? >= OLDEST && sources.is_file() && Path::new("/usr/bin/cargo").is_file();
    usable.then_some(Toolchain::Debian { linker })
}

/// Major and minor version of a compiler.
fn version(rustc: &str) -> Option<(u32, u32)> {
    let text = output(Command::new(rustc).arg("--version"))?;
    let mut numbers = text.split_whitespace().nth(1)?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}
