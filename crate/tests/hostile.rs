//! Files made to break a reader. Each must give an error that names the place, for work that is linear in the file's
//! length, and in no more memory than the limit.

mod tools;

use tinylens::checkpoint::{LIMIT, measured, read};
use tools::by_hand::{dict, floats, int, module, pickle, safetensors, saved, storage, tensor, text, zip};
use tools::repeats::families;
use tools::{allocated, peak};

#[global_allocator]
static COUNTING: tools::Counting = tools::Counting;

/// The most work that a file of `length` bytes may take.
fn most_work(length: usize) -> usize {
    8 * length + 4_000_000
}

/// What the error says.
#[track_caller]
fn error(file: &[u8]) -> String {
    let ((result, work), peak) = peak(|| measured(file));
    assert!(work <= most_work(file.len()), "took {work} units of work for {} bytes", file.len());
    assert!(peak <= LIMIT + LIMIT / 50, "took {peak} bytes");
    let result = result.map(|checkpoint| format!("{checkpoint:.0?}").chars().take(500).collect::<String>());
    let message = result.expect_err("an error").to_string();
    assert!(message.len() < 2000 && message.ends_with(['.', '?']), "{message}");
    message
}

/// Asserts that a file is refused by an error with these words.
#[track_caller]
fn refused(file: &[u8], words: &[&str]) {
    let message = error(file);
    for word in words {
        assert!(message.contains(word), "{word:?} is missing in: {message}");
    }
}

/// The pieces that files are put together from make a good one.
#[test]
fn pieces_make_a_file() {
    let value = dict(&[("w", tensor(&storage("FloatStorage", "0", 4), 0, &[2, 2], &[2, 1]))]);
    let checkpoint = read(&saved(&value, &floats(&[1.0, 2.0, 3.0, 4.0]))).unwrap();
    assert_eq!(checkpoint.tensors[0].values, [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn what_is_no_checkpoint_is_named() {
    refused(b"", &["an empty file", "Accepted", "256 MB"]);
    refused(b"<!doctype html><title>404</title>", &["HTML"]);
    refused(b"\x1f\x8b\x08\x00", &["gzip", "unpack"]);
    refused(b"\x93NUMPY\x01\x00", &["NumPy"]);
    refused(b"version https://git-lfs.github.com/spec/v1\n", &["Git LFS"]);
    refused(b"Not found\n", &["text"]);
    refused(&[0; 100], &["zeros"]);
    refused(b"\xca\xfe\xba\xbe\xff", &["ca fe ba be"]);
    refused(&zip(&[("a.npy", b"")], false), &["npz", "\"a.npy\""]);
    refused(&zip(&[("m/data.pkl", b"N."), ("m/code/x.py", b"")], false), &["TorchScript", "state_dict"]);
    refused(&zip(&[], false), &["data.pkl"]);
    refused(&zip(&[("a/data.pkl", b"N."), ("b/data.pkl", b"N.")], false), &["\"a/\"", "\"b/\""]);
    refused(&pickle(b"K\x01"), &["an integer", "state dict"]);
    refused(&pickle(&dict(&[("a", b"N".to_vec())])), &["a dict with \"a\""]);
    refused(&vec![0; LIMIT + 1], &["256 MB"]);
}

#[test]
fn lengths_that_the_file_does_not_have_are_errors() {
    refused(b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7f", &["byte 2", "9223372036854775807", "only 0"]);
    refused(b"\x80\x02T\xff\xff\xff\xff", &["byte 2", "-1"]);
    refused(b"\x80\x02\x8b\xff\xff\xff\x7f", &["byte 2", "2147483647"]);
    refused(b"\x80\x04\x95\xff\xff\xff\xff\x00\x00\x00\x00N.", &["byte 2", "cut short"]);
    refused(b"\x80\x02}r\xff\xff\xff\xff.", &["byte 3", "4294967295"]);
    refused(b"}p99999999999999999999999\n.", &["byte 1"]);
    refused(b"\x80\x02}", &["byte 3", "cut short"]);
    // A storage that claims gigabytes, in each format.
    let giant = dict(&[("w", tensor(&storage("FloatStorage", "0", 1 << 40), 0, &[2], &[1]))]);
    refused(&saved(&giant, &[0; 8]), &["\"w\"", "1099511627776", "8 bytes"]);
    let mut legacy = [pickle(b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19"), pickle(b"M\xe9\x03"), pickle(b"}")].concat();
    legacy.extend(pickle(&dict(&[("w", tensor(&storage("FloatStorage", "0", 2), 0, &[2], &[1]))])));
    legacy.extend([pickle(&[&b"]("[..], &text("0")[..], b"e"].concat()), u64::MAX.to_le_bytes().to_vec()].concat());
    refused(&legacy, &["storage \"0\"", "cut short"]);
    let mut zip = zip(&[("a/data.pkl", b"N.")], true);
    let directory = zip.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    zip[directory + 24..directory + 28].copy_from_slice(&0xffff_fff0u32.to_le_bytes());
    refused(&zip, &["a/data.pkl", "256 MB"]);
    refused(&[&u64::MAX.to_le_bytes()[..], b"{}"].concat(), &["starts with the bytes"]);
    refused(&[&1000u64.to_le_bytes()[..], b"{\"a\":"].concat(), &["safetensors", "cut short"]);
}

#[test]
fn opcodes_that_cannot_be_carried_out_are_errors() {
    refused(b"\x80\x06N.", &["byte 0", "protocol 6", "0 to 5"]);
    refused(b"\x80\x02\xff", &["byte 2", "0xff"]);
    refused(b"\x80\x02R.", &["byte 2", "stack"]);
    refused(b"\x80\x02(.", &["byte 3"]);
    refused(b"\x80\x02t.", &["byte 2", "mark"]);
    refused(b"\x80\x02h\x05.", &["byte 2", "index 5"]);
    refused(b"\x80\x02}NNNs.", &["byte 6", "None"]);
    refused(b"\x80\x02](NNNu.", &["a list"]);
    refused(b"\x80\x02}(Nu.", &["no value"]);
    refused(b"\x80\x02NNR.", &["a tuple"]);
    refused(b"\x80\x02}}b.", &["a dict", "state"]);
    refused(b"\x80\x02(o.", &["without a class"]);
    refused(b"\x80\x04NN\x93.", &["two texts"]);
    refused(b"\x80\x05\x97.", &["buffers"]);
    refused(b"\x80\x02X\x02\0\0\0\xff\xff.", &["UTF-8"]);
    refused(b"(dp0\nIx\ns.", &["byte 5", "\"x\""]);
    refused(b"(dp0\nS'a\ns.", &["quotes"]);
}

#[test]
fn deep_and_circular_values_are_harmless() {
    let depth = 1_000_000;
    refused(&pickle(&[vec![b']'; depth], vec![b'a'; depth - 1]].concat()), &["a list"]);
    refused(&pickle(&[vec![b')'; 1], vec![0x85; depth]].concat()), &["a tuple"]);
    refused(&[vec![b'['; depth], vec![b']'; depth]].concat(), &["JSON", "recursion", "column"]);
    // A list in itself, a dict in itself under a usual key.
    refused(b"\x80\x02]q\0h\0a.", &["a list"]);
    refused(&pickle(&[&b"}q\0"[..], &text("model"), b"h\0s"].concat()), &["a dict with \"model\""]);
    let models = |depth: usize| {
        [[b"}".to_vec(), text("model")].concat().repeat(depth), b"N".to_vec(), b"s".repeat(depth)].concat()
    };
    refused(&pickle(&models(100_000)), &["no weights"]);
    // Each object is made by a class that stands outside the pickle, under the object before.
    let references = [&b"cm\nM\n)R"[..], &b"Q)R".repeat(500_000), b"cm\nM\nb"].concat();
    refused(&pickle(&references), &["an object of unknown class"]);
}

/// Whatever a file repeats, reading one twice as long takes twice the work, and asks for twice the memory. What the
/// work does not count, a text made for an error that does not come, shows in the memory.
#[test]
fn work_is_linear_in_the_file() {
    for family in families() {
        let [(length, work, bytes), (twice, twice_work, twice_bytes)] = [1 << 20, 1 << 21].map(|size| {
            let file = family.file(size);
            let ((_, work), bytes) = allocated(|| measured(&file));
            assert!(work <= most_work(file.len()), "{}: {work} units of work for {} bytes", family.name, file.len());
            // A value of a byte takes up to 90 bytes. A text for people takes more than another 100.
            assert!(bytes <= 120 * file.len(), "{}: {bytes} bytes allocated for {}", family.name, file.len());
            (file.len(), work, bytes)
        });
        println!(
            "{:.2} units of work and {:5.1} bytes allocated a byte: {}",
            twice_work as f64 / twice as f64,
            twice_bytes as f64 / twice as f64,
            family.name
        );
        let grown = twice as f64 / length as f64 * 1.1;
        assert!(twice_work as f64 <= work as f64 * grown + 1e4, "{}: {work}, then {twice_work}", family.name);
        assert!(twice_bytes as f64 <= bytes as f64 * grown + 1e6, "{}: {bytes}, then {twice_bytes}", family.name);
    }
}

/// A buffer's name is compared with each of those that are not saved, so it must not be long: here every one of them is
/// as long as the buffer's and differs in its last letter only.
#[test]
fn buffers_with_long_names_are_refused_before_they_are_compared() {
    let file = |size: usize| {
        let name = |last| text(&format!("{}{last}", "a".repeat(size / 4)));
        let unsaved = [b"](", &b"h\x01".repeat(size / 4)[..], b"e"].concat();
        let state = [
            &name('b')[..],
            b"q\x010cm\nM\n)\x81}(",
            &[text("_parameters"), b"}".to_vec(), text("_modules"), b"}".to_vec()].concat(),
            &[text("_non_persistent_buffers_set"), unsaved, text("_buffers")].concat(),
            b"}",
            &name('c'),
            b"Nsub",
        ];
        pickle(&state.concat())
    };
    refused(&file(1 << 20), &["a tensor's name has 262145 bytes", "1000"]);
}

#[test]
fn modules_that_repeat_themselves_are_refused() {
    let itself =
        [&b"cm\nM\n)\x81q\0}("[..], &text("_parameters"), b"}", &text("_modules"), b"}", &text("x"), b"h\0sub"]
            .concat();
    refused(&pickle(&itself), &["\"x\"", "contains itself"]);
    // Each level has the next one twice: 2 to the 60 modules.
    let mut laughs = module(b"}");
    for _ in 0..60 {
        laughs.extend(
            [&b"q\x01"[..], &module(&[&b"}("[..], &text("a"), b"h\x01", &text("b"), b"h\x01u"].concat())].concat(),
        );
    }
    refused(&pickle(&laughs), &["over and over"]);
    let mut deep = module(b"}");
    for _ in 0..100 {
        deep.extend([&b"q\x01"[..], &module(&[&b"}("[..], &text("a"), b"h\x01u"].concat())].concat());
    }
    refused(&pickle(&deep), &["64", "\"a.a."]);
}

#[test]
fn small_files_cannot_ask_for_much_memory_or_time() {
    let one = storage("FloatStorage", "0", 1);
    // One number, expanded to a terabyte.
    let value = dict(&[("blocks.0.huge", tensor(&one, 0, &[1 << 20, 1 << 18], &[0, 0]))]);
    refused(&saved(&value, &floats(&[1.0])), &["\"blocks.0.huge\"", "256 MB"]);
    // A thousand tensors of a megabyte each, from the same number.
    let many: Vec<(String, Vec<u8>)> =
        (0..1000).map(|i| (format!("w{i}"), tensor(&one, 0, &[1 << 18], &[0]))).collect();
    let many: Vec<(&str, Vec<u8>)> = many.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    refused(&saved(&dict(&many), &floats(&[1.0])), &["\"w2", "256 MB"]);
    // A thousand tensors of the same megabyte, in safetensors.
    let part = |i: usize| format!(r#""w{i}":{{"dtype":"U8","shape":[{0}],"data_offsets":[0,{0}]}}"#, 1 << 20);
    let header = format!("{{{}}}", (0..1000).map(part).collect::<Vec<_>>().join(","));
    refused(&safetensors(&header, &vec![0; 1 << 20]), &["\"w", "256 MB"]);
    // Numbers in lists that hold the same list again and again: in JSON this needs the text, in a pickle it does not.
    let mut laughs = b"](NNNNNNNNNNe".to_vec();
    for _ in 0..30 {
        laughs.extend(b"q\x01](h\x01h\x01h\x01h\x01h\x01h\x01h\x01h\x01h\x01h\x01e");
    }
    refused(&pickle(&dict(&[("model", laughs)])), &["no weights"]);
    // A dict of many settings, under many names.
    let settings: Vec<u8> = (0..20_000).flat_map(|i| [text(&format!("k{i}")), b"N".to_vec()].concat()).collect();
    let mut value = [&b"}(q\x02"[..], &text("cfg"), b"}(", &settings, b"uq\x01"].concat();
    value.drain(2..4);
    for i in 0..20_000 {
        value.extend([text(&format!("c{i}")), b"h\x01".to_vec()].concat());
    }
    value.extend([text("w"), tensor(&one, 0, &[1], &[1]), b"u".to_vec()].concat());
    refused(&saved(&value, &floats(&[1.0])), &["over and over"]);
    // The same long storage file inside a pickle, read for each of many tensors.
    let value = [&b"N0".repeat(200_000)[..], &one].concat();
    let keys = [&b"]"[..], &text("0"), b"a"].concat();
    let mut inner = [
        pickle(b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19"),
        pickle(b"M\xe9\x03"),
        pickle(b"}"),
        pickle(&value),
        pickle(&keys),
    ]
    .concat();
    inner.extend([&1u64.to_le_bytes()[..], &[0; 4]].concat());
    let mut value = [&b"B"[..], &(inner.len() as u32).to_le_bytes(), &inner, b"q\x010}("].concat();
    for i in 0..10_000 {
        value.extend(
            [text(&format!("w{i}")), tensor(b"ctorch.storage\n_load_from_bytes\nh\x01\x85R", 0, &[1], &[1])].concat(),
        );
    }
    refused(&pickle(&[&value[..], b"u"].concat()), &["\"w", "over and over"]);
}

#[test]
fn large_files_stay_within_the_memory_limit() {
    // Values of a byte each that take more to keep.
    refused(&pickle(&[&b"]("[..], &vec![b'N'; 60_000_000], b"e"].concat()), &["256 MB", "byte"]);
    refused(&pickle(&[&b"]"[..], &vec![b']'; 60_000_000]].concat()), &["256 MB", "byte"]);
    refused(&pickle(&[&b"("[..], &[b'2'; 100], &vec![b'('; 60_000_000]].concat()), &["byte"]);
    // References to a storage, which a legacy file looks up.
    let mut many = [pickle(b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19"), pickle(b"M\xe9\x03"), pickle(b"}")].concat();
    let id = [&b"("[..], &text("storage"), b"ctorch\nFloatStorage\n", &text("0"), &text("cpu"), &int(1), b"tq\x010"]
        .concat();
    many.extend(pickle(&[&id[..], &b"h\x01Q0".repeat(2_500_000), b"N"].concat()));
    many.extend(pickle(b"]"));
    refused(&many, &["over and over"]);
    refused(&[&b"["[..], &b"0,".repeat(30_000_000), b"0]"].concat(), &["256 MB", "column"]);
    refused(&[&b"["[..], &b"[],".repeat(20_000_000), b"0]"].concat(), &["256 MB", "column"]);
    refused(&[&b"\"\\n"[..], &vec![b'a'; LIMIT / 2], b"\""].concat(), &["256 MB"]);
    let half = LIMIT / 2 + 8;
    let value = dict(&[("w", tensor(&storage("HalfStorage", "0", half as i64 / 2), 0, &[half as i64 / 2], &[1]))]);
    refused(&saved(&value, &vec![0; half]), &["\"w\"", "256 MB"]);
    let value = dict(&[("w", tensor(&storage("FloatStorage", "0", half as i64 / 4), 0, &[half as i64 / 4], &[1]))]);
    refused(&zip(&[("a/data.pkl", &pickle(&value)), ("a/data/0", &vec![0; half])], true), &["\"w\"", "256 MB"]);
}

#[test]
fn names_that_come_twice_are_refused() {
    let one = tensor(&storage("FloatStorage", "0", 1), 0, &[1], &[1]);
    refused(&saved(&dict(&[("w", one.clone()), ("w", one.clone())]), &[0; 4]), &["key \"w\"", "twice"]);
    let value = pickle(&dict(&[("w", one)]));
    refused(
        &zip(&[("a/data.pkl", &value), ("a/data/0", &[0; 4]), ("a/data/0", &[0; 4])], false),
        &["\"a/data/0\"", "two entries"],
    );
    refused(br#"{"model": {"w": [1.0], "w": [2.0]}}"#, &["\"w\" comes twice", "line 1"]);
    let entry = r#""w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#;
    refused(&safetensors(&format!("{{{entry},{entry}}}"), &[0; 4]), &["header", "\"w\" comes twice"]);
}

#[test]
fn values_that_no_weight_has_are_refused() {
    let view = tensor(&storage("FloatStorage", "0", 6), 0, &[2, 3], &[3, 1]);
    let bad = floats(&[0.0, 1.0, 2.0, 3.0, f32::NAN, 5.0]);
    refused(
        &saved(&dict(&[("blocks.0.attn.W_Q", view.clone())]), &bad),
        &["\"blocks.0.attn.W_Q\"", "[1, 1]", "NaN", "finite"],
    );
    let infinite = floats(&[0.0, 1.0, 2.0, 3.0, 4.0, f32::NEG_INFINITY]);
    refused(&saved(&dict(&[("w", view.clone())]), &infinite), &["\"w\"", "[1, 2]", "-inf"]);
    for name in ["mask", "blocks.0.attn.IGNORE", "h.0.attn.bias", "h.0.attn.masked_bias"] {
        assert!(read(&saved(&dict(&[(name, view.clone())]), &infinite)).is_ok(), "{name}");
    }
    let wide = tensor(&storage("DoubleStorage", "0", 1), 0, &[], &[]);
    refused(&saved(&dict(&[("w", wide)]), &1e300f64.to_le_bytes()), &["\"w\"", "inf as float32"]);
}

#[test]
fn tensors_that_do_not_fit_their_storage_are_refused() {
    let six = storage("FloatStorage", "0", 6);
    let data = floats(&[0.0; 6]);
    for (offset, shape, strides, words) in [
        (0, &[7][..], &[1][..], &["[7]", "6 elements"][..]),
        (5, &[2], &[1], &["offset 5"]),
        (0, &[2, 3], &[4, 1], &["[4, 1]"]),
        (0, &[2, 3], &[-3, 1], &["stride", "-3"]),
        (-1, &[2], &[1], &["offset", "-1"]),
        (0, &[-2], &[1], &["shape", "-2"]),
        (0, &[2, 3], &[1], &["2 sizes", "1 strides"]),
        (0, &[i64::MAX, i64::MAX], &[0, 0], &["more elements than can be counted"]),
        (0, &[2], &[i64::MAX], &["beyond"]),
        (0, &[1; 65], &[1; 65], &["65 dimensions"]),
    ] {
        let words = [&["tensor \"w\""], words].concat();
        refused(&saved(&dict(&[("w", tensor(&six, offset, shape, strides))]), &data), &words);
    }
    refused(&saved(&dict(&[("w", tensor(&six, 0, &[6], &[1]))]), &data[..23]), &["\"w\"", "23 bytes"]);
    let other = storage("FloatStorage", "1", 6);
    refused(&saved(&dict(&[("w", tensor(&other, 0, &[6], &[1]))]), &data), &["\"w\"", "\"a/data/1\"", "not there"]);
    let unknown = storage("StringStorage", "0", 6);
    refused(&saved(&dict(&[("w", tensor(&unknown, 0, &[6], &[1]))]), &data), &["\"w\"", "torch.StringStorage"]);
    refused(&saved(&dict(&[("w", tensor(b"N", 0, &[6], &[1]))]), &data), &["\"w\"", "None"]);
    let complex = storage("ComplexFloatStorage", "0", 3);
    refused(&saved(&dict(&[("w", tensor(&complex, 0, &[3], &[1]))]), &data), &["\"w\"", "complex64", "float32"]);
    let sparse = b"ctorch._utils\n_rebuild_sparse_tensor\n)R".to_vec();
    refused(&saved(&dict(&[("w", sparse)]), &data), &["\"w\"", "sparse"]);
    let few = b"ctorch._utils\n_rebuild_tensor_v2\n)R".to_vec();
    refused(&saved(&dict(&[("w", few)]), &data), &["\"w\"", "0 arguments"]);
    refused(&pickle(&dict(&[("w", tensor(&six, 0, &[6], &[1]))])), &["\"w\"", "outside the pickle"]);
    let nested = tensor(b"ctorch.storage\n_load_from_bytes\nU\x02N.\x85R", 0, &[1], &[1]);
    refused(&pickle(&dict(&[("w", nested)])), &["\"w\"", "torch.save"]);
}

#[test]
fn damaged_zip_files_are_refused() {
    let value = pickle(&dict(&[("w", tensor(&storage("FloatStorage", "0", 1), 0, &[1], &[1]))]));
    let good = zip(&[("a/data.pkl", &value), ("a/data/0", &[0; 4])], false);
    assert!(read(&good).is_ok());
    refused(&good[..good.len() - 10], &["zip", "cut short"]);
    let directory = good.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    let edited = |at: usize, bytes: &[u8]| {
        let mut file = good.clone();
        file[directory + at..directory + at + bytes.len()].copy_from_slice(bytes);
        file
    };
    refused(&edited(8, &[1, 0]), &["\"a/data.pkl\"", "encrypted"]);
    refused(&edited(10, &[12, 0]), &["\"a/data.pkl\"", "BZIP2", "DEFLATE"]);
    refused(&edited(16, &[1, 2, 3, 4]), &["\"a/data.pkl\"", "checksum"]);
    refused(&edited(20, &[255, 255, 255, 0]), &["\"a/data.pkl\"", "beyond the end"]);
    refused(&edited(24, &[1, 0, 0, 0]), &["\"a/data.pkl\"", "the directory says 1"]);
    refused(&edited(42, &[255, 255, 255, 0]), &["\"a/data.pkl\"", "beyond the end"]);
    refused(
        &zip(&[("a/data.pkl", &value), ("a/byteorder", b"middle")], false),
        &["byteorder", "middle", "little or big"],
    );
    // Deflated data that is longer than announced, or nonsense.
    let mut packed = zip(&[("a/data.pkl", &[b'N'; 1000])], true);
    let directory = packed.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    packed[directory + 24] = 1;
    refused(&packed, &["\"a/data.pkl\"", "bytes"]);
    packed[40] = 0xff;
    refused(&packed, &["\"a/data.pkl\""]);
}

#[test]
fn damaged_safetensors_files_are_refused() {
    let file = |entry: &str| safetensors(&format!("{{\"w\":{entry}}}"), &[0; 8]);
    assert!(read(&file(r#"{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#)).is_ok());
    refused(&file(r#"{"dtype":"F32","shape":[2],"data_offsets":[0,80]}"#), &["\"w\"", "80", "8 bytes"]);
    refused(&file(r#"{"dtype":"F32","shape":[2],"data_offsets":[8,0]}"#), &["\"w\"", "8 to 0"]);
    refused(&file(r#"{"dtype":"F32","shape":[3],"data_offsets":[0,8]}"#), &["\"w\"", "[3]", "8 bytes"]);
    refused(&file(r#"{"dtype":"F32","shape":[9223372036854775807,9],"data_offsets":[0,8]}"#), &["\"w\"", "counted"]);
    refused(&file(r#"{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}"#), &["\"w\"", "-1"]);
    refused(&file(r#"{"dtype":"F99","shape":[2],"data_offsets":[0,8]}"#), &["\"w\"", "F99", "float32"]);
    refused(&file(r#"{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}"#), &["\"w\"", "float8"]);
    refused(&file(r#"{"shape":[2],"data_offsets":[0,8]}"#), &["\"w\"", "dtype"]);
    refused(&file(r#"{"dtype":"F32","shape":[2],"data_offsets":[0]}"#), &["\"w\"", "data_offsets"]);
    refused(&file("3"), &["\"w\""]);
    refused(&file("{"), &["header", "line 1"]);
    refused(&safetensors(r#"{"__metadata__":{"tinylens.run":"{}"}}"#, b""), &["saved run of Tinylens"]);
    refused(
        &safetensors(r#"{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}"#, &f32::NAN.to_le_bytes()),
        &["\"w\"", "NaN"],
    );
}

#[test]
fn damaged_json_files_are_refused() {
    let file = |tensor: &str| format!("{{\"state_dict\": {{\"w\": {tensor}}}}}").into_bytes();
    assert!(read(&file(r#"{"shape":[1],"data":"AAAAAA=="}"#)).is_ok());
    refused(&file(r#"{"shape":[2],"data":"AAAAAA=="}"#), &["\"w\"", "[2]", "4 bytes"]);
    refused(&file(r#"{"shape":[1],"data":"AA!AAA=="}"#), &["\"w\"", "base64"]);
    refused(&file(r#"{"shape":"x","data":"AAAAAA=="}"#), &["\"w\"", "shape"]);
    refused(&file(r#"{"shape":[1.5],"data":"AAAAAA=="}"#), &["\"w\"", "not an integer"]);
    refused(&file(r#"{"dtype":"int7","shape":[1],"data":"AAAAAA=="}"#), &["\"w\"", "int7"]);
    refused(&file("[[1, 2], [3]]"), &["\"w\"", "ragged"]);
    refused(&file("[[1, 2], [3, null]]"), &["\"w\"", "None"]);
    refused(&file("[1, NaN]"), &["line 1", "NaN"]);
    refused(&file("[1e39]"), &["\"w\"", "inf"]);
    refused(b"{\"model\": {\"w\": [1.0]", &["JSON", "line 1"]);
    refused(b"{\"config\": {\"d_model\": 4}}", &["no weights"]);
    refused(b"[1, 2", &["JSON"]);
}

/// A zip file whose line ends were converted on its way, as by Git or FTP.
#[test]
fn zip_files_with_converted_line_ends_are_told() {
    let converted = |file: &[u8]| {
        file.iter().flat_map(|&byte| if byte == b'\n' { b"\r\n".to_vec() } else { vec![byte] }).collect::<Vec<u8>>()
    };
    let view = tensor(&storage("FloatStorage", "0", 4), 0, &[4], &[1]);
    for (names, data) in [
        (["a/data.pkl", "a/data/0"], floats(&[1.0, 2.0, 3.0, 4.0])),
        (["a\n/data.pkl", "a\n/data/0"], floats(&[1.0, f32::from_le_bytes(*b"\n\n\r\n"), 3.0, 4.0])),
    ] {
        for deflate in [false, true] {
            let pickle = pickle(&dict(&[("w", view.clone()), ("v", view.clone())]));
            let file = zip(&[(names[0], &pickle), (names[1], &data)], deflate);
            assert!(read(&file).is_ok());
            let broken = converted(&file);
            // A compressed file may have too few line feeds to tell.
            if !deflate {
                refused(&broken, &["zip file", "CRLF", "as binary"]);
            }
            // One line feed alone, and it was damaged by something else.
            let message = error(&[&broken[..60], b"\n", &broken[60..]].concat());
            assert!(!message.contains("CRLF"), "{message}");
        }
    }
}
