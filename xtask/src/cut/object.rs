//! A wasm object file, as the compiler gives it to the linker, with some functions emptied.
//!
//! Of the format (WebAssembly tool-conventions, Linking.md) this reads the function symbols and rewrites two sections: the code, and the
//! list of places in it that the linker fills in. What an emptied function referred to is then nobody's, and the linker leaves it out: code,
//! constants and tables of functions.

use std::collections::BTreeMap;

use super::bytes::{Reader, put_leb};

/// The body of an emptied function: no locals, `unreachable`, `end`. A call of it is a trap.
const EMPTY: [u8; 3] = [0x00, 0x00, 0x0b];

const CUSTOM: u8 = 0;
const IMPORT: u8 = 2;
const CODE: u8 = 10;

/// An object without the functions whose (mangled) names `cut` knows; `None` if it has none of them or is no such file.
pub fn emptied(object: &[u8], mut cut: impl FnMut(&str) -> bool) -> Option<Vec<u8>> {
    let sections = sections(object)?;
    let code = sections.iter().position(|section| section.id == CODE)?;
    let imported = sections
        .iter()
        .find(|section| section.id == IMPORT)
        .map_or(Some(0), |section| imported_functions(section.payload))?;
    let linking = sections.iter().find(|section| section.name == "linking")?;
    // The compiler makes one function of several with the same body: it can only go if nobody needs any of them.
    let mut doomed: BTreeMap<u64, bool> = BTreeMap::new();
    for (index, name) in function_symbols(linking.payload)? {
        *doomed.entry(index).or_insert(true) &= cut(name);
    }
    let doomed: Vec<usize> = doomed
        .into_iter()
        .filter(|(_, all)| *all)
        .filter_map(|(index, _)| Some(index.checked_sub(imported)? as usize))
        .collect();
    if doomed.is_empty() {
        return None;
    }
    let bodies = Bodies::read(sections[code].payload, &doomed)?;
    let mut out = object.get(..8)?.to_vec();
    for section in &sections {
        let payload = match (section.id, section.name) {
            (CODE, _) => bodies.code.clone(),
            (CUSTOM, "reloc.CODE") => bodies.relocations(section.payload)?,
            _ => section.payload.to_vec(),
        };
        out.push(section.id);
        put_leb(&mut out, payload.len() as u64);
        out.extend(payload);
    }
    Some(out)
}

struct Section<'a> {
    id: u8,
    /// A custom section's name; of others, nothing.
    name: &'a str,
    /// All of it, a custom section's name included.
    payload: &'a [u8],
}

fn sections(object: &[u8]) -> Option<Vec<Section<'_>>> {
    let mut reader = Reader::new(object.strip_prefix(b"\0asm\x01\0\0\0")?);
    let mut found = Vec::new();
    while !reader.is_empty() {
        let id = reader.byte()?;
        let payload = reader.counted()?;
        let name = if id == CUSTOM { std::str::from_utf8(Reader::new(payload).counted()?).ok()? } else { "" };
        found.push(Section { id, name, payload });
    }
    Some(found)
}

/// How many functions are imported: they come first in the numbering.
fn imported_functions(payload: &[u8]) -> Option<u64> {
    let mut reader = Reader::new(payload);
    let mut functions = 0;
    for _ in 0..reader.leb()? {
        reader.counted()?;
        reader.counted()?;
        match reader.byte()? {
            0 => {
                functions += 1;
                reader.leb()?;
            }
            1 => {
                reader.byte()?;
                reader.limits()?;
            }
            2 => reader.limits()?,
            3 => reader.skip(2)?,
            4 => {
                reader.byte()?;
                reader.leb()?;
            }
            _ => return None,
        }
    }
    Some(functions)
}

/// The functions that this object defines: number and name.
fn function_symbols(linking: &[u8]) -> Option<Vec<(u64, &str)>> {
    const TABLE: u8 = 8;
    const UNDEFINED: u64 = 0x10;
    const NAMED: u64 = 0x40;
    const FUNCTION: u8 = 0;
    const DATA: u8 = 1;
    const SECTION: u8 = 3;
    // Globals, events and tables are written like functions.
    const OTHERS: [u8; 3] = [2, 4, 5];
    let mut reader = Reader::new(linking);
    reader.counted()?;
    let _version = reader.leb()?;
    let mut found = Vec::new();
    while !reader.is_empty() {
        let kind = reader.byte()?;
        let mut table = Reader::new(reader.counted()?);
        if kind != TABLE {
            continue;
        }
        for _ in 0..table.leb()? {
            let (kind, flags) = (table.byte()?, table.leb()?);
            let defined = flags & UNDEFINED == 0;
            match kind {
                kind if kind == FUNCTION || OTHERS.contains(&kind) => {
                    let index = table.leb()?;
                    let name = if defined || flags & NAMED != 0 { table.counted()? } else { &[] };
                    if kind == FUNCTION && defined {
                        found.push((index, std::str::from_utf8(name).ok()?));
                    }
                }
                DATA => {
                    table.counted()?;
                    if defined {
                        // Segment, place in it, length.
                        for _ in 0..3 {
                            table.leb()?;
                        }
                    }
                }
                SECTION => drop(table.leb()?),
                _ => return None,
            }
        }
    }
    Some(found)
}

/// The code section with its emptied functions, and where what is left of it has gone.
struct Bodies {
    code: Vec<u8>,
    /// Old and new place of every body, and the old one's end; those of emptied functions are not among them.
    moved: Vec<(u64, u64, u64)>,
}

impl Bodies {
    fn read(payload: &[u8], doomed: &[usize]) -> Option<Self> {
        let mut reader = Reader::new(payload);
        let count = reader.leb()?;
        let mut empty = vec![false; payload.len().min(count as usize)];
        for index in doomed {
            *empty.get_mut(*index)? = true;
        }
        let mut code = Vec::with_capacity(payload.len());
        put_leb(&mut code, count);
        let mut moved = Vec::new();
        for empty in empty {
            let body = reader.counted()?;
            let end = reader.position() as u64;
            let kept = if empty { &EMPTY } else { body };
            put_leb(&mut code, kept.len() as u64);
            if !empty {
                moved.push((end - body.len() as u64, code.len() as u64, end));
            }
            code.extend(kept);
        }
        Some(Self { code, moved })
    }

    /// `reloc.CODE` for the new code: places in emptied functions are gone, the others have moved.
    fn relocations(&self, payload: &[u8]) -> Option<Vec<u8>> {
        let mut reader = Reader::new(payload);
        let name = reader.counted()?;
        let section = reader.leb()?;
        let mut kept = Vec::new();
        let mut number = 0;
        for _ in 0..reader.leb()? {
            let kind = reader.byte()?;
            let offset = reader.leb()?;
            let rest = reader.position();
            reader.leb()?;
            if has_addend(kind) {
                reader.leb()?;
            }
            let next = self.moved.partition_point(|(start, ..)| *start <= offset);
            let Some((start, new, end)) = next.checked_sub(1).map(|body| self.moved[body]) else { continue };
            if offset < end {
                kept.push(kind);
                put_leb(&mut kept, offset - start + new);
                kept.extend(&payload[rest..reader.position()]);
                number += 1;
            }
        }
        let mut out = Vec::new();
        put_leb(&mut out, name.len() as u64);
        out.extend(name);
        put_leb(&mut out, section);
        put_leb(&mut out, number);
        out.extend(kept);
        Some(out)
    }
}

/// Whether a relocation of this type has an addend: those of memory addresses and of places in functions and sections.
fn has_addend(kind: u8) -> bool {
    matches!(kind, 3 | 4 | 5 | 8 | 9 | 11 | 14 | 15 | 16 | 17 | 21 | 22 | 23 | 25)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        put_leb(&mut out, bytes.len() as u64);
        out.extend(bytes);
        out
    }

    fn section(id: u8, payload: &[u8]) -> Vec<u8> {
        [&[id][..], &counted(payload)].concat()
    }

    fn custom(name: &str, rest: &[u8]) -> Vec<u8> {
        section(CUSTOM, &[&counted(name.as_bytes()), rest].concat())
    }

    /// A body that does nothing but call function 0, as often as said; the linker fills in five bytes at a time.
    fn body(calls: usize) -> Vec<u8> {
        let call = [0x10, 0x80, 0x80, 0x80, 0x80, 0x00];
        counted(&[&[0][..], &call.repeat(calls), &[0x0b]].concat())
    }

    /// An object that imports a function and defines `first`, `middle` with the alias `again`, and `last`, which call the imported one once,
    /// twice and once.
    fn object() -> Vec<u8> {
        let imports = [&[1][..], &counted(b"env"), &counted(b"away"), &[0, 0]].concat();
        let code = [vec![3], body(1), body(2), body(1)].concat();
        let symbol = |index: u8, name: &str| [&[0, 0, index][..], &counted(name.as_bytes())].concat();
        let undefined = vec![0, 0x10, 0];
        let symbols =
            [vec![5], undefined, symbol(1, "first"), symbol(2, "middle"), symbol(2, "again"), symbol(3, "last")]
                .concat();
        let linking = [&[2, 8][..], &counted(&symbols)].concat();
        // Where each call's number is: after the count of bodies, their lengths and locals.
        let places = [4_u8, 13, 19, 28];
        let relocations: Vec<u8> = places.iter().flat_map(|place| [0, *place, 0]).collect();
        let relocations = [&[3, 4][..], &relocations].concat();
        let sections = [section(2, &imports), section(3, &[3, 0, 0, 0]), section(CODE, &code)];
        [
            b"\0asm\x01\0\0\0".to_vec(),
            sections.concat(),
            custom("linking", &linking),
            custom("reloc.CODE", &relocations),
        ]
        .concat()
    }

    fn payloads(object: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let sections = sections(object).expect("an object");
        let code = sections.iter().find(|section| section.id == CODE).expect("code");
        let relocations = sections.iter().find(|section| section.name == "reloc.CODE").expect("relocations");
        (code.payload.to_vec(), relocations.payload.to_vec())
    }

    #[test]
    fn an_emptied_function_refers_to_nothing_and_the_places_behind_it_move() {
        let out = emptied(&object(), |name| name == "middle" || name == "again").expect("a new object");
        let (code, relocations) = payloads(&out);
        assert_eq!(code, [vec![3], body(1), counted(&EMPTY), body(1)].concat());
        // The two places of `middle` are gone; that of `last` is ten bytes further ahead.
        assert_eq!(relocations, [&counted(b"reloc.CODE")[..], &[3, 2], &[0, 4, 0], &[0, 28 - 11, 0]].concat());
    }

    #[test]
    fn a_function_of_two_names_goes_only_with_both() {
        assert_eq!(emptied(&object(), |name| name == "middle"), None);
        assert_eq!(emptied(&object(), |name| name == "nobody"), None);
    }

    #[test]
    fn damaged_objects_are_left_alone() {
        let object = object();
        for length in 0..object.len() {
            // It may be none any more, or one with less in it; it must not panic.
            let _ = emptied(&object[..length], |_| true);
        }
        for at in 8..object.len() {
            let mut damaged = object.clone();
            damaged[at] ^= 0xff;
            let _ = emptied(&damaged, |_| true);
        }
    }
}
