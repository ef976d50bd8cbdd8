//! The attention of a layer and its backward pass.

use super::super::calls::Call;
use super::{Builder, Values};
use crate::config::{ModelConfig, PositionalEmbedding};

impl Builder<'_> {
    /// `mid = x + attention(norm(x))` at the positions from `first` on, and back. The gradient of x goes to
    /// `x.grad`, that of positions which only queries and keys read to `grad_positions`.
    pub(super) fn attention(&mut self, number: usize, x: Values, grad_positions: usize, first: usize) -> Values {
        let ModelConfig { d_model: c, d_head, n_heads, positional_embedding_type, rotary_dim, .. } = *self.model;
        let scale = (1.0 / self.model.attention_scale()) as f32;
        let shortformer = positional_embedding_type == PositionalEmbedding::Shortformer;
        let rotary = positional_embedding_type == PositionalEmbedding::Rotary && rotary_dim > 0;
        let (sources, width, rows) = (self.positions, n_heads * d_head, self.positions - first);
        let name = |weight: &str| format!("blocks.{number}.attn.{weight}");
        let [w_q, w_k, w_v] = ["Q", "K", "V"]
            .map(|of| self.matrix(&name(&format!("W_{of}")), &name(&format!("b_{of}")), c, width).of_heads(d_head));
        let w_o = self.matrix(&name("W_O"), &name("b_O"), width, c);

        let mid = self.values(rows * c);
        let norm = self.norm(&format!("blocks.{number}.ln1"), x.at, sources);
        let read = norm.map_or(x.at, |norm| norm.out);
        // What queries and keys read.
        let placed = if shortformer { self.take(sources * c) } else { read };
        let asking = placed + first * c;
        let [q, z] = [(); 2].map(|()| self.values(rows * width));
        let [k, v] = [(); 2].map(|()| self.values(sources * width));
        let pattern = self.values(n_heads * rows * sources);
        if shortformer {
            self.forward.push(Call::AddPositions { x: read, out: placed });
        }
        self.forward.extend([
            w_q.forward(asking, rows, q.at, false),
            w_k.forward(placed, sources, k.at, false),
            w_v.forward(read, sources, v.at, false),
        ]);
        if rotary {
            self.forward.push(Call::Rotate { x: q.at, rows, first, direction: 1.0 });
            self.forward.push(Call::Rotate { x: k.at, rows: sources, first: 0, direction: 1.0 });
        }
        self.forward.extend([
            Call::Products { a: q.at, b: k.at, rows, first, scale, out: pattern.at },
            Call::Softmax { pattern: pattern.at, rows, first },
            Call::OverSources { weights: pattern.at, x: v.at, rows, first, scale: 1.0, out: z.at },
            Call::Copy { x: x.at + first * c, out: mid.at, count: rows * c },
            w_o.forward(z.at, rows, mid.at, true),
        ]);

        let mut back = vec![
            w_o.backward(mid.grad, rows, z.grad, false),
            Call::Products { a: z.grad, b: v.at, rows, first, scale: 1.0, out: pattern.grad },
            Call::SoftmaxBackward { pattern: pattern.at, grad: pattern.grad, rows, first },
            Call::OverSources { weights: pattern.grad, x: k.at, rows, first, scale, out: q.grad },
            Call::OverDestinations { weights: pattern.grad, x: q.at, rows, first, scale, out: k.grad },
            Call::OverDestinations { weights: pattern.at, x: z.grad, rows, first, scale: 1.0, out: v.grad },
        ];
        if rotary {
            back.push(Call::Rotate { x: q.grad, rows, first, direction: -1.0 });
            back.push(Call::Rotate { x: k.grad, rows: sources, first: 0, direction: -1.0 });
        }
        // Around attention the gradient goes on as it is; the positions before `first` have none there.
        if first > 0 {
            back.push(Call::FillZero { out: x.grad, count: first * c });
        }
        back.push(Call::Copy { x: mid.grad, out: x.grad + first * c, count: rows * c });
        // Without norm and Shortformer, x is what attention reads.
        let direct = norm.is_none() && !shortformer;
        let grad_read = if direct { x.grad } else { self.take(sources * c) };
        back.push(w_k.backward(k.grad, sources, grad_read, direct));
        back.push(w_q.backward(q.grad, rows, grad_read + first * c, true));
        if shortformer {
            back.push(Call::Add { x: grad_read, out: grad_positions, count: sources * c });
        }
        back.push(w_v.backward(v.grad, sources, grad_read, true));
        match norm {
            Some(norm) => back.push(self.norm_backward(norm, grad_read, x.grad)),
            None if !direct => back.push(Call::Add { x: grad_read, out: x.grad, count: sources * c }),
            None => {}
        }
        self.backward.push(back);
        self.update(w_q.update(asking, q.grad, rows));
        self.update(w_k.update(placed, k.grad, sources));
        self.update(w_v.update(read, v.grad, sources));
        self.update(w_o.update(z.at, mid.grad, rows));
        mid
    }
}
