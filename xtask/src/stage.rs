//! Running programs, and saying what runs and how long it took.

use std::process::Command;
use std::time::Instant;

/// What a stage ends with: nothing to say, or a sentence on what went wrong.
pub type Outcome = Result<(), String>;

/// Runs `work` under a name, and prints its time.
pub fn stage(name: &str, work: impl FnOnce() -> Outcome) -> Outcome {
    println!("▸ {name}");
    let start = Instant::now();
    let outcome = work();
    println!("  {name}: {} in {:.1} s", if outcome.is_ok() { "done" } else { "failed" }, start.elapsed().as_secs_f64());
    outcome
}

/// Runs a program to its end, its output shown.
pub fn run(command: &mut Command) -> Outcome {
    let shown = show(command);
    let status = command.status().map_err(|error| format!("{shown} could not be started: {error}."))?;
    if status.success() { Ok(()) } else { Err(format!("{shown} failed ({status}).")) }
}

/// What a program prints on its standard output; `None` if it can't be started or fails.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
}

fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Installs Debian packages, as root or through a sudo that asks for no password.
pub fn apt_install(packages: &[&str], why: &str) -> Outcome {
    let by_hand = format!("apt-get install --no-install-recommends {}", packages.join(" "));
    if crate::paths::which(&["apt-get"]).is_none() {
        return Err(format!("{why} On Debian, `{by_hand}` would install it; this system has no apt-get."));
    }
    println!("  {why} Installing {} with apt-get.", packages.join(", "));
    let root = output(Command::new("id").arg("-u")).is_some_and(|id| id == "0");
    let apt = |arguments: &[&str]| {
        let mut command = if root { Command::new("apt-get") } else { Command::new("sudo") };
        if !root {
            command.args(["-n", "apt-get"]);
        }
        run(command.env("DEBIAN_FRONTEND", "noninteractive").args(["-q", "-y"]).args(arguments))
    };
    // Lists that can't be refreshed may still do.
    let _ = apt(&["update"]);
    apt(&[&["install", "--no-install-recommends"], packages].concat())
        .map_err(|error| format!("{error} Run `{by_hand}` as root, then try again."))
}
