//! Pickles of dicts and settings that are many, long, or referred to many times.

use super::{
    Family, Make, dtype, encoded, key, long, numbered, numpy, old, one, opcodes, repeated, saved, shared, short,
};
use crate::tools::by_hand::{dict, text};

pub const FAMILIES: &[Family] = &[
    Family { name: "short keys", make: Make::File(|n| shared(n, key, b"N")) },
    Family { name: "short keys of a list", make: Make::File(|n| shared(n, key, b"](NNNNe")) },
    Family {
        name: "long keys that differ at their end",
        make: Make::File(|n| shared(n, |i| format!("{:~>250}", key(i)), b"N")),
    },
    Family {
        name: "long keys of two kinds",
        make: Make::File(|n| {
            opcodes(n, &[long(n / 4), b"q\0".to_vec(), long(n / 4), b"q\x01}(".to_vec()].concat(), b"h\0Nh\x01N", b"u")
        }),
    },
    Family {
        name: "keys of one dict of many",
        make: Make::File(|n| {
            let many = numbered(n / 2, b"}(", |i| [short(&key(i)), b"N".to_vec()].concat(), b"u");
            shared(n, key, &many)
        }),
    },
    Family {
        name: "keys of one object of many pairs",
        make: Make::File(|n| {
            let pairs = repeated(n / 2, b"ccollections\nOrderedDict\n](", b"N", b"e\x85R");
            shared(n, key, &pairs)
        }),
    },
    Family {
        name: "keys of one object with a state",
        make: Make::File(|n| {
            let state = numbered(2000, b"cm\nM\n)R}(", |i| [short(&key(i)), b"N".to_vec()].concat(), b"ub");
            shared(n, key, &state)
        }),
    },
    Family { name: "training state", make: Make::File(|n| shared(n, |i| format!("optim{}", key(i)), b"}")) },
    Family {
        name: "dicts of one setting",
        make: Make::File(|n| {
            let part = |i: usize| [short(&key(i)), b"}(h\x01h\x01u".to_vec()].concat();
            saved(numbered(n, &[b"\x80\x04", &short("a")[..], b"q\x01}(", &short("w"), &one()].concat(), part, b"u."))
        }),
    },
    Family { name: "settings that are classes", make: Make::File(|n| settings(n, b"ctorch\nfloat32\n")) },
    Family {
        name: "settings that are long class names",
        make: Make::File(|n| settings(n, &[old(n / 4), b"q\x020h\x02h\x02\x93".to_vec()].concat())),
    },
    Family { name: "settings that are texts", make: Make::File(|n| settings(n, &old(1000))) },
    Family { name: "settings that are long texts", make: Make::File(|n| settings(n, &old(n / 2))) },
    Family {
        name: "settings that are lists of texts",
        make: Make::File(|n| settings(n, &[&old(1000)[..], b"q\x020(", &b"h\x02".repeat(64), b"l"].concat())),
    },
    Family {
        name: "settings that are devices",
        make: Make::File(|n| settings(n, b"ctorch\ndevice\n(U\x04cudaK\x01tR")),
    },
    Family {
        name: "settings that are paths",
        make: Make::File(|n| settings(n, &[b"cpathlib\nPosixPath\n(", &old(100).repeat(60)[..], b"tR"].concat())),
    },
    Family {
        name: "settings that are NumPy's numbers",
        make: Make::File(|n| settings(n, &numpy("scalar", &[dtype(b"U\x02f4"), encoded(&text("abcd"))].concat()))),
    },
    Family {
        name: "settings that are NumPy's numbers of long bytes",
        make: Make::File(|n| settings(n, &numpy("scalar", &[dtype(b"U\x02f4"), encoded(&long(n / 2))].concat()))),
    },
    Family {
        name: "settings that are NumPy's numbers of a long type",
        make: Make::File(|n| {
            let code = [b"T", &(n as u32 / 2).to_le_bytes()[..], &vec![b'<'; n / 2]].concat();
            settings(n, &numpy("scalar", &[dtype(&code), encoded(&text("abcd"))].concat()))
        }),
    },
];

/// A pickle of a state dict with a configuration of many settings, which have one value.
fn settings(size: usize, value: &[u8]) -> Vec<u8> {
    let head =
        [b"\x80\x04", value, b"q\x010}(", &short("model"), &dict(&[("w", one())]), &short("cfg"), b"}("].concat();
    saved(numbered(size, &head, |number| [short(&key(number)), b"h\x01".to_vec()].concat(), b"uu."))
}
