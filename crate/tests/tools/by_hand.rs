//! Files put together by hand: pickles opcode by opcode, and the files that `torch.save` packs them in.

/// Text, as a pickle's opcodes.
pub fn text(text: &str) -> Vec<u8> {
    [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat()
}

/// An integer of eight bytes.
pub fn int(value: i64) -> Vec<u8> {
    [&b"\x8a\x08"[..], &value.to_le_bytes()].concat()
}

/// A tuple of integers.
pub fn ints(values: &[i64]) -> Vec<u8> {
    [&b"("[..], &values.iter().flat_map(|&value| int(value)).collect::<Vec<u8>>(), b"t"].concat()
}

/// A dict with text for keys.
pub fn dict(fields: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let fields: Vec<u8> = fields.iter().flat_map(|(name, value)| [text(name), value.clone()].concat()).collect();
    [&b"}("[..], &fields, b"u"].concat()
}

/// A reference to a storage outside the pickle.
pub fn storage(class: &str, key: &str, count: i64) -> Vec<u8> {
    [&b"("[..], &text("storage"), format!("ctorch\n{class}\n").as_bytes(), &text(key), &text("cpu"), &int(count), b"tQ"]
        .concat()
}

/// A tensor on a storage.
pub fn tensor(storage: &[u8], offset: i64, shape: &[i64], strides: &[i64]) -> Vec<u8> {
    let head = b"ctorch._utils\n_rebuild_tensor_v2\n(";
    [head, storage, &int(offset), &ints(shape), &ints(strides), b"\x89NtR"].concat()
}

/// A whole pickle of protocol 2, by the opcodes of its value.
pub fn pickle(value: &[u8]) -> Vec<u8> {
    [b"\x80\x02", value, b"."].concat()
}

/// A file of `torch.save` with one storage, "0".
pub fn saved(value: &[u8], storage: &[u8]) -> Vec<u8> {
    zip(&[("a/data.pkl", &pickle(value)), ("a/data/0", storage)], false)
}

/// Little-endian bytes.
pub fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A module whose `_modules` is given, as a pickle's opcodes.
pub fn module(modules: &[u8]) -> Vec<u8> {
    let state = [&b"}("[..], &text("_parameters"), b"}", &text("_modules"), modules, b"u"].concat();
    [&b"cm\nM\n)\x81"[..], &state, b"b"].concat()
}

/// A safetensors file.
pub fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

/// A zip file as `torch.save` writes it, or deflated.
pub fn zip(entries: &[(&str, &[u8])], deflate: bool) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in entries {
        let packed = if deflate { deflated(data) } else { data.to_vec() };
        let mut head = Vec::new();
        for field in [20u16, 0, if deflate { 8 } else { 0 }, 0, 0] {
            head.extend(field.to_le_bytes());
        }
        for field in [rawzip::crc32(data), packed.len() as u32, data.len() as u32] {
            head.extend(field.to_le_bytes());
        }
        head.extend((name.len() as u16).to_le_bytes());
        head.extend([0, 0]);
        directory.extend(
            [b"PK\x01\x02\x14\0", &head[..], &[0; 10], &(file.len() as u32).to_le_bytes(), name.as_bytes()].concat(),
        );
        file.extend([b"PK\x03\x04", &head[..], name.as_bytes(), &packed].concat());
    }
    let start = file.len() as u32;
    file.extend(&directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend([(entries.len() as u16).to_le_bytes(), (entries.len() as u16).to_le_bytes()].concat());
    file.extend([(directory.len() as u32).to_le_bytes(), start.to_le_bytes()].concat());
    file.extend([0, 0]);
    file
}

fn deflated(data: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}
