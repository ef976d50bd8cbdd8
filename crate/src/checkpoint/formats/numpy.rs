//! NumPy's arrays and numbers, as pickles hold them: a type, a shape, and bytes.

use std::borrow::Cow;

use half::{bf16, f16};

use super::budget::{Budget, TEXT};
use super::bytes::Blob;
use super::element::{Element, READABLE};
use super::shown::{joined, quoted};
use super::tree::{Id, Node, Tree};
use super::view::{Storage, View, Viewed, naturals};
use crate::error::{Error, Result};

/// How many bytes the code of a type may have that is looked at.
const LONGEST_CODE: usize = 20;

/// Whether a function makes arrays. NumPy 2 renamed `numpy.core` to `numpy._core`.
pub fn is_array(module: &str, name: &str) -> bool {
    matches!(
        (module, name),
        ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct")
            | ("numpy.core.numeric" | "numpy._core.numeric", "_frombuffer")
    )
}

/// A `numpy.dtype`: its element type, and whether it is big-endian. `None` if it is none that we know.
fn dtype(tree: &Tree, id: Id) -> Option<(Element, bool)> {
    let object = tree.object(id).filter(|object| tree.maker(object) == Some(("numpy", "dtype")))?;
    let kind = tree.arg(object, 0)?;
    // Its state: (version, byte order, …).
    let order = object.state.and_then(|state| tree.sequence(state)).and_then(|state| tree.text(*state.get(1)?));
    match tree.class(kind) {
        // NumPy has no bfloat16 and no float8 of its own. JAX and others take those of ml_dtypes, which have a class in
        // place of a code.
        Some(("ml_dtypes", name)) => Some((Element::named(name)?, order == Some(">"))),
        _ => {
            let code = tree.text(kind).filter(|code| code.len() <= LONGEST_CODE)?;
            let element = Element::of_numpy(code.trim_start_matches(['<', '>', '=', '|']))?;
            Some((element, order.map_or(code.starts_with('>'), |order| order == ">")))
        }
    }
}

/// A `numpy.dtype` for people.
fn shown(tree: &Tree, id: Id) -> String {
    let kind = tree.object(id).and_then(|object| tree.arg(object, 0)).unwrap_or(id);
    match (tree.text(kind), tree.class(kind)) {
        (Some(code), _) => quoted(code),
        (None, Some((module, name))) => quoted(&joined(module, name)),
        (None, None) => tree.kind(kind),
    }
}

/// The array that an object is.
///
/// # Errors
/// If its parts do not fit together, or the budget is used up.
pub fn array<'t>(tree: &'t Tree<'t>, id: Id, budget: &Budget) -> Result<Viewed<'t>> {
    let Some(object) = tree.object(id) else { return Err(Error::new("it is no NumPy array.")) };
    // _frombuffer(bytes, dtype, shape, order), or _reconstruct(…) and a state of (version, shape, dtype, by columns?,
    // bytes).
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
        Some((Element::Other(..), _)) | None => {
            budget.work(TEXT)?;
            let code = shown(tree, kind);
            return Ok(Err(format!("it is a NumPy array of type {code}; Tinylens reads {READABLE}")));
        }
        Some(known) => known,
    };
    let Some(sizes) = tree.ints(shape) else {
        return Err(Error::new(format!("its shape is {}; a tuple of integers is expected.", tree.kind(shape))));
    };
    let bytes = match tree.bytes(data, budget)? {
        Some(Cow::Borrowed(bytes)) => Blob::File(bytes),
        Some(Cow::Owned(bytes)) => Blob::made(bytes),
        None => return Err(Error::new(format!("its values are {}; bytes are expected.", tree.kind(data)))),
    };
    Ok(Ok(View::whole(Storage { element, bytes, big_endian }, naturals(sizes, "shape")?, columns)))
}

/// The number that a NumPy scalar is: `scalar(dtype, bytes)`. Configurations hold such numbers, so it becomes an `f64`
/// or an integer. `None` if the value is none.
///
/// # Errors
/// If the budget is used up.
pub fn scalar(tree: &Tree, id: Id, budget: &Budget) -> Result<Option<Node<'static>>> {
    let parts = tree.object(id).and_then(|object| match tree.maker(object)? {
        ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") => {
            Some((dtype(tree, tree.arg(object, 0)?)?, tree.arg(object, 1)?))
        }
        _ => None,
    });
    let Some(((element, big_endian), data)) = parts else { return Ok(None) };
    let Some(bytes) = tree.bytes(data, budget)? else { return Ok(None) };
    let mut wide = [0u8; 8];
    let Some(low) = wide.get_mut(..element.size()).filter(|low| low.len() == bytes.len()) else { return Ok(None) };
    low.copy_from_slice(&bytes);
    if big_endian {
        low.reverse();
    }
    let [a, b, c, d, ..] = wide;
    Ok(Some(match element {
        Element::F64 => Node::Float(f64::from_le_bytes(wide)),
        Element::F32 => Node::Float(f32::from_le_bytes([a, b, c, d]).into()),
        Element::F16 => Node::Float(f16::from_le_bytes([a, b]).into()),
        Element::BF16 => Node::Float(bf16::from_le_bytes([a, b]).into()),
        Element::I64 => Node::Int(i64::from_le_bytes(wide)),
        Element::I32 => Node::Int(i32::from_le_bytes([a, b, c, d]).into()),
        Element::I16 => Node::Int(i16::from_le_bytes([a, b]).into()),
        Element::I8 => Node::Int(i8::from_le_bytes([a]).into()),
        Element::U64 | Element::U32 | Element::U16 | Element::U8 => Node::integer(u64::from_le_bytes(wide).into()),
        Element::Bool => Node::Bool(a != 0),
        Element::Other(..) => return Ok(None),
    }))
}
