//! The linker that cargo calls: xtask itself under another name. It empties functions in what it is given and hands over to the real one.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use super::archive;
use super::list::List;
use super::object::emptied;
use crate::stage::Outcome;

/// This program's name as a linker. rustc tells by it how the linker wants to be called.
const NAME: &str = if cfg!(windows) { "wasm-ld.exe" } else { "wasm-ld" };

// What cargo's linker is told through the environment: which linker does the work, for which module, and where to write.
const REAL: &str = "TINYLENS_LINKER";
const MODULE: &str = "TINYLENS_MODULE";
const FOLDER: &str = "TINYLENS_LINKER_FOLDER";

/// The file in which the linker says what it left out: what it prints, rustc keeps to itself.
const REPORT: &str = "report";

/// What there is to set up before cargo can link through this program.
pub struct Linker {
    /// In the target folder; all here is made anew when it is missing.
    folder: PathBuf,
}

impl Linker {
    /// A copy of this program in `target`, as a linker.
    pub fn install(target: &Path) -> Result<Self, String> {
        let folder = target.join("linker");
        let copy = folder.join(NAME);
        let own = env::current_exe().map_err(|error| format!("xtask does not find itself: {error}."))?;
        let fresh = folder.join("new");
        // Written beside it first: the old one may be at work.
        fs::create_dir_all(&folder)
            .and_then(|()| fs::copy(own, &fresh))
            .and_then(|_| fs::rename(&fresh, &copy))
            .map_err(|error| format!("{} can't be written: {error}.", copy.display()))?;
        Ok(Self { folder })
    }

    /// Has cargo link `module` through this program, and `real` do the work.
    pub fn set(&self, cargo: &mut Command, real: &Path, module: &str) {
        cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", self.folder.join(NAME));
        cargo.env(REAL, real).env(MODULE, module).env(FOLDER, &self.folder);
    }

    /// Removes `linked`, and what cargo keeps of it in `deps`, if it was cut by another list: cargo does not know that it is out of date.
    pub fn forget_old(linked: &Path) {
        if !fs::read_to_string(stamp(linked)).is_ok_and(|old| old == List::stamp()) {
            let kept = linked.file_name().and_then(|name| Some(linked.parent()?.join("deps").join(name)));
            // It may not be there.
            let _ = fs::remove_file(linked);
            let _ = kept.map(fs::remove_file);
        }
    }

    /// Notes what `linked` was cut by, and says what was left out if it was linked just now.
    pub fn remember(&self, linked: &Path) -> Outcome {
        let stamp = stamp(linked);
        fs::write(&stamp, List::stamp()).map_err(|error| format!("{} can't be written: {error}.", stamp.display()))?;
        let report = self.folder.join(REPORT);
        if let Ok(text) = fs::read_to_string(&report) {
            println!("  {text}");
            let _ = fs::remove_file(report);
        }
        Ok(())
    }
}

/// The file that says what a module was cut by.
fn stamp(linked: &Path) -> PathBuf {
    linked.with_extension("cut")
}

/// Whether this process was started as a linker.
pub fn is_linker() -> bool {
    env::args_os().next().is_some_and(|name| Path::new(&name).file_name().is_some_and(|name| name == NAME))
}

/// Links, as the linker that rustc believes to have called.
pub fn link() -> ExitCode {
    match try_link() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn try_link() -> Result<bool, String> {
    let [real, module, folder] = [REAL, MODULE, FOLDER].map(env::var_os);
    let (Some(real), Some(module), Some(folder)) = (real, module, folder) else {
        return Err(format!(
            "This linker is a part of `cargo xtask`, which tells it what to do in {REAL}, {MODULE} and {FOLDER}."
        ));
    };
    let folder = PathBuf::from(folder);
    let mut inputs = Inputs { list: List::of(&module.to_string_lossy()), folder: folder.join("objects"), written: 0 };
    let mut arguments = Vec::new();
    for argument in env::args_os().skip(1) {
        inputs.add(argument, &mut arguments)?;
    }
    // More names than fit a command line. What comes first says which of its linkers rust-lld is to be, and has to stay outside.
    let first = if arguments.first().is_some_and(|first| first == "-flavor") { 2 } else { 0 };
    let file = inputs.folder.join("arguments");
    let quoted = |argument: &OsString| {
        format!("\"{}\"\n", argument.to_string_lossy().replace('\\', "\\\\").replace('"', "\\\""))
    };
    write(&file, arguments[first..].iter().map(quoted).collect::<String>().as_bytes())?;
    let mut response = OsString::from("@");
    response.push(&file);
    let status = Command::new(&real).args(&arguments[..first]).arg(response).status();
    let status = status.map_err(|error| format!("{} could not be started: {error}.", Path::new(&real).display()))?;
    if !inputs.list.is_empty() {
        write(&folder.join(REPORT), inputs.list.report().as_bytes())?;
    }
    // They are as large as all that was compiled.
    let _ = fs::remove_dir_all(&inputs.folder);
    Ok(status.success())
}

/// The files that are linked, those without the functions of the list instead of those with them.
struct Inputs {
    list: List,
    /// Where the new ones are.
    folder: PathBuf,
    written: usize,
}

impl Inputs {
    /// Appends what the linker is given in place of `argument`.
    fn add(&mut self, argument: OsString, arguments: &mut Vec<OsString>) -> Outcome {
        let path = PathBuf::from(&argument);
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension.filter(|_| !self.list.is_empty()) {
            Some("o") if path.is_file() => arguments.push(self.cut(&read(&path)?)?.unwrap_or(argument)),
            Some("rlib") if path.is_file() => {
                let library = read(&path)?;
                let objects = archive::objects(&library, &path)?;
                let cut: Vec<Option<OsString>> =
                    objects.iter().map(|object| self.cut(object)).collect::<Result<_, _>>()?;
                if cut.iter().all(Option::is_none) {
                    arguments.push(argument);
                    return Ok(());
                }
                // What is between these is taken like an archive's members: only if it is needed.
                arguments.push("--start-lib".into());
                for (object, cut) in objects.iter().zip(cut) {
                    arguments.push(match cut {
                        Some(cut) => cut,
                        None => self.put(object)?,
                    });
                }
                arguments.push("--end-lib".into());
            }
            _ => arguments.push(argument),
        }
        Ok(())
    }

    /// An object in its new form, as a file; `None`: it can stay as it is.
    fn cut(&mut self, object: &[u8]) -> Result<Option<OsString>, String> {
        let cut = emptied(object, |name| self.list.has(name));
        cut.map(|object| self.put(&object)).transpose()
    }

    fn put(&mut self, object: &[u8]) -> Result<OsString, String> {
        self.written += 1;
        let file = self.folder.join(format!("{}.o", self.written));
        write(&file, object)?;
        Ok(file.into())
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{} can't be read: {error}.", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Outcome {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    folder
        .and_then(|()| fs::write(path, bytes))
        .map_err(|error| format!("{} can't be written: {error}.", path.display()))
}
