//! Files of any size that repeat one thing: an opcode, a key, a reference to something long. Reading them must take
//! time linear in their size.

mod formats;
mod opcodes;
mod settings;
mod tensors;

use super::by_hand::{ints, pickle, storage, tensor, text, zip};

/// A family of files.
pub struct Family {
    /// What is repeated.
    pub name: &'static str,
    make: Make,
}

/// How a file of some size is made.
enum Make {
    /// A pickle: what stands before the opcodes, the opcodes that are repeated, and what stands after them.
    Opcodes(&'static [u8], &'static [u8], &'static [u8]),
    /// Any file.
    File(fn(usize) -> Vec<u8>),
}

impl Family {
    /// A file of about `size` bytes.
    pub fn file(&self, size: usize) -> Vec<u8> {
        match self.make {
            Make::Opcodes(head, part, tail) => opcodes(size, head, part, tail),
            Make::File(make) => make(size),
        }
    }
}

/// All families.
pub fn families() -> impl Iterator<Item = &'static Family> {
    [opcodes::FAMILIES, settings::FAMILIES, tensors::FAMILIES, formats::FAMILIES].into_iter().flatten()
}

/// `head`, then as many `part`s as fit, then `tail`: about `size` bytes in all.
fn repeated(size: usize, head: &[u8], part: &[u8], tail: &[u8]) -> Vec<u8> {
    let times = size.saturating_sub(head.len() + tail.len()) / part.len();
    [head, &part.repeat(times), tail].concat()
}

/// As [`repeated`], with parts that `part` makes of their numbers.
fn numbered(size: usize, head: &[u8], part: impl Fn(usize) -> Vec<u8>, tail: &[u8]) -> Vec<u8> {
    let mut file = head.to_vec();
    for number in 0.. {
        let part = part(number);
        if file.len() + part.len() + tail.len() > size {
            break;
        }
        file.extend(part);
    }
    file.extend(tail);
    file
}

/// A pickle that repeats opcodes.
fn opcodes(size: usize, head: &[u8], part: &[u8], tail: &[u8]) -> Vec<u8> {
    repeated(size, &[b"\x80\x04", head].concat(), part, &[tail, b"."].concat())
}

/// A pickle of a dict whose values are all the same: `value` is stored under memo index 1 before the dict is begun.
fn shared(size: usize, name: fn(usize) -> String, value: &[u8]) -> Vec<u8> {
    let head = [b"\x80\x04", value, b"q\x010}("].concat();
    numbered(size, &head, |number| [short(&name(number)), b"h\x01".to_vec()].concat(), b"u.")
}

/// A short text, as a pickle's opcode.
fn short(text: &str) -> Vec<u8> {
    [b"\x8c", &[text.len() as u8][..], text.as_bytes()].concat()
}

/// A string of Python 2.
fn old(length: usize) -> Vec<u8> {
    [b"T", &(length as u32).to_le_bytes()[..], &vec![b'a'; length]].concat()
}

/// A long text of ASCII.
fn long(length: usize) -> Vec<u8> {
    text(&"a".repeat(length))
}

/// The shortest name of a number.
fn key(number: usize) -> String {
    let mut name = String::new();
    let mut rest = number;
    while rest > 0 || name.is_empty() {
        name.push(char::from(b'0' + (rest % 64) as u8));
        rest /= 64;
    }
    name
}

/// A tensor of one element on a storage of one.
fn one() -> Vec<u8> {
    tensor(&storage("FloatStorage", "0", 1), 0, &[1], &[1])
}

/// A call of a function of NumPy's with arguments.
fn numpy(function: &str, args: &[u8]) -> Vec<u8> {
    [b"cnumpy.core.multiarray\n", function.as_bytes(), b"\n(", args, b"tR"].concat()
}

/// A type of NumPy's, by the opcodes of its code.
fn dtype(code: &[u8]) -> Vec<u8> {
    [b"cnumpy\ndtype\n(", code, b"\x89\x88tR"].concat()
}

/// Bytes as protocol 2 writes them, by the opcodes of their Latin-1 text.
fn encoded(text: &[u8]) -> Vec<u8> {
    [b"c_codecs\nencode\n(", text, b"\x8c\x06latin1tR"].concat()
}

/// An array of NumPy's, by the opcodes of its type and data.
fn array(dtype: &[u8], data: &[u8], shape: &[i64]) -> Vec<u8> {
    let state = [&b"(K\x01"[..], &ints(shape), dtype, b"\x89", data, b"tb"].concat();
    [numpy("_reconstruct", b"NNN"), state].concat()
}

/// A zip file with this pickle and a storage "0" of one element.
fn saved(pickle: Vec<u8>) -> Vec<u8> {
    zip(&[("a/data.pkl", &pickle), ("a/data/0", &[0; 4])], false)
}

/// A zip file of a dict of one value under many names.
fn saved_dict(size: usize, name: fn(usize) -> String, value: &[u8]) -> Vec<u8> {
    saved(shared(size, name, value))
}

/// A legacy file of these pickles and what follows them.
fn legacy(parts: &[Vec<u8>], rest: &[u8]) -> Vec<u8> {
    let mut file = [pickle(b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19"), pickle(b"M\xe9\x03"), pickle(b"}")].concat();
    parts.iter().for_each(|part| file.extend(pickle(part)));
    file.extend(rest);
    file
}
