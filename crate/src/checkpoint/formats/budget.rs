//! What reading one file may cost: memory and work, both counted before they are spent.
//!
//! A hostile file is small and asks for much: it announces a length of gigabytes, or uses one part a million times. So
//! nothing is allocated because the file says so. Every list that grows and every buffer goes through [`Budget`], and
//! so does every look at something that other parts of the file may share.

use std::cell::Cell;
use std::ops::Deref;

use crate::error::{Error, Result};

/// The largest file that is read, and the most memory that reading it may take beside it, in bytes.
pub const LIMIT: usize = 256 * 1024 * 1024;

/// The work that each byte of a file pays for. Files of large tensors take 1 to 2, those of nothing but small ones up
/// to 10.
const PER_BYTE: usize = 8;

/// The work that every file may take, however small it is: 20 ms at most.
const FREE: usize = 4_000_000;

/// The work of making a text for people.
pub const TEXT: usize = 500;

/// The memory and work that one call of `read` has used.
///
/// Memory is what the readers ask for, in bytes, without what the allocator adds. One unit of work is a byte or a value
/// that is looked at; steps that take longer, such as an allocation, count as many. A unit takes about 5 ns.
pub struct Budget {
    used: Cell<usize>,
    worked: Cell<usize>,
    most_work: usize,
}

impl Budget {
    /// The budget for a file of `file` bytes. The work that it allows is linear in the file's length.
    pub fn new(file: usize) -> Self {
        let most_work = file.saturating_mul(PER_BYTE).saturating_add(FREE);
        Self { used: Cell::new(0), worked: Cell::new(0), most_work }
    }

    /// Counts `bytes` of memory that are about to be allocated.
    ///
    /// # Errors
    /// If that is more than [`LIMIT`] in all.
    pub fn take(&self, bytes: usize) -> Result<()> {
        let used = self.used.get().saturating_add(bytes);
        if used > LIMIT {
            return Err(Error::new(
                "reading it takes more than 256 MB of memory, which is the most that Tinylens uses for a checkpoint.",
            ));
        }
        self.used.set(used);
        Ok(())
    }

    /// Counts `bytes` of memory that have been freed.
    pub fn give(&self, bytes: usize) {
        self.used.set(self.used.get().saturating_sub(bytes));
    }

    /// Counts `units` of work that are about to be done.
    ///
    /// # Errors
    /// If that is more in all than the file's length explains.
    pub fn work(&self, units: usize) -> Result<()> {
        let worked = self.worked.get().saturating_add(units);
        if worked > self.most_work {
            return Err(Error::new(
                "it uses the same parts over and over, far more often than its size explains; no checkpoint does.",
            ));
        }
        self.worked.set(worked);
        Ok(())
    }

    /// The work done so far.
    pub fn worked(&self) -> usize {
        self.worked.get()
    }

    /// The bytes of memory in use. [`Budget::release_to`] comes back to them once what was built since has been
    /// dropped.
    pub fn used(&self) -> usize {
        self.used.get()
    }

    /// Counts everything beyond `used` bytes as freed.
    pub fn release_to(&self, used: usize) {
        self.used.set(self.used.get().min(used));
    }

    /// Pushes an item to a list whose memory is counted.
    ///
    /// # Errors
    /// If the list would take more memory than there is.
    pub fn push<T>(&self, list: &mut Vec<T>, item: T) -> Result<()> {
        self.reserve(list, 1)?;
        list.push(item);
        Ok(())
    }

    /// Makes room for `more` items. A list that grows doubles, so that many small growths copy each item only a few
    /// times; while it moves it exists twice, and is counted so.
    ///
    /// # Errors
    /// If the list would take more memory than there is.
    pub fn reserve<T>(&self, list: &mut Vec<T>, more: usize) -> Result<()> {
        let (size, before) = (size_of::<T>(), list.capacity());
        if before - list.len() >= more {
            return Ok(());
        }
        let least = if more == 1 { 4 } else { 0 };
        let more = more.max(list.len()).max(least);
        self.take(list.len().saturating_add(more).saturating_mul(size))?;
        list.reserve_exact(more);
        self.give(before.saturating_mul(size));
        Ok(())
    }

    /// An empty list with room for `room` items, whose memory is given back when it is dropped.
    ///
    /// # Errors
    /// If it would take more memory than there is.
    pub fn list<T>(&self, room: usize) -> Result<Lent<'_, T>> {
        let bytes = room.saturating_mul(size_of::<T>());
        self.take(bytes)?;
        Ok(Lent { list: Vec::with_capacity(room), bytes, budget: self })
    }
}

/// A list for a while: its memory goes back to the budget when it is dropped.
pub struct Lent<'b, T> {
    /// The items. It must not grow beyond the room that it was made with.
    pub list: Vec<T>,
    bytes: usize,
    budget: &'b Budget,
}

impl<T> Deref for Lent<'_, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.list
    }
}

impl<T> Drop for Lent<'_, T> {
    fn drop(&mut self) {
        self.budget.give(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_goes_over_the_limit_and_says_how_much_that_is() {
        let budget = Budget::new(10);
        assert!(budget.take(LIMIT).is_ok());
        let error = budget.take(1).unwrap_err().to_string();
        assert!(error.contains("256 MB"), "{error}");
        budget.give(1);
        assert!(budget.take(1).is_ok());
    }

    #[test]
    fn a_growing_list_is_counted_by_its_capacity() {
        let budget = Budget::new(10);
        let mut list = Vec::new();
        for i in 0..1000u32 {
            budget.push(&mut list, i).unwrap();
        }
        assert_eq!(budget.used(), list.capacity() * 4);
        drop(budget.list::<u64>(100).unwrap());
        assert_eq!(budget.used(), list.capacity() * 4);
    }

    #[test]
    fn a_list_that_grows_in_small_parts_moves_seldom() {
        let (budget, mut list, mut moves) = (Budget::new(10), Vec::new(), 0);
        for i in 0..10_000u32 {
            let before = list.capacity();
            budget.reserve(&mut list, 2).unwrap();
            list.extend([i, i]);
            moves += usize::from(list.capacity() != before);
        }
        assert!(moves < 20, "{moves}");
    }

    #[test]
    fn looking_at_shared_parts_ends() {
        let budget = Budget::new(0);
        assert!((0..=FREE).any(|_| budget.work(1).is_err()));
        assert_eq!(budget.worked(), FREE);
    }
}
