//! What a file is, by how it starts. Names and extensions lie: `.pt` may be a zip file, a pickle, or a page that says
//! "not found".

use super::safetensors;

/// What the first bytes say.
#[derive(Debug, PartialEq, Eq)]
pub enum Start {
    /// A zip file.
    Zip,
    /// A pickle.
    Pickle,
    /// A safetensors file.
    Safetensors,
    /// A JSON text.
    Json,
    /// A file that Tinylens does not read: what it is, for people.
    Foreign(&'static str),
    /// A file of an unknown kind.
    Unknown,
}

/// The first bytes of files that people drop by mistake, and what these files are.
const FOREIGN: [(&[u8], &str); 21] = [
    (b"\x1f\x8b", "a gzip file; unpack it first"),
    (b"BZh", "a bzip2 file; unpack it first"),
    (b"\xfd7zXZ\0", "an xz file; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"\x93NUMPY", "a NumPy .npy file, one array without a name"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file (Keras writes these)"),
    (b"GGUF", "a GGUF file"),
    (
        b"version https://git-lfs",
        "a pointer of Git LFS, which stands for a file that was not downloaded; fetch the file itself",
    ),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"\0asm", "a WebAssembly module"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"\xef\xbb\xbf<", "an HTML or XML page"),
    (b"<", "an HTML or XML page"),
    (b"#", "text"),
];

/// Says how a file starts.
pub fn recognise(bytes: &[u8]) -> Start {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    if bytes.is_empty() {
        return Start::Foreign("an empty file");
    }
    if safetensors::split(bytes).is_some() {
        return Start::Safetensors;
    }
    // An archive without entries starts with the second of these, a split one with the third.
    if [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"].iter().any(|start| bytes.starts_with(*start)) {
        return Start::Zip;
    }
    if matches!(bytes, [0x80, 0..=20, ..]) || starts_as_old_pickle(bytes) {
        return Start::Pickle;
    }
    if text.starts_with(b"{") || text.starts_with(b"[") {
        return Start::Json;
    }
    if safetensors::is_cut_short(bytes) {
        return Start::Foreign("a safetensors file that is cut short: its header ends beyond the end of the file");
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return Start::Foreign(
            "a tar archive (PyTorch before 0.1.10 wrote these); unpack it, or load and save it again",
        );
    }
    if let Some((_, what)) = FOREIGN.iter().find(|(start, _)| text.starts_with(start) || bytes.starts_with(start)) {
        return Start::Foreign(what);
    }
    if bytes.iter().take(4096).all(|&byte| byte == 0) {
        return Start::Foreign("a file of zeros; its download or copy was not finished");
    }
    let head = bytes.get(..512).unwrap_or(bytes);
    let readable = head.utf8_chunks().next().is_some_and(|chunk| chunk.valid().len() + 4 > head.len());
    if readable && !head.iter().any(|&byte| byte < b' ' && !byte.is_ascii_whitespace()) {
        return Start::Foreign("text");
    }
    Start::Unknown
}

/// Whether bytes start as a pickle of protocol 0 or 1, which have no signature. One that could be a checkpoint starts
/// with a mark and a value that is made of what follows the mark, with an empty dict or list, with a class on two
/// lines, or with torch.save's magic number.
fn starts_as_old_pickle(bytes: &[u8]) -> bool {
    match bytes {
        [b'(', b'd' | b'l' | b't', b'p' | b'q' | b'r' | b'.', ..] | [b'(', b'i' | b'c', ..] => true,
        [b'}' | b']', b'q' | b'r' | b'p' | b'.' | b'(', ..] => true,
        [b'L', b'1', b'0'..=b'9', ..] => bytes.starts_with(b"L119547037146038801333356"),
        [b'c', rest @ ..] => {
            let mut lines = rest.get(..512).unwrap_or(rest).split(|&byte| byte == b'\n');
            let is_name = |line: &[u8]| {
                !line.is_empty() && line.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._".contains(byte))
            };
            lines.next().is_some_and(is_name) && lines.next().is_some_and(is_name) && lines.next().is_some()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_formats_apart() {
        for (bytes, start) in [
            (&b"PK\x03\x04..."[..], Start::Zip),
            (b"\x80\x04\x95", Start::Pickle),
            (b"(dp0\n", Start::Pickle),
            (b"}q\x00.", Start::Pickle),
            (b"ccollections\nOrderedDict\np0\n", Start::Pickle),
            (b"\x02\0\0\0\0\0\0\0{}", Start::Safetensors),
            (b"  {\"a\": 1}", Start::Json),
            (b"\xef\xbb\xbf[1]", Start::Json),
            (b"", Start::Foreign("an empty file")),
            (b"\n<!DOCTYPE html>", Start::Foreign("an HTML or XML page")),
            (b"could not find the file\n", Start::Foreign("text")),
            (b"(see below)", Start::Foreign("text")),
            (b"\xfe\xed\xfa\xce", Start::Unknown),
        ] {
            assert_eq!(recognise(bytes), start, "{bytes:?}");
        }
    }

    #[test]
    fn every_foreign_start_is_reached() {
        for (start, what) in FOREIGN {
            assert_eq!(recognise(&[start, &[0xffu8; 10]].concat()), Start::Foreign(what));
        }
    }
}
