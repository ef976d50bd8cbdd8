//! Pickles that repeat one or a few opcodes, some of them with a reference to something long.

use super::{Family, Make, long, numbered, old, opcodes};

pub const FAMILIES: &[Family] = &[
    Family { name: "GLOBAL", make: Make::Opcodes(b"N", b"cm\nM\n0", b"") },
    Family { name: "BUILD", make: Make::Opcodes(b"cm\nM\n)R", b"Nb", b"") },
    Family { name: "REDUCE", make: Make::Opcodes(b"cm\nM\nq\0", b"h\0)R0", b"") },
    Family { name: "NEWOBJ_EX", make: Make::Opcodes(b"cm\nM\nq\0", b"h\0)N\x920", b"") },
    Family { name: "INST", make: Make::Opcodes(b"N", b"(im\nM\n0", b"") },
    Family { name: "OBJ", make: Make::Opcodes(b"cm\nM\nq\0", b"(h\0o0", b"") },
    Family { name: "APPEND to a list", make: Make::Opcodes(b"]q\0", b"h\0a", b"") },
    Family { name: "APPEND to an object", make: Make::Opcodes(b"cm\nM\nq\0)R", b"h\0a", b"") },
    Family { name: "APPENDS of one item", make: Make::Opcodes(b"]q\0", b"(h\0e", b"") },
    Family { name: "ADDITEMS of one item", make: Make::Opcodes(b"\x8fq\0", b"(h\0\x90", b"") },
    Family { name: "APPENDS of many items", make: Make::Opcodes(b"]q\0(", b"h\0", b"e") },
    Family { name: "SETITEMS of no text", make: Make::Opcodes(b"}", b"(NNu", b"") },
    Family { name: "DICT", make: Make::Opcodes(b"N", b"(NNd0", b"") },
    Family { name: "EMPTY_LIST", make: Make::Opcodes(b"", b"]", b"") },
    Family { name: "FROZENSET", make: Make::Opcodes(b"N", b"(N\x910", b"") },
    Family { name: "TUPLE1", make: Make::Opcodes(b"N", b"\x85", b"") },
    Family { name: "TUPLE3", make: Make::Opcodes(b"Nq\0", b"h\0h\0h\0\x870", b"") },
    Family { name: "MARK", make: Make::Opcodes(b"N", b"(", b"") },
    Family { name: "MARK and POP_MARK", make: Make::Opcodes(b"N", b"(1", b"") },
    Family { name: "POP_MARK of many", make: Make::Opcodes(b"(N", b"2", b"1N") },
    Family { name: "DUP and POP", make: Make::Opcodes(b"N", b"20", b"") },
    Family { name: "PUT", make: Make::Opcodes(b"N", b"q\0", b"") },
    Family { name: "MEMOIZE", make: Make::Opcodes(b"N", b"\x94", b"") },
    Family { name: "GET", make: Make::Opcodes(b"Nq\0", b"h\x000", b"") },
    Family { name: "PERSID", make: Make::Opcodes(b"N", b"Pa\n0", b"") },
    Family { name: "objects of references to objects", make: Make::Opcodes(b"cm\nM\n)R", b"Q)R", b"cm\nM\nb") },
    Family { name: "EXT1", make: Make::Opcodes(b"N", b"\x82\x010", b"") },
    Family { name: "INT", make: Make::Opcodes(b"N", b"I1\n0", b"") },
    Family { name: "a long INT", make: Make::Opcodes(b"I1", b"0", b"\n") },
    Family { name: "a long LONG", make: Make::Opcodes(b"L1", b"0", b"L\n") },
    Family {
        name: "LONG of 38 digits",
        make: Make::Opcodes(b"N", b"L12345678901234567890123456789012345678L\n0", b""),
    },
    Family { name: "a long FLOAT", make: Make::Opcodes(b"F0.", b"1", b"\n") },
    Family {
        name: "FLOAT of many digits",
        make: Make::Opcodes(b"N", b"F9007199254740993.00000000000000000001e-300\n0", b""),
    },
    Family { name: "LONG4", make: Make::Opcodes(b"N", b"\x8b\x11\0\0\0aaaaaaaaaaaaaaaaa0", b"") },
    Family { name: "STRING with escapes", make: Make::Opcodes(b"N", b"S'\\x41'\n0", b"") },
    Family { name: "a long STRING with escapes", make: Make::Opcodes(b"S'", b"\\x41", b"'\n") },
    Family { name: "UNICODE with escapes", make: Make::Opcodes(b"N", b"V\\u0041\n0", b"") },
    Family { name: "a long UNICODE with escapes", make: Make::Opcodes(b"V", b"\\u0041", b"\n") },
    Family { name: "BINUNICODE", make: Make::Opcodes(b"N", b"X\x04\0\0\0aaaa0", b"") },
    Family { name: "SHORT_BINBYTES", make: Make::Opcodes(b"N", b"C\x01a0", b"") },
    Family { name: "FRAME", make: Make::Opcodes(b"N", b"\x95\0\0\0\0\0\0\0\0", b"") },
    Family { name: "PROTO", make: Make::Opcodes(b"N", b"\x80\x04", b"") },
    Family {
        name: "STACK_GLOBAL of a long str of Python 2",
        make: Make::File(|n| opcodes(n, &[old(n / 2), b"q\0".to_vec()].concat(), b"h\0h\0\x930", b"")),
    },
    Family {
        name: "STACK_GLOBAL of a long text",
        make: Make::File(|n| opcodes(n, &[long(n / 2), b"q\0".to_vec()].concat(), b"h\0h\0\x930", b"")),
    },
    Family {
        name: "BUILD of an object with a long class name",
        make: Make::File(|n| {
            let class = [old(n / 4), b"q\0h\0\x93)R".to_vec()].concat();
            opcodes(n, &[old(n / 4), class].concat(), b"Nb", b"")
        }),
    },
    Family {
        name: "REDUCE of a long class name",
        make: Make::File(|n| opcodes(n, &[old(n / 2), b"q\0h\0\x93q\x01".to_vec()].concat(), b"h\x01)R0", b"")),
    },
    Family {
        name: "SETITEM under one long key",
        make: Make::File(|n| opcodes(n, &[long(n / 2), b"q\0}".to_vec()].concat(), b"h\0Ns", b"")),
    },
    Family {
        name: "SETITEMS under one long key",
        make: Make::File(|n| opcodes(n, &[old(n / 2), b"q\0}".to_vec()].concat(), b"(h\0Nu", b"")),
    },
    Family {
        name: "PUT as far as it goes",
        make: Make::File(|n| {
            numbered(
                n,
                b"\x80\x04N",
                |number| [b"r".to_vec(), (5 * number as u32 + 900).to_le_bytes().to_vec()].concat(),
                b".",
            )
        }),
    },
    Family {
        name: "BINPERSID",
        make: Make::File(|n| opcodes(n, &[long(n / 2), b"q\0".to_vec()].concat(), b"h\0Q0", b"")),
    },
];
