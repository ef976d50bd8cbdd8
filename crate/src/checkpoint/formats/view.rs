//! A tensor as it lies in its storage (offset, shape, strides), and its values read out row by row.

use super::budget::Budget;
use super::bytes::Blob;
use super::element::{Element, READABLE};
use crate::error::{Error, Result};

/// Dimensions a tensor may have. PyTorch's own limit is 64.
const MOST_DIMENSIONS: usize = 64;

/// Elements that lie one after the other, and may belong to several tensors.
#[derive(Clone)]
pub struct Storage<'t> {
    pub element: Element,
    pub bytes: Blob<'t>,
    pub big_endian: bool,
}

/// Which elements of a storage a tensor has.
pub struct View<'t> {
    pub storage: Storage<'t>,
    pub offset: usize,
    pub shape: Vec<usize>,
    /// Elements from one index to the next, for each dimension.
    pub strides: Vec<usize>,
}

/// A value that is a tensor.
pub enum Rebuilt<'t> {
    /// One whose values can be read.
    View(View<'t>),
    /// Of a kind whose values Tinylens does not read; the end of a sentence says why.
    Unreadable(String),
}

/// A view of a whole storage, in rows or (as Fortran has it) in columns.
pub fn whole(storage: Storage<'_>, shape: Vec<usize>, columns: bool) -> View<'_> {
    let strides = if columns {
        let mut reversed = shape.clone();
        reversed.reverse();
        let mut strides = contiguous(&reversed);
        strides.reverse();
        strides
    } else {
        contiguous(&shape)
    };
    View { storage, offset: 0, shape, strides }
}

/// A size, stride or offset of the file as a number that we can count with.
pub fn natural(number: Option<i64>, what: &str) -> Result<usize> {
    let Some(number) = number else { return Err(Error::new(format!("its {what} is not an integer."))) };
    usize::try_from(number).map_err(|_| Error::new(format!("its {what} is {number}; it must be 0 or more.")))
}

/// Sizes or strides, one for each dimension.
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
pub fn elements(shape: &[usize]) -> Result<usize> {
    // A size of 0 makes the tensor empty however large the others are.
    if shape.contains(&0) {
        return Ok(0);
    }
    let count = shape.iter().try_fold(1usize, |count, &size| count.checked_mul(size));
    count.ok_or_else(|| Error::new(format!("its shape {shape:?} has more elements than can be counted.")))
}

/// Strides of a tensor that lies row by row without gaps.
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

impl View<'_> {
    /// The values, row by row.
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
                "its shape {shape:?} with strides {strides:?} and offset {offset} reaches beyond its storage, which has {stored} elements."
            )));
        }
        budget.take(count.saturating_mul(size_of::<f32>()))?;
        let mut values = Vec::with_capacity(count);
        let from = |start: usize| bytes.get(start.saturating_mul(element.size())..).unwrap_or(&[]);
        // Dimensions of size 1 place nothing.
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
        // The last dimension in one go, the others by counting like an odometer.
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
