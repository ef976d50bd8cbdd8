//! Rust libraries: archives of object files, in the form that `ar` writes (GNU's, with long names in a member of their own).

use std::path::Path;

use super::bytes::Reader;

const MAGIC: &[u8] = b"!<arch>\n";
const HEADER: usize = 60;

/// The object files in an archive, in its order; an error names `path`.
pub fn objects<'a>(archive: &'a [u8], path: &Path) -> Result<Vec<&'a [u8]>, String> {
    members(archive).ok_or_else(|| format!("{} is no archive that xtask can read.", path.display()))
}

fn members(archive: &[u8]) -> Option<Vec<&[u8]>> {
    let mut reader = Reader::new(archive.strip_prefix(MAGIC)?);
    let mut long_names: &[u8] = &[];
    let mut found = Vec::new();
    while !reader.is_empty() {
        let header = std::str::from_utf8(reader.take(HEADER)?).ok()?;
        let size: usize = header.get(48..58)?.trim_end().parse().ok()?;
        let content = reader.take(size)?;
        if size % 2 == 1 {
            reader.take(1); // members begin at even places; the last one may lack the filling
        }
        let name = header[..16].trim_end();
        if name == "//" {
            long_names = content;
            continue;
        }
        let long = name.strip_prefix('/').and_then(|at| at.parse::<usize>().ok()).and_then(|at| long_names.get(at..));
        let long = long.map(|rest| rest.split(|byte| matches!(byte, b'/' | b'\n')).next().unwrap_or_default());
        if long.unwrap_or(name.trim_end_matches('/').as_bytes()).ends_with(b".o") {
            found.push(content);
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, content: &[u8]) -> Vec<u8> {
        let mut out = format!("{name:<16}{:<32}{:<10}`\n", 0, content.len()).into_bytes();
        out.extend(content);
        out.resize(out.len().next_multiple_of(2), b'\n');
        out
    }

    #[test]
    fn objects_are_found_by_short_and_long_names() {
        let names = "a_name_that_is_too_long_for_a_header.rcgu.o/\n";
        let parts = [
            member("/", b"symbols"),
            member("//", names.as_bytes()),
            member("lib.rmeta/", b"rust"),
            member("a.o/", b"one"),
            member("/0", b"two"),
        ];
        let archive = [MAGIC.to_vec(), parts.concat()].concat();
        assert_eq!(objects(&archive, Path::new("lib.rlib")), Ok(vec![&b"one"[..], b"two"]));
        assert!(objects(b"something else", Path::new("lib.rlib")).is_err());
    }
}
