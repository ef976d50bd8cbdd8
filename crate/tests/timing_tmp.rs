mod tools;
use std::time::Duration;
fn cpu() -> Duration { let s = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap(); Duration::from_nanos(s.split(' ').next().unwrap().parse().unwrap()) }
use tinylens::checkpoint::measured;
#[global_allocator]
static COUNTING: tools::Counting = tools::Counting;
#[test]
fn times() {
    let size = 16 << 20;
    let only = std::env::var("ONLY").unwrap_or_default();
    for family in tools::repeats::families() {
        if !family.name.contains(&only) { continue; }
        let file = family.file(size);
        let start = cpu();
        let ((result, work), peak) = tools::peak(|| measured(&file));
        let took = cpu() - start;
        let said = match result { Ok(c) => format!("Ok {} tensors {} dicts {} notes", c.tensors.len(), c.metadata.len(), c.notes.len()), Err(e) => e.to_string().chars().take(110).collect() };
        println!("{:7.3}s {:>5.1} MB {:5.2} w/B {:4} MB  {}: {said}", took.as_secs_f32(), file.len() as f32/1048576.0, work as f64 / file.len() as f64, peak >> 20, family.name);
    }
}
#[test]
fn others() {
    use tools::by_hand::*;
    for shape in [&[1i64 << 23, 2, 2][..], &[1 << 24, 2], &[2, 1 << 24], &[31 << 20], &[2; 25]] {
        let strides = vec![0; shape.len()];
        let file = saved(&dict(&[("w.with.a.long.name", tensor(&storage("FloatStorage", "0", 1), 0, shape, &strides))]), &[0; 4]);
        let start = cpu();
        let (r, w) = measured(&file);
        println!("{shape:?} {:?} {w} {}", cpu() - start, r.map(|c| c.tensors[0].values.len()).map_err(|e| e.to_string()).map_or_else(|e| e, |n| n.to_string()));
    }
    let bomb = zip(&[("a/data.pkl", &vec![b'N'; 250 << 20])], true);
    let start = cpu();
    let (r, w) = measured(&bomb);
    println!("bomb {} {:?} {w} {}", bomb.len(), cpu() - start, r.unwrap_err());
    for folder in ["../../shared/checkpoints", "tests/checkpoints", "tests/layouts", "tests/oracle"] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap_or_default();
            let (r, w) = measured(&bytes);
            if r.is_ok() && w * 2 > bytes.len() * 3 { println!("{:.2} {w} {} {}", w as f64 / bytes.len() as f64, bytes.len(), path.display()); }
        }
    }
}
