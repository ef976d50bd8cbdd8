//! NumPy's arrays and numbers, as pickles hold them: a type, a shape, and bytes.

use std::borrow::Cow;

use super::budget::Budget;
use super::bytes::{Blob, quoted};
use super::element::{Element, READABLE};
use super::tree::{Id, Node, Tree};
use super::view::{Rebuilt, whole};
use super::view::{Storage, naturals};
use crate::error::{Error, Result};

/// Whether a function makes arrays. NumPy 2 renamed `numpy.core` to `numpy._core`.
pub fn is_array(module: &str, name: &str) -> bool {
    matches!(
        (module, name),
        ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct")
            | ("numpy.core.numeric" | "numpy._core.numeric", "_frombuffer")
    )
}

/// A `numpy.dtype`: its element type, and whether it is big-endian; or its code, if it is none that we read.
fn dtype(tree: &Tree, id: Id) -> std::result::Result<(Element, bool), String> {
    let unknown = || tree.kind(id);
    let object = tree.object(id).filter(|object| tree.maker(object) == Some(("numpy", "dtype"))).ok_or_else(unknown)?;
    let code = tree.arg(object, 0).ok_or_else(unknown)?;
    // NumPy has no bfloat16: ml_dtypes adds it, and writes its class in place of a code.
    let code = match tree.class(code) {
        Some(("ml_dtypes", name)) => name,
        _ => tree.text(code).ok_or_else(unknown)?,
    };
    let plain = code.trim_start_matches(['<', '>', '=', '|']);
    // Its state: (version, byte order, …).
    let order = object.state.and_then(|state| tree.sequence(state)).and_then(|state| tree.text(*state.get(1)?));
    let big_endian = order.map_or(code.starts_with('>'), |order| order == ">");
    Element::of_numpy(plain).map(|element| (element, big_endian)).ok_or_else(|| quoted(code))
}

/// The array that an object is.
///
/// # Errors
/// If it does not fit together.
pub fn array<'t>(tree: &'t Tree<'t>, id: Id, budget: &Budget) -> Result<Rebuilt<'t>> {
    let Some(object) = tree.object(id) else { return Err(Error::new("it is no NumPy array.")) };
    // _frombuffer(bytes, dtype, shape, order), or _reconstruct(…) and a state of (version, shape, dtype, by columns?, bytes).
    let parts = match (tree.sequence(object.args), object.state.and_then(|state| tree.sequence(state))) {
        (_, Some(&[_, shape, dtype, columns, data] | &[shape, dtype, columns, data])) => {
            Some((shape, dtype, matches!(tree.node(columns), Node::Bool(true)), data))
        }
        (Some(&[data, dtype, shape, order]), None) => Some((shape, dtype, tree.text(order) == Some("F"), data)),
        _ => None,
    };
    let Some((shape, kind, columns, data)) = parts else {
        return Err(Error::new("it is a NumPy array whose shape, type and bytes are not where they should be."));
    };
    let (element, big_endian) = match dtype(tree, kind) {
        Ok(known) => known,
        Err(code) => {
            return Ok(Rebuilt::Unreadable(format!("it is a NumPy array of type {code}; Tinylens reads {READABLE}")));
        }
    };
    let Some(sizes) = tree.ints(shape) else {
        return Err(Error::new(format!("its shape is {}; a tuple of integers is expected.", tree.kind(shape))));
    };
    let bytes = match tree.bytes(data, budget)? {
        Some(Cow::Borrowed(bytes)) => Blob::File(bytes),
        Some(Cow::Owned(bytes)) => Blob::made(bytes),
        None => return Err(Error::new(format!("its values are {}; bytes are expected.", tree.kind(data)))),
    };
    let storage = Storage { element, bytes, big_endian };
    Ok(Rebuilt::View(whole(storage, naturals(sizes, "shape")?, columns)))
}

/// The number that a NumPy scalar is: `scalar(dtype, bytes)`. As `f64` or `i64`, because configurations hold it.
pub fn scalar(tree: &Tree, id: Id, budget: &Budget) -> Option<Node<'static>> {
    let object = tree.object(id)?;
    let ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") = tree.maker(object)? else { return None };
    let (element, big_endian) = dtype(tree, tree.arg(object, 0)?).ok()?;
    let bytes = tree.bytes(tree.arg(object, 1)?, budget).ok()??;
    let mut wide = [0u8; 8];
    let low = wide.get_mut(..element.size()).filter(|low| low.len() == bytes.len())?;
    low.copy_from_slice(&bytes);
    if big_endian {
        low.reverse();
    }
    let [a, b, c, d, ..] = wide;
    Some(match element {
        Element::F64 => Node::Float(f64::from_le_bytes(wide)),
        Element::F32 => Node::Float(f32::from_le_bytes([a, b, c, d]).into()),
        Element::F16 => Node::Float(half::f16::from_le_bytes([a, b]).into()),
        Element::BF16 => Node::Float(half::bf16::from_le_bytes([a, b]).into()),
        Element::I64 => Node::Int(i64::from_le_bytes(wide)),
        Element::I32 => Node::Int(i32::from_le_bytes([a, b, c, d]).into()),
        Element::I16 => Node::Int(i16::from_le_bytes([a, b]).into()),
        Element::I8 => Node::Int(i8::from_le_bytes([a]).into()),
        Element::U64 | Element::U32 | Element::U16 | Element::U8 => Node::integer(u64::from_le_bytes(wide).into()),
        Element::Bool => Node::Bool(a != 0),
        Element::Other(..) => return None,
    })
}
