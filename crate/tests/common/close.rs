//! Comparing tensors.

/// Fails where two tensors are further apart than `tolerance`, by value or (above 1) relative to it. `-inf` equals `-inf`.
#[track_caller]
pub fn assert_close(got: &[f32], expected: &[f32], tolerance: f32, what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}: length");
    for (index, (got, expected)) in got.iter().zip(expected).enumerate() {
        let near = got == expected || (got - expected).abs() <= tolerance * expected.abs().max(1.0);
        assert!(near, "{what}[{index}] is {got}, and should be {expected}");
    }
}
