//! Links: random records are encoded and decoded, damaged links are read, links of version 1 open as ever, and
//! docs/links.md has the present table of settings.

mod tools;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use tinylens::config::{Kind, PANELS, SETTINGS, Setting};
use tinylens::experiment::{Decoded, LIMIT, Record, decode, encode};
use tools::mutate::Random;

#[global_allocator]
static COUNTING: tools::Counting = tools::Counting;

/// The text of a valid value: mostly one near the default, sometimes any in the range.
fn value(setting: &Setting, default: &Value, random: &mut Random) -> String {
    if setting.optional && random.below(4) == 0 {
        return "none".into();
    }
    match setting.kind {
        Kind::Integer { min, max } => {
            let near = (default.as_u64().unwrap_or(min) + random.next() % 8).saturating_sub(2).clamp(min, max);
            if random.below(10) == 0 { min + random.next() % (max - min + 1) } else { near }.to_string()
        }
        Kind::Real { min, max, log } => {
            let share = random.next() as f64 / u64::MAX as f64;
            let number = if log { min * (max / min).powf(share) } else { min + share * (max - min) };
            number.clamp(min, max).to_string()
        }
        Kind::Boolean => random.pick(&["true", "false"]).into(),
        Kind::Choice(names) => random.pick(names).into(),
        Kind::Integers { .. } => list(random, 6, |random| random.below(12).to_string()),
        Kind::Text { .. } => match setting.path {
            "cell" => format!("{}:{}", random.below(12), random.below(12)),
            "file.name" | "file.format" => {
                (0..1 + random.below(20)).map(|_| random.pick(&['a', 'Z', '0', '.', '-', 'é', '名'])).collect()
            }
            "expect.version" => "0.1.0".into(),
            "tour" => (1 + random.below(8)).to_string(),
            "weights" => "AAAA".into(),
            _ => format!("{:016x}", random.next()),
        },
        Kind::Texts { .. } => list(random, 5, |random| match setting.path {
            "edit" => edit(random),
            "ablate" => knockout(random),
            "pin" => format!("{}.{}", random.below(2), random.below(3)),
            _ => random.pick(PANELS).into(),
        }),
    }
}

/// 1 to `most` items, separated by commas.
fn list(random: &mut Random, most: usize, mut item: impl FnMut(&mut Random) -> String) -> String {
    (0..1 + random.below(most)).map(|_| item(random)).collect::<Vec<_>>().join(",")
}

fn edit(random: &mut Random) -> String {
    let token = match random.below(4) {
        0 => random.pick(&["BOS", "MID", "EOS"]).to_string(),
        _ => random.below(70).to_string(),
    };
    let (at, to) = (random.below(9), random.below(9));
    random
        .pick(&["replace:A:T", "delete:A", "insert:A:T", "move:A:B"])
        .replace('A', &at.to_string())
        .replace('T', &token)
        .replace('B', &to.to_string())
}

fn knockout(random: &mut Random) -> String {
    let (layer, head, at, to) = (random.below(2), random.below(3), random.below(12), random.below(12));
    match random.below(5) {
        0 => format!("head:{layer}.{head}:{}", random.pick(&["zero", "mean", "resample"])),
        1 => format!("edge:{layer}.{head}:{at}:{to}"),
        2 => format!("edge:{layer}.{head}:{at}:{to}:zero"),
        3 => format!("position:{at}"),
        _ => format!("mlp:{layer}"),
    }
}

/// A link of some fields, each valid by itself.
fn random_link(plain: &Value, random: &mut Random) -> String {
    let share = 1 + random.below(8);
    let mut fields = Vec::new();
    for setting in SETTINGS {
        if random.below(20) < share {
            fields.push(format!("{}={}", setting.path, value(setting, setting.of(plain).unwrap(), random)));
        }
    }
    fields.join("&")
}

/// The default record.
fn plain() -> Value {
    serde_json::to_value(Record::default()).unwrap()
}

/// Fails unless every field of a decoded link is valid and consistent with the others, and the warnings are few and
/// short.
fn assert_sound(Decoded { record, warnings }: &Decoded, link: &str) {
    assert!(warnings.len() <= 21 && warnings.iter().all(|warning| warning.len() < 1000), "{link}: {warnings:?}");
    let strict = Record::resolve(&serde_json::to_value(record).unwrap());
    assert_eq!(strict.as_ref(), Ok(record), "{link}");
}

/// Fails unless the record's link decodes to the record. `link` is the link that it was decoded from.
fn assert_round_trip(record: &Record, link: &str) {
    let written = encode(record);
    assert_eq!(decode(&written), Decoded { record: record.clone(), warnings: Vec::new() }, "{link} became {written}");
}

#[test]
fn ten_thousand_random_records_survive_their_links() {
    let plain = plain();
    let mut seen = BTreeMap::new();
    let mut distinct = BTreeSet::new();
    for number in 0..10_000 {
        let mut random = Random(number);
        let link = random_link(&plain, &mut random);
        let decoded = decode(&link);
        assert_sound(&decoded, &link);
        assert_round_trip(&decoded.record, &link);
        let written = encode(&decoded.record);
        for field in written.split('&').filter_map(|field| field.split_once('=')) {
            *seen.entry(field.0.to_string()).or_insert(0) += 1;
        }
        distinct.insert(written);
    }
    // Every field was in some of them, but for the one with a single value, and for weights, which never fit the model
    // here.
    for setting in SETTINGS.iter().filter(|setting| !["model.init_mode", "weights"].contains(&setting.path)) {
        assert!(
            seen.get(setting.path).is_some_and(|times| *times > 100),
            "{} was in {:?}",
            setting.path,
            seen.get(setting.path)
        );
    }
    assert!(distinct.len() > 9_800, "{} different records", distinct.len());
}

/// Pieces of what hostile and careless people write.
const WORDS: &[&str] = &[
    "&",
    "=",
    "#",
    "%",
    "%00",
    "%zz",
    "%E2%80%AE",
    "none",
    "NaN",
    "inf",
    "-1",
    "1e999",
    "18446744073709551616",
    "0x10",
    "null",
    "undefined",
    "[object Object]",
    "__proto__",
    "constructor",
    "<script>alert(1)</script>",
    "v=1",
    "v=2",
    "amp;",
    ",",
    ":",
    ".",
    "\u{202e}",
    "\0",
    "é",
    "𝟙",
    "edit=",
    "hide=",
    "task.",
    "replace:",
    "weights=",
    "AAAA",
    " ",
    "+",
    "?",
    "/",
    "\n",
    "..",
    "9999999999",
];

/// A link after one to four random changes.
fn damage(link: &str, other: &str, random: &mut Random) -> String {
    let mut chars: Vec<char> = link.chars().collect();
    for _ in 0..1 + random.below(4) {
        let at = random.below(chars.len() + 1);
        let end = (at + random.below(12)).min(chars.len());
        match random.below(8) {
            0 => drop(chars.drain(at..end)),
            1 => {
                let again: Vec<char> = chars[at..end].to_vec();
                chars.splice(at..at, again);
            }
            2 | 3 => drop(chars.splice(at..at, random.pick(WORDS).chars())),
            4 => drop(chars.splice(at..end, random.pick(WORDS).chars())),
            5 if at < chars.len() => chars[at] = char::from_u32(random.next() as u32 % 0x300).unwrap_or('x'),
            6 => chars.extend("&".chars().chain(other.chars().skip(random.below(other.len().max(1))))),
            _ => {
                if let Some(digit) = chars[at..].iter_mut().find(|c| c.is_ascii_digit()) {
                    *digit = char::from(b'0' + random.below(10) as u8);
                }
            }
        }
    }
    chars.into_iter().collect()
}

/// A decoded link, and how long decoding took.
fn timed(link: &str) -> (Decoded, Duration) {
    let start = Instant::now();
    let decoded = decode(link);
    (decoded, start.elapsed())
}

#[test]
fn a_hundred_thousand_damaged_links_are_read() {
    let count = if cfg!(debug_assertions) { 2_000 } else { 100_000 };
    let plain = plain();
    let frozen: Vec<String> = frozen().into_iter().map(|(link, _)| link).collect();
    let read = &|number: u64| {
        let mut random = Random(1_000_000 + number);
        let seed = |random: &mut Random| match random.below(2) {
            0 => random_link(&plain, random),
            _ => frozen[random.below(frozen.len())].clone(),
        };
        let (link, other) = (seed(&mut random), seed(&mut random));
        let link = damage(&link, &other, &mut random);
        let (decoded, took) = timed(&link);
        assert_sound(&decoded, &link);
        if number.is_multiple_of(5) {
            assert_round_trip(&decoded.record, &link);
        }
        (took, link)
    };
    let slowest = std::thread::scope(|scope| {
        let half = |odd: u64| scope.spawn(move || (0..count / 2).map(|number| read(2 * number + odd)).max());
        [half(0), half(1)].map(|half| half.join().unwrap()).into_iter().flatten().max().unwrap()
    });
    println!("{count} links, the slowest in {:?}: {}", slowest.0, slowest.1);
    // A busy machine can stall a thread for seconds; a link is slow only if it is slow again.
    assert!(slowest.0.min(timed(&slowest.1).1) < Duration::from_secs(2));
}

#[test]
fn the_longest_links_are_read_in_two_seconds_and_longer_ones_are_refused_at_once() {
    for piece in [
        "a",
        "&",
        "a&",
        "a=",
        "edit=",
        "edit=delete:0&",
        "edit=x,",
        ",",
        "%",
        "%41",
        "task.list_length=3&",
        "prompt=1,",
        "é",
        "pin=0.0,",
        "ablate=mlp:0&",
    ] {
        let (decoded, took) = timed(&piece.repeat(LIMIT / piece.len()));
        assert_sound(&decoded, piece);
        assert!(took < Duration::from_secs(2), "{piece}: {took:?}");
    }
    let long = "edit=delete:0&".repeat(20_000_000);
    let (decoded, took) = timed(&long);
    assert_eq!(decoded.warnings.len(), 1);
    assert!(took < Duration::from_millis(5), "{took:?}");
}

/// The links of tests/links/v1.json, each with its whole entry: the fields of its record that differ from the default.
fn frozen() -> Vec<(String, Value)> {
    let text = include_str!("links/v1.json");
    let list: Vec<Value> = serde_json::from_str(text).unwrap();
    list.into_iter().map(|entry| (entry["link"].as_str().unwrap().into(), entry)).collect()
}

/// The fields of `record` that differ from those of `plain`.
fn difference(record: &Value, plain: &Value) -> Value {
    let (Value::Object(record), Value::Object(plain)) = (record, plain) else { return record.clone() };
    let mut out = Map::new();
    for (name, value) in record.iter().filter(|(name, value)| plain.get(*name) != Some(value)) {
        out.insert(name.clone(), difference(value, plain.get(name).unwrap_or(&Value::Null)));
    }
    Value::Object(out)
}

/// These links must open for ever. To add one, append an entry with its link alone, and set `TINYLENS_WRITE=1` to write
/// what it decodes to; existing entries never change. `canonical` is the link that is now written for the record, if it
/// is another; `ignored` is the number of warnings.
#[test]
fn links_of_version_1_open_as_they_did() {
    let plain: Value = serde_json::from_str(include_str!("links/default.json")).unwrap();
    assert_eq!(difference(&self::plain(), &plain), json!({}), "a default of version 1 has changed");
    let entries = frozen();
    assert!(entries.len() >= 30);
    let mut named = BTreeSet::new();
    let mut lines = Vec::new();
    for (link, entry) in &entries {
        let Decoded { record, warnings } = decode(link);
        let mut now = json!({ "link": link, "record": difference(&serde_json::to_value(&record).unwrap(), &plain) });
        if encode(&record) != *link {
            now["canonical"] = encode(&record).into();
        }
        if !warnings.is_empty() {
            now["ignored"] = warnings.len().into();
        }
        if entry.get("record").is_some() || std::env::var_os("TINYLENS_WRITE").is_none() {
            assert_eq!(&now, entry, "{warnings:?}");
        }
        lines.push(now.to_string());
        named.extend(link.split('&').filter_map(|field| field.split_once('=')).map(|(name, _)| name.to_string()));
    }
    for setting in SETTINGS {
        assert!(named.contains(setting.path), "no link of the list has {}", setting.path);
    }
    if std::env::var_os("TINYLENS_WRITE").is_some() {
        std::fs::write(path("tests/links/v1.json"), format!("[\n{}\n]\n", lines.join(",\n"))).unwrap();
    }
}

fn path(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The table of settings, as docs/links.md must have it.
fn table() -> String {
    let plain = plain();
    let mut out = String::from("| field | value | default | what it means |\n|---|---|---|---|\n");
    for setting in SETTINGS {
        let default = match (setting.derived, setting.of(&plain).unwrap()) {
            (Some(how), _) => format!("follows: {how}"),
            (None, Value::Null) => "none".into(),
            (None, Value::Array(_)) => "nothing".into(),
            (None, Value::String(text)) => text.clone(),
            (None, other) => other.to_string(),
        };
        let accepts = setting.accepts().replace("null (none)", "none").replace("up to 200 items, each ", "");
        let only = match setting.tasks {
            [] => String::new(),
            tasks => format!(" Only of `{}`.", tasks.join("`, `")),
        };
        out.push_str(&format!("| `{}` | {accepts} | {default} | {}{only} |\n", setting.path, setting.help));
    }
    out + "\nPanels: " + &PANELS.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ") + ".\n"
}

/// Set `TINYLENS_WRITE=1` to write the table.
#[test]
fn the_documentation_has_the_table() {
    let file = path("../docs/links.md");
    let text = std::fs::read_to_string(&file).unwrap();
    let (begin, end) = (
        "<!-- Generated from the table of settings, by crate/tests/links.rs. -->\n",
        "<!-- The end of the generated table. -->",
    );
    let (before, rest) = text.split_once(begin).expect("the mark where the table begins");
    let (there, after) = rest.split_once(end).expect("the mark where the table ends");
    let table = table();
    if std::env::var_os("TINYLENS_WRITE").is_some() {
        std::fs::write(&file, format!("{before}{begin}{table}{end}{after}")).unwrap();
    } else {
        assert!(
            there == table,
            "docs/links.md is out of date. TINYLENS_WRITE=1 cargo test --release -p tinylens --test links writes the new \
                table:\n\n{table}"
        );
    }
}
