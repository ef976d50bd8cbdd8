//! Where things are.

use std::env;
use std::path::{Path, PathBuf};

/// Folders that the commands share.
pub struct Paths {
    /// The checkout.
    pub root: PathBuf,
    /// Cargo's target folder, outside the checkout so that every clone shares what was built: `CARGO_TARGET_DIR`, or a
    /// folder in the user's cache.
    pub target: PathBuf,
}

impl Paths {
    pub fn find() -> Self {
        let manifest =
            env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.parent().map_or(manifest.clone(), Path::to_path_buf);
        let target =
            env::var_os("CARGO_TARGET_DIR").map_or_else(|| cache().join("tinylens").join("target"), PathBuf::from);
        let target = if target.is_absolute() { target } else { root.join(target) };
        Self { root, target }
    }

    pub fn pkg(&self) -> PathBuf {
        self.root.join("pkg")
    }

    pub fn www(&self) -> PathBuf {
        self.root.join("www")
    }

    pub fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }
}

/// Where cargo keeps what it fetches.
pub fn cargo_home() -> PathBuf {
    env::var_os("CARGO_HOME").map_or_else(|| home().join(".cargo"), PathBuf::from)
}

fn home() -> PathBuf {
    env::var_os("HOME").or_else(|| env::var_os("USERPROFILE")).map_or_else(env::temp_dir, PathBuf::from)
}

/// The user's cache folder, by each system's custom.
fn cache() -> PathBuf {
    match env::var_os("XDG_CACHE_HOME").or_else(|| env::var_os("LOCALAPPDATA")) {
        Some(cache) => PathBuf::from(cache),
        None if cfg!(target_os = "macos") => home().join("Library/Caches"),
        None => home().join(".cache"),
    }
}

/// The first program of these that `PATH` has.
pub fn which(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|file| file.is_file())
}
