//! `src/web/types.d.ts` is not written by hand: its declarations come from the table of settings ([`table`]) and from
//! the Rust sources of the other records that cross as JSON ([`source`]). This test keeps the file in step with both.
//! Types that are no Rust records are declared in `web/`, beside the functions that make or read them.

mod source;
mod table;

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tinylens::config::{ColourMap, Curve, Form, Kind, Quantity, Range, SETTINGS, Side, Together, check, setting};
use tinylens::experiment::{Experiment, Record};
use tinylens::task::Request;

use source::{Inline, Named, Source, Sources};

/// The records that are no settings, in the order of the file, and the types that they consist of.
const SOURCES: &[Source] = &[
    Source("experiment/settings.rs", "SettingRecord", Named("Setting")),
    Source("experiment/settings.rs", "KindName", Inline),
    Source("task/rate.rs", "Rate", Named("Rate")),
    Source("experiment/battery.rs", "Failure", Named("Failure")),
    Source("task/claim.rs", "Claim", Named("Claim")),
    Source("task/claim.rs", "Verdict", Inline),
    Source("config/knockout.rs", "Head", Named("Head")),
    Source("config/knockout.rs", "Pair", Inline),
    Source("figure/focus.rs", "Focus", Named("Focus")),
    Source("figure/colour.rs", "Theme", Inline),
    Source("web/drawn.rs", "Drawn", Named("Drawn")),
    Source("web/drawn.rs", "DrawnView", Inline),
    Source("config/view.rs", "Quantity", Inline),
    Source("config/view.rs", "Form", Inline),
    Source("config/view.rs", "Curve", Inline),
    Source("config/view.rs", "Range", Inline),
    Source("config/view.rs", "ColourMap", Inline),
    Source("config/view.rs", "Side", Inline),
    Source("config/view.rs", "Together", Inline),
    Source("figure/thumbnails.rs", "Thumbnails", Named("Tiles")),
    Source("figure/thumbnails.rs", "Tile", Inline),
];

/// A documented declaration or field, as TypeScript at this depth writes it.
fn documented(depth: usize, docs: &str, code: &str) -> String {
    let indent = "  ".repeat(depth);
    let one = format!("{indent}/** {docs} */");
    let comment = if docs.is_empty() {
        String::new()
    } else if one.chars().count() <= 120 {
        one + "\n"
    } else {
        let mut lines = vec![format!("{indent} *")];
        for word in docs.split(' ') {
            let last = lines.last_mut().expect("there is one");
            if last.chars().count() + 1 + word.chars().count() > 120 {
                lines.push(format!("{indent} * {word}"));
            } else {
                *last += &format!(" {word}");
            }
        }
        format!("{indent}/**\n{}\n{indent} */\n", lines.join("\n"))
    };
    format!("{comment}{indent}{code}\n")
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(name)
}

/// The names of all tasks' ablations and of what they measure, in the order of the tasks.
fn ablations() -> String {
    let (mut names, mut measures) = (Vec::new(), Vec::new());
    for task in table::tasks() {
        let Experiment { task, model, .. } = Experiment::resolve(&json!({ "task": { "name": task } })).unwrap();
        for name in task.task().ablations() {
            let request = Request { name, site: None, value: None, seed: 0 };
            let ablation = task.task().ablation(&model, &request).unwrap();
            names.push(name);
            measures.extend(ablation.measures());
        }
    }
    let union = |all: Vec<&str>| {
        let first = |(at, name): &(usize, &&str)| !all[..*at].contains(name);
        let members = all.iter().enumerate().filter(first).map(|(_, name)| format!("\n  | {name:?}"));
        members.collect::<String>()
    };
    [("AblationName", "An ablation of a task.", names), ("MeasureName", "What is measured of an answer.", measures)]
        .map(|(name, docs, all)| documented(0, docs, &format!("export type {name} ={};", union(all))))
        .join("\n")
}

#[test]
fn the_declarations_are_in_step_with_the_records() {
    let head =
        "// Written from the Rust records by crate/tests/types: TINYLENS_WRITE=1 cargo test --release --test types\n";
    let wanted = format!("{head}\n{}{}\n{}", table::declarations(), Sources::read(SOURCES).declarations(), ablations());
    let path = file("web/types.d.ts");
    if std::env::var_os("TINYLENS_WRITE").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap();
    let first = there.lines().zip(wanted.lines()).find(|(there, wanted)| there != wanted);
    assert!(
        there == wanted,
        "src/web/types.d.ts is not in step; its first line says how to write it. First: {first:#?}"
    );
}

/// What the table declares is what an experiment has: every field is a row of its task, with a value of the row's kind.
#[test]
fn an_experiment_has_the_fields_of_the_table() {
    for name in table::tasks() {
        let record = Record::resolve(&json!({ "task": { "name": name } })).unwrap();
        let experiment = serde_json::to_value(record.experiment()).unwrap();
        let mut fields = 0;
        for (group, values) in experiment.as_object().unwrap() {
            for (field, value) in values.as_object().unwrap() {
                let path = format!("{group}.{field}");
                let row = setting(&path).filter(|row| row.is_of(name)).unwrap_or_else(|| panic!("{path} is no row"));
                assert_eq!(check(row, value).as_ref(), Ok(value));
                fields += 1;
            }
        }
        let rows = SETTINGS.iter().filter(|row| row.is_of(name) && row.of(&experiment).is_some()).count();
        assert_eq!(fields, rows, "{name}");
    }
}

/// What the table offers as choices, the types of the fields can hold.
#[test]
fn every_choice_is_a_value_of_its_fields_type() {
    fn read<T: DeserializeOwned>(choice: &Value) -> bool {
        serde_json::from_value::<T>(choice.clone()).is_ok()
    }
    for row in SETTINGS {
        let Kind::Choice(choices) = row.kind else { continue };
        for choice in choices {
            let choice = json!(choice);
            let known = match row.path {
                "view.show" => read::<Quantity>(&choice),
                "view.form" => read::<Form>(&choice),
                "view.scale" => read::<Curve>(&choice),
                "view.range" => read::<Range>(&choice),
                "view.colours" => read::<ColourMap>(&choice),
                "view.rows" => read::<Side>(&choice),
                "view.heads" => read::<Together>(&choice),
                // Its type is private to `web`, which no native test builds.
                "device" => continue,
                _ => {
                    let mut partial = serde_json::Map::new();
                    row.put(&mut partial, choice.clone());
                    Experiment::resolve(&Value::Object(partial)).is_ok()
                }
            };
            assert!(known, "{} has the choice {choice}, which its type cannot hold", row.path);
        }
    }
}
