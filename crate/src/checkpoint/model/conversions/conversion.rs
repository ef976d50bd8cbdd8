//! The steps that conversions of `torch.nn.Linear`'s and its likes' matrices share.

use serde_json::{Map, Value};

use super::tensors::{Tensors, listed};
use super::turn::{build, transpose};
use crate::checkpoint::formats::StoredTensor;
use crate::error::{Error, Result};

/// The sizes of an attention layer.
#[derive(Clone, Copy)]
pub struct Sizes {
    /// The width of the residual stream.
    pub d_model: usize,
    /// How many heads there are.
    pub n_heads: usize,
    /// The width of each head.
    pub d_head: usize,
}

impl Sizes {
    /// The sizes of heads that together have `width` queries: as stated, or a guess.
    ///
    /// # Errors
    /// If what is stated does not divide `width`, which errors call `what`.
    pub fn of_heads(
        d_model: usize,
        width: usize,
        what: &str,
        stated: &Map<String, Value>,
        notes: &mut Vec<String>,
    ) -> Result<Self> {
        let field = |name: &str| stated.get(name).and_then(Value::as_u64).map(|size| size as usize);
        let by_width = || field("d_head").filter(|&d_head| d_head > 0 && width.is_multiple_of(d_head));
        let n_heads = field("n_heads").or_else(|| by_width().map(|d_head| width / d_head)).unwrap_or_else(|| {
            let guess = if width > 64 && width.is_multiple_of(64) { width / 64 } else { 1 };
            notes.push(format!(
                "n_heads was taken to be {guess}: a matrix of all heads' queries does not say how many heads share it."
            ));
            guess
        });
        if n_heads == 0 || !width.is_multiple_of(n_heads) {
            return Err(Error::new(format!("n_heads is {n_heads}; in this layout it must divide {what}, {width}.")));
        }
        Ok(Self { d_model, n_heads, d_head: width / n_heads })
    }
}

/// Tensors on their way from the file's names to TransformerLens's.
pub struct Conversion {
    /// What has not been converted yet.
    pub rest: Tensors,
    /// What has been.
    pub done: Tensors,
    /// Whether matrices are `[read, write]`, as in GPT-2's `Conv1D`, and not `[write, read]`.
    pub conv1d: bool,
}

impl Conversion {
    /// A conversion of matrices that are `[write, read]`.
    pub fn new(tensors: Tensors) -> Self {
        Self { rest: tensors, done: Tensors::new(), conv1d: false }
    }

    /// Adds a converted tensor under a name.
    pub fn put(&mut self, name: &str, tensor: StoredTensor) {
        self.done.insert(name.into(), StoredTensor { name: name.into(), ..tensor });
    }

    /// A tensor that stays as it is, if the file has it.
    pub fn rename(&mut self, from: &str, to: &str) {
        if let Some(tensor) = self.rest.remove(from) {
            self.put(to, tensor);
        }
    }

    /// Weight and bias of a norm, if the file has them.
    pub fn norm(&mut self, from: &str, to: &str) {
        self.rename(&format!("{from}.weight"), &format!("{to}.w"));
        self.rename(&format!("{from}.bias"), &format!("{to}.b"));
    }

    /// A matrix, turned to `[read, write]`, and its bias, if the file has them.
    pub fn matrix(&mut self, from: &str, matrix: &str, bias: &str) {
        if let Some(tensor) = self.rest.remove(&format!("{from}.weight")) {
            let turn = !self.conv1d && tensor.shape.len() == 2;
            let tensor = if turn { transpose(&tensor, matrix.into()) } else { tensor };
            self.put(matrix, tensor);
        }
        self.rename(&format!("{from}.bias"), bias);
    }

    /// The matrix `from`, which makes the `letters` of all heads side by side, as `W_Q` … `[n_heads, d_model, d_head]`
    /// with their biases `[n_heads, d_head]`.
    ///
    /// # Errors
    /// If it is not there, or has another shape.
    pub fn split_heads(&mut self, from: &str, to: &str, letters: &[&str], sizes: Sizes) -> Result<()> {
        let Sizes { d_model: c, n_heads, d_head: d } = sizes;
        let width = letters.len() * n_heads * d;
        let fused = self.take(&format!("{from}.weight"), if self.conv1d { [c, width] } else { [width, c] })?;
        let bias = self.bias(&format!("{from}.bias"), width)?;
        for (part, letter) in letters.iter().enumerate() {
            let column = |head: usize, write: usize| (part * n_heads + head) * d + write;
            let at = |[head, read, write]: [usize; 3]| {
                fused.values
                    [if self.conv1d { read * width + column(head, write) } else { column(head, write) * c + read }]
            };
            let name = format!("{to}W_{letter}");
            self.done.insert(name.clone(), build(name, [n_heads, c, d], &fused.dtype, at));
            if let Some(bias) = &bias {
                let name = format!("{to}b_{letter}");
                let at = |[head, write]: [usize; 2]| bias.values[column(head, write)];
                self.done.insert(name.clone(), build(name, [n_heads, d], &bias.dtype, at));
            }
        }
        Ok(())
    }

    /// The matrix `from`, which reads all heads side by side, as `W_O`, `[n_heads, d_head, d_model]`, with its bias.
    ///
    /// # Errors
    /// If it is not there, or has another shape.
    pub fn merge_heads(&mut self, from: &str, to: &str, sizes: Sizes) -> Result<()> {
        let Sizes { d_model: c, n_heads, d_head: d } = sizes;
        let width = n_heads * d;
        let matrix = self.take(&format!("{from}.weight"), if self.conv1d { [width, c] } else { [c, width] })?;
        let at = |[head, read, write]: [usize; 3]| {
            let row = head * d + read;
            matrix.values[if self.conv1d { row * c + write } else { write * width + row }]
        };
        let name = format!("{to}W_O");
        self.done.insert(name.clone(), build(name, [n_heads, d, c], &matrix.dtype, at));
        self.rename(&format!("{from}.bias"), &format!("{to}b_O"));
        Ok(())
    }

    /// Takes a tensor that must be there.
    ///
    /// # Errors
    /// If it is not, or has another shape.
    pub fn take(&mut self, name: &str, shape: [usize; 2]) -> Result<StoredTensor> {
        let tensor =
            self.rest.remove(name).ok_or_else(|| Error::new(format!("The file has no {name}, of shape {shape:?}.")))?;
        if tensor.shape == shape {
            return Ok(tensor);
        }
        Err(Error::new(format!("{name} has shape {:?}; it must be {shape:?}.", tensor.shape)))
    }

    /// Takes a bias of `width` values, if the file has it.
    ///
    /// # Errors
    /// If it has another shape.
    pub fn bias(&mut self, name: &str, width: usize) -> Result<Option<StoredTensor>> {
        match self.rest.remove(name) {
            Some(bias) if bias.shape != [width] => {
                Err(Error::new(format!("{name} has shape {:?}; it must be [{width}].", bias.shape)))
            }
            bias => Ok(bias),
        }
    }

    /// The converted tensors, if nothing else is in the file. A layout that people have varied may have parts that are
    /// not known here, and a model without them would be another.
    ///
    /// # Errors
    /// If something is left.
    pub fn complete(self) -> Result<Tensors> {
        if self.rest.is_empty() {
            return Ok(self.done);
        }
        Err(Error::new(format!(
            "The file has {}, which this layout does not have as it is known here.",
            listed(self.rest.keys().map(String::as_str))
        )))
    }
}
