//! `cargo xtask serve | test | build | dist | bench`: installs what is missing, builds the wasm, the package and the
//! page, serves and tests them. Each stage prints its name and its time.

mod chromium;
mod node;
mod paths;
mod serve;
mod stage;
mod test;
mod toolchain;
mod wasm;

use std::process::ExitCode;

use node::Page;
use paths::Paths;
use stage::Outcome;
use wasm::{Builder, Profile};

const USAGE: &str = "cargo xtask <command>
  serve [PORT]   build what changed and serve the page on 127.0.0.1 (port 8080 unless given)
  test           everything: formatting, lints, types, native tests, the API in Node, the page in Chromium
  build          the wasm, the package in pkg/ and the page in dist/
  dist           the same, smaller and slower to build, for publishing: dist/ for a host, dist/tinylens.html for a disk
  bench [...]    steps per second in Node and in Chromium, and PyTorch's beside them; options: bench --help";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.first().map(String::as_str) {
        Some("serve") => serve::serve(arguments.get(1).map_or("8080", String::as_str)),
        Some("test") => return test::test(&Paths::find()),
        Some("build") => build(&Paths::find(), Profile::Release),
        Some("dist") => build(&Paths::find(), Profile::Dist),
        Some("bench") => bench(&arguments[1..]),
        _ => Err(USAGE.to_string()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// Builds the wasm, the package and the page, as far as they are out of date.
fn build(paths: &Paths, profile: Profile) -> Outcome {
    let builder = Builder::new(paths, profile)?;
    for module in &wasm::FIRST {
        builder.build(module)?;
    }
    builder.build(&wasm::WEBGPU)?;
    node::install(paths)?;
    node::page(
        paths,
        match profile {
            Profile::Release => Page::Whole,
            Profile::Dist => Page::Published,
        },
    )
}

fn bench(options: &[String]) -> Outcome {
    let paths = Paths::find();
    build(&paths, Profile::Release)?;
    if let Err(message) = chromium::ensure() {
        println!("{message}"); // Node is measured all the same
    }
    node::script(&paths, "bench", "pkg/bench/bench.mjs", options)
}
