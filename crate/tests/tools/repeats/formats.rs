//! Files of the other formats that repeat one thing.

use super::{Family, Make, key, legacy, numbered, repeated};
use crate::tools::by_hand::{int, safetensors, storage, tensor, text, zip};

pub const FAMILIES: &[Family] = &[
    // The older format of torch.save
    Family {
        name: "references to one storage",
        make: Make::File(|n| {
            let id =
                [&b"("[..], &text("storage"), b"ctorch\nFloatStorage\n", &text("0"), &text("cpu"), &int(1), b"tq\x010"]
                    .concat();
            legacy(&[repeated(n, &id, b"h\x01Q0", b"N"), b"]".to_vec()], b"")
        }),
    },
    Family {
        name: "one storage of long lists of keys",
        make: Make::File(|n| {
            let value = storage("FloatStorage", "0", 0);
            legacy(&[value, repeated(n / 5, &[&text("0")[..], b"q\0(h\0"].concat(), b"h\0", b"l")], &vec![0; n / 5 * 4])
        }),
    },
    // Zip files
    Family { name: "entries of the same bytes", make: Make::File(overlapping) },
    Family {
        name: "entries without a name",
        make: Make::File(|n| {
            let names: Vec<String> = (0..n / 100).map(|i| format!("{i:07}")).collect();
            zip(&names.iter().map(|name| (name.as_str(), &b""[..])).collect::<Vec<_>>(), false)
        }),
    },
    Family {
        name: "ends of a zip file's directory",
        make: Make::File(|n| repeated(n, b"PK\x03\x04", b"PK\x05\x06", b"")),
    },
    // JSON
    Family { name: "JSON: numbers", make: Make::File(|n| repeated(n, b"{\"w\":[", b"0,", b"0]}")) },
    Family {
        name: "JSON: numbers of many digits",
        make: Make::File(|n| repeated(n, b"{\"w\":[", b"9007199254740993.00000000000000000001e-300,", b"0]}")),
    },
    Family { name: "JSON: a long number", make: Make::File(|n| repeated(n, b"{\"w\":[0.", b"1", b"]}")) },
    Family {
        name: "JSON: numbers of 800 digits",
        make: Make::File(|n| repeated(n, b"{\"w\":[", &[b"0.", &b"1".repeat(800)[..], b"e-200,"].concat(), b"0]}")),
    },
    Family { name: "JSON: lists", make: Make::File(|n| repeated(n, b"{\"w\":[", b"[],", b"0]}")) },
    Family { name: "JSON: lists of one number", make: Make::File(|n| repeated(n, b"{\"w\":[", b"[[0]],", b"[[0]]]}")) },
    Family {
        name: "JSON: short keys",
        make: Make::File(|n| numbered(n, b"{", |i| format!("\"{i}\":0,").into_bytes(), b"\"w\":[0]}")),
    },
    Family {
        name: "JSON: keys of lists",
        make: Make::File(|n| numbered(n, b"{", |i| format!("\"{i}\":[0],").into_bytes(), b"\"w\":[0]}")),
    },
    Family {
        name: "JSON: dicts of one setting",
        make: Make::File(|n| numbered(n, b"{", |i| format!("\"{i}\":{{\"a\":0}},").into_bytes(), b"\"w\":[0]}")),
    },
    Family { name: "JSON: texts with escapes", make: Make::File(|n| repeated(n, b"{\"w\":[", b"\"\\n\",", b"0]}")) },
    Family { name: "JSON: spaces", make: Make::File(|n| repeated(n, b"", b" ", b"[")) },
    // safetensors
    Family {
        name: "safetensors: empty tensors",
        make: Make::File(|n| {
            let part =
                |i: usize| format!("\"{i}\":{{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}},").into_bytes();
            let header = numbered(n, b"{", part, b"\"x\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}");
            safetensors(std::str::from_utf8(&header).unwrap(), b"")
        }),
    },
    Family {
        name: "safetensors: metadata",
        make: Make::File(|n| {
            let part = |i: usize| format!("\"{i}\":\"{{\\\"a\\\":0}}\",").into_bytes();
            let header = numbered(n, b"{\"__metadata__\":{", part, b"\"x\":\"\"}}");
            safetensors(std::str::from_utf8(&header).unwrap(), b"")
        }),
    },
    // Others
    Family { name: "line feeds", make: Make::File(|n| vec![b'\n'; n]) },
    Family { name: "zeros", make: Make::File(|n| vec![0; n]) },
];

/// A zip file in which many entries are the same half of the file, which each of them must be checked by its checksum.
fn overlapping(size: usize) -> Vec<u8> {
    const DIRECTORY_END: usize = 22;
    const HEADER: usize = 46;
    let count = (size / 400).min(60_000);
    let part = |i: usize| [text(&key(i)), tensor(&storage("ByteStorage", &key(i), 1), 0, &[1], &[1])].concat();
    let pickle = [b"\x80\x02}(", &(0..count).flat_map(part).collect::<Vec<u8>>()[..], b"u."].concat();
    let mut file = zip(&[("a/data.pkl", &pickle), ("a/data/x", &vec![0; size / 2])], false);
    let end = file.split_off(file.len() - DIRECTORY_END);
    let start = u32::from_le_bytes(end[16..20].try_into().unwrap());
    // The header of the entry "a/data/x", which all others repeat with other names.
    let header = start as usize + HEADER + "a/data.pkl".len();
    let header = file[header..header + HEADER].to_vec();
    for i in 0..count {
        let name = format!("a/data/{}", key(i));
        let mut header = header.clone();
        header[28..30].copy_from_slice(&(name.len() as u16).to_le_bytes());
        file.extend([&header[..], name.as_bytes()].concat());
    }
    let length = (file.len() - start as usize) as u32;
    let entries = (count as u16 + 2).to_le_bytes();
    let end = [&entries[..], &entries, &length.to_le_bytes(), &start.to_le_bytes(), &[0, 0]].concat();
    file.extend([b"PK\x05\x06\0\0\0\0", &end[..]].concat());
    file
}
