//! The stack, the marks and the memo of the pickle machine.

use crate::checkpoint::formats::budget::Budget;
use crate::checkpoint::formats::tree::{Id, Node, Object, Tree};
use crate::error::{Error, Result};

/// By how much a memo's index may exceed the pickle's length so far, for pickles put together by hand.
const SLACK: usize = 1000;

/// The machine's state. Its errors say what is wrong and not where: its caller knows the offset.
///
/// Each operation takes time for the values that it takes off the stack or puts there, and no more: what a value holds
/// is not looked at, except for an error.
pub struct Machine<'a, 'b> {
    tree: Tree<'a>,
    stack: Vec<Id>,
    /// Heights of the stack at each mark that is still open.
    marks: Vec<usize>,
    memo: Vec<Option<Id>>,
    /// How many entries of the memo are in use, which is the next MEMOIZE's index.
    memoized: u64,
    /// What reading the file may still cost.
    pub budget: &'b Budget,
}

impl<'a, 'b> Machine<'a, 'b> {
    /// A machine with nothing on its stack.
    pub fn new(budget: &'b Budget) -> Self {
        Self { tree: Tree::default(), stack: Vec::new(), marks: Vec::new(), memo: Vec::new(), memoized: 0, budget }
    }

    /// The values, without stack and memo.
    pub fn into_tree(self) -> Tree<'a> {
        self.budget.give(self.stack.capacity() * size_of::<Id>());
        self.budget.give(self.marks.capacity() * size_of::<usize>());
        self.budget.give(self.memo.capacity() * size_of::<Option<Id>>());
        self.tree
    }

    /// Adds a value that is not on the stack.
    ///
    /// # Errors
    /// If the memory is not there, here and in the functions below.
    pub fn add(&mut self, node: Node<'a>) -> Result<Id> {
        self.tree.add(node, self.budget)
    }

    /// Pushes a new value.
    pub fn push(&mut self, node: Node<'a>) -> Result<()> {
        let id = self.add(node)?;
        self.push_id(id)
    }

    fn push_id(&mut self, id: Id) -> Result<()> {
        self.budget.push(&mut self.stack, id)
    }

    /// The height below which the last mark protects the stack.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    /// Takes the top value off the stack.
    ///
    /// # Errors
    /// If there is none above the last mark.
    pub fn pop(&mut self) -> Result<Id> {
        let top = if self.stack.len() > self.floor() { self.stack.pop() } else { None };
        top.ok_or_else(|| Error::new("a value is taken from the stack here, but none is there; the pickle is damaged."))
    }

    /// POP: drops the top value, or the last mark if it is on top.
    ///
    /// # Errors
    /// If the stack is empty.
    pub fn discard(&mut self) -> Result<()> {
        if self.marks.last() == Some(&self.stack.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(drop)
    }

    /// POP_MARK: drops what lies above the last mark, and the mark.
    ///
    /// # Errors
    /// If there is no mark.
    pub fn discard_to_mark(&mut self) -> Result<()> {
        let items = self.pop_to_mark()?;
        self.budget.give(items.capacity() * size_of::<Id>());
        Ok(())
    }

    /// DUP.
    ///
    /// # Errors
    /// If the stack is empty.
    pub fn duplicate(&mut self) -> Result<()> {
        let top = self.top()?;
        self.push_id(top)
    }

    fn top(&mut self) -> Result<Id> {
        let top = self.pop()?;
        self.stack.push(top);
        Ok(top)
    }

    /// MARK.
    pub fn mark(&mut self) -> Result<()> {
        let height = self.stack.len();
        self.budget.push(&mut self.marks, height)
    }

    /// Takes what lies above the last mark off the stack, and the mark. The list's memory counts as kept.
    ///
    /// # Errors
    /// If there is no mark.
    pub fn pop_to_mark(&mut self) -> Result<Vec<Id>> {
        let Some(mark) = self.marks.pop() else {
            return Err(Error::new("a mark on the stack is needed here, but none is there; the pickle is damaged."));
        };
        let mut items = Vec::new();
        self.budget.reserve(&mut items, self.stack.len().saturating_sub(mark))?;
        items.extend(self.stack.drain(mark.min(self.stack.len())..));
        Ok(items)
    }

    /// Makes a value of what lies above the last mark.
    ///
    /// # Errors
    /// If there is no mark.
    pub fn collect(&mut self, node: fn(Vec<Id>) -> Node<'a>) -> Result<()> {
        let items = self.pop_to_mark()?;
        self.push(node(items))
    }

    /// TUPLE1 to TUPLE3: a tuple of the top `count` values.
    ///
    /// # Errors
    /// If there are fewer above the last mark.
    pub fn tuple(&mut self, count: usize) -> Result<()> {
        let mut items = Vec::new();
        self.budget.reserve(&mut items, count)?;
        for _ in 0..count {
            items.push(self.pop()?);
        }
        items.reverse();
        self.push(Node::Tuple(items))
    }

    /// PUT: stores the top value under an index. `offset` is the pickle's length so far. Every pickler counts its
    /// indices up from 0 or 1, one for each value, so an index far beyond that length is damage, or an attempt to make
    /// us allocate.
    ///
    /// # Errors
    /// If the stack is empty, or the index is too large.
    pub fn put(&mut self, index: u64, offset: usize) -> Result<()> {
        let top = self.top()?;
        let place = usize::try_from(index).ok().filter(|&index| index <= offset.saturating_add(SLACK));
        let Some(place) = place else {
            return Err(Error::new(format!(
                "a value is stored under index {index}, which no pickle of this length reaches."
            )));
        };
        if place >= self.memo.len() {
            let more = (place + 1 - self.memo.len()).max(self.memo.len());
            if place >= self.memo.capacity() {
                self.budget.reserve(&mut self.memo, more)?;
            }
            self.memo.resize(place + 1, None);
        }
        if let Some(entry) = self.memo.get_mut(place)
            && entry.replace(top).is_none()
        {
            self.memoized += 1;
        }
        Ok(())
    }

    /// MEMOIZE: stores the top value under the next index.
    ///
    /// # Errors
    /// If the stack is empty.
    pub fn memoize(&mut self) -> Result<()> {
        self.put(self.memoized, usize::MAX)
    }

    /// GET: pushes a stored value.
    ///
    /// # Errors
    /// If nothing is stored under the index.
    pub fn get(&mut self, index: u64) -> Result<()> {
        let found = usize::try_from(index).ok().and_then(|index| self.memo.get(index).copied().flatten());
        let Some(id) = found else {
            return Err(Error::new(format!(
                "the value stored under index {index} is used here, but nothing was stored there."
            )));
        };
        self.push_id(id)
    }

    /// GLOBAL: a class or function by two texts that are not on the stack.
    pub fn class(&mut self, module: Node<'a>, name: Node<'a>) -> Result<()> {
        let (module, name) = (self.add(module)?, self.add(name)?);
        self.push(Node::Class(module, name))
    }

    /// STACK_GLOBAL: a class or function by two values that were on it.
    ///
    /// # Errors
    /// If they are no texts.
    pub fn stack_class(&mut self, module: Id, name: Id) -> Result<()> {
        if self.tree.text(module).is_none() || self.tree.text(name).is_none() {
            return Err(Error::new("a class is named here by something other than two texts."));
        }
        self.push(Node::Class(module, name))
    }

    /// REDUCE, NEWOBJ: an object of a callable and its arguments.
    ///
    /// # Errors
    /// If the arguments are no tuple.
    pub fn object(&mut self, callable: Id, args: Id) -> Result<()> {
        if !matches!(self.tree.node(args), Node::Tuple(_)) {
            return Err(Error::new(format!(
                "an object is made here with {} for its arguments; it must be a tuple.",
                self.tree.kind(args)
            )));
        }
        self.budget.take(size_of::<Object>())?;
        self.push(Node::Object(Box::new(Object::new(callable, args))))
    }

    /// APPEND: to the list, set or object on top.
    ///
    /// # Errors
    /// If something else is on top.
    pub fn append(&mut self, item: Id) -> Result<()> {
        let top = self.top()?;
        match self.tree.items_mut(top) {
            Some(list) => self.budget.push(list, item),
            None => Err(self.no_list(top)),
        }
    }

    /// APPENDS, ADDITEMS: as [`Machine::append`], several at once.
    ///
    /// # Errors
    /// If something else is on top.
    pub fn extend(&mut self, items: Vec<Id>) -> Result<()> {
        let top = self.top()?;
        let Some(list) = self.tree.items_mut(top) else { return Err(self.no_list(top)) };
        if list.capacity() == 0 {
            *list = items;
            return Ok(());
        }
        self.budget.reserve(list, items.len())?;
        list.extend_from_slice(&items);
        self.budget.give(items.capacity() * size_of::<Id>());
        Ok(())
    }

    fn no_list(&self, top: Id) -> Error {
        let kind = self.tree.kind(top);
        Error::new(format!("values are appended here to {kind}; that works for a list, a set or an object."))
    }

    /// SETITEM: in the dict or object on top.
    ///
    /// # Errors
    /// If something else is on top.
    pub fn set_item(&mut self, key: Id, value: Id) -> Result<()> {
        let top = self.top()?;
        match self.tree.entries_mut(top) {
            Some(entries) => self.budget.push(entries, (key, value)),
            None => Err(self.no_dict(top)),
        }
    }

    /// SETITEMS: keys and values, which alternate.
    ///
    /// # Errors
    /// If something else than a dict or object is on top, or a key has no value.
    pub fn set_items(&mut self, items: Vec<Id>) -> Result<()> {
        let top = self.top()?;
        let Some(entries) = self.tree.entries_mut(top) else { return Err(self.no_dict(top)) };
        let (pairs, rest) = items.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(Error::new("a key has no value here."));
        }
        self.budget.reserve(entries, pairs.len())?;
        entries.extend(pairs.iter().map(|&[key, value]| (key, value)));
        self.budget.give(items.capacity() * size_of::<Id>());
        Ok(())
    }

    fn no_dict(&self, top: Id) -> Error {
        let kind = self.tree.kind(top);
        Error::new(format!("keys are set here in {kind}; that works for a dict or an object."))
    }

    /// BUILD: gives the object on top a state.
    ///
    /// # Errors
    /// If something else is on top.
    pub fn build(&mut self, state: Id) -> Result<()> {
        let top = self.top()?;
        match self.tree.object_mut(top) {
            Some(object) => object.state = Some(state),
            None => {
                let kind = self.tree.kind(top);
                return Err(Error::new(format!("a state is given here to {kind}; only an object can have one.")));
            }
        }
        Ok(())
    }
}
