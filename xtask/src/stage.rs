//! Runs programs, says what runs and how long it took.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often a program in the background is asked whether it has ended.
const GLANCE: Duration = Duration::from_millis(50);

/// How a stage ends: with nothing to say, or with a sentence on what went wrong.
pub type Outcome = Result<(), String>;

/// A part of a command, which prints its name when it begins and its time when it ends.
pub struct Stage {
    name: String,
    start: Instant,
}

impl Stage {
    /// Begins a stage.
    pub fn begin(name: &str) -> Self {
        println!("▸ {name}");
        Self { name: name.into(), start: Instant::now() }
    }

    /// Ends it, and gives what came of it.
    pub fn end<T>(self, result: Result<T, String>) -> Result<T, String> {
        let done = if result.is_ok() { "done" } else { "failed" };
        println!("  {}: {done} in {:.1} s", self.name, self.start.elapsed().as_secs_f64());
        result
    }
}

/// Runs `work` as a stage.
pub fn stage<T>(name: &str, work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let stage = Stage::begin(name);
    stage.end(work())
}

/// Runs a program to its end and shows its output.
pub fn run(command: &mut Command) -> Outcome {
    Background::start(command)?.end()
}

/// A program that runs while others do. Dropping it ends the program.
pub struct Background {
    child: Child,
    shown: String,
}

impl Background {
    /// Starts a program whose output is shown.
    pub fn start(command: &mut Command) -> Result<Self, String> {
        let shown = show(command);
        let child = command.spawn().map_err(|error| format!("{shown} could not be started: {error}."))?;
        Ok(Self { child, shown })
    }

    /// Starts a program, and waits for the first line that it prints.
    pub fn until_line(command: &mut Command) -> Result<(Self, String), String> {
        let mut program = Self::start(command.stdout(Stdio::piped()))?;
        let mut line = String::new();
        if let Some(output) = program.child.stdout.take() {
            // A read that fails leaves the line empty, as does an end.
            let _ = BufReader::new(output).read_line(&mut line);
        }
        if line.is_empty() {
            program.end()?;
            return Err("The program printed nothing.".into());
        }
        Ok((program, line.trim_end().to_string()))
    }

    /// Whether the program ends within a time.
    pub fn ends_within(&mut self, time: Duration) -> bool {
        let start = Instant::now();
        loop {
            // Where the question fails, `end` says why.
            if !matches!(self.child.try_wait(), Ok(None)) {
                return true;
            }
            if start.elapsed() >= time {
                return false;
            }
            sleep(GLANCE);
        }
    }

    /// Waits for the end of the program.
    pub fn end(mut self) -> Outcome {
        let shown = &self.shown;
        let status = self.child.wait().map_err(|error| format!("{shown} was lost: {error}."))?;
        if status.success() { Ok(()) } else { Err(format!("{shown} failed ({status}).")) }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
    }
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
