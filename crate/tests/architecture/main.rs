//! Holds `src/` to its architecture. What is compiled for tests only is exempt.
//!
//! - **Order.** `src/lib.rs` lists the modules from the ground up, and a module names only what is above it in that
//!   list: in `use` lines and by paths, from `crate::` or by `super::` out of the module.
//! - **Circles.** The files of a module do not import each other in a circle. A file imports another if it names an
//!   item that is defined there; what a third one re-exports is imported from where it is defined. A parent that only
//!   declares and re-exports its children (`pub use`) does not import them. So a child may use what its parent defines,
//!   or a parent what its child defines, but not both.
//! - **Tasks.** Only `task/`, and the tasks' rows in `config/`, know what a task consists of: all others, comments
//!   included, ask the trait.

mod modules;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use modules::{Names, Use, defined, modules, sources, src, without_tests};

/// The list in the docs of `src/lib.rs`.
fn order() -> Names {
    let text = std::fs::read_to_string(src().join("lib.rs")).unwrap();
    let docs: String = text.lines().filter_map(|line| line.strip_prefix("//!")).collect();
    let (_, list) = docs.split_once("a module imports only from those above it:").expect("the list in src/lib.rs");
    let (list, _) = list.split_once(". ").expect("the list ends with its sentence");
    list.split('`').skip(1).step_by(2).map(String::from).collect()
}

#[test]
fn paths_are_found_in_every_form() {
    let text = "use crate::{b::{self, C}, d::E as F};\n#[cfg(test)]\nuse crate::t;\nuse std::fmt;\nmod inner {\n    \
                fn f(x: super::super::g::H) -> crate::i::J {\n        vec![child::k(), self::l()]\n    }\n}\n\
                pub use child::m::*;\n#[cfg(test)]\nmod tests {\n    use crate::u;\n}\n";
    let files = [("a/mod.rs", without_tests(text)), ("a/child.rs", String::new())];
    let modules = modules(&files.map(|(file, text)| (file.to_string(), text)));
    let found = modules[&vec!["a".to_string()]].uses.iter().map(|used| (used.path.join("::"), used.line, used.public));
    let wanted = [("b", 1, false), ("b::C", 1, false), ("d::E", 1, false), ("g::H", 6, false), ("i::J", 6, false)];
    let below = [("a::inner::l", 7, false), ("a::child::m::*", 10, true)];
    let wanted = wanted.iter().chain(&below).map(|(path, line, public)| (path.to_string(), *line, *public));
    assert_eq!(found.collect::<Vec<_>>(), wanted.collect::<Vec<_>>());
}

#[test]
fn modules_use_only_those_above_them() {
    let (order, modules) = (order(), modules(&sources()));
    let place = |name: &String| order.iter().position(|listed| listed == name);
    let mut wrong = Vec::new();
    for (here, module) in modules.iter().filter(|(here, _)| !here.is_empty()) {
        let Some(own) = place(&here[0]) else {
            wrong.push(format!("src/{} is of no module in the list", module.file));
            continue;
        };
        for Use { path, line, .. } in module.uses.iter().filter(|used| used.path.first() != here.first()) {
            if path.first().and_then(place).is_none_or(|other| other > own) {
                wrong.push(format!("src/{}:{line}: {} uses crate::{}", module.file, here[0], path.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\nThe list in src/lib.rs is {}.", wrong.join("\n"), order.join(", "));
}

/// Which files of its module each file imports, with an example.
type Imports = BTreeMap<Names, BTreeMap<Names, String>>;

fn imports() -> Imports {
    let modules = modules(&sources());
    let mut imports = Imports::new();
    for (here, module) in modules.iter().filter(|(here, _)| !here.is_empty()) {
        let own = imports.entry(here.clone()).or_default();
        for Use { path, line, public } in &module.uses {
            let Some(there) = defined(path, &modules) else { continue };
            let child = there.starts_with(here);
            if there != *here && there.first() == here.first() && !(*public && child) {
                own.entry(there).or_insert_with(|| format!("  src/{}:{line}: {}\n", module.file, path.join("::")));
            }
        }
    }
    imports
}

/// The shortest way from one file to another along imports, both included.
fn way(imports: &Imports, from: &Names, to: &Names) -> Option<Vec<Names>> {
    let (mut seen, mut open) = (BTreeSet::from([from]), VecDeque::from([vec![from]]));
    while let Some(way) = open.pop_front() {
        let last = way[way.len() - 1];
        if last == to {
            return Some(way.into_iter().cloned().collect());
        }
        open.extend(imports[last].keys().filter(|next| seen.insert(next)).map(|next| [&way[..], &[next]].concat()));
    }
    None
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut imports = imports();
    let mut shown = Vec::new();
    // The shortest circle of those that are left, without the imports of those that have been shown.
    let shortest = |imports: &Imports| {
        let edges = imports.iter().flat_map(|(from, there)| there.keys().map(move |to| (from, to)));
        edges.filter_map(|(from, to)| way(imports, to, from)).min_by_key(Vec::len)
    };
    while let Some(circle) = shortest(&imports) {
        let names: Vec<String> = circle.iter().map(|names| names.join("/")).collect();
        let next = circle.iter().cycle().skip(1);
        let steps = circle.iter().zip(next).filter_map(|(from, to)| imports.get_mut(from)?.remove(to));
        shown.push(format!("{}:\n{}", names.join(" → "), steps.collect::<String>()));
    }
    assert!(shown.is_empty(), "{} circles:\n{}", shown.len(), shown.concat());
}

/// What a task consists of, as words of identifiers: `bos` is one of `BOS`, `bos_token` and `BosInjection`.
const WORDS: [&str; 5] = ["bos", "eos", "sorter", "sorters", "sorting"];

/// The same as whole identifiers.
const IDENTIFIERS: [&str; 8] =
    ["MaxOfList", "Sort", "TaskName", "list_length", "max_of_list", "max_value", "mid_token", "min_value"];

/// Whether an identifier belongs to a task. `mid` in lower case is the residual stream between attention and MLP, and
/// `sort` whatever puts things in order, unless it is a module or a name.
fn of_a_task(identifier: &str, after: &str) -> bool {
    let mut words = vec![String::new()];
    let mut upper = true;
    for c in identifier.chars() {
        if c == '_' || (c.is_uppercase() && !upper) {
            words.push(String::new());
        }
        words.last_mut().expect("there is one").extend(Some(c).filter(|c| *c != '_'));
        upper = c.is_uppercase();
    }
    IDENTIFIERS.contains(&identifier)
        || (identifier == "sort" && (after.starts_with("::") || after.starts_with(['"', '`'])))
        || words.iter().any(|word| ["MID", "Mid"].contains(&word.as_str()) || WORDS.contains(&&*word.to_lowercase()))
}

#[test]
fn only_tasks_know_what_a_task_consists_of() {
    let mut found = Vec::new();
    let others = |file: &str| !["task", "config"].contains(&file.split('/').next().unwrap_or_default());
    for (file, text) in sources().into_iter().filter(|(file, _)| others(file)) {
        for (number, line) in text.lines().enumerate() {
            let is_part = |c: char| c.is_alphanumeric() || c == '_';
            let (mut rest, mut names) = (0, Vec::new());
            while let Some(start) = line[rest..].find(is_part).map(|start| rest + start) {
                let end = line[start..].find(|c| !is_part(c)).map_or(line.len(), |end| start + end);
                if of_a_task(&line[start..end], &line[end..]) {
                    names.push(&line[start..end]);
                }
                rest = end;
            }
            if !names.is_empty() {
                found.push(format!("src/{file}:{}: {} in: {}", number + 1, names.join(", "), line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{} lines:\n{}", found.len(), found.join("\n"));
}
