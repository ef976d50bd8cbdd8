//! The stack, the marks and the memo of the pickle machine.

use crate::checkpoint::formats::budget::Budget;
use crate::checkpoint::formats::tree::{Id, Node, Object, Tree};
use crate::error::{Error, Result};

/// How far a memo's index may be ahead of the pickle's length, for pickles put together by hand.
const SLACK: usize = 1000;

/// The machine's state. Its errors say what is wrong, not where: whoever runs it knows the offset.
pub struct Machine<'a, 'b> {
    tree: Tree<'a>,
    stack: Vec<Id>,
    /// Heights of the stack at each mark that is still open.
    marks: Vec<usize>,
    memo: Vec<Option<Id>>,
    /// How many entries the memo has, which is the next MEMOIZE's index.
    memoized: u64,
    pub budget: &'b Budget,
}

impl<'a, 'b> Machine<'a, 'b> {
    pub fn new(budget: &'b Budget) -> Self {
        Self { tree: Tree::default(), stack: Vec::new(), marks: Vec::new(), memo: Vec::new(), memoized: 0, budget }
    }

    pub fn into_tree(self) -> Tree<'a> {
        self.budget.give(self.stack.capacity() * size_of::<Id>());
        self.budget.give(self.marks.capacity() * size_of::<usize>());
        self.budget.give(self.memo.capacity() * size_of::<Option<Id>>());
        self.tree
    }

    /// A value that is not on the stack.
    pub fn add(&mut self, node: Node<'a>) -> Result<Id> {
        self.tree.add(node, self.budget)
    }

    pub fn push(&mut self, node: Node<'a>) -> Result<()> {
        let id = self.add(node)?;
        self.push_id(id)
    }

    fn push_id(&mut self, id: Id) -> Result<()> {
        self.budget.push(&mut self.stack, id)
    }

    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    pub fn pop(&mut self) -> Result<Id> {
        let top = if self.stack.len() > self.floor() { self.stack.pop() } else { None };
        top.ok_or_else(|| Error::new("a value is taken from the stack here, but none is there; the pickle is damaged."))
    }

    /// POP: the top value, or a mark if one is on top.
    pub fn discard(&mut self) -> Result<()> {
        if self.marks.last() == Some(&self.stack.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(drop)
    }

    /// POP_MARK.
    pub fn discard_to_mark(&mut self) -> Result<()> {
        let items = self.pop_to_mark()?;
        self.budget.give(items.capacity() * size_of::<Id>());
        Ok(())
    }

    pub fn duplicate(&mut self) -> Result<()> {
        let top = self.top()?;
        self.push_id(top)
    }

    fn top(&mut self) -> Result<Id> {
        let top = self.pop()?;
        self.stack.push(top);
        Ok(top)
    }

    pub fn mark(&mut self) -> Result<()> {
        let height = self.stack.len();
        self.budget.push(&mut self.marks, height)
    }

    /// What lies above the last mark, without the mark. The list is counted as kept.
    pub fn pop_to_mark(&mut self) -> Result<Vec<Id>> {
        let Some(mark) = self.marks.pop() else {
            return Err(Error::new("a mark on the stack is needed here, but none is there; the pickle is damaged."));
        };
        let mut items = Vec::new();
        self.budget.reserve(&mut items, self.stack.len().saturating_sub(mark))?;
        items.extend(self.stack.drain(mark.min(self.stack.len())..));
        Ok(items)
    }

    pub fn collect(&mut self, node: fn(Vec<Id>) -> Node<'a>) -> Result<()> {
        let items = self.pop_to_mark()?;
        self.push(node(items))
    }

    pub fn tuple(&mut self, count: usize) -> Result<()> {
        let mut items = Vec::new();
        self.budget.reserve(&mut items, count)?;
        for _ in 0..count {
            items.push(self.pop()?);
        }
        items.reverse();
        self.push(Node::Tuple(items))
    }

    /// Stores the top value under an index. Every pickler counts its indices up from 0 or 1, one for each value, so an index far
    /// beyond the pickle's own length so far is damage (or an attempt to have us allocate).
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

    pub fn memoize(&mut self) -> Result<()> {
        self.put(self.memoized, usize::MAX)
    }

    pub fn get(&mut self, index: u64) -> Result<()> {
        let found = usize::try_from(index).ok().and_then(|index| self.memo.get(index).copied().flatten());
        let Some(id) = found else {
            return Err(Error::new(format!(
                "the value stored under index {index} is used here, but nothing was stored there."
            )));
        };
        self.push_id(id)
    }

    pub fn class(&mut self, module: Node<'a>, name: Node<'a>) -> Result<()> {
        let (module, name) = (self.add(module)?, self.add(name)?);
        self.push(Node::Class(module, name))
    }

    pub fn stack_class(&mut self, module: Id, name: Id) -> Result<()> {
        if self.tree.text(module).is_none() || self.tree.text(name).is_none() {
            return Err(Error::new("a class is named here by something other than two texts."));
        }
        self.push(Node::Class(module, name))
    }

    pub fn object(&mut self, callable: Id, args: Id) -> Result<()> {
        if !matches!(self.tree.node(args), Node::Tuple(_)) {
            return Err(Error::new(format!(
                "an object is made here with {} for its arguments; it must be a tuple.",
                self.tree.kind(args)
            )));
        }
        self.budget.take(size_of::<Object>())?;
        self.push(Node::object(callable, args))
    }

    /// The list, set or object on top, as something to append to.
    fn list(&mut self) -> Result<&mut Vec<Id>> {
        let top = self.top()?;
        let known = matches!(self.tree.node(top), Node::List(_) | Node::Set(_) | Node::Object(_));
        let kind = if known { String::new() } else { self.tree.kind(top) };
        match self.tree.node_mut(top) {
            Some(Node::List(list) | Node::Set(list)) => Ok(list),
            Some(Node::Object(object)) => Ok(&mut object.items),
            _ => Err(Error::new(format!(
                "values are appended here to {kind}; that works for a list, a set or an object."
            ))),
        }
    }

    pub fn append(&mut self, item: Id) -> Result<()> {
        let budget = self.budget;
        budget.push(self.list()?, item)
    }

    pub fn extend(&mut self, items: Vec<Id>) -> Result<()> {
        let budget = self.budget;
        let list = self.list()?;
        if list.capacity() == 0 {
            *list = items;
            return Ok(());
        }
        for &item in &items {
            budget.push(list, item)?;
        }
        budget.give(items.capacity() * size_of::<Id>());
        Ok(())
    }

    /// The dict or object on top, as something to set keys in.
    fn entries(&mut self) -> Result<&mut Vec<(Id, Id)>> {
        let top = self.top()?;
        let known = matches!(self.tree.node(top), Node::Dict(_) | Node::Object(_));
        let kind = if known { String::new() } else { self.tree.kind(top) };
        match self.tree.node_mut(top) {
            Some(Node::Dict(entries)) => Ok(entries),
            Some(Node::Object(object)) => Ok(&mut object.entries),
            _ => Err(Error::new(format!("keys are set here in {kind}; that works for a dict or an object."))),
        }
    }

    pub fn set_item(&mut self, key: Id, value: Id) -> Result<()> {
        let budget = self.budget;
        budget.push(self.entries()?, (key, value))
    }

    /// Sets keys and values, which alternate.
    pub fn set_items(&mut self, items: Vec<Id>) -> Result<()> {
        let budget = self.budget;
        let entries = self.entries()?;
        let (pairs, rest) = items.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(Error::new("a key has no value here."));
        }
        budget.reserve(entries, pairs.len())?;
        entries.extend(pairs.iter().map(|&[key, value]| (key, value)));
        budget.give(items.capacity() * size_of::<Id>());
        Ok(())
    }

    pub fn build(&mut self, state: Id) -> Result<()> {
        let top = self.top()?;
        if let Some(Node::Object(object)) = self.tree.node_mut(top) {
            object.state = Some(state);
            return Ok(());
        }
        Err(Error::new(format!("a state is given here to {}; only an object can have one.", self.tree.kind(top))))
    }
}
