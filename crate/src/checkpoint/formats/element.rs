//! The types of a tensor's elements: their names in each format, their sizes, and how their bytes become `f32`.

use half::{bf16, f16};

/// The type of one element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    F64,
    F32,
    F16,
    BF16,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
    Bool,
    /// A type whose values are not plain real numbers, by its name and size. It can be passed over, but not read.
    Other(&'static str, usize),
}

use Element::{BF16, Bool, F16, F32, F64, I8, I16, I32, I64, Other, U8, U16, U32, U64};

/// Each readable type with its name in PyTorch, its code in safetensors, and PyTorch's name for a storage of it.
const NAMES: [(Element, &str, &str, &str); 13] = [
    (F64, "float64", "F64", "DoubleStorage"),
    (F32, "float32", "F32", "FloatStorage"),
    (F16, "float16", "F16", "HalfStorage"),
    (BF16, "bfloat16", "BF16", "BFloat16Storage"),
    (I64, "int64", "I64", "LongStorage"),
    (I32, "int32", "I32", "IntStorage"),
    (I16, "int16", "I16", "ShortStorage"),
    (I8, "int8", "I8", "CharStorage"),
    (U64, "uint64", "U64", ""),
    (U32, "uint32", "U32", ""),
    (U16, "uint16", "U16", ""),
    (U8, "uint8", "U8", "ByteStorage"),
    (Bool, "bool", "BOOL", "BoolStorage"),
];

/// What an error says is accepted.
pub const READABLE: &str = "float64, float32, float16, bfloat16, int64 to int8, uint64 to uint8 and bool";

impl Element {
    /// The type by PyTorch's or NumPy's name, with or without the module in front, or by safetensors's code.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.strip_prefix("torch.").or_else(|| name.strip_prefix("numpy.")).unwrap_or(name);
        if let Some(&(element, ..)) =
            NAMES.iter().find(|&&(_, torch, safetensors, _)| name == torch || name == safetensors)
        {
            return Some(element);
        }
        Some(match name {
            "double" => F64,
            "float" => F32,
            "half" => F16,
            "long" => I64,
            "int" => I32,
            "short" => I16,
            "complex64" | "C64" => Other("complex64", 8),
            "complex128" => Other("complex128", 16),
            "complex32" => Other("complex32", 4),
            _ if name.starts_with("float8") || name.starts_with("F8_") => Other("float8", 1),
            _ => return None,
        })
    }

    /// The type by the class of a PyTorch storage. An untyped storage counts bytes.
    pub fn of_storage(class: &str) -> Option<Self> {
        if let Some(&(element, ..)) = NAMES.iter().find(|&&(.., storage)| !storage.is_empty() && class == storage) {
            return Some(element);
        }
        Some(match class {
            "UntypedStorage" | "_UntypedStorage" => U8,
            "ComplexFloatStorage" => Other("complex64", 8),
            "ComplexDoubleStorage" => Other("complex128", 16),
            "QInt8Storage" => Other("qint8", 1),
            "QUInt8Storage" => Other("quint8", 1),
            "QInt32Storage" => Other("qint32", 4),
            "QUInt4x2Storage" => Other("quint4x2", 1),
            "QUInt2x4Storage" => Other("quint2x4", 1),
            _ => return None,
        })
    }

    /// The type by NumPy's code, such as `f8`, without the byte order.
    pub fn of_numpy(code: &str) -> Option<Self> {
        Some(match code {
            "f8" => F64,
            "f4" => F32,
            "f2" => F16,
            "i8" => I64,
            "i4" => I32,
            "i2" => I16,
            "i1" => I8,
            "u8" => U64,
            "u4" => U32,
            "u2" => U16,
            "u1" => U8,
            "b1" => Bool,
            "c8" => Other("complex64", 8),
            "c16" => Other("complex128", 16),
            _ => return None,
        })
    }

    /// Its name in PyTorch.
    pub fn name(self) -> &'static str {
        match self {
            Other(name, _) => name,
            _ => NAMES.iter().find(|(element, ..)| *element == self).map_or("", |(_, name, ..)| name),
        }
    }

    /// How many bytes an element takes.
    pub fn size(self) -> usize {
        match self {
            F64 | I64 | U64 => 8,
            F32 | I32 | U32 => 4,
            F16 | BF16 | I16 | U16 => 2,
            I8 | U8 | Bool => 1,
            Other(_, size) => size,
        }
    }

    /// Appends every `step`-th element of `bytes` to `values` until it has `until` values. Integers and float64 are
    /// rounded to the nearest float32.
    pub fn decode(self, bytes: &[u8], big_endian: bool, step: usize, until: usize, values: &mut Vec<f32>) {
        match self {
            F64 => each(bytes, big_endian, step, until, values, |b| f64::from_le_bytes(b) as f32),
            F32 => each(bytes, big_endian, step, until, values, f32::from_le_bytes),
            F16 => each(bytes, big_endian, step, until, values, |b| f16::from_le_bytes(b).to_f32()),
            BF16 => each(bytes, big_endian, step, until, values, |b| bf16::from_le_bytes(b).to_f32()),
            I64 => each(bytes, big_endian, step, until, values, |b| i64::from_le_bytes(b) as f32),
            I32 => each(bytes, big_endian, step, until, values, |b| i32::from_le_bytes(b) as f32),
            I16 => each(bytes, big_endian, step, until, values, |b| i16::from_le_bytes(b).into()),
            I8 => each(bytes, big_endian, step, until, values, |b| i8::from_le_bytes(b).into()),
            U64 => each(bytes, big_endian, step, until, values, |b| u64::from_le_bytes(b) as f32),
            U32 => each(bytes, big_endian, step, until, values, |b| u32::from_le_bytes(b) as f32),
            U16 => each(bytes, big_endian, step, until, values, |b| u16::from_le_bytes(b).into()),
            U8 => each(bytes, big_endian, step, until, values, |[b]| b.into()),
            Bool => each(bytes, big_endian, step, until, values, |[b]| if b == 0 { 0.0 } else { 1.0 }),
            Other(..) => {}
        }
    }
}

/// [`Element::decode`] for elements of `N` bytes.
fn each<const N: usize>(
    bytes: &[u8],
    big_endian: bool,
    step: usize,
    until: usize,
    values: &mut Vec<f32>,
    one: impl Fn([u8; N]) -> f32,
) {
    let (elements, _) = bytes.as_chunks::<N>();
    let count = until.saturating_sub(values.len());
    let one = |element: &[u8; N]| {
        let mut element = *element;
        if big_endian {
            element.reverse();
        }
        one(element)
    };
    match step {
        // An expanded tensor: the same element over and over.
        0 => {
            if let Some(element) = elements.first() {
                values.resize(until.max(values.len()), one(element));
            }
        }
        1 => values.extend(elements.iter().take(count).map(one)),
        _ => values.extend(elements.iter().step_by(step).take(count).map(one)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(element: Element, bytes: &[u8], big_endian: bool, step: usize, until: usize) -> Vec<f32> {
        let mut values = Vec::new();
        element.decode(bytes, big_endian, step, until, &mut values);
        values
    }

    #[test]
    fn decodes_each_type_in_both_byte_orders() {
        assert_eq!(decoded(F32, &[0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0], false, 1, 2), [1.0, -2.0]);
        assert_eq!(decoded(F32, &[0x3f, 0x80, 0, 0], true, 1, 1), [1.0]);
        assert_eq!(decoded(F16, &[0x00, 0x3c], false, 1, 1), [1.0]);
        assert_eq!(decoded(BF16, &[0x80, 0x3f], false, 1, 1), [1.0]);
        assert_eq!(decoded(F64, &1e300f64.to_le_bytes(), false, 1, 1), [f32::INFINITY]);
        assert_eq!(decoded(I64, &(-5i64).to_be_bytes(), true, 1, 1), [-5.0]);
        assert_eq!(decoded(Bool, &[0, 1, 7], false, 1, 3), [0.0, 1.0, 1.0]);
    }

    #[test]
    fn a_step_of_zero_repeats_and_others_skip() {
        assert_eq!(decoded(U8, &[7, 8], false, 0, 3), [7.0, 7.0, 7.0]);
        assert_eq!(decoded(U8, &[1, 2, 3, 4, 5], false, 2, 9), [1.0, 3.0, 5.0]);
    }

    #[test]
    fn knows_types_by_every_name() {
        for name in ["torch.float32", "float32", "float", "F32"] {
            assert_eq!(Element::named(name), Some(F32), "{name}");
        }
        assert_eq!(Element::of_storage("LongStorage"), Some(I64));
        assert_eq!(Element::of_storage(""), None);
        assert_eq!(Element::of_numpy("f2"), Some(F16));
        assert_eq!(Element::named("float8_e4m3fn"), Some(Other("float8", 1)));
    }
}
