//! `max_of_list_unit42.pt`, whose layout has a matrix for each head: all 100,000 inputs, and where the last position
//! attends.

use serde_json::Value;

use super::{figures, opened};

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared/checkpoints")]
fn the_largest_digit_of_every_list() {
    let (opened, model) = opened("max_of_list_unit42.pt");
    let config = model.config();
    assert_eq!((config.n_layers, config.n_heads, config.d_model, config.d_head), (1, 4, 64, 16));
    assert_eq!((config.d_vocab, config.n_ctx), (14, 12));
    assert!(config.attn_only && config.normalization_type.is_none());
    let mut inference =
        tinylens_lean::Inference::new(config, model.layout(), opened.parameters.clone(), 100_000, 11).unwrap();
    let lists: Vec<[usize; 5]> =
        (0..100_000).map(|number| [10_000, 1000, 100, 10, 1].map(|place| number / place % 10)).collect();
    let rows: Vec<Vec<usize>> = lists
        .iter()
        .map(|list| {
            [10].into_iter().chain([list[0]]).chain(list[1..].iter().flat_map(|n| [11, *n])).chain([12]).collect()
        })
        .collect();
    let (mut right, mut margin) = (0, f32::INFINITY);
    for (lists, rows) in lists.chunks(1000).zip(rows.chunks(1000)) {
        inference.logits(rows, 10..11, |row, logits| {
            let largest = *lists[row].iter().max().unwrap();
            let other = (0..10).filter(|digit| *digit != largest).map(|digit| logits[digit]);
            let gap = logits[largest] - other.fold(f32::NEG_INFINITY, f32::max);
            right += usize::from(gap > 0.0);
            margin = margin.min(gap);
        });
    }
    // By true maximum and head: the weight on all places of the maximum, and on the last position itself.
    let mut mass = [[[0f64; 2]; 4]; 10];
    let mut counts = [0f64; 10];
    for (lists, rows) in lists.chunks(1000).zip(rows.chunks(1000)) {
        let patterns = &inference.patterns(rows)[0];
        for (row, list) in lists.iter().enumerate() {
            let largest = *list.iter().max().unwrap();
            counts[largest] += 1.0;
            for (head, mass) in mass[largest].iter_mut().enumerate() {
                let weights = &patterns[((row * 4 + head) * 11 + 10) * 11..][..11];
                let places = (0..5).filter(|place| list[*place] == largest).map(|place| weights[1 + 2 * place]);
                mass[0] += places.map(f64::from).sum::<f64>();
                mass[1] += f64::from(weights[10]);
            }
        }
    }
    let published = figures("max_of_list_unit42_published.json");
    assert_eq!(Value::from(right), published["correct"]);
    let expected = published["minimum_digit_margin"].as_f64().unwrap();
    println!("{right} right; least margin {margin}, published {expected}");
    assert!((f64::from(margin) - expected).abs() < 1e-4, "{margin}");
    let mut worst = 0f64;
    for (largest, heads) in published["attention_by_true_max"].as_object().unwrap() {
        let largest: usize = largest.parse().unwrap();
        for (head, masses) in mass[largest].iter().enumerate() {
            for (name, got) in ["max_mass", "ans_mass"].iter().zip(masses) {
                let expected = heads[&format!("H{head}")][name].as_f64().unwrap();
                worst = worst.max((got / counts[largest] - expected).abs());
            }
        }
    }
    println!("attention by true maximum: largest difference {worst:.1e}");
    assert!(worst < 1e-6, "{worst}");
}
