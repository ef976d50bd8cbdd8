//! `cargo xtask serve | test | build | dist | bench`: installs what is missing, builds the wasm, the package and the page, serves and
//! tests them. Each stage prints its name and its time. Not here: what the page does.

mod chromium;
mod node;
mod paths;
mod stage;
mod test;
mod toolchain;
mod wasm;

use std::process::ExitCode;

use paths::Paths;
use stage::Outcome;
use wasm::Profile;

const USAGE: &str = "cargo xtask <command>
  serve [PORT]   build what changed and serve the page on 127.0.0.1 (port 8080 unless given)
  test           everything: formatting, lints, types, native tests, the API in Node, the page in Chromium
  build          the wasm, the package in pkg/ and the page in dist/
  dist           the same, smaller and slower to build, for publishing: dist/ for a host, dist/tinylens.html for a disk
  bench [...]    steps per second in Node and in Chromium, and PyTorch's beside them; options: bench --help";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.first().map(String::as_str) {
        Some("serve") => serve(arguments.get(1)),
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

/// The wasm, the package and the page; only what changed.
fn build(paths: &Paths, profile: Profile) -> Outcome {
    wasm::build(paths, profile)?;
    node::install(paths)?;
    node::page(paths, profile)
}

fn serve(port: Option<&String>) -> Outcome {
    let port = port.map_or("8080", String::as_str);
    if port.parse::<u16>().is_err() {
        return Err(format!("The port is {port}; it must be a whole number from 0 to 65535."));
    }
    let paths = Paths::find();
    build(&paths, Profile::Release)?;
    node::serve(&paths, port)
}

fn bench(options: &[String]) -> Outcome {
    let paths = Paths::find();
    build(&paths, Profile::Release)?;
    node::script(&paths, "bench", "pkg/bench/bench.mjs", options)
}
