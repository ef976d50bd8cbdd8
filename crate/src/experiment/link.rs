//! Links: a [`Record`] as the hash of a URL, and back. docs/links.md describes the format.
//!
//! A link has the version, then the fields that differ from their defaults, in the table's order; the link of the
//! default record is empty. Decoding never fails: a field that cannot be used is ignored with a warning. Links of
//! version 1 open for ever (tests/links/v1.json).

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::complete::{Settled, nested, settle};
use super::mend::mend;
use super::percent::{decoded, encoded};
use super::record::{Misfit, Record, misfits};
use crate::config::{Kind, SETTINGS, Setting, check, check_item, setting};

/// The version of the links that are written. Changing a default or the meaning of a field requires a new version, and
/// links of this version must still be read as before.
const VERSION: &str = "1";

/// The longest link that is read, in bytes.
pub const LIMIT: usize = 1_000_000;

/// The most warnings about a link. One more says how many were left out.
const MOST_WARNINGS: usize = 20;

/// A decoded link.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The record of the fields that could be used.
    pub record: Record,
    /// A sentence for everything in the link that was ignored.
    pub warnings: Vec<String>,
}

/// The link of a record, without the `#`; empty for the default record.
pub fn encode(record: &Record) -> String {
    let mut settled = Settled::default();
    let mut link = String::new();
    for setting in SETTINGS {
        if !settled.has(setting) {
            continue;
        }
        let value = record.value(setting);
        if *value != settled.default_of(setting) {
            for text in written(setting, value) {
                link.push_str(&format!("&{}={text}", setting.path));
            }
        }
        settled.put(setting, value.clone());
    }
    if link.is_empty() { link } else { format!("v={VERSION}{link}") }
}

/// A value as a link writes it: one text, or a text for each of its items if these have fields of their own.
fn written(setting: &Setting, value: &Value) -> Vec<String> {
    let items = || value.as_array().into_iter().flatten().map(plain);
    match setting.kind {
        Kind::Texts { each: true, .. } => items().collect(),
        Kind::Texts { .. } | Kind::Integers { .. } => vec![items().collect::<Vec<_>>().join(",")],
        _ => vec![plain(value)],
    }
}

/// A single value as a link writes it: 0.001, 1e-8, none.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::String(text) => encoded(text),
        Value::Number(number) if number.is_f64() => {
            let number = number.as_f64().unwrap_or(0.0);
            let decimal = number == 0.0 || (1e-4..1e6).contains(&number.abs());
            if decimal { number.to_string() } else { format!("{number:e}") }
        }
        other => other.to_string(),
    }
}

/// Decodes a link: a whole URL, its hash, or the text after the `#`.
pub fn decode(link: &str) -> Decoded {
    let mut warnings = Warnings::default();
    let record = read(link, &mut warnings);
    Decoded { record, warnings: warnings.finish() }
}

fn read(link: &str, warnings: &mut Warnings) -> Record {
    if link.len() > LIMIT {
        warnings.add(|| format!("The link has {} bytes and is not read; a link can have at most {LIMIT}.", link.len()));
        return Record::default();
    }
    let link = link.trim();
    let text = match link.split_once('#') {
        Some((_, hash)) => hash,
        None if link.contains("://") => "",
        None => link,
    };
    let fields =
        || text.split('&').filter(|field| !field.is_empty()).map(|field| field.split_once('=').unwrap_or((field, "")));
    let version = fields().find(|(name, _)| *name == "v").map_or(VERSION, |(_, version)| version);
    if version != VERSION {
        warnings.add(|| {
            let newer = if version.parse::<u32>().is_ok_and(|version| version > 1) {
                ", which a newer Tinylens made"
            } else {
                ""
            };
            format!(
                "The link is of version {}{newer}; this Tinylens reads version {VERSION} and uses the defaults.",
                cut(version)
            )
        });
        return Record::default();
    }
    let given = given(fields(), warnings);
    fitted(given, warnings)
}

/// The valid fields of a link, by path.
fn given<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>, warnings: &mut Warnings) -> Map<String, Value> {
    let mut given = Map::new();
    let mut seen = HashSet::new();
    for (name, text) in fields {
        // A link that was copied from HTML has `&amp;` for `&`.
        let name = decoded(name.strip_prefix("amp;").unwrap_or(name));
        let setting = setting(&name);
        let again = !seen.insert(setting.map_or("v", |setting| setting.path));
        match setting {
            None if name == "v" && !again => {}
            None if name == "v" => warnings.add(|| "v is given twice; the first is taken.".into()),
            None => {
                seen.remove("v");
                warnings.add(|| unknown(&name));
            }
            Some(setting) => match setting.kind {
                Kind::Texts { each, .. } if each || !again => items(setting, text, &mut given, warnings),
                _ if again => warnings.add(|| format!("{} is given twice; the first is taken.", setting.path)),
                _ => match check(setting, &value(setting, text)) {
                    Ok(value) => drop(given.insert(setting.path.into(), value)),
                    Err(error) => warnings.ignored(setting.path, &error.message),
                },
            },
        }
    }
    given
}

/// The warning about an unknown field.
fn unknown(name: &str) -> String {
    let meant = SETTINGS.iter().find(|setting| setting.field() == name || setting.path.eq_ignore_ascii_case(name));
    let meant = meant.map_or_else(
        || format!("fields have names such as {}", SETTINGS[1].path),
        |setting| format!("perhaps {} is meant", setting.path),
    );
    format!("The link has an unknown field {}, which is ignored; {meant}.", cut(name))
}

/// Adds the valid items of a field that holds several, up to as many as it can have.
fn items(setting: &Setting, text: &str, given: &mut Map<String, Value>, warnings: &mut Warnings) {
    let Kind::Texts { most, .. } = setting.kind else { return };
    let list = given.entry(setting.path).or_insert_with(|| json!([]));
    let Value::Array(list) = list else { return };
    for text in text.split(',').filter(|text| !text.is_empty()) {
        if list.len() >= most {
            warnings.add(|| format!("{} has more than {most} items; the others are ignored.", setting.path));
            return;
        }
        match check_item(setting, decoded(text).trim()) {
            Ok(item) => list.push(item.into()),
            Err(error) => warnings.ignored(setting.path, &error.message),
        }
    }
}

/// The value that a field's text stands for. A text that is not of the field's kind stays a text, which the table
/// refuses.
fn value(setting: &Setting, text: &str) -> Value {
    if text == "none" && setting.optional {
        return Value::Null;
    }
    let text = decoded(text);
    let number = |text: &str| match text.trim().parse::<u64>() {
        Ok(whole) => json!(whole),
        // Infinity and NaN stay texts: JSON would write them as null.
        Err(_) => text
            .trim()
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .map_or_else(|| json!(text), |number| json!(number)),
    };
    match setting.kind {
        Kind::Integer { .. } | Kind::Real { .. } => number(&text),
        Kind::Boolean => text.trim().parse::<bool>().map_or_else(|_| json!(text), |value| json!(value)),
        Kind::Integers { most, .. } => {
            let words = text.split([',', ' ']).filter(|word| !word.is_empty());
            words.take(most + 1).map(number).collect()
        }
        Kind::Choice(_) => json!(text.trim()),
        Kind::Text { .. } | Kind::Texts { .. } => json!(text),
    }
}

/// The record of the given fields, without those that contradict the others.
fn fitted(mut given: Map<String, Value>, warnings: &mut Warnings) -> Record {
    let settled = |given: &Map<String, Value>| settle(SETTINGS, |setting| given.get(setting.path));
    for error in settled(&given).1 {
        given.remove(&error.path);
        warnings.ignored(&error.path, &error.message);
    }
    let (experiment, removed) = mend(&mut given);
    for error in removed {
        warnings.ignored(&error.path, &error.message);
    }
    loop {
        let fields = nested(settled(&given).0);
        let misfits = misfits(&experiment, &fields);
        let Some(first) = misfits.first() else { return Record::consistent(experiment, fields) };
        // Only the first field is changed before all are judged again: removing it may make later ones fit.
        let path = first.setting.path;
        let mut of_path: Vec<&Misfit> = misfits.iter().filter(|misfit| misfit.setting.path == path).collect();
        // The last item is removed first, so that those before it keep their numbers.
        of_path.sort_by_key(|misfit| misfit.item);
        for misfit in of_path.into_iter().rev() {
            match (misfit.item, given.get_mut(path)) {
                (Some(item), Some(Value::Array(items))) => drop(items.remove(item)),
                _ => drop(given.remove(path)),
            }
        }
        for misfit in misfits.iter().filter(|misfit| misfit.setting.path == path) {
            warnings.ignored(path, &misfit.message);
        }
    }
}

/// A text of the link, decoded, for a warning; cut off if it is long.
fn cut(text: &str) -> String {
    crate::config::shown(&json!(decoded(&text.chars().take(150).collect::<String>())))
}

/// Warnings, of which only the first are kept.
#[derive(Default)]
struct Warnings {
    sentences: Vec<String>,
    /// How many were not kept.
    more: usize,
}

impl Warnings {
    fn add(&mut self, sentence: impl FnOnce() -> String) {
        if self.sentences.len() < MOST_WARNINGS {
            self.sentences.push(sentence());
        } else {
            self.more += 1;
        }
    }

    /// Warns that the field at `path` is ignored, and `why`, a sentence.
    fn ignored(&mut self, path: &str, why: &str) {
        self.add(|| {
            if why.starts_with(path) { format!("{why} It is ignored.") } else { format!("{path} is ignored: {why}") }
        });
    }

    /// The warnings kept, and one about the others.
    fn finish(mut self) -> Vec<String> {
        match self.more {
            0 => {}
            1 => self.sentences.push("One more thing in the link is ignored.".into()),
            more => self.sentences.push(format!("{more} more things in the link are ignored.")),
        }
        self.sentences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(partial: Value) -> Record {
        Record::resolve(&partial).unwrap()
    }

    fn one_warning(link: &str) -> String {
        let Decoded { warnings, .. } = decode(link);
        assert_eq!(warnings.len(), 1, "{link}: {warnings:?}");
        warnings[0].clone()
    }

    #[test]
    fn a_link_decodes_to_the_record_that_it_encodes() {
        let record =
            record(json!({ "task": { "list_length": 7 }, "train": { "steps": 300 }, "edit": ["replace:4:MID"] }));
        assert_eq!(encode(&record), "v=1&task.list_length=7&train.steps=300&edit=replace:4:MID");
        assert_eq!(decode(&encode(&record)), Decoded { record, warnings: vec![] });
    }

    #[test]
    fn a_default_record_is_the_empty_link() {
        assert_eq!(encode(&Record::default()), "");
        for link in ["", "#", "v=1", "https://example.org/a/b/", "https://example.org/#v=1", " #v=1& "] {
            assert_eq!(decode(link), Decoded { record: Record::default(), warnings: vec![] }, "{link}");
        }
    }

    #[test]
    fn a_field_at_the_default_that_follows_others_is_left_out() {
        let follows = record(json!({
            "task": { "list_length": 7 }, "model": { "n_ctx": 16, "d_head": 128 },
            "prompt": [6, 2, 59, 50, 20, 41, 42],
        }));
        assert_eq!(encode(&follows), "v=1&task.list_length=7&prompt=6,2,59,50,20,41,42");
        assert_eq!(encode(&record(json!({ "task": { "bos_token": null } }))), "v=1&task.bos_token=none");
    }

    #[test]
    fn links_written_by_hand_are_read() {
        let by_hand = decode(
            "https://example.org/x/?y#train.lr=1e-2&train.batch_size=1e2&amp;model.attn_only=false&prompt=3, 1\
                &task.mid_token=none&edit=delete:0,insert:0:mid&pin=0.0,&hide=Theme",
        );
        let expected = record(json!({
            "train": { "lr": 0.01 }, "model": { "attn_only": false }, "prompt": [3, 1], "task": { "mid_token": null },
            "edit": ["delete:0"], "pin": ["0.0"], "hide": ["theme"],
        }));
        assert_eq!(by_hand.record, expected);
        assert_eq!(by_hand.warnings, ["edit has insert:0:MID; this task has no MID. It is ignored."]);
        assert!(
            encode(&by_hand.record)
                .starts_with("v=1&task.mid_token=none&model.attn_only=false&train.lr=0.01&prompt=3,1&edit=delete:0&")
        );
    }

    #[test]
    fn every_mistake_in_a_link_is_ignored_with_a_warning() {
        assert_eq!(
            one_warning("task.list_length=0"),
            "task.list_length is 0; it must be a whole number from 1 to 50. It is ignored."
        );
        assert_eq!(
            one_warning("train.lr=inf"),
            "train.lr is \"inf\"; it must be a number from 0.0000001 to 1. It is ignored."
        );
        assert_eq!(one_warning("train.lr=0.1&train.lr=0.2"), "train.lr is given twice; the first is taken.");
        assert_eq!(
            one_warning("list_length=3"),
            "The link has an unknown field \"list_length\", which is ignored; perhaps task.list_length is meant."
        );
        assert!(one_warning("<script>=1").contains("fields have names such as"));
        assert!(one_warning("v=1&v=1").contains("twice"));
        assert!(one_warning("v=2&task.list_length=3").contains("a newer Tinylens"));
        assert_eq!(decode("v=2&task.list_length=3").record, Record::default());
        assert!(one_warning("v=x").contains("reads version 1"));
        assert!(
            one_warning("task.list_length=6&model.n_ctx=12")
                .starts_with("model.n_ctx is 12; a sequence of 6 numbers takes at least 14.")
        );
        assert!(
            one_warning("model.d_vocab=10")
                .starts_with("model.d_vocab is 10; the numbers of the task take at least 64.")
        );
        assert!(
            one_warning("model.d_vocab=66")
                .starts_with("model.d_vocab is ignored: task.mid_token is 66; it must be less")
        );
        assert!(one_warning("prompt=1,2,x").starts_with("prompt is [1,2,\"x\"]; it must be 1 to 50 whole numbers"));
        assert!(one_warning("weights=AAAA").starts_with("weights"));
        assert!(one_warning(&format!("expect.version={}", "x".repeat(5000))).len() < 200);
    }

    #[test]
    fn the_number_of_warnings_and_the_length_of_links_are_limited() {
        let warnings = decode(&"x=1&".repeat(1000)).warnings;
        assert_eq!(warnings.len(), 21);
        assert_eq!(warnings[20], "980 more things in the link are ignored.");
        assert!(one_warning(&"x".repeat(LIMIT + 1)).contains("is not read"));
        assert!(one_warning(&format!("edit={}", "delete:0,insert:0:1,".repeat(10_000))).contains("more than 200"));
    }

    #[test]
    fn only_edits_that_cannot_be_applied_are_ignored() {
        let Decoded { record, warnings } =
            decode("edit=delete:7&edit=replace:1:BOS&edit=move:0:9&edit=delete:6&edit=replace:6:1");
        assert_eq!(serde_json::to_value(&record).unwrap()["edit"], json!(["replace:1:BOS", "delete:6"]));
        assert_eq!(warnings.len(), 3);
    }
}
