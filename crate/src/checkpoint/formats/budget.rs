//! What reading one file may cost: memory and time, counted before they are spent.
//!
//! A hostile file is small and asks for much: a length of gigabytes, a part that is used a million times. So nothing here is
//! allocated on the file's word alone. Every list that grows and every buffer goes through [`Budget`], and so does every walk over
//! parts that may be shared. It counts what the readers ask for, not what the allocator adds to it.

use std::cell::Cell;
use std::ops::Deref;

use crate::error::{Error, Result};

/// The largest file that is read, and the most memory that reading it may take beside it.
pub const LIMIT: usize = 256 * 1024 * 1024;

/// Memory and steps that one call of `read` may still use.
pub struct Budget {
    used: Cell<usize>,
    /// Steps that are left.
    steps: Cell<usize>,
    /// Steps in all.
    allowed: usize,
}

impl Budget {
    /// For a file of so many bytes. Its steps grow with it, so that the time to read a file is linear in its length: real files
    /// take less than one step a byte.
    pub fn new(file: usize) -> Self {
        let allowed = file.saturating_mul(4).saturating_add(100_000);
        Self { used: Cell::new(0), steps: Cell::new(allowed), allowed }
    }

    /// Counts memory that is about to be allocated.
    pub fn take(&self, bytes: usize) -> Result<()> {
        let used = self.used.get().saturating_add(bytes);
        if used > LIMIT {
            return Err(Error::new(
                "reading it takes more than 256 MB of memory, which is the most that Tinylens uses for a checkpoint."
                    .to_string(),
            ));
        }
        self.used.set(used);
        Ok(())
    }

    /// Counts memory that has been freed.
    pub fn give(&self, bytes: usize) {
        self.used.set(self.used.get().saturating_sub(bytes));
    }

    /// Counts looking at so many parts.
    pub fn work(&self, parts: usize) -> Result<()> {
        let Some(left) = self.steps.get().checked_sub(parts) else {
            return Err(Error::new(
                "it uses the same parts over and over, far more often than its size explains; no checkpoint does.",
            ));
        };
        self.steps.set(left);
        Ok(())
    }

    /// How many steps were counted so far.
    pub fn worked(&self) -> usize {
        self.allowed - self.steps.get()
    }

    /// Memory in use, to come back to with [`Budget::release_to`] once what was built since then has been dropped.
    pub fn used(&self) -> usize {
        self.used.get()
    }

    pub fn release_to(&self, used: usize) {
        self.used.set(self.used.get().min(used));
    }

    /// `list.push(item)`. A list that grows exists twice while it moves, and is counted so.
    pub fn push<T>(&self, list: &mut Vec<T>, item: T) -> Result<()> {
        if list.len() == list.capacity() {
            self.reserve(list, list.len().max(4))?;
        }
        list.push(item);
        Ok(())
    }

    /// Room for so many more.
    pub fn reserve<T>(&self, list: &mut Vec<T>, more: usize) -> Result<()> {
        let size = size_of::<T>();
        let before = list.capacity();
        if before - list.len() >= more {
            return Ok(());
        }
        self.take(list.len().saturating_add(more).saturating_mul(size))?;
        list.reserve_exact(more);
        self.give(before.saturating_mul(size));
        Ok(())
    }

    /// An empty list with room for so many, given back when it is dropped.
    pub fn list<T>(&self, room: usize) -> Result<Lent<'_, T>> {
        let bytes = room.saturating_mul(size_of::<T>());
        self.take(bytes)?;
        Ok(Lent { list: Vec::with_capacity(room), bytes, budget: self })
    }
}

/// A list for a while: its memory goes back to the budget when it is dropped.
pub struct Lent<'b, T> {
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
    fn walking_shared_parts_ends() {
        let budget = Budget::new(0);
        assert!((0..1_000_000).any(|_| budget.work(1).is_err()));
    }
}
