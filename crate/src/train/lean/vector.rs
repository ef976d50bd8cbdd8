//! Loops over slices that compilers turn into SIMD, and an exponential that they can. `#[inline]`, since other files' loops become SIMD
//! only with what they call inside, and slices can be as short as a head.

/// Lanes of a sum: enough for two SIMD registers, and a fixed order.
const LANES: usize = 8;

/// `out += x`.
#[inline]
pub fn add(out: &mut [f32], x: &[f32]) {
    out.iter_mut().zip(x).for_each(|(out, x)| *out += x);
}

/// `out += scale · x`.
#[inline]
pub fn add_scaled(out: &mut [f32], x: &[f32], scale: f32) {
    out.iter_mut().zip(x).for_each(|(out, x)| *out += scale * x);
}

/// Σ a b.
#[inline]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    let (mut a, mut b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    for (a, b) in (&mut a).zip(&mut b) {
        for lane in 0..LANES {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    lanes.iter().sum::<f32>() + a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum::<f32>()
}

/// Σ values.
#[inline]
pub fn sum(values: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    let mut chunks = values.chunks_exact(LANES);
    for chunk in &mut chunks {
        for lane in 0..LANES {
            lanes[lane] += chunk[lane];
        }
    }
    lanes.iter().sum::<f32>() + chunks.remainder().iter().sum::<f32>()
}

/// `values = exp(values - max)`; gives their sum. What would be below e⁻⁴⁰ is 0: a trained softmax is full of such values, and wasm, which
/// can't flush denormals, slows threefold over them.
pub fn exp_less_max(values: &mut [f32]) -> f32 {
    let max = values.iter().fold(f32::NEG_INFINITY, |max, x| if *x > max { *x } else { max });
    values.iter_mut().for_each(|x| *x = exp(*x - max));
    sum(values)
}

/// `-log softmax(logits)[target]`; the logits become `weight` times its gradient with respect to them.
pub fn cross_entropy(logits: &mut [f32], target: usize, weight: f32) -> f64 {
    let wanted = logits[target];
    let max = logits.iter().fold(f32::NEG_INFINITY, |max, x| if *x > max { *x } else { max });
    let sum = exp_less_max(logits);
    logits.iter_mut().for_each(|x| *x *= weight / sum);
    logits[target] -= weight;
    libm::log(f64::from(sum)) - f64::from(wanted - max)
}

/// e^x for x up to 0, within 2 units in the last place; 0 below -40. Not libm's: this one has no branches, so that loops over it are
/// SIMD. `2^n · p(r)` with `x = n ln 2 + r` and the polynomial of Cephes (Moshier, `expf`).
#[inline]
pub fn exp(x: f32) -> f32 {
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let clamped = if x > -40.0 { x } else { -40.0 };
    // Rounded to a whole number by adding and taking away 1.5 · 2²³.
    const ROUND: f32 = 12_582_912.0;
    let n = (clamped * std::f32::consts::LOG2_E + ROUND) - ROUND;
    let r = clamped - n * LN2_HIGH - n * LN2_LOW;
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 0.5;
    let value = p * r * r + r + 1.0;
    let power = f32::from_bits(((n as i32 + 127) << 23) as u32);
    let result = if x > -40.0 { value * power } else { 0.0 };
    // NaN is kept: a run that has diverged must say so.
    if x.is_nan() { x } else { result }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_libms_to_two_units_and_nothing_below_forty() {
        for i in 0..=39_999 {
            let x = -(i as f32) / 1000.0;
            let (got, expected) = (exp(x), libm::exp(f64::from(x)));
            assert!((f64::from(got) - expected).abs() <= 2.4e-7 * expected, "{x}: {got} {expected}");
        }
        assert_eq!([exp(-40.0), exp(-1e30), exp(f32::NEG_INFINITY)], [0.0; 3]);
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn a_softmax_sums_to_one() {
        let mut values: Vec<f32> = (0..67).map(|i| (i * 37 % 19) as f32).collect();
        let sum = exp_less_max(&mut values);
        let exact: f64 = (0..67).map(|i| libm::exp(f64::from(i * 37 % 19) - 18.0)).sum();
        assert!((f64::from(sum) - exact).abs() < 1e-5 * exact, "{sum} {exact}");
    }
}
