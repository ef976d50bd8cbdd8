//! Declarations of Rust records, read from their sources, so that `web/`, which only the wasm build compiles, is seen
//! too. Structs of named fields become object types, enums of unit variants unions of strings, as serde writes them; a
//! serde attribute other than `rename` and `rename_all`, and a type that is not listed, are refused.

use std::collections::BTreeMap;

use syn::{Attribute, Expr, Fields, GenericArgument, Item, Lit, Meta, PathArguments, Type};

use super::{documented, file};

pub use Shown::{Inline, Named};

/// The longest type that stays on one line, in characters.
const SHORT: usize = 100;

/// How a record appears in TypeScript.
#[derive(Clone, Copy)]
pub enum Shown {
    /// As a type of this name.
    Named(&'static str),
    /// Written out where it is used.
    Inline,
}

/// A record: its file under `src/`, its name in Rust, and how it appears.
pub struct Source(pub &'static str, pub &'static str, pub Shown);

/// Records by their names in Rust.
pub struct Sources {
    order: &'static [Source],
    items: BTreeMap<&'static str, (Item, Shown)>,
}

impl Sources {
    /// # Panics
    /// If a file lacks its record.
    pub fn read(order: &'static [Source]) -> Self {
        let item = |Source(path, rust, shown): &Source| {
            let text = std::fs::read_to_string(file(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
            let items = syn::parse_file(&text).unwrap_or_else(|error| panic!("{path}: {error}")).items;
            let named = |item: &Item| match item {
                Item::Struct(item) => item.ident == rust,
                Item::Enum(item) => item.ident == rust,
                _ => false,
            };
            let item = items.into_iter().find(named).unwrap_or_else(|| panic!("{path} has no {rust}"));
            (*rust, (item, *shown))
        };
        Self { order, items: order.iter().map(item).collect() }
    }

    /// The named ones, in order.
    pub fn declarations(&self) -> String {
        let declaration = |Source(_, rust, shown): &Source| {
            let Named(name) = shown else { return String::new() };
            let item = &self.items[rust].0;
            let docs = match item {
                Item::Struct(item) => docs(&item.attrs),
                Item::Enum(item) => docs(&item.attrs),
                _ => String::new(),
            };
            let body = self.body(item, 0);
            let space = if body.starts_with('\n') { "" } else { " " };
            documented(0, &docs, &format!("export type {name} ={space}{body};\n"))
        };
        self.order.iter().map(declaration).collect()
    }

    /// The type of a record that is declared or used at this depth. If it is used, and short, it is on one line and
    /// without docs.
    fn body(&self, item: &Item, depth: usize) -> String {
        match item {
            Item::Struct(item) => {
                let rename_all = serde(&item.attrs, "rename_all");
                let Fields::Named(fields) = &item.fields else { panic!("{} has no named fields", item.ident) };
                let field = |field: &syn::Field| {
                    let ident = field.ident.as_ref().expect("it is named").to_string();
                    let name = renamed(&ident, &field.attrs, rename_all.as_deref());
                    (docs(&field.attrs), format!("{name}: {}", self.of(&field.ty, depth + 1)))
                };
                let fields: Vec<_> = fields.named.iter().map(field).collect();
                let codes: Vec<&str> = fields.iter().map(|(_, code)| code.as_str()).collect();
                let line = format!("{{ {} }}", codes.join("; "));
                if depth > 0 && line.len() <= SHORT {
                    return line;
                }
                let lines = fields.iter().map(|(docs, code)| documented(depth + 1, docs, &format!("{code};")));
                format!("{{\n{}{}}}", lines.collect::<String>(), "  ".repeat(depth))
            }
            Item::Enum(item) => {
                let rename_all = serde(&item.attrs, "rename_all");
                let variant = |variant: &syn::Variant| {
                    assert!(matches!(variant.fields, Fields::Unit), "{} has a variant with fields", item.ident);
                    format!("{:?}", renamed(&variant.ident.to_string(), &variant.attrs, rename_all.as_deref()))
                };
                let variants: Vec<_> = item.variants.iter().map(variant).collect();
                let line = variants.join(" | ");
                if line.len() <= SHORT { line } else { format!("\n  | {}", variants.join("\n  | ")) }
            }
            _ => panic!("neither a struct nor an enum"),
        }
    }

    /// A Rust type in TypeScript, for a field at this depth.
    fn of(&self, ty: &Type, depth: usize) -> String {
        let list = |of: String| if of.contains(" | ") { format!("({of})[]") } else { format!("{of}[]") };
        let path = match ty {
            Type::Reference(reference) => return self.of(&reference.elem, depth),
            Type::Array(array) => return list(self.of(&array.elem, depth)),
            Type::Slice(slice) => return list(self.of(&slice.elem, depth)),
            Type::Path(path) => path.path.segments.last().expect("a path has segments"),
            _ => panic!("a type that no record of TypeScript has"),
        };
        let arguments: Vec<String> = match &path.arguments {
            PathArguments::AngleBracketed(arguments) => {
                let types = arguments.args.iter().filter_map(|argument| match argument {
                    GenericArgument::Type(ty) => Some(self.of(ty, depth)),
                    _ => None,
                });
                types.collect()
            }
            _ => Vec::new(),
        };
        match (path.ident.to_string().as_str(), &arguments[..]) {
            ("u8" | "u16" | "u32" | "u64" | "usize" | "f32" | "f64", []) => "number".into(),
            ("bool", []) => "boolean".into(),
            ("String" | "str", []) => "string".into(),
            // The value of a setting that has a control.
            ("Value", []) => "number | string | boolean | null".into(),
            ("Option", [of]) => format!("{of} | null"),
            ("Vec", [of]) => list(of.clone()),
            ("BTreeMap", [key, of]) => format!("Record<{key}, {of}>"),
            (name, []) => match self.items.get(name) {
                Some((_, Named(name))) => (*name).into(),
                Some((item, Inline)) => self.body(item, depth),
                None => panic!("{name} is not in SOURCES"),
            },
            (name, _) => panic!("{name}<…> has no counterpart in TypeScript"),
        }
    }
}

/// The text of doc comments, with names as TypeScript has them.
fn docs(attributes: &[Attribute]) -> String {
    let line = |attribute: &Attribute| match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(text) => match &text.lit {
                Lit::Str(text) => Some(text.value().trim().to_string()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    let text = attributes.iter().filter_map(line).collect::<Vec<_>>().join(" ");
    text.replace("[`", "`")
        .replace("`]", "`")
        .replace("`None`", "null")
        .replace("`true`", "true")
        .replace("`false`", "false")
}

/// The value of an attribute `#[serde(key = "…")]`.
fn serde(attributes: &[Attribute], key: &str) -> Option<String> {
    let mut value = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        let parsed = attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("rename") && !meta.path.is_ident("rename_all") {
                return Err(meta.error("TypeScript knows only rename and rename_all"));
            }
            let text: syn::LitStr = meta.value()?.parse()?;
            if meta.path.is_ident(key) {
                value = Some(text.value());
            }
            Ok(())
        });
        parsed.unwrap_or_else(|error| panic!("{error}"));
    }
    value
}

/// The name of a field or a variant as serde writes it.
fn renamed(name: &str, attributes: &[Attribute], rename_all: Option<&str>) -> String {
    if let Some(name) = serde(attributes, "rename") {
        return name;
    }
    match rename_all {
        None => name.into(),
        Some("camelCase") => {
            let mut words = name.split('_');
            let first = words.next().unwrap_or_default().to_string();
            words.fold(first, |camel, word| camel + &word[..1].to_uppercase() + &word[1..])
        }
        Some("snake_case") => {
            let mut snake = String::new();
            for (at, c) in name.char_indices() {
                if c.is_uppercase() && at > 0 {
                    snake.push('_');
                }
                snake.extend(c.to_lowercase());
            }
            snake
        }
        Some(other) => panic!("rename_all = {other:?} is not known here"),
    }
}
