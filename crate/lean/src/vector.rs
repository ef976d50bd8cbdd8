//! Loops over slices that compilers turn into SIMD, and an exponential function that can be part of such a loop.
//!
//! Rows are short (a head, a vocabulary), so that starting a loop costs as much as running it. Hence `#[inline]`: a
//! loop in another file becomes SIMD only if all that it calls is inlined. And hence indices: `zip`, `sum` and `map`
//! are calls of their own in a crate that is compiled in many units without link-time optimisation.
#![expect(clippy::needless_range_loop, reason = "see above")]

/// How many partial sums a sum has, in a fixed order: two SIMD registers.
const LANES: usize = 8;

/// What one turn of a loop takes.
type Lanes = [f32; LANES];

/// Refuses operands of different lengths. The check replaces the loops' bounds checks.
#[inline]
fn same_length(a: &[f32], b: &[f32]) {
    assert!(a.len() == b.len(), "{} values and {}", a.len(), b.len());
}

/// `out += x`, of equal length.
#[inline]
pub fn add(out: &mut [f32], x: &[f32]) {
    same_length(out, x);
    for i in 0..out.len() {
        out[i] += x[i];
    }
}

/// `out += scale · x`, of equal length.
#[inline]
pub fn add_scaled(out: &mut [f32], x: &[f32], scale: f32) {
    same_length(out, x);
    for i in 0..out.len() {
        out[i] += scale * x[i];
    }
}

/// Σ a b, of equal length.
#[inline]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    same_length(a, b);
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut lanes = [0.0; LANES];
    for i in 0..a.len() {
        for lane in 0..LANES {
            lanes[lane] += a[i][lane] * b[i][lane];
        }
    }
    let mut rest = 0.0;
    for i in 0..rest_a.len() {
        rest += rest_a[i] * rest_b[i];
    }
    total(&lanes) + rest
}

/// Σ values.
#[inline]
pub fn sum(values: &[f32]) -> f32 {
    let (chunks, others) = values.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for i in 0..chunks.len() {
        for lane in 0..LANES {
            lanes[lane] += chunks[i][lane];
        }
    }
    let mut rest = 0.0;
    for i in 0..others.len() {
        rest += others[i];
    }
    total(&lanes) + rest
}

/// The sum of the lanes.
#[inline]
fn total(lanes: &Lanes) -> f32 {
    let [a, b, c, d, e, f, g, h] = *lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// The largest value, NaN aside: `exp` passes it on.
#[inline]
pub fn largest(values: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let (chunks, others) = values.as_chunks::<LANES>();
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for i in 0..chunks.len() {
        for lane in 0..LANES {
            lanes[lane] = larger(lanes[lane], chunks[i][lane]);
        }
    }
    let mut most = f32::NEG_INFINITY;
    for lane in 0..LANES {
        most = larger(most, lanes[lane]);
    }
    for i in 0..others.len() {
        most = larger(most, others[i]);
    }
    most
}

/// `values = exp(values)`, for values up to 0. Pass many rows at once: starting the loop costs as much as a row.
#[inline(never)]
pub fn exp_all(values: &mut [f32]) {
    for i in 0..values.len() {
        values[i] = exp(values[i]);
    }
}

/// `values = exp(values - max)`; returns their sum. Results below e⁻⁴⁰ are 0: a trained softmax is full of them, and
/// wasm cannot flush denormal numbers, which would make it three times as slow.
#[inline]
pub fn exp_less_max(values: &mut [f32]) -> f32 {
    exp_less(values, largest(values))
}

#[inline]
fn exp_less(values: &mut [f32], max: f32) -> f32 {
    for i in 0..values.len() {
        values[i] -= max;
    }
    exp_all(values);
    sum(values)
}

/// `-log softmax(logits)[target]`. The logits are replaced by `weight` times the gradient with respect to them.
#[inline]
pub fn cross_entropy(logits: &mut [f32], target: usize, weight: f32) -> f64 {
    let wanted = logits[target];
    let max = largest(logits);
    let sum = exp_less(logits, max);
    let scale = weight / sum;
    for i in 0..logits.len() {
        logits[i] *= scale;
    }
    logits[target] -= weight;
    libm::log(f64::from(sum)) - f64::from(wanted - max)
}

/// `e^x` for x up to 0, within 2 units in the last place; 0 up to -40. It has no branches, unlike libm's, so that loops
/// over it become SIMD. `2^n · p(r)` with `x = n ln 2 + r` and the polynomial of Cephes (Moshier, `expf`).
#[inline]
pub fn exp(x: f32) -> f32 {
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    // Written so that NaN is kept, here and below: a run that has diverged must show it.
    let clamped = if x < -40.0 { -40.0 } else { x };
    // Adding 1.5 · 2²³ rounds to a whole number, which is then in the lowest bits; subtracting it again gives that
    // number.
    const ROUND: f32 = 12_582_912.0;
    let rounded = clamped * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = clamped - n * LN2_HIGH - n * LN2_LOW;
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 0.5;
    let value = p * r * r + r + 1.0;
    let power = f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23));
    if x <= -40.0 { 0.0 } else { value * power }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_libms_to_two_units_and_zero_below_minus_forty() {
        for i in 0..=39_999 {
            let x = -(i as f32) / 1000.0;
            let (got, expected) = (exp(x), libm::exp(f64::from(x)));
            assert!((f64::from(got) - expected).abs() <= 2.4e-7 * expected, "{x}: {got} {expected}");
        }
        assert_eq!([exp(-40.0), exp(-1e30), exp(f32::NEG_INFINITY)], [0.0; 3]);
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    #[should_panic(expected = "3 values and 4")]
    fn a_longer_operand_is_refused() {
        add(&mut [0.0; 3], &[1.0; 4]);
    }

    #[test]
    fn a_softmax_sums_to_one() {
        let mut values: Vec<f32> = (0..67).map(|i| (i * 37 % 19) as f32).collect();
        let sum = exp_less_max(&mut values);
        let exact: f64 = (0..67).map(|i| libm::exp(f64::from(i * 37 % 19) - 18.0)).sum();
        assert!((f64::from(sum) - exact).abs() < 1e-5 * exact, "{sum} {exact}");
    }
}
