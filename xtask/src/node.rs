//! What runs in Node: npm, the page's bundler, the server, scripts.

use std::fs;
use std::process::Command;

use crate::paths::{Paths, which};
use crate::stage::{Outcome, output, run, stage};
use crate::wasm::Profile;

/// The oldest Node that runs the page's tools.
const OLDEST: u32 = 20;

/// The page's npm packages, as the lock file has them.
pub fn install(paths: &Paths) -> Outcome {
    stage("npm packages", || {
        let version = output(Command::new("node").arg("--version"));
        let major = version
            .as_deref()
            .and_then(|version| version.trim_start_matches('v').split('.').next()?.parse::<u32>().ok());
        if major.is_none_or(|major| major < OLDEST) {
            let found = version.unwrap_or_else(|| "none".into());
            return Err(format!(
                "Node {OLDEST} or newer with npm is needed, and {found} was found. Install it from nodejs.org or your system's packages."
            ));
        }
        let lock = fs::read_to_string(paths.www().join("package-lock.json"))
            .map_err(|error| format!("www/package-lock.json can't be read: {error}."))?;
        let stamp = paths.www().join("node_modules/.tinylens-lock");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
            println!("  up to date.");
            return Ok(());
        }
        println!("  Installing the page's build tools and libraries into www/node_modules.");
        run(npm().args(["ci", "--no-audit", "--no-fund"]).current_dir(paths.www()))?;
        fs::write(stamp, lock).map_err(|error| format!("www/node_modules can't be written: {error}."))
    })
}

fn npm() -> Command {
    Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

/// Bundles the page into `dist/`, and prints what its files weigh. Above the budget it fails; the module has to keep to it where it is the
/// one that is published.
pub fn page(paths: &Paths, profile: Profile) -> Outcome {
    let mut node = Command::new("node");
    node.args(["build.mjs", "--pkg", "../pkg", "--out", "../dist"]).current_dir(paths.www());
    if matches!(profile, Profile::Dist) {
        node.arg("--published");
    }
    stage("page", || run(&mut node))
}

/// Serves `dist/` until it is stopped.
pub fn serve(paths: &Paths, port: &str) -> Outcome {
    run(Command::new("node").arg("serve.mjs").arg(paths.dist()).arg(port).current_dir(paths.www()))
}

/// The page's types.
pub fn types(paths: &Paths) -> Outcome {
    run(Command::new("node").args(["node_modules/typescript/bin/tsc", "--noEmit"]).current_dir(paths.www()))
}

/// Runs a script of the checkout.
pub fn script(paths: &Paths, name: &str, script: &str, arguments: &[String]) -> Outcome {
    let mut node = Command::new("node");
    node.arg(script).args(arguments).current_dir(&paths.root);
    with_chromium(&mut node);
    stage(name, || run(&mut node))
}

/// Tells a script where Chromium is, if it is installed.
fn with_chromium(node: &mut Command) {
    if let Some(chromium) = which(crate::chromium::NAMES).filter(|_| std::env::var_os("CHROMIUM").is_none()) {
        node.env("CHROMIUM", chromium);
    }
}

/// Runs the test files of a folder, one at a time: they measure, and share two cores. The error holds what Node says of each failure.
pub fn tests(paths: &Paths, folder: &str) -> Outcome {
    let mut files: Vec<String> = fs::read_dir(paths.root.join(folder))
        .map_err(|error| format!("{folder} can't be read: {error}."))?
        .filter_map(|entry| Some(entry.ok()?.path().to_string_lossy().into_owned()))
        .filter(|path| path.ends_with(".test.mjs"))
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(format!("{folder} has no tests."));
    }
    // By the end of all checks, what failed in the first of them is far above. And of a process that died only this report says how.
    let report = paths.target.join(format!("{}.tap", folder.replace('/', "-")));
    let _ = fs::remove_file(&report); // of a run before
    let mut node = Command::new("node");
    node.args([
        "--test",
        "--test-concurrency=1",
        "--test-reporter=spec",
        "--test-reporter-destination=stdout",
        "--test-reporter=tap",
    ]);
    node.arg(format!("--test-reporter-destination={}", report.display())).args(files).current_dir(&paths.root);
    node.env("TINYLENS_DIST", paths.dist());
    with_chromium(&mut node);
    run(&mut node).map_err(|error| format!("{error}\n{}", failures(&fs::read_to_string(&report).unwrap_or_default())))
}

/// The failed tests of a report in TAP (the Test Anything Protocol), each with what is said of it.
fn failures(report: &str) -> String {
    let mut within = false;
    let lines = report.lines().filter(|line| {
        let line = line.trim_start();
        let kept = within || line.starts_with("not ok ");
        within = kept && line != "..."; // which ends what is said of a test
        kept
    });
    lines.collect::<Vec<_>>().join("\n")
}
