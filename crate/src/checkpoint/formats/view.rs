//! A tensor as it lies in its storage (offset, shape, strides), and its values read out in row order.

use super::budget::Budget;
use super::bytes::Blob;
use super::element::{Element, READABLE};
use crate::error::{Error, Result};

/// How many dimensions a tensor may have: as many as in PyTorch.
const MOST_DIMENSIONS: usize = 64;

/// Elements that lie one after the other, and may belong to several tensors.
#[derive(Clone)]
pub struct Storage<'t> {
    /// Their type.
    pub element: Element,
    /// Their bytes.
    pub bytes: Blob<'t>,
    /// Their byte order.
    pub big_endian: bool,
}

/// Which elements of a storage a tensor has.
pub struct View<'t> {
    /// The storage.
    pub storage: Storage<'t>,
    /// The element of the storage at which the tensor begins.
    pub offset: usize,
    /// The size of each dimension.
    pub shape: Vec<usize>,
    /// How many elements of the storage lie from one index of a dimension to the next, for each dimension.
    pub strides: Vec<usize>,
}

/// A tensor's values: where they are, or the end of a sentence that says why Tinylens does not read their kind.
pub type Viewed<'t> = std::result::Result<View<'t>, String>;

/// A size, stride or offset that the file states; `what` says in errors which.
///
/// # Errors
/// If it is no integer, or negative.
pub fn natural(number: Option<i64>, what: &str) -> Result<usize> {
    let Some(number) = number else { return Err(Error::new(format!("its {what} is not an integer."))) };
    usize::try_from(number).map_err(|_| Error::new(format!("its {what} is {number}; it must be 0 or more.")))
}

/// The sizes or strides that the file states, one for each dimension.
///
/// # Errors
/// If they are too many, or one is no size.
pub fn naturals(numbers: impl ExactSizeIterator<Item = Option<i64>>, what: &str) -> Result<Vec<usize>> {
    if numbers.len() > MOST_DIMENSIONS {
        return Err(Error::new(format!(
            "it has {} dimensions; a tensor has at most {MOST_DIMENSIONS}.",
            numbers.len()
        )));
    }
    numbers.map(|number| natural(number, what)).collect()
}

/// How many elements a shape has.
///
/// # Errors
/// If that is more than 64 bits hold (in wasm: 32).
pub fn elements(shape: &[usize]) -> Result<usize> {
    // A size of 0 makes the tensor empty however large the others are.
    if shape.contains(&0) {
        return Ok(0);
    }
    let count = shape.iter().try_fold(1usize, |count, &size| count.checked_mul(size));
    count.ok_or_else(|| Error::new(format!("its shape {shape:?} has more elements than can be counted.")))
}

/// The strides of a tensor that lies row by row without gaps.
pub fn contiguous(shape: &[usize]) -> Vec<usize> {
    let mut strides: Vec<usize> = shape
        .iter()
        .rev()
        .scan(1usize, |next, &size| {
            let stride = *next;
            *next = next.saturating_mul(size.max(1));
            Some(stride)
        })
        .collect();
    strides.reverse();
    strides
}

impl<'t> View<'t> {
    /// A view of a whole storage, row by row or (as Fortran has it) column by column.
    pub fn whole(storage: Storage<'t>, shape: Vec<usize>, columns: bool) -> Self {
        let strides = if columns {
            let reversed: Vec<usize> = shape.iter().rev().copied().collect();
            contiguous(&reversed).into_iter().rev().collect()
        } else {
            contiguous(&shape)
        };
        Self { storage, offset: 0, shape, strides }
    }

    /// The values, in row order.
    ///
    /// # Errors
    /// If the view reaches beyond its storage, its elements are not real numbers, or the values are too many.
    pub fn values(&self, budget: &Budget) -> Result<Vec<f32>> {
        let Self { storage: Storage { element, bytes, big_endian }, offset, shape, strides } = self;
        if let Element::Other(name, _) = element {
            return Err(Error::new(format!("its elements are of type {name}; Tinylens reads {READABLE}.")));
        }
        if shape.len() != strides.len() {
            return Err(Error::new(format!("it has {} sizes but {} strides.", shape.len(), strides.len())));
        }
        let count = elements(shape)?;
        if count == 0 {
            return Ok(Vec::new());
        }
        let bytes = bytes.bytes();
        let stored = bytes.len() / element.size();
        let last = shape
            .iter()
            .zip(strides)
            .try_fold(*offset, |last, (&size, &stride)| last.checked_add((size - 1).checked_mul(stride)?));
        if last.is_none_or(|last| last >= stored) {
            return Err(Error::new(format!(
                "its shape {shape:?} with strides {strides:?} and offset {offset} reaches beyond its storage, which \
                 has {stored} elements."
            )));
        }
        budget.take(count.saturating_mul(size_of::<f32>()))?;
        let mut values = Vec::with_capacity(count);
        let from = |start: usize| bytes.get(start.saturating_mul(element.size())..).unwrap_or(&[]);
        // A dimension of size 1 does not move anything.
        let dimensions: Vec<(usize, usize)> =
            shape.iter().copied().zip(strides.iter().copied()).filter(|&(size, _)| size > 1).collect();
        if dimensions
            .iter()
            .map(|&(_, stride)| stride)
            .eq(contiguous(&dimensions.iter().map(|&(size, _)| size).collect::<Vec<_>>()))
        {
            element.decode(from(*offset), *big_endian, 1, count, &mut values);
            return Ok(values);
        }
        // Decode the last dimension in one go, and count through the others like an odometer.
        let Some((&(length, step), outer)) = dimensions.split_last() else { return Ok(values) };
        let mut index = vec![0usize; outer.len()];
        let mut start = *offset;
        for _ in 0..count / length {
            let until = values.len() + length;
            element.decode(from(start), *big_endian, step, until, &mut values);
            for (place, &(size, stride)) in index.iter_mut().zip(outer).rev() {
                *place += 1;
                start += stride;
                if *place < size {
                    break;
                }
                start -= stride * size;
                *place = 0;
            }
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(offset: usize, shape: &[usize], strides: &[usize]) -> Result<Vec<f32>> {
        let bytes: Vec<u8> = (0..12).collect();
        let storage = Storage { element: Element::U8, bytes: Blob::File(&bytes), big_endian: false };
        View { storage, offset, shape: shape.into(), strides: strides.into() }.values(&Budget::new(0))
    }

    #[test]
    fn reads_transposed_expanded_and_offset_tensors() {
        assert_eq!(view(1, &[2, 3], &[3, 1]).unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(view(0, &[3, 2], &[1, 3]).unwrap(), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert_eq!(view(5, &[2, 2], &[0, 1]).unwrap(), [5.0, 6.0, 5.0, 6.0]);
        assert_eq!(view(5, &[2, 2], &[1, 0]).unwrap(), [5.0, 5.0, 6.0, 6.0]);
        assert_eq!(view(11, &[], &[]).unwrap(), [11.0]);
        assert_eq!(view(11, &[1, 1], &[99, 7]).unwrap(), [11.0]);
        assert_eq!(view(0, &[2, 1, 2, 2], &[6, 50, 3, 1]).unwrap(), [0.0, 1.0, 3.0, 4.0, 6.0, 7.0, 9.0, 10.0]);
        assert_eq!(view(999, &[usize::MAX, 0, usize::MAX], &[1, 1, 1]).unwrap(), [0.0f32; 0]);
    }

    #[test]
    fn refuses_what_does_not_fit() {
        for (offset, shape, strides) in [
            (0, &[13][..], &[1][..]),
            (12, &[], &[]),
            (usize::MAX, &[2], &[1]),
            (0, &[2], &[usize::MAX]),
            (0, &[usize::MAX, usize::MAX], &[0, 0]),
            (0, &[1 << 40], &[0]),
            (0, &[2], &[1, 1]),
        ] {
            assert!(view(offset, shape, strides).is_err(), "{offset} {shape:?} {strides:?}");
        }
    }
}
