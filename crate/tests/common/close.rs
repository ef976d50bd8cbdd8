//! The comparison of tensors.

/// Fails if two tensors differ anywhere by more than `tolerance`, relative to the expected value if that is above 1 in
/// magnitude. `-inf` equals `-inf`. `what` is what the failure calls the tensor.
#[track_caller]
pub fn assert_close(got: &[f32], expected: &[f32], tolerance: f32, what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}: length");
    for (index, (got, expected)) in got.iter().zip(expected).enumerate() {
        let near = got == expected || (got - expected).abs() <= tolerance * expected.abs().max(1.0);
        assert!(near, "{what}[{index}] is {got}; it should be {expected}");
    }
}
