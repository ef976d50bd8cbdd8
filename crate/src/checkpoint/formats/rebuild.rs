//! Which values are tensors, and where their elements lie: PyTorch's `_rebuild_…` calls, NumPy arrays, and dicts of a
//! shape and data.

use super::budget::TEXT;
use super::element::{Element, READABLE};
use super::fields::has_fields;
use super::shown::{joined, quoted};
use super::storage::Storages;
use super::tree::{Id, Tree};
use super::view::{View, Viewed, natural, naturals};
use super::{numbers, numpy};
use crate::error::{Error, Result};

/// A call that stands in a file: the function's module and name, and its arguments.
#[derive(Clone, Copy)]
struct Call<'t> {
    module: &'t str,
    name: &'t str,
    args: &'t [Id],
}

/// How often the call that makes the tensor may be wrapped, as by parameters and subclasses.
const MOST_WRAPPERS: usize = 8;

fn call<'t>(tree: &'t Tree, id: Id) -> Option<Call<'t>> {
    let object = tree.object(id)?;
    let (module, name) = tree.maker(object)?;
    Some(Call { module, name, args: tree.sequence(object.args)? })
}

/// The call that makes the tensor, without what wraps it.
fn unwrapped<'t>(tree: &'t Tree, id: Id) -> Option<Call<'t>> {
    let mut inner = call(tree, id)?;
    for _ in 0..MOST_WRAPPERS {
        inner = match (inner.module, inner.name, inner.args) {
            (
                "torch._utils",
                "_rebuild_parameter" | "_rebuild_parameter_with_state" | "_rebuild_device_tensor_from_cpu_tensor",
                [tensor, ..],
            ) => call(tree, *tensor)?,
            // A tensor with attributes, or of a subclass: function, type, arguments, attributes.
            (
                "torch._tensor" | "torch.tensor",
                "_rebuild_from_type" | "_rebuild_from_type_v2",
                [function, _, args, ..],
            ) => {
                let (module, name) = tree.class(*function)?;
                Call { module, name, args: tree.sequence(*args)? }
            }
            _ => return Some(inner),
        };
    }
    None
}

/// Whether a value is a tensor (readable or not). Lists of numbers, which are tensors in some JSON files, do not count.
pub fn is_tensor(tree: &Tree, id: Id) -> bool {
    unwrapped(tree, id).is_some_and(|call| is_torch(call) || numpy::is_array(call.module, call.name))
        || numbers::is_encoded(tree, id)
}

fn is_torch(call: Call) -> bool {
    matches!(call.module, "torch._utils" | "torch._tensor") && call.name.starts_with("_rebuild_")
}

/// The tensor that a value is; `None` if it is something else.
///
/// # Errors
/// If its parts do not fit together, or the budget is used up.
pub fn tensor<'t>(storages: &mut Storages<'t>, id: Id) -> Result<Option<Viewed<'t>>> {
    let (tree, budget) = (storages.tree, storages.budget);
    let Some(call) = unwrapped(tree, id) else {
        let encoded = numbers::is_encoded(tree, id).then(|| numbers::encoded(tree, id, budget));
        return Ok(encoded.transpose()?.map(Ok));
    };
    if numpy::is_array(call.module, call.name) {
        return numpy::array(tree, id, budget).map(Some);
    }
    if !is_torch(call) {
        return Ok(None);
    }
    let viewed = match (call.name, call.args) {
        ("_rebuild_tensor" | "_rebuild_tensor_v2", [storage, offset, shape, strides, rest @ ..]) => {
            // Requires grad, hooks, and flags: "conj" and "neg" mean that the values are not what the storage says.
            let flagged = rest.get(2).is_some_and(|&flags| has_fields(tree, flags));
            view(storages, *storage, [*offset, *shape, *strides], None, flagged)?
        }
        // Requires grad, hooks, type, flags; the storage has no type of its own.
        ("_rebuild_tensor_v3", [storage, offset, shape, strides, _, _, dtype, rest @ ..]) => {
            let flagged = rest.first().is_some_and(|&flags| has_fields(tree, flags));
            match tree.class(*dtype).and_then(|(_, name)| Element::named(name)) {
                Some(element) => view(storages, *storage, [*offset, *shape, *strides], Some(element), flagged)?,
                None => {
                    let class = tree.class(*dtype).map(|(module, name)| quoted(&joined(module, name)));
                    let name = class.unwrap_or_else(|| tree.kind(*dtype));
                    Err(format!("its elements are of type {name}; Tinylens reads {READABLE}"))
                }
            }
        }
        ("_rebuild_device_tensor_from_numpy" | "_rebuild_xla_tensor", [array, ..]) => match tree.object(*array) {
            Some(_) => numpy::array(tree, *array, budget)?,
            None => return Err(Error::new("its values are not a NumPy array.")),
        },
        ("_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_tensor_v3", args) => {
            return Err(Error::new(format!(
                "it is made by {} with {} arguments, which is too few.",
                call.name,
                args.len()
            )));
        }
        (name, _) => Err(format!("it is {}; Tinylens reads dense tensors of real numbers", described(name))),
    };
    if viewed.is_err() {
        budget.work(TEXT)?;
    }
    Ok(Some(viewed))
}

fn described(function: &str) -> String {
    match function {
        "_rebuild_qtensor" => "a quantised tensor".into(),
        "_rebuild_sparse_tensor" | "_rebuild_sparse_csr_tensor" => "a sparse tensor".into(),
        "_rebuild_nested_tensor" => "a nested tensor".into(),
        "_rebuild_meta_tensor_no_storage" => "a tensor of the meta device, saved without values".into(),
        other => format!("made by PyTorch's {}", quoted(other)),
    }
}

/// A tensor on a storage; `element` is its type if the storage does not know its own.
fn view<'t>(
    storages: &mut Storages<'t>,
    storage: Id,
    [offset, shape, strides]: [Id; 3],
    element: Option<Element>,
    flagged: bool,
) -> Result<Viewed<'t>> {
    let tree = storages.tree;
    if flagged {
        return Ok(Err("it is a conjugated or negated view; save a copy of it (tensor.clone())".into()));
    }
    let mut storage = storages.get(storage)?;
    if let Some(element) = element {
        storage.element = element;
    }
    if let Element::Other(name, _) = storage.element {
        return Ok(Err(format!("its elements are of type {name}; Tinylens reads {READABLE}")));
    }
    let sizes = |id: Id, what: &str| match tree.ints(id) {
        Some(numbers) => naturals(numbers, what),
        None => Err(Error::new(format!("its {what} is {}; a tuple of integers is expected.", tree.kind(id)))),
    };
    Ok(Ok(View {
        storage,
        offset: natural(tree.int(offset), "offset")?,
        shape: sizes(shape, "shape")?,
        strides: sizes(strides, "stride")?,
    }))
}
