//! `cargo xtask test`: every check, then a line that counts them.

use std::process::{Command, ExitCode};

use crate::paths::Paths;
use crate::stage::{Outcome, run, stage};
use crate::wasm::Profile;
use crate::{build, chromium, node};

/// Runs every check, whether or not an earlier one failed.
fn checks(paths: &Paths) -> Vec<(&'static str, Outcome)> {
    let cargo = |arguments: &[&str]| {
        run(Command::new("cargo").args(arguments).current_dir(&paths.root).env("CARGO_TARGET_DIR", &paths.target))
    };
    let mut done = Vec::new();
    let mut check = |name: &'static str, work: &dyn Fn() -> Outcome| done.push((name, stage(name, work)));
    check("rustfmt", &|| cargo(&["fmt", "--all", "--check"]));
    check("clippy", &|| {
        cargo(&["clippy", "--release", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])
    });
    check("native tests", &|| cargo(&["test", "--release", "--workspace", "--locked"]));
    check("build", &|| build(paths, Profile::Release));
    check("tsc", &|| node::types(paths));
    check("API in Node", &|| node::tests(paths, "pkg/test"));
    check("page in Chromium", &|| chromium::ensure().and_then(|()| node::tests(paths, "www/tests")));
    done
}

/// Runs all checks, and prints their failures again at the end with the count.
pub fn test(paths: &Paths) -> ExitCode {
    let done = checks(paths);
    let failed: Vec<_> = done.iter().filter_map(|(name, outcome)| Some((name, outcome.as_ref().err()?))).collect();
    println!();
    for (name, message) in &failed {
        println!("{name}: {message}");
    }
    println!("checks: {} passed, {} failed", done.len() - failed.len(), failed.len());
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
