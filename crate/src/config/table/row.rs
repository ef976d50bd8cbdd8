//! Constructors of the table's rows, one for each kind. A row is not optional unless it says so.

use serde_json::{Value, json};

use super::super::setting::{Above, Kind, Setting};

/// The largest seed.
pub(super) const SEED_MAX: u64 = u32::MAX as u64;

/// Computes a field's default.
type Default = fn(&Above) -> Value;
/// Reads a text, see [`Kind::Text`].
type Read = fn(&str) -> Option<String>;

pub(super) const fn row(path: &'static str, kind: Kind, default: Default, help: &'static str) -> Setting {
    Setting { path, tasks: &[], kind, optional: false, default, derived: None, help }
}

pub(super) const fn integer(path: &'static str, min: u64, max: u64, default: Default, help: &'static str) -> Setting {
    row(path, Kind::Integer { min, max }, default, help)
}

pub(super) const fn real(
    path: &'static str,
    min: f64,
    max: f64,
    log: bool,
    default: Default,
    help: &'static str,
) -> Setting {
    row(path, Kind::Real { min, max, log }, default, help)
}

pub(super) const fn boolean(path: &'static str, default: Default, help: &'static str) -> Setting {
    row(path, Kind::Boolean, default, help)
}

pub(super) const fn choice(
    path: &'static str,
    choices: &'static [&'static str],
    default: Default,
    help: &'static str,
) -> Setting {
    row(path, Kind::Choice(choices), default, help)
}

/// A text, `null` by default.
pub(super) const fn text(path: &'static str, form: &'static str, read: Read, help: &'static str) -> Setting {
    row(path, Kind::Text { form, read }, |_| Value::Null, help).optional()
}

/// A list of texts, empty by default; a link has one field for all of them.
pub(super) const fn texts(
    path: &'static str,
    form: &'static str,
    read: Read,
    most: usize,
    help: &'static str,
) -> Setting {
    row(path, Kind::Texts { form, read, most, each: false }, |_| json!([]), help)
}
