//! What the host writes for the shader: records of 32-bit words that both sides read by the same names, and constants.

/// Stands for a parameter or a target that does not exist; the shader knows it as `NONE`.
pub const NONE: u32 = u32::MAX;

/// A value that takes one word of a table, or is a constant of the shader.
pub trait Word: Copy {
    /// Its type in WGSL.
    const TYPE: &'static str = "u32";

    /// The word that holds it.
    fn word(self) -> u32;

    /// The WGSL expression that reads it out of a word.
    fn read(word: &str) -> String {
        word.into()
    }

    /// The value as WGSL writes it.
    fn literal(self) -> String {
        format!("{}u", self.word())
    }
}

impl Word for usize {
    fn word(self) -> u32 {
        self as u32
    }
}

impl Word for Option<usize> {
    fn word(self) -> u32 {
        self.map_or(NONE, Word::word)
    }
}

impl Word for f32 {
    const TYPE: &'static str = "f32";

    fn word(self) -> u32 {
        self.to_bits()
    }

    fn read(word: &str) -> String {
        format!("bitcast<f32>({word})")
    }

    /// The shortest text that reads as this float32.
    fn literal(self) -> String {
        format!("{self:?}f")
    }
}

impl Word for bool {
    const TYPE: &'static str = "bool";

    fn word(self) -> u32 {
        self.into()
    }

    fn read(word: &str) -> String {
        format!("{word} == 1u")
    }

    fn literal(self) -> String {
        self.to_string()
    }
}

/// A field of a record: its name, its type in WGSL, and the expression that reads it out of a word.
pub struct Field {
    name: &'static str,
    kind: &'static str,
    read: fn(&str) -> String,
}

impl Field {
    /// A field that holds a `W`.
    pub fn new<W: Word>(name: &'static str) -> Self {
        Self { name, kind: W::TYPE, read: W::read }
    }
}

/// The WGSL declaration of a record.
pub fn declare(record: &str, fields: &[Field]) -> String {
    let fields: String = fields.iter().map(|Field { name, kind, .. }| format!("  {name}: {kind},\n")).collect();
    format!("struct {record} {{\n{fields}}}\n")
}

/// The WGSL expression that reads a record out of `table`, from word `skip` after `at` on.
pub fn construct(record: &str, fields: &[Field], table: &str, at: &str, skip: usize) -> String {
    let field = |(number, field): (usize, &Field)| (field.read)(&format!("{table}[{at} + {number}u]"));
    format!("{record}({})", (skip..).zip(fields).map(field).collect::<Vec<_>>().join(", "))
}

/// Declares a record that the host writes and the shader reads: a Rust struct, and a WGSL struct of the same
/// name and fields with a function that reads it out of a table.
macro_rules! record {
    (
        $(#[$doc:meta])*
        $name:ident, read by $reader:ident from $table:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $name {
            /// How many words it takes.
            pub const WORDS: usize = [$(stringify!($field)),*].len();

            /// Its words, field by field.
            pub fn words(&self) -> [u32; Self::WORDS] {
                use $crate::train::kernels::words::Word;
                [$(self.$field.word()),*]
            }

            /// Its declaration in WGSL, and the function that reads it.
            pub fn wgsl() -> String {
                use $crate::train::kernels::words::{Field, construct, declare};
                let [name, reader, table] = [stringify!($name), stringify!($reader), stringify!($table)];
                let fields = [$(Field::new::<$type>(stringify!($field))),*];
                let read = construct(name, &fields, table, "at", 0);
                format!("{}fn {reader}(at: u32) -> {name} {{\n  return {read};\n}}\n", declare(name, &fields))
            }
        }
    };
}

/// The declaration of a WGSL constant.
pub fn constant(name: &str, value: impl Word) -> String {
    format!("const {name} = {};\n", value.literal())
}

/// The declarations of some WGSL constants, each under the name and with the value that is given here.
macro_rules! constants {
    ($($name:ident = $value:expr),* $(,)?) => {
        [$($crate::train::kernels::words::constant(stringify!($name), $value)),*].concat()
    };
}

pub(super) use {constants, record};
