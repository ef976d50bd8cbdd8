//! The modules of `src/`, and the paths that their code names, read off the tokens of the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The path of a module or of an item from the root of the crate: `["figure", "svg"]`.
pub type Names = Vec<String>;

/// A file of the crate, with the modules inside of it.
#[derive(Default)]
pub struct Module {
    /// Under `src/`.
    pub file: String,
    /// What its code names: in `use` trees, and by paths.
    pub uses: Vec<Use>,
    /// What the names that it imports or re-exports stand for.
    imported: BTreeMap<String, Names>,
}

/// A path that leads into the crate.
pub struct Use {
    pub path: Names,
    pub line: usize,
    /// Whether it is re-exported.
    pub public: bool,
}

pub fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The files under `src/`, names and texts, in which lines that only tests compile are empty.
pub fn sources() -> Vec<(String, String)> {
    fn collect(folder: &Path, out: &mut Vec<(String, String)>) {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        for path in entries.collect::<BTreeSet<_>>() {
            if path.is_dir() {
                collect(&path, out);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(src()).unwrap().to_str().unwrap().replace('\\', "/");
                out.push((name, without_tests(&std::fs::read_to_string(&path).unwrap())));
            }
        }
    }
    let mut out = Vec::new();
    collect(&src(), &mut out);
    out
}

/// Empties what stands under `#[cfg(test)]`. In code that rustfmt wrote, an item ends with its first line, by `;`, or
/// with the first `}` that is indented as it is.
pub fn without_tests(text: &str) -> String {
    let mut close: Option<String> = None;
    let mut keep = |line: &str| {
        let indent = &line[..line.len() - line.trim_start().len()];
        match &close {
            None if line.trim() == "#[cfg(test)]" => close = Some(format!("{indent}}}")),
            None => return format!("{line}\n"),
            Some(end) if line == end || (line.ends_with(';') && end.len() == indent.len() + 1) => close = None,
            Some(_) => {}
        }
        "\n".into()
    };
    text.lines().map(&mut keep).collect()
}

/// Every file by the path of its module.
pub fn modules(sources: &[(String, String)]) -> BTreeMap<Names, Module> {
    let path = |file: &str| -> Names {
        let names = file.trim_end_matches(".rs").split('/').map(String::from);
        names.filter(|name| name != "mod" && name != "lib").collect()
    };
    let known: BTreeSet<Names> = sources.iter().map(|(file, _)| path(file)).collect();
    let module = |(file, text): &(String, String)| {
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{file}: {error}"));
        let mut module = Module { file: file.clone(), ..Module::default() };
        let here = path(file);
        read(tokens, &here, &known, &mut module);
        (here, module)
    };
    sources.iter().map(module).collect()
}

/// The module that defines what a path names: imports and re-exports are followed. `None` if that is another crate.
pub fn defined(path: &[String], modules: &BTreeMap<Names, Module>) -> Option<Names> {
    let mut path = path.to_vec();
    // A chain of re-exports is short; an endless one would not compile.
    for _ in 0..8 {
        let depth = (1..=path.len()).rev().find(|depth| modules.contains_key(&path[..*depth]))?;
        let module = path[..depth].to_vec();
        match path.get(depth).and_then(|name| modules[&module].imported.get(name)) {
            Some(imported) if *imported != path => path = [&imported[..], &path[depth + 1..]].concat(),
            _ => return Some(module),
        }
    }
    None
}

/// Reads the `use` trees and paths among tokens that stand in the module `here`.
fn read(tokens: TokenStream, here: &Names, known: &BTreeSet<Names>, out: &mut Module) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let (mut at, mut public) = (0, false);
    while let Some(token) = tokens.get(at) {
        let line = token.span().start().line;
        match token {
            TokenTree::Ident(ident) if ident == "pub" => public = true,
            TokenTree::Ident(ident) if ident == "use" => {
                let end = (at..tokens.len()).find(|end| is(&tokens[*end], ';')).unwrap_or(tokens.len());
                let mut leaves = Vec::new();
                leaves_of(&tokens[at + 1..end], &[], &mut leaves);
                for (written, name) in leaves {
                    let Some(path) = absolute(&written, here, known) else { continue };
                    out.imported.insert(name, path.clone());
                    out.uses.push(Use { path, line, public });
                }
                (at, public) = (end, false);
            }
            TokenTree::Ident(ident) if ident == "mod" => {
                // A module inside of the file counts `super` from one further down.
                if let [TokenTree::Ident(name), TokenTree::Group(body), ..] = &tokens[at + 1..] {
                    read(body.stream(), &[&here[..], &[name.to_string()]].concat(), known, out);
                    at += 2;
                }
                public = false;
            }
            TokenTree::Ident(ident) => {
                let mut written = vec![ident.to_string()];
                while let [TokenTree::Punct(a), TokenTree::Punct(b), TokenTree::Ident(next), ..] = &tokens[at + 1..]
                    && a.as_char() == ':'
                    && b.as_char() == ':'
                {
                    written.push(next.to_string());
                    at += 3;
                }
                if written.len() > 1
                    && let Some(path) = absolute(&written, here, known)
                {
                    out.uses.push(Use { path, line, public: false });
                }
                public = false;
            }
            TokenTree::Group(group) => {
                read(group.stream(), here, known, out);
                // After `pub(crate)`, what follows is still public.
                public = public && group.delimiter() == Delimiter::Parenthesis;
            }
            _ => public = false,
        }
        at += 1;
    }
}

/// The paths at the leaves of a `use` tree under `before`, each with the name that it gets.
fn leaves_of(tokens: &[TokenTree], before: &[String], out: &mut Vec<(Names, String)>) {
    for tree in tokens.split(|token| is(token, ',')) {
        let (mut path, mut name) = (before.to_vec(), None);
        for (at, token) in tree.iter().enumerate() {
            match token {
                TokenTree::Ident(ident) if ident == "as" => {
                    name = tree.get(at + 1).map(ToString::to_string);
                    break;
                }
                // `module::{self}` is the module.
                TokenTree::Ident(ident) if ident == "self" && !path.is_empty() => {}
                TokenTree::Ident(ident) => path.push(ident.to_string()),
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    leaves_of(&inner, &path, out);
                    path.clear();
                }
                token if is(token, '*') => path.push("*".into()),
                _ => {}
            }
        }
        if let Some(last) = path.last().cloned().filter(|_| !tree.is_empty()) {
            out.push((path, name.unwrap_or(last)));
        }
    }
}

fn is(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

/// A path as it is written in the module `here`, from the root of the crate; `None` if it leads out of the crate.
fn absolute(written: &[String], here: &Names, known: &BTreeSet<Names>) -> Option<Names> {
    let (mut base, rest) = match written.first()?.as_str() {
        "crate" => (Vec::new(), &written[1..]),
        "self" | "super" => (here.clone(), written),
        child if known.contains(&[&here[..], &[child.to_string()]].concat()) => (here.clone(), written),
        _ => return None,
    };
    let mut rest = rest.iter().skip_while(|name| *name == "self").peekable();
    while rest.next_if(|name| *name == "super").is_some() {
        base.pop();
    }
    Some(base.into_iter().chain(rest.cloned()).collect())
}
