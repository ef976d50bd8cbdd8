//! The layout of the parameters, and their initial values.

use serde_json::json;
use tinylens::experiment::Experiment;
use tinylens::model::Layout;

#[test]
fn counts_the_notebooks_parameters() {
    let layout = Layout::new(&Experiment::default().model);
    assert_eq!(layout.len(), 84_803);
    let names: Vec<&str> = layout.entries().iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names.len(), 12);
    assert!(names.contains(&"blocks.0.attn.W_Q") && names.contains(&"unembed.b_U"));
}

#[test]
fn finds_parameters_by_name() {
    let layout = Layout::new(&Experiment::default().model);
    for entry in layout.entries() {
        assert_eq!((layout.find(&entry.name), layout.offset(&entry.name)), (Some(entry), entry.offset));
    }
    assert_eq!(layout.find("blocks.1.attn.W_Q"), None);
}

#[test]
fn initial_weights_have_transformer_lens_spread_and_biases_are_zero() {
    let model =
        Experiment::resolve(&json!({ "model": { "attn_only": false, "normalization_type": "LN" } })).unwrap().model;
    let layout = Layout::new(&model);
    let values = layout.initial(&model);
    assert_eq!(values.len(), layout.len());
    for entry in layout.entries() {
        let part = &values[entry.range()];
        let spread = (part.iter().map(|x| f64::from(x * x)).sum::<f64>() / part.len() as f64).sqrt();
        let expected = match entry.name.rsplit('.').next().unwrap() {
            "w" => 1.0,
            name if name.starts_with("W_") => 0.8 / 128f64.sqrt(),
            _ => 0.0,
        };
        assert!((spread - expected).abs() <= 0.06 * expected, "{}: {spread}, expected {expected}", entry.name);
    }
}
