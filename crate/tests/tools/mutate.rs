//! Inputs for the fuzzer: copies of real files, damaged at random and on purpose. The input of a number is always the
//! same.

use super::by_hand::zip;

/// Random numbers by splitmix64, from a seed.
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// A number below `end`; 0 if `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// An item of a list.
    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// A range inside `length`, of `longest` at most.
    pub fn range(&mut self, length: usize, longest: usize) -> std::ops::Range<usize> {
        let start = self.below(length);
        start..(start + 1 + self.below(longest)).min(length)
    }
}

/// A real file.
pub struct Seed {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The entries of a zip file, with their names.
    entries: Vec<(String, Vec<u8>)>,
}

impl Seed {
    /// A seed, whose parts are found if it is a zip file.
    pub fn new(name: String, bytes: Vec<u8>) -> Self {
        let mut entries = Vec::new();
        if let Ok(archive) = rawzip::ZipArchive::from_slice(&bytes) {
            for header in archive.entries() {
                let header = header.unwrap();
                let data = archive.get_entry(header.wayfinder()).unwrap();
                let mut unpacked = Vec::new();
                if header.compression_method() == rawzip::CompressionMethod::DEFLATE {
                    let mut decoder = flate2::bufread::DeflateDecoder::new(data.data());
                    std::io::Read::read_to_end(&mut decoder, &mut unpacked).unwrap();
                } else {
                    unpacked.extend(data.data());
                }
                entries.push((String::from_utf8(header.file_path().as_ref().to_vec()).unwrap(), unpacked));
            }
        }
        Self { name, bytes, entries }
    }
}

/// The opcodes without an argument.
const ALONE: &[u8] = b"(.012NQRab}del]ost)u\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94\x97\x98";

/// The offsets of the opcodes of the pickles at the start of `bytes`.
fn opcodes(bytes: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = 0;
    let number = |at: usize, size: usize| {
        bytes.get(at..at + size).map(|b| b.iter().rev().fold(0usize, |n, &b| (n << 8) | b as usize))
    };
    let line = |at: usize| {
        bytes.get(at..).and_then(|rest| rest.iter().position(|&byte| byte == b'\n')).map(|length| length + 1)
    };
    while let Some(&opcode) = bytes.get(at) {
        let argument = match opcode {
            0x80 | b'K' | b'q' | b'h' | 0x82 => Some(1),
            b'M' | 0x83 => Some(2),
            b'J' | b'r' | b'j' | 0x84 => Some(4),
            b'G' | 0x95 => Some(8),
            b'U' | b'C' | 0x8c | 0x8a => number(at + 1, 1).map(|n| 1 + n),
            b'X' | b'B' | b'T' | 0x8b => number(at + 1, 4).map(|n| 4 + n),
            0x8d | 0x8e | 0x96 => number(at + 1, 8).map(|n| n.saturating_add(8)),
            b'F' | b'I' | b'L' | b'P' | b'S' | b'V' | b'g' | b'p' => line(at + 1),
            b'c' | b'i' => line(at + 1).and_then(|first| Some(first + line(at + 1 + first)?)),
            _ if ALONE.contains(&opcode) => Some(0),
            _ => None,
        };
        let Some(next) =
            argument.and_then(|argument| at.checked_add(argument)?.checked_add(1)).filter(|&next| next <= bytes.len())
        else {
            break;
        };
        found.push(at);
        at = next;
    }
    found
}

/// All opcodes.
const OPCODES: &[u8] = b"(.012FIJKLMNPQRSTUVXabcdeghijloprstuqBCG})]\
    \x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96\x97\x98";

/// Numbers at the limits of their types.
const EXTREMES: [u64; 14] = [
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    1 << 40,
    i64::MAX as u64,
    u64::MAX,
];

/// Bytes that mean something in one of the formats.
const WORDS: [&[u8]; 20] = [
    b"NaN",
    b"-1",
    b"99999999999999999999",
    b"1e400",
    b"null",
    b"[",
    b"{",
    b"]",
    b"\"model\":",
    b"ctorch._utils\n_rebuild_tensor_v2\n",
    b"ctorch\nFloatStorage\n",
    b"ctorch.storage\n_load_from_bytes\n",
    b"ccollections\nOrderedDict\n)R",
    b"c_codecs\nencode\n",
    b"cnumpy.core.multiarray\nscalar\n",
    b"cnumpy\ndtype\n",
    b"X\x05\0\0\0model",
    b"h\x00",
    b"q\x00",
    b"\x80\x02",
];

/// Damages bytes in one way, whatever their format.
fn damage(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let length = bytes.len();
    if length == 0 {
        return bytes.extend(&other[..other.len().min(64)]);
    }
    match random.below(14) {
        0..=2 => bytes[random.below(length)] ^= 1 << random.below(8),
        3 => bytes[random.below(length)] = random.next() as u8,
        4 => bytes.truncate(random.below(length)),
        5 => drop(bytes.drain(random.range(length, 64))),
        6 => {
            let chunk = bytes[random.range(length, 200)].to_vec();
            let at = random.below(length);
            bytes.splice(at..at, chunk);
        }
        7 => {
            let noise: Vec<u8> = (0..1 + random.below(16)).map(|_| random.next() as u8).collect();
            let at = random.below(length);
            bytes.splice(at..at, noise);
        }
        // A number of 1 to 8 bytes that is an extreme, or next to one.
        8 | 9 => {
            let size = 1 << random.below(4);
            let at = random.below(length);
            let value = random.pick(&EXTREMES).wrapping_add(random.below(3) as u64).wrapping_sub(1);
            let mut value = value.to_le_bytes();
            if random.below(4) == 0 {
                value.reverse();
            }
            for (place, byte) in bytes[at..].iter_mut().zip(&value[..size]) {
                *place = *byte;
            }
        }
        10 => {
            let at = random.below(length);
            bytes.splice(at..at, random.pick(&WORDS).iter().copied());
        }
        // Another file's middle, or its end after our start.
        11 if !other.is_empty() => {
            let chunk = &other[random.range(other.len(), 400)];
            let at = random.below(length);
            let end = if random.below(2) == 0 { at } else { (at + chunk.len()).min(length) };
            bytes.splice(at..end, chunk.iter().copied());
        }
        12 if !other.is_empty() => {
            bytes.truncate(random.below(length));
            bytes.extend(&other[random.below(other.len())..]);
        }
        // Another digit, for formats of text.
        _ => {
            let start = random.below(length);
            if let Some(digit) = bytes[start..].iter_mut().find(|byte| byte.is_ascii_digit()) {
                *digit = b'0' + random.below(10) as u8;
            }
        }
    }
}

/// Changes a pickle by whole opcodes, so that what follows them can still be read.
fn rewrite(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let opcodes = opcodes(bytes);
    if opcodes.len() < 3 {
        return;
    }
    let number = random.below(opcodes.len() - 1);
    let (at, end) = (opcodes[number], opcodes[number + 1]);
    if end > bytes.len() {
        return;
    }
    // Change the bytes of a nested storage, and correct their length.
    if bytes[at] == b'B' {
        let mut inner = bytes[at + 5..end].to_vec();
        if random.below(2) == 0 {
            rewrite(&mut inner, other, random)
        } else {
            damage(&mut inner, other, random)
        }
        bytes.splice(at..end, [&b"B"[..], &(inner.len() as u32).to_le_bytes(), &inner].concat());
        return;
    }
    match random.below(7) {
        0 => drop(bytes.drain(at..end)),
        1 => {
            let one = bytes[at..end].to_vec();
            bytes.splice(at..at, one);
        }
        2 => {
            let from = random.below(opcodes.len() - 1);
            if let Some(one) = bytes.get(opcodes[from]..opcodes[from + 1]).map(<[u8]>::to_vec) {
                bytes.splice(at..end, one);
            }
        }
        3 => bytes[at] = random.pick(OPCODES),
        4 => drop(bytes.splice(at..at, [random.pick(OPCODES)])),
        5 => drop(bytes.splice(at..at, [b'h', random.below(40) as u8])),
        // Make a small integer a large one.
        _ => {
            let value = random.pick(&EXTREMES).to_le_bytes();
            if matches!(bytes[at], b'K' | b'M' | b'J') {
                bytes.splice(at..end, [&b"\x8a\x08"[..], &value].concat());
            }
        }
    }
}

/// The input of a number, and the index of the seed that it is made from. The first `small` seeds are small files.
pub fn input(seeds: &[Seed], small: usize, number: u64) -> (usize, Vec<u8>) {
    let mut random = Random(number);
    // Only one input in 200 is made from a large file: they take most of the time, and small ones have all their parts.
    let chosen = if small < seeds.len() && random.below(200) == 0 {
        small + random.below(seeds.len() - small)
    } else {
        random.below(small)
    };
    let seed = &seeds[chosen];
    let other = &seeds[random.below(small)].bytes;
    let times = 1 + random.below(4) * random.below(2);
    let inside = random.below(3) > 0;
    if inside && !seed.entries.is_empty() {
        return (chosen, rezipped(seed, other, times, &mut random));
    }
    let mut bytes = seed.bytes.clone();
    if inside && let Some((header, data)) = safetensors(&bytes) {
        let mut header = header.to_vec();
        for _ in 0..times {
            damage(&mut header, other, &mut random);
        }
        return (chosen, [&(header.len() as u64).to_le_bytes()[..], &header, data].concat());
    }
    for _ in 0..times {
        if inside && seed.entries.is_empty() {
            rewrite(&mut bytes, other, &mut random);
        } else {
            damage(&mut bytes, other, &mut random);
        }
    }
    (chosen, bytes)
}

/// The header and the data of a safetensors file.
fn safetensors(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    rest.first().filter(|&&byte| byte == b'{')?;
    rest.split_at_checked(u64::from_le_bytes(*length) as usize)
}

/// A zip file that is damaged inside its entries, with checksums that fit.
fn rezipped(seed: &Seed, other: &[u8], times: usize, random: &mut Random) -> Vec<u8> {
    let mut entries = seed.entries.clone();
    for _ in 0..times {
        let number = random.below(entries.len());
        match random.below(12) {
            0 if entries.len() > 1 => drop(entries.remove(number)),
            1 => {
                let copy = entries[random.below(entries.len())].1.clone();
                entries[number].1 = copy;
            }
            2 => {
                let copy = entries[random.below(entries.len())].0.clone();
                entries[number].0 = copy;
            }
            3 => {
                let mut name = std::mem::take(&mut entries[number].0).into_bytes();
                damage(&mut name, other, random);
                name.truncate(1000);
                entries[number].0 = String::from_utf8_lossy(&name).into_owned();
            }
            4 => damage(&mut entries[number].1, other, random),
            kind => {
                if let Some((_, pickle)) = entries.iter_mut().find(|(name, _)| name.ends_with("data.pkl")) {
                    if kind < 10 { rewrite(pickle, other, random) } else { damage(pickle, other, random) }
                }
            }
        }
    }
    let entries: Vec<(&str, &[u8])> = entries.iter().map(|(name, data)| (name.as_str(), data.as_slice())).collect();
    zip(&entries, random.below(16) == 0)
}
