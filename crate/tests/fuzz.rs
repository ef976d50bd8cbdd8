//! A million damaged files: whatever the reader is given, it answers with tensors that fit together or with an error,
//! soon, and within the memory limit.
//!
//! Inputs are made from the files of `checkpoints/`, and from those of `../shared/checkpoints` if that folder is there.
//! Every input has a number, and a failure says it: `TINYLENS_FUZZ_FROM=number TINYLENS_FUZZ=1` runs that input alone.
//! `TINYLENS_FUZZ` sets how many are run, by default a million in release builds and 20,000 in others.

mod tools;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tinylens::checkpoint::{Checkpoint, LIMIT, read};
use tools::mutate::{Seed, input};
use tools::peak;

#[global_allocator]
static COUNTING: tools::Counting = tools::Counting;

/// An input that takes longer counts as a hang.
const LONGEST: Duration = Duration::from_secs(2);

/// By how much the limit may be exceeded: the allocator also counts what the readers do not (error texts, a decoder's
/// tables).
const SLACK: usize = LIMIT / 50;

/// The files that inputs are made from, and how many of them are small. The small ones come first.
fn seeds() -> (Vec<Seed>, usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let load = |folder: &Path| {
        let mut files: Vec<_> =
            std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files.retain(|path| {
            path.extension()
                .is_some_and(|kind| ["pkl", "pt", "pth", "safetensors", "json"].contains(&kind.to_str().unwrap()))
        });
        files
            .into_iter()
            .map(|path| Seed::new(path.file_name().unwrap().to_str().unwrap().into(), std::fs::read(path).unwrap()))
    };
    let (small, mut large): (Vec<Seed>, Vec<Seed>) =
        load(&root.join("tests/checkpoints")).partition(|seed| seed.bytes.len() < 20_000);
    let mut seeds: Vec<Seed> = small.into_iter().filter(|seed| seed.name != "expected.json").collect();
    let count = seeds.len();
    large.retain(|seed| seed.name != "expected.json");
    seeds.extend(large);
    let shared = root.join("../../shared/checkpoints");
    if shared.is_dir() {
        seeds.extend(load(&shared).filter(|seed| !seed.name.ends_with(".json")));
    } else {
        println!("without ../shared/checkpoints, which is not here");
    }
    (seeds, count)
}

/// A number from the environment.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{name} is {value}; it must be a number")))
}

/// Which format a file was read as.
fn format(answer: &Result<Checkpoint, String>) -> &'static str {
    let (text, whole) = match answer {
        Ok(checkpoint) => (checkpoint.format.as_str(), checkpoint.format.starts_with("whole module")),
        Err(message) => (message.as_str(), false),
    };
    let text = text.trim_start_matches("whole module, ");
    match text {
        _ if whole => "whole module",
        "pickle" => "pickle",
        "torch.save (legacy)" => "torch.save (legacy)",
        "torch.save (zip)" => "zip",
        "safetensors" => "safetensors",
        "JSON" => "JSON",
        _ if text.starts_with("This pickle") && text.contains("storage \"") => "torch.save (legacy)",
        _ if text.starts_with("This pickle") => "pickle",
        _ if text.starts_with("This zip") => "zip",
        _ if text.starts_with("This safetensors") => "safetensors",
        _ if text.starts_with("This JSON") => "JSON",
        _ => "none",
    }
}

/// Whether a sentence has no characters that act on a page or hide.
fn visible(sentence: &str) -> Result<(), String> {
    let hidden = |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}');
    if sentence.contains(hidden) { Err(format!("a sentence with hidden characters: {sentence:?}")) } else { Ok(()) }
}

/// Whether an accepted file fits together, or a refused one says something.
fn sound(answer: &Result<Checkpoint, String>) -> Result<(), String> {
    match answer {
        Err(message) if message.len() < 20 || message.len() > 4000 => {
            Err(format!("an error of {} bytes", message.len()))
        }
        Err(message) => visible(message),
        Ok(checkpoint) => {
            checkpoint.notes.iter().try_for_each(|note| visible(note))?;
            for tensor in &checkpoint.tensors {
                let elements: u128 =
                    if tensor.shape.contains(&0) { 0 } else { tensor.shape.iter().map(|&size| size as u128).product() };
                if elements != tensor.values.len() as u128 {
                    return Err(format!(
                        "{} has shape {:?} and {} values",
                        tensor.name,
                        tensor.shape,
                        tensor.values.len()
                    ));
                }
            }
            if checkpoint.tensors.is_empty() && checkpoint.format.starts_with("torch") {
                return Err("accepted without a tensor".into());
            }
            Ok(())
        }
    }
}

/// How long an input takes a second time. The first time the machine may have been busy with something else.
fn again(bytes: &[u8]) -> Duration {
    let begun = Instant::now();
    drop(read(bytes));
    begun.elapsed()
}

#[test]
fn a_million_damaged_files() {
    let (seeds, small) = seeds();
    let from = setting("TINYLENS_FUZZ_FROM", 0);
    let count = setting("TINYLENS_FUZZ", if cfg!(debug_assertions) { 20_000 } else { 1_000_000 });
    println!("{count} inputs from number {from} on, made from {} files ({small} of them small)", seeds.len());

    // An input that never ends cannot be reported after it.
    let current = Arc::new(AtomicU64::new(from));
    let watched = Arc::clone(&current);
    std::thread::spawn(move || {
        let mut last = u64::MAX;
        loop {
            std::thread::sleep(Duration::from_secs(60));
            let now = watched.load(Relaxed);
            if now == last {
                eprintln!("input {now} has not ended after a minute");
                std::process::abort();
            }
            last = now;
        }
    });

    let start = Instant::now();
    let mut tally: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let (mut slowest, mut largest) = ((Duration::ZERO, 0), (0, 0));
    for number in from..from + count {
        current.store(number, Relaxed);
        let (seed, bytes) = input(&seeds, small, number);
        let begun = Instant::now();
        let (answer, peak) =
            peak(|| catch_unwind(AssertUnwindSafe(|| read(&bytes).map_err(|error| error.to_string()))));
        let took = begun.elapsed();
        let failure = match &answer {
            Err(_) => Some("panicked".to_string()),
            Ok(_) if took > LONGEST && again(&bytes) > LONGEST => Some(format!("took {took:?}")),
            Ok(_) if peak > LIMIT + SLACK => Some(format!("allocated {peak} bytes")),
            Ok(answer) => sound(answer).err(),
        };
        if let Some(failure) = failure {
            let path = std::env::temp_dir().join(format!("tinylens-fuzz-{number}"));
            std::fs::write(&path, &bytes).unwrap();
            panic!("input {number}, made from {}, {failure}; it is in {}", seeds[seed].name, path.display());
        }
        let Ok(answer) = answer else { continue };
        let (tried, accepted) = tally.entry(format(&answer)).or_default();
        *tried += 1;
        *accepted += u64::from(answer.is_ok());
        slowest = slowest.max((took, number));
        largest = largest.max((peak, number));
    }
    for (format, (tried, accepted)) in &tally {
        println!("{format:>20}: {tried:>8} inputs, {accepted:>7} accepted");
    }
    println!(
        "{count} inputs in {:.1} s; slowest {:?} (input {}), most memory {} bytes (input {})",
        start.elapsed().as_secs_f32(),
        slowest.0,
        slowest.1,
        largest.0,
        largest.1
    );
}
