//! Pickles of tensors, arrays and modules that are many, long, or referred to many times.

use super::{
    Family, Make, array, dtype, encoded, key, legacy, long, numbered, old, one, repeated, saved, saved_dict, shared,
    short,
};
use crate::tools::by_hand::{dict, ints, module, pickle, storage, tensor, text};

pub const FAMILIES: &[Family] = &[
    Family { name: "names of one tensor", make: Make::File(|n| saved_dict(n, key, &one())) },
    Family {
        name: "names of one empty tensor",
        make: Make::File(|n| saved_dict(n, key, &tensor(&storage("FloatStorage", "0", 1), 0, &[0], &[1]))),
    },
    Family {
        name: "long names of one tensor",
        make: Make::File(|n| saved_dict(n, |i| format!("{:~>250}", key(i)), &one())),
    },
    Family {
        name: "names of one mask that cannot be read",
        make: Make::File(|n| {
            saved_dict(n, |i| format!("{}.mask", key(i)), b"ctorch._utils\n_rebuild_sparse_tensor\n)R")
        }),
    },
    Family {
        name: "tensors of as many storages",
        make: Make::File(|n| {
            let part = |i: usize| {
                let id = [&b"(h\x01h\x02h\x03h\x04h\x05tQ"[..]].concat();
                [short(&key(i)), b"h\x06(".to_vec(), id, b"K\0h\x07h\x07\x89NtR".to_vec()].concat()
            };
            saved(numbered(n, &memoised(), part, b"u."))
        }),
    },
    Family {
        name: "tensors of one nested storage, loaded each time",
        make: Make::File(|n| {
            let file = nested();
            let bytes =
                [b"C", &[file.len() as u8][..], &file, b"\x85q\x080ctorch.storage\n_load_from_bytes\nq\x090"].concat();
            let part = |i: usize| [short(&key(i)), b"h\x06(h\x09h\x08RK\0h\x07h\x07\x89NtR".to_vec()].concat();
            numbered(n, &[&memoised()[..memoised().len() - 2], &bytes, b"}("].concat(), part, b"u.")
        }),
    },
    Family {
        name: "tensors of one long nested storage, loaded each time",
        make: Make::File(|n| {
            let value = [&old(n / 4)[..], b"0", &storage("FloatStorage", "0", 1)].concat();
            let file = legacy(&[value, [&b"]"[..], &text("0"), b"a"].concat()], &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            let latin1 = text(&file.iter().map(|&byte| char::from(byte)).collect::<String>());
            let bytes = [&encoded(&latin1)[..], b"\x85q\x080ctorch.storage\n_load_from_bytes\nq\x090"].concat();
            let part = |i: usize| [short(&key(i)), b"h\x06(h\x09h\x08RK\0h\x07h\x07\x89NtR".to_vec()].concat();
            numbered(n, &[&memoised()[..memoised().len() - 2], &bytes, b"}("].concat(), part, b"u.")
        }),
    },
    Family {
        name: "arrays of one long Latin-1 text",
        make: Make::File(|n| shared(n, key, &array(&dtype(b"U\x02u1"), &encoded(&long(n / 4)), &[0]))),
    },
    Family {
        name: "arrays of a long type",
        make: Make::File(|n| {
            let code = [b"T", &(n as u32 / 4).to_le_bytes()[..], &vec![b'<'; n / 4]].concat();
            shared(n, |i| format!("{}.mask", key(i)), &array(&dtype(&code), b"C\0", &[0]))
        }),
    },
    Family {
        name: "base64 that is long and empty",
        make: Make::File(|n| shared(n, key, &dict(&[("shape", ints(&[0])), ("data", text(&" ".repeat(n / 2)))]))),
    },
    Family {
        name: "parts of one module",
        make: Make::File(|n| {
            let part = |i: usize| [short(&key(i)), b"h\x01".to_vec()].concat();
            let inner = [b"\x80\x04", &module(b"}")[..], b"q\x010"].concat();
            numbered(
                n,
                &[&inner[..], b"cm\nM\n)\x81}(", &text("_parameters"), b"}", &text("_modules"), b"}("].concat(),
                part,
                b"uub.",
            )
        }),
    },
    Family {
        name: "parts of a module that are none",
        make: Make::File(|n| {
            let part = |i: usize| [short(&key(i)), b"]".to_vec()].concat();
            numbered(
                n,
                &[b"\x80\x04cm\nM\n)\x81}(", &text("_parameters")[..], b"}", &text("_modules"), b"}("].concat(),
                part,
                b"uub.",
            )
        }),
    },
    Family {
        name: "modules in modules, each twice",
        make: Make::File(|n| {
            let mut value = module(b"}");
            for _ in 0..40 {
                let parts = [&b"}("[..], &text("a"), b"h\x01", &text("b"), b"h\x01u"].concat();
                value.extend([&b"q\x01"[..], &module(&parts)].concat());
            }
            repeated(n, &pickle(&value), b"N", b"")
        }),
    },
    Family {
        name: "buffers that are not saved",
        make: Make::File(|n| {
            let set = numbered(n / 2, b"\x8f(", |i| short(&format!("{}x", key(i))), b"\x90");
            let head = [
                b"\x80\x04cm\nM\n)\x81}(",
                &text("_modules")[..],
                b"}",
                &text("_non_persistent_buffers_set"),
                &set,
                &text("_parameters"),
                b"}",
                &text("_buffers"),
                b"}(",
            ]
            .concat();
            numbered(n, &head, |i| [short(&key(i)), b"N".to_vec()].concat(), b"uub.")
        }),
    },
];

/// A storage's own legacy file.
fn nested() -> Vec<u8> {
    let keys = [&b"]"[..], &text("0"), b"a"].concat();
    legacy(&[storage("FloatStorage", "0", 1), keys], &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
}

/// The beginning of a dict of tensors, with their parts in the memo: 1 to 5 of a reference to a storage, 6 the function
/// that makes tensors, 7 a shape and strides.
fn memoised() -> Vec<u8> {
    let parts = [text("storage"), b"ctorch\nFloatStorage\n".to_vec(), text("0"), text("cpu"), b"K\x01".to_vec()];
    let mut head = b"\x80\x04".to_vec();
    for (index, part) in parts.iter().enumerate() {
        head.extend([part, &b"q"[..], &[index as u8 + 1], b"0"].concat());
    }
    head.extend(b"ctorch._utils\n_rebuild_tensor_v2\nq\x060K\x01\x85q\x070}(");
    head
}
