//! What runs in Node: npm, the bundler of the page, the server, scripts.

use std::fs;
use std::process::Command;

use crate::paths::{Paths, which};
use crate::stage::{Background, Outcome, output, run, stage};

/// The oldest Node that runs the page's tools.
const OLDEST: u32 = 20;

/// Installs the npm packages of the page in the versions of the lock file.
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

/// What `dist/` is for.
#[derive(Clone, Copy)]
pub enum Page {
    /// The edit loop and the tests.
    Whole,
    /// The same while the module with WebGPU is still being built.
    WithoutWebgpu,
    /// The same for a page that was opened without WebGPU, and waits for it.
    AwaitedWebgpu,
    /// A host. The modules must keep to the budget too.
    Published,
}

/// Bundles the page into `dist/`, and prints the sizes of its files. Fails where one is above the budget.
pub fn page(paths: &Paths, page: Page) -> Outcome {
    let mut node = Command::new("node");
    node.args(["build.mjs", "--pkg", "../pkg", "--out", "../dist"]).current_dir(paths.www());
    node.args(match page {
        Page::Whole => None,
        Page::WithoutWebgpu => Some("--without-webgpu"),
        Page::AwaitedWebgpu => Some("--awaited-webgpu"),
        Page::Published => Some("--published"),
    });
    stage("page", || run(&mut node))
}

/// Serves `dist/`; gives the server and its address.
pub fn serve(paths: &Paths, port: &str) -> Result<(Background, String), String> {
    Background::until_line(Command::new("node").arg("serve.mjs").arg(paths.dist()).arg(port).current_dir(paths.www()))
}

/// Checks the types of the page.
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

/// Tells a script where an installed Chromium is.
fn with_chromium(node: &mut Command) {
    if let Some(chromium) = which(crate::chromium::NAMES).filter(|_| std::env::var_os("CHROMIUM").is_none()) {
        node.env("CHROMIUM", chromium);
    }
}

/// Runs the test files of a folder, one at a time because they measure. The error has what Node says of each failure.
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
    // Failures are printed again after all checks, from this report. Of a process that died nothing else says how.
    let report = paths.target.join(format!("{}.tap", folder.replace('/', "-")));
    let _ = fs::remove_file(&report); // of an earlier run
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

/// The failed tests of a report in TAP (the Test Anything Protocol), each with its diagnostics.
fn failures(report: &str) -> String {
    let mut within = false;
    let lines = report.lines().filter(|line| {
        let line = line.trim_start();
        let kept = within || line.starts_with("not ok ");
        within = kept && line != "..."; // the end of a test's diagnostics
        kept
    });
    lines.collect::<Vec<_>>().join("\n")
}
