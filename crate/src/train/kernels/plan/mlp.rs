//! An MLP and its backward pass.

use super::super::calls::Call;
use super::{Builder, Values};
use crate::config::ModelConfig;

impl Builder<'_> {
    /// `out = mid + mlp(norm(mid))`, `[rows, C]`, and back.
    pub(super) fn mlp(&mut self, number: usize, mid: Values, rows: usize) -> Values {
        let ModelConfig { d_model: c, d_mlp: m, .. } = *self.model;
        let block = format!("blocks.{number}");
        let w_in = self.matrix(&format!("{block}.mlp.W_in"), &format!("{block}.mlp.b_in"), c, m);
        let w_out = self.matrix(&format!("{block}.mlp.W_out"), &format!("{block}.mlp.b_out"), m, c);
        let (residual, hidden) = (rows * c, rows * m);

        let out = self.values(residual);
        let norm = self.norm(&format!("{block}.ln2"), mid.at, rows);
        let read = norm.map_or(mid.at, |norm| norm.out);
        let (pre, post) = (self.values(hidden), self.take(hidden));
        self.forward.extend([
            w_in.forward(read, rows, pre.at, false),
            Call::Activate { pre: pre.at, post, count: hidden },
            Call::Copy { x: mid.at, out: out.at, count: residual },
            w_out.forward(post, rows, out.at, true),
        ]);

        // Around the MLP the gradient goes on as it is.
        let mut back = vec![
            w_out.backward(out.grad, rows, pre.grad, false),
            Call::ActivateBackward { pre: pre.at, grad: pre.grad, count: hidden },
            Call::Copy { x: out.grad, out: mid.grad, count: residual },
        ];
        if let Some(norm) = norm {
            let grad = self.take(residual);
            back.push(w_in.backward(pre.grad, rows, grad, false));
            back.push(self.norm_backward(norm, grad, mid.grad));
        } else {
            back.push(w_in.backward(pre.grad, rows, mid.grad, true));
        }
        self.backward.push(back);
        self.update(w_in.update(read, pre.grad, rows));
        self.update(w_out.update(post, out.grad, rows));
        out
    }
}
