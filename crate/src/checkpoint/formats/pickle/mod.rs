//! Pickles, protocols 0 to 5, as values.
//!
//! Python's pickle is a program for a small stack machine, and loading it in Python runs whatever classes and functions
//! it names. This machine runs the same opcodes and calls nothing: what Python would call becomes a record of the call
//! in the [`Tree`]. The opcodes and their meaning are those of Python's `pickletools`.

mod machine;
mod text;

use std::borrow::Cow;

use super::budget::Budget;
use super::bytes::Cursor;
use super::shown::at;
use super::tree::{Id, Node, Tree};
use crate::error::{Error, Result};
use machine::Machine;

/// One pickle of a file.
pub struct Pickle<'a> {
    /// Its values.
    pub tree: Tree<'a>,
    /// The value that it stands for.
    pub root: Id,
    /// The offset of its end in the bytes that it was read from.
    pub end: usize,
}

/// Reads the pickle that starts at `start` in `bytes`; `place` says in errors what the bytes are.
///
/// # Errors
/// With the offset of the opcode that could not be carried out.
pub fn read<'a>(bytes: &'a [u8], start: usize, place: &str, budget: &Budget) -> Result<Pickle<'a>> {
    let mut cursor = Cursor::new(bytes, start);
    let mut machine = Machine::new(budget);
    loop {
        let offset = cursor.at;
        let step = step(&mut machine, &mut cursor, offset - start);
        // The bytes of a nested pickle may belong to many tensors, so reading them counts as well.
        let step = step.and_then(|root| budget.work(cursor.at - offset).map(|()| root));
        match step {
            Ok(None) => {}
            Ok(Some(root)) => return Ok(Pickle { tree: machine.into_tree(), root, end: cursor.at }),
            Err(error) => return Err(at(format_args!("{place}, byte {offset}"), error)),
        }
    }
}

/// Carries out the next opcode. The result is the pickle's value once it stops.
fn step<'a>(machine: &mut Machine<'a, '_>, from: &mut Cursor<'a>, offset: usize) -> Result<Option<Id>> {
    match from.u8()? {
        b'.' => return machine.pop().map(Some),
        0x80 => match from.u8()? {
            0..=5 => {}
            other => {
                return Err(Error::new(format!("the pickle is of protocol {other}; Tinylens reads protocols 0 to 5.")));
            }
        },
        // FRAME: a reader that has all bytes needs no frames.
        0x95 => {
            let length = from.u64()?;
            from.expect(length)?;
        }
        // The stack
        b'(' => machine.mark()?,
        b'0' => machine.discard()?,
        b'1' => machine.discard_to_mark()?,
        b'2' => machine.duplicate()?,
        // The memo
        b'p' => machine.put(text::index(from.line()?)?, offset)?,
        b'q' => machine.put(u64::from(from.u8()?), offset)?,
        b'r' => machine.put(u64::from(from.u32()?), offset)?,
        0x94 => machine.memoize()?,
        b'g' => machine.get(text::index(from.line()?)?)?,
        b'h' => machine.get(u64::from(from.u8()?))?,
        b'j' => machine.get(u64::from(from.u32()?))?,
        // Scalars
        b'N' => machine.push(Node::Null)?,
        0x88 => machine.push(Node::Bool(true))?,
        0x89 => machine.push(Node::Bool(false))?,
        b'I' => machine.push(text::int(from.line()?)?)?,
        b'J' => machine.push(Node::Int(from.i32()?.into()))?,
        b'K' => machine.push(Node::Int(from.u8()?.into()))?,
        b'M' => machine.push(Node::Int(from.u16()?.into()))?,
        b'L' => machine.push(text::long(from.line()?)?)?,
        0x8a => {
            let length = from.u8()?;
            machine.push(long(from.take(length.into())?))?;
        }
        0x8b => {
            let length = length(from.i32()?)?;
            machine.push(long(from.take(length)?))?;
        }
        b'F' => machine.push(text::float(from.line()?)?)?,
        b'G' => machine.push(Node::Float(f64::from_be_bytes(from.array()?)))?,
        // Text and bytes
        b'S' => machine.push(Node::python2(text::string(from.line()?, machine.budget)?))?,
        b'T' => {
            let length = length(from.i32()?)?;
            machine.push(Node::python2(Cow::Borrowed(from.take(length)?)))?;
        }
        b'U' => {
            let length = from.u8()?;
            machine.push(Node::python2(Cow::Borrowed(from.take(length.into())?)))?;
        }
        b'V' => machine.push(Node::Text(text::unicode(from.line()?, machine.budget)?))?,
        b'X' => {
            let length = from.u32()?;
            machine.push(utf8(from.take(length.into())?)?)?;
        }
        0x8c => {
            let length = from.u8()?;
            machine.push(utf8(from.take(length.into())?)?)?;
        }
        0x8d => {
            let length = from.u64()?;
            machine.push(utf8(from.take(length)?)?)?;
        }
        b'B' => {
            let length = from.u32()?;
            machine.push(Node::Bytes(Cow::Borrowed(from.take(length.into())?)))?;
        }
        b'C' => {
            let length = from.u8()?;
            machine.push(Node::Bytes(Cow::Borrowed(from.take(length.into())?)))?;
        }
        // BINBYTES8, BYTEARRAY8
        0x8e | 0x96 => {
            let length = from.u64()?;
            machine.push(Node::Bytes(Cow::Borrowed(from.take(length)?)))?;
        }
        // NEXT_BUFFER, READONLY_BUFFER
        0x97 | 0x98 => {
            return Err(Error::new(
                "the pickle keeps its data in buffers outside the file (protocol 5, buffer_callback); pickle it \
                 without them.",
            ));
        }
        // Collections
        b')' => machine.push(Node::Tuple(Vec::new()))?,
        b']' => machine.push(Node::List(Vec::new()))?,
        b'}' => machine.push(Node::Dict(Vec::new()))?,
        0x8f => machine.push(Node::Set(Vec::new()))?,
        b't' => machine.collect(Node::Tuple)?,
        b'l' => machine.collect(Node::List)?,
        0x91 => machine.collect(Node::Set)?,
        0x85 => machine.tuple(1)?,
        0x86 => machine.tuple(2)?,
        0x87 => machine.tuple(3)?,
        b'd' => {
            let items = machine.pop_to_mark()?;
            machine.push(Node::Dict(Vec::new()))?;
            machine.set_items(items)?;
        }
        b'a' => {
            let item = machine.pop()?;
            machine.append(item)?;
        }
        // APPENDS, ADDITEMS
        b'e' | 0x90 => {
            let items = machine.pop_to_mark()?;
            machine.extend(items)?;
        }
        b's' => {
            let value = machine.pop()?;
            let key = machine.pop()?;
            machine.set_item(key, value)?;
        }
        b'u' => {
            let items = machine.pop_to_mark()?;
            machine.set_items(items)?;
        }
        // Classes and objects
        b'c' => {
            let (module, name) = (utf8(from.line()?)?, utf8(from.line()?)?);
            machine.class(module, name)?;
        }
        0x93 => {
            let name = machine.pop()?;
            let module = machine.pop()?;
            machine.stack_class(module, name)?;
        }
        0x82 => machine.push(Node::Extension(from.u8()?.into()))?,
        0x83 => machine.push(Node::Extension(from.u16()?.into()))?,
        0x84 => machine.push(Node::Extension(from.i32()?.into()))?,
        // REDUCE, NEWOBJ: a callable and its arguments
        b'R' | 0x81 => {
            let args = machine.pop()?;
            let callable = machine.pop()?;
            machine.object(callable, args)?;
        }
        // NEWOBJ_EX: keyword arguments too, which no class that we know has.
        0x92 => {
            machine.pop()?;
            let args = machine.pop()?;
            let callable = machine.pop()?;
            machine.object(callable, args)?;
        }
        // INST: a class by name, arguments after the mark
        b'i' => {
            let args = machine.pop_to_mark()?;
            let (module, name) = (utf8(from.line()?)?, utf8(from.line()?)?);
            machine.class(module, name)?;
            let callable = machine.pop()?;
            machine.push(Node::Tuple(args))?;
            let args = machine.pop()?;
            machine.object(callable, args)?;
        }
        // OBJ: a class and its arguments after the mark
        b'o' => {
            let mut args = machine.pop_to_mark()?;
            if args.is_empty() {
                return Err(Error::new("an object is made here without a class."));
            }
            let callable = args.remove(0);
            machine.push(Node::Tuple(args))?;
            let args = machine.pop()?;
            machine.object(callable, args)?;
        }
        b'b' => {
            let state = machine.pop()?;
            machine.build(state)?;
        }
        b'P' => {
            let id = machine.add(utf8(from.line()?)?)?;
            machine.push(Node::Persistent(id))?;
        }
        b'Q' => {
            let id = machine.pop()?;
            machine.push(Node::Persistent(id))?;
        }
        other => {
            return Err(Error::new(format!(
                "0x{other:02x} is no opcode of a pickle; the file is damaged, or no pickle."
            )));
        }
    }
    Ok(None)
}

/// A length that the format stores with a sign.
fn length(length: i32) -> Result<u64> {
    u64::try_from(length)
        .map_err(|_| Error::new(format!("a length of {length} is announced here; the file is damaged.")))
}

fn utf8(bytes: &[u8]) -> Result<Node<'_>> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Error::new(format!("text that starts here is not UTF-8: {error}.")))?;
    Ok(Node::Text(Cow::Borrowed(text)))
}

/// An integer in two's complement, little-endian, of any length.
fn long(bytes: &[u8]) -> Node<'static> {
    let negative = bytes.last().is_some_and(|&last| last >= 0x80);
    let mut wide = [if negative { 0xff } else { 0 }; 16];
    match wide.get_mut(..bytes.len()) {
        Some(low) => low.copy_from_slice(bytes),
        None => return Node::Huge,
    }
    Node::integer(i128::from_le_bytes(wide))
}
