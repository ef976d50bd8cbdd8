//! Declarations of the records whose fields are rows of the table of settings: the experiment and what a link says.

use serde_json::Value;
use tinylens::config::{Kind, SETTINGS, Setting, setting};
use tinylens::experiment::Record;

use super::documented;

/// The groups that are interfaces of their own, with what they are. The task is one for each task.
const GROUPS: [(&str, &str, &str); 3] = [
    ("model", "ModelConfig", "The architecture and the initial weights, under TransformerLens's names."),
    ("train", "TrainConfig", "The data and the optimiser."),
    ("view", "ViewConfig", "How attention is shown. None of it changes a run."),
];

/// Names of the tasks.
pub fn tasks() -> &'static [&'static str] {
    match setting("task.name").map(|row| row.kind) {
        Some(Kind::Choice(names)) => names,
        other => panic!("task.name is no choice: {other:?}"),
    }
}

fn union(names: &[&str]) -> String {
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(" | ")
}

/// The TypeScript type of a row's values. Texts that have a grammar are template literals, declared in `web/link.rs`.
fn kind(row: &Setting) -> String {
    let kind = match (row.path, row.kind) {
        ("device", _) => "DeviceKind".into(),
        ("edit", _) => "TokenEdit[]".into(),
        ("ablate", _) => "Knockout[]".into(),
        ("pin", _) => "HeadName[]".into(),
        ("cell", _) => "`${number}:${number}`".into(),
        (_, Kind::Integer { .. } | Kind::Real { .. }) => "number".into(),
        (_, Kind::Boolean) => "boolean".into(),
        (_, Kind::Choice(names)) => union(names),
        (_, Kind::Integers { .. }) => "number[]".into(),
        (_, Kind::Text { .. }) => "string".into(),
        (_, Kind::Texts { .. }) => "string[]".into(),
    };
    if row.optional { format!("{kind} | null") } else { kind }
}

/// A row as a field of an interface.
fn field(depth: usize, row: &Setting) -> String {
    documented(depth, row.help, &format!("{}: {};", row.field(), kind(row)))
}

/// An interface of rows.
fn interface(name: &str, docs: &str, first: &str, rows: &[&Setting]) -> String {
    let fields: String = rows.iter().map(|row| field(1, row)).collect();
    documented(0, docs, &format!("export interface {name} {{\n{first}{fields}}}\n"))
}

/// `sort` is declared as `SortTask`.
fn task_type(name: &str) -> String {
    let words = name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]);
    words.collect::<String>() + "Task"
}

/// Of a group's rows those that are part of the experiment, or of the view: not, say, how far a run was trained.
fn own_rows(group: &str, experiment: &Value) -> Vec<&'static Setting> {
    rows(group).filter(|row| group == "view" || row.of(experiment).is_some()).collect()
}

fn rows(group: &str) -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(move |row| row.group() == group)
}

/// The experiment, the view, and the record that a link is.
pub fn declarations() -> String {
    let record = Record::default();
    let experiment = serde_json::to_value(record.experiment()).unwrap();
    let mut out = String::new();

    let names: Vec<String> = tasks().iter().map(|name| task_type(name)).collect();
    let help = setting("task.name").expect("a row").help;
    out += &documented(0, help, &format!("export type TaskConfig = {};\n", names.join(" | ")));
    for (name, type_name) in tasks().iter().zip(&names) {
        let rows: Vec<_> = rows("task").filter(|row| row.is_of(name) && row.path != "task.name").collect();
        let docs = format!("The settings of the task `{name}`.");
        out += &interface(type_name, &docs, &format!("  name: {name:?};\n"), &rows);
    }
    for (group, name, docs) in GROUPS {
        out += &interface(name, docs, "", &own_rows(group, &experiment));
    }
    out += "/** Everything that a run is a function of. */\n";
    out += "export interface Experiment {\n  task: TaskConfig;\n  model: ModelConfig;\n  train: TrainConfig;\n}\n";
    out += "export type PartialExperiment = {\n  task?: Partial<TaskConfig>;\n";
    out += "  model?: Partial<ModelConfig>;\n  train?: Partial<TrainConfig>;\n};\n\n";

    let device = setting("device").expect("a row");
    let Kind::Choice(kinds) = device.kind else { panic!("device is no choice") };
    out += &documented(0, device.help, &format!("export type DeviceKind = {};\n", union(kinds)));

    out += "/** Everything that a link says: docs/links.md. */\nexport interface ExperimentRecord {\n";
    for group in groups() {
        out += &group_of_record(group, &experiment);
    }
    out + "}\n\n"
}

/// A group of the record that a link is, or one of its fields that have none.
fn group_of_record(group: &str, experiment: &Value) -> String {
    if let Some(row) = setting(group) {
        return field(1, row);
    }
    if group == "task" {
        return "  task: TaskConfig;\n".into();
    }
    let Some((_, name, _)) = GROUPS.iter().find(|(named, ..)| *named == group) else {
        let fields: String = rows(group).map(|row| field(2, row)).collect();
        return format!("  {group}: {{\n{fields}  }};\n");
    };
    let own = own_rows(group, experiment);
    let others: Vec<_> = rows(group).filter(|row| own.iter().all(|own| own.path != row.path)).collect();
    if others.is_empty() {
        return format!("  {group}: {name};\n");
    }
    let fields: String = others.into_iter().map(|row| field(2, row)).collect();
    format!("  {group}: {name} & {{\n{fields}  }};\n")
}

/// Groups of the table, and its fields that have none, in its order.
fn groups() -> Vec<&'static str> {
    let mut groups = Vec::new();
    for row in SETTINGS {
        if !groups.contains(&row.group()) {
            groups.push(row.group());
        }
    }
    groups
}
