//! Calls of the shader's functions: what the passes through a sequence consist of.

use super::words::{Field, Word, construct, declare};

/// Declares every function that a pass can call, with the names and types of its arguments: the variants of
/// [`Call`], and what WGSL needs to know of them.
macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident => $function:ident { $($argument:ident: $type:ty),* $(,)? })*) => {
        /// A call of one of the shader's functions. Arguments that name values of a sequence (`x`, `out`, …) count
        /// from where its part of the activations begins; those that name parameters (`weight`, `bias`, …) from the
        /// first parameter.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Call {
            $($(#[$doc])* $name { $($argument: $type),* },)*
        }

        /// The calls in the order of their declaration.
        enum Number {
            $($name,)*
        }

        /// Words of a call: its number, and as many arguments as the longest has.
        pub const CALL_WORDS: usize = 1 + most(&[$([$(stringify!($argument)),*].len()),*]);

        impl Call {
            /// The call as a row of the shader's table.
            pub fn words(self) -> [u32; CALL_WORDS] {
                let mut row = [0; CALL_WORDS];
                match self {
                    $(Self::$name { $($argument),* } => {
                        let words = [Number::$name as u32 + FIRST, $($argument.word()),*];
                        row[..words.len()].copy_from_slice(&words);
                    })*
                }
                row
            }

            /// The name of each call, the shader's function, and its arguments.
            fn signatures() -> Vec<(&'static str, &'static str, Vec<Field>)> {
                vec![$((
                    stringify!($name),
                    stringify!($function),
                    vec![$(Field::new::<$type>(stringify!($argument))),*],
                )),*]
            }
        }
    };
}

/// The number of the first call: a table that was never written calls nothing.
const FIRST: u32 = 1;

impl Call {
    /// WGSL: a struct for the arguments of each function, and `carry_out(call)`, which calls the function whose number
    /// stands at `call`. A number that no function has makes the loss NaN.
    pub fn wgsl() -> String {
        let (mut structs, mut cases) = (String::new(), String::new());
        for (number, (name, function, arguments)) in (FIRST..).zip(Self::signatures()) {
            structs += &declare(name, &arguments);
            let arguments = construct(name, &arguments, "tables", "call", 1);
            cases += &format!("    case {number}u: {{\n      {function}({arguments});\n    }}\n");
        }
        // All exponent bits set make a NaN. WGSL would refuse it as a constant.
        cases += "    default: {\n      loss = bitcast<f32>(tables[call] | 0x7fc00000u);\n    }\n";
        format!("{structs}fn carry_out(call: u32) {{\n  switch (tables[call]) {{\n{cases}  }}\n}}\n")
    }
}

/// The largest of some lengths.
const fn most(lengths: &[usize]) -> usize {
    let (mut most, mut i) = (0, 0);
    while i < lengths.len() {
        if lengths[i] > most {
            most = lengths[i];
        }
        i += 1;
    }
    most
}

calls! {
    /// `out[p] = W_E[token at p]`, plus `W_pos[p]` where positions are added, `[positions, C]`.
    Embed => embed { out: usize }
    /// `count` zeros.
    FillZero => fill_zero { out: usize, count: usize }
    /// `out = x`, `count` values.
    Copy => copy { x: usize, out: usize, count: usize }
    /// `out += x`, `count` values.
    Add => add { x: usize, out: usize, count: usize }
    /// `out = x + W_pos`, `[positions, C]`: what Shortformer's queries and keys read.
    AddPositions => add_positions { x: usize, out: usize }
    /// `out = x W + b`, `[rows, columns]` from `[rows, inner]`, on top of what `out` held if `add`. W is stored
    /// in blocks of `wide` columns (heads), one after the other.
    Linear => linear {
        x: usize, rows: usize, inner: usize, columns: usize,
        weight: usize, wide: usize, bias: Option<usize>, out: usize, add: bool,
    }
    /// `normed`, `[rows, C]`: x normalised; `inverse`, `[rows]`: what each row was multiplied with; `out =
    /// normed w + b` where there are weights.
    Norm => norm {
        x: usize, rows: usize, normed: usize, inverse: usize, w: Option<usize>, b: Option<usize>, out: usize,
    }
    /// Adds to `out` the gradient of what a norm read, `[rows, C]`; `grad` is that of what it gave.
    NormBackward => norm_backward {
        grad: usize, rows: usize, normed: usize, inverse: usize, w: Option<usize>, out: usize,
    }
    /// Turns queries or keys by their positions, of which `first` is the first row's; `direction` -1 turns them back.
    Rotate => rotate { x: usize, rows: usize, first: usize, direction: f32 }
    /// `out[h, i, j] = scale · a[i, h] · b[j, h]`, `[H, rows, positions]`, from rows of all heads: scores, and
    /// a pattern's gradient.
    Products => products { a: usize, b: usize, rows: usize, first: usize, scale: f32, out: usize }
    /// Scores, `[H, rows, positions]`, become the pattern.
    Softmax => softmax { pattern: usize, rows: usize, first: usize }
    /// The gradient of a pattern becomes that of its scores.
    SoftmaxBackward => softmax_backward { pattern: usize, grad: usize, rows: usize, first: usize }
    /// `out[i, h] = scale Σ_j weights[h, i, j] x[j, h]`: z from the values, and the queries' gradient from the keys.
    OverSources => over_sources { weights: usize, x: usize, rows: usize, first: usize, scale: f32, out: usize }
    /// `out[j, h] = scale Σ_i weights[h, i, j] x[i, h]`: the keys' gradient from the queries, and the values' from z's.
    OverDestinations => over_destinations {
        weights: usize, x: usize, rows: usize, first: usize, scale: f32, out: usize,
    }
    /// `post` = the MLP's activation of `pre`, `count` values.
    Activate => activate { pre: usize, post: usize, count: usize }
    /// The gradient of `post`, in `grad`, becomes that of `pre`.
    ActivateBackward => activate_backward { pre: usize, grad: usize, count: usize }
    /// Adds up the cross entropy of `logits`, `[positions from the first that can count, V out]`, at the
    /// counted positions. Logits become the gradient of that sum.
    CrossEntropy => cross_entropy { logits: usize }
}
