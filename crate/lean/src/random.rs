//! Counter-based random numbers: every value is a function of (seed, stream, step, index, lane). There is no hidden
//! state, so that a run that is resumed, chunked or replayed draws the same numbers.
//!
//! The function is Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).

/// What numbers are drawn for. Two streams never share numbers, whatever their seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Stream {
    /// Initial weights.
    Init = 1,
    /// Inputs to train on.
    Train = 2,
    /// The order of the training set in an epoch.
    Order = 3,
    /// Inputs to test on.
    Test = 4,
    /// Which inputs are held out.
    HeldOut = 5,
    /// The length of a batch's inputs.
    Length = 6,
    /// Numbers that cover their range evenly.
    Even = 7,
    /// Sampled tokens.
    Sample = 8,
    /// Inputs of a battery.
    Battery = 9,
    /// Sites and values of a battery's edits.
    Edit = 10,
}

/// A place in a stream: three counters, to which the caller gives a meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct At {
    /// Usually the training step or epoch.
    pub step: u32,
    /// Usually a number among those of the step.
    pub index: u32,
    /// What else tells numbers apart.
    pub lane: u32,
}

/// Four random numbers of 32 bits.
pub fn block(seed: u32, stream: Stream, at: At) -> [u32; 4] {
    philox([at.index, at.step, at.lane, 0], [seed, stream as u32])
}

/// Ten rounds of Philox4x32.
fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let a = u64::from(counter[0]) * 0xD251_1F53;
        let b = u64::from(counter[2]) * 0xCD9E_8D57;
        counter = [(b >> 32) as u32 ^ counter[1] ^ key[0], b as u32, (a >> 32) as u32 ^ counter[3] ^ key[1], a as u32];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    counter
}

/// A whole number in `0..bound`, from 32 random bits. The bias is below `bound / 2^32`.
pub fn below(bits: u32, bound: u32) -> u32 {
    ((u64::from(bits) * u64::from(bound)) >> 32) as u32
}

/// Four numbers from the standard normal distribution (Box and Muller, 1958), with the same bits on every platform.
pub fn normals(seed: u32, stream: Stream, at: At) -> [f32; 4] {
    let [a, b, c, d] = block(seed, stream, at);
    let ([w, x], [y, z]) = (box_muller(a, b), box_muller(c, d));
    [w, x, y, z]
}

fn box_muller(a: u32, b: u32) -> [f32; 2] {
    const UNIT: f64 = 1.0 / 4_294_967_296.0;
    let radius = libm::sqrt(-2.0 * libm::log((f64::from(a) + 1.0) * UNIT));
    let angle = core::f64::consts::TAU * f64::from(b) * UNIT;
    [(radius * libm::cos(angle)) as f32, (radius * libm::sin(angle)) as f32]
}

/// Where `index` goes in a random permutation of `0..n`. The permutation is never made: a Feistel network over the
/// smallest even number of bits that holds `n` is applied until it gives a number below `n` (Black and Rogaway,
/// "Ciphers with arbitrary finite domains", 2002).
pub fn permute(seed: u32, stream: Stream, step: u32, index: u32, n: u32) -> u32 {
    let half = (32 - (n.max(2) - 1).leading_zeros()).div_ceil(2);
    let mask = (1u32 << half) - 1;
    let mut at = index;
    loop {
        let (mut left, mut right) = (at >> half, at & mask);
        for round in 0..6 {
            let random = block(seed, stream, At { step, index: right, lane: round })[0];
            (left, right) = (right, left ^ (random & mask));
        }
        at = left << half | right;
        if at < n {
            return at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers that Random123 publishes for philox4x32-10.
    #[test]
    fn agrees_with_random123() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        assert_eq!(philox(pi, [0xa409_3822, 0x299f_31d0]), [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
    }

    #[test]
    fn a_permutation_hits_everything_once() {
        for n in [1, 2, 3, 7, 64, 100, 1000] {
            let mut seen = vec![false; n as usize];
            for index in 0..n {
                let at = permute(3, Stream::Order, 9, index, n) as usize;
                assert!(!std::mem::replace(&mut seen[at], true), "{at} twice among {n}");
            }
        }
    }

    #[test]
    fn permutations_differ_between_epochs() {
        let order = |epoch| (0..100).map(|i| permute(3, Stream::Order, epoch, i, 100)).collect::<Vec<_>>();
        assert_ne!(order(0), order(1));
        let fixed = (0..100).zip(order(0)).filter(|(i, at)| i == at).count();
        assert!(fixed < 10, "{fixed} of 100 stay in place");
    }

    #[test]
    fn normals_have_the_moments_of_the_standard_normal() {
        let draws: Vec<f64> = (0..25_000)
            .flat_map(|index| normals(1, Stream::Init, At { index, ..At::default() }))
            .map(f64::from)
            .collect();
        let n = draws.len() as f64;
        let mean = draws.iter().sum::<f64>() / n;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        let kurtosis = draws.iter().map(|x| ((x - mean) / variance.sqrt()).powi(4)).sum::<f64>() / n;
        assert!(
            mean.abs() < 0.01 && (variance - 1.0).abs() < 0.015 && (kurtosis - 3.0).abs() < 0.08,
            "{mean} {variance} {kurtosis}"
        );
    }

    #[test]
    fn below_reaches_both_ends_and_never_the_bound() {
        assert_eq!((below(0, 64), below(u32::MAX, 64)), (0, 63));
    }
}
