//! Where each parameter lies in the flat vector of all of them. Names and shapes are those of TransformerLens's
//! `state_dict`.

use crate::architecture::{Activation, ModelConfig, Normalization, PositionalEmbedding};
use crate::random::{At, Stream, normals};

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// TransformerLens's name, e.g. `blocks.0.attn.W_Q`.
    pub name: String,
    /// Its shape, in row order.
    pub shape: Vec<usize>,
    /// Where its values begin in the flat vector.
    pub offset: usize,
    start: Start,
}

/// How a parameter is initialised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// Normally distributed with standard deviation `0.8 / sqrt(d_model)`.
    Normal,
    Zeros,
    Ones,
}

impl Entry {
    /// How many values it has; at most `usize::MAX`, which in wasm a shape that is to be refused can exceed.
    pub fn len(&self) -> usize {
        self.shape.iter().fold(1, |product, length| product.saturating_mul(*length))
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it is a bias, of a matrix or a norm. Biases start at zero.
    pub fn is_bias(&self) -> bool {
        self.start == Start::Zeros
    }

    /// Where its values are in the flat vector.
    pub fn range(&self) -> std::ops::Range<usize> {
        self.offset..self.offset.saturating_add(self.len())
    }
}

/// All parameters of a model, in the order of the flat vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    entries: Vec<Entry>,
}

impl Layout {
    /// The parameters of a model.
    pub fn new(config: &ModelConfig) -> Self {
        let ModelConfig { n_layers, n_heads: h, d_model: c, d_head: d, d_mlp: m, n_ctx, d_vocab, d_vocab_out, .. } =
            *config;
        let mut layout = Self { entries: Vec::new() };
        layout.add("embed.W_E", &[d_vocab, c], Start::Normal);
        if config.positional_embedding_type != PositionalEmbedding::Rotary {
            layout.add("pos_embed.W_pos", &[n_ctx, c], Start::Normal);
        }
        for layer in 0..n_layers {
            let block = format!("blocks.{layer}");
            layout.add_norm(config, &format!("{block}.ln1"), c);
            for matrix in ["W_Q", "W_K", "W_V"] {
                layout.add(&format!("{block}.attn.{matrix}"), &[h, c, d], Start::Normal);
            }
            layout.add(&format!("{block}.attn.W_O"), &[h, d, c], Start::Normal);
            for bias in ["b_Q", "b_K", "b_V"] {
                layout.add(&format!("{block}.attn.{bias}"), &[h, d], Start::Zeros);
            }
            layout.add(&format!("{block}.attn.b_O"), &[c], Start::Zeros);
            if !config.attn_only {
                layout.add_norm(config, &format!("{block}.ln2"), c);
                layout.add(&format!("{block}.mlp.W_in"), &[c, m], Start::Normal);
                layout.add(&format!("{block}.mlp.b_in"), &[m], Start::Zeros);
                layout.add(&format!("{block}.mlp.W_out"), &[m, c], Start::Normal);
                layout.add(&format!("{block}.mlp.b_out"), &[c], Start::Zeros);
                // As in TransformerLens, SoLU's norm has parameters only if the model's norms are LN.
                if config.act_fn == Activation::SoluLn && config.normalization_type == Some(Normalization::LN) {
                    layout.add_norm(config, &format!("{block}.mlp.ln"), m);
                }
            }
        }
        layout.add_norm(config, "ln_final", c);
        layout.add("unembed.W_U", &[c, d_vocab_out], Start::Normal);
        layout.add("unembed.b_U", &[d_vocab_out], Start::Zeros);
        layout
    }

    fn add(&mut self, name: &str, shape: &[usize], start: Start) {
        let offset = self.len();
        self.entries.push(Entry { name: name.into(), shape: shape.into(), offset, start });
    }

    /// Adds the parameters of a norm over `width` values, if its type has any.
    fn add_norm(&mut self, config: &ModelConfig, name: &str, width: usize) {
        let (w, b) = match config.normalization_type {
            Some(Normalization::LN) => (true, true),
            Some(Normalization::RMS) => (true, false),
            Some(Normalization::LNPre | Normalization::RMSPre) | None => (false, false),
        };
        if w {
            self.add(&format!("{name}.w"), &[width], Start::Ones);
        }
        if b {
            self.add(&format!("{name}.b"), &[width], Start::Zeros);
        }
    }

    /// The parameters, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The parameter of a name, if the model has it.
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// Where the values of a parameter begin in the flat vector.
    ///
    /// # Panics
    /// If the model has no parameter of this name.
    pub fn offset(&self, name: &str) -> usize {
        self.find(name).unwrap_or_else(|| panic!("the layout has no {name}")).offset
    }

    /// How many values all parameters have together; at most `usize::MAX`.
    pub fn len(&self) -> usize {
        self.entries.last().map_or(0, |last| last.range().end)
    }

    /// Whether there is no parameter.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The initial values of all parameters, as TransformerLens draws them (`HookedTransformer.init_weights`, mode
    /// "gpt2"): weights normally distributed with standard deviation `0.8 / sqrt(d_model)`, biases 0, the weights of
    /// norms 1.
    pub fn initial(&self, config: &ModelConfig) -> Vec<f32> {
        let deviation = (0.8 / libm::sqrt(config.d_model as f64)) as f32;
        let mut values = Vec::with_capacity(self.len());
        for (number, entry) in self.entries.iter().enumerate() {
            let end = entry.range().end;
            match entry.start {
                Start::Zeros => values.resize(end, 0.0),
                Start::Ones => values.resize(end, 1.0),
                Start::Normal => {
                    for index in 0..entry.len().div_ceil(4) as u32 {
                        let draws = normals(config.seed, Stream::Init, At { step: number as u32, index, lane: 0 });
                        values.extend(draws.map(|x| x * deviation));
                    }
                    values.truncate(end);
                }
            }
        }
        values
    }
}
