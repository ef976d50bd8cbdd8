// Philox4x32-10, as crate/src/random.rs has it: the same numbers from the same counters.

struct At {
  step: u32,
  index: u32,
  lane: u32,
}

// The upper half of a product, from halves of 16 bits: WGSL has no 64-bit integers.
fn mul_high(a: u32, b: u32) -> u32 {
  let a_low = a & 0xffffu;
  let a_high = a >> 16u;
  let b_low = b & 0xffffu;
  let b_high = b >> 16u;
  let low = a_low * b_low;
  let mid = a_high * b_low + (low >> 16u);
  let carry = a_low * b_high + (mid & 0xffffu);
  return a_high * b_high + (mid >> 16u) + (carry >> 16u);
}

fn block(seed: u32, stream: u32, at: At) -> vec4<u32> {
  var counter = vec4<u32>(at.index, at.step, at.lane, 0u);
  var key = vec2<u32>(seed, stream);
  for (var round = 0u; round < 10u; round++) {
    let a_high = mul_high(counter.x, 0xd2511f53u);
    let a_low = counter.x * 0xd2511f53u;
    let b_high = mul_high(counter.z, 0xcd9e8d57u);
    let b_low = counter.z * 0xcd9e8d57u;
    counter = vec4<u32>(b_high ^ counter.y ^ key.x, b_low, a_high ^ counter.w ^ key.y, a_low);
    key += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return counter;
}

fn below(bits: u32, bound: u32) -> u32 {
  return mul_high(bits, bound);
}

// Where `index` goes in a random permutation of 0..n: random.rs's Feistel network.
fn permute(seed: u32, stream: u32, step: u32, index: u32, n: u32) -> u32 {
  let half = (32u - countLeadingZeros(max(n, 2u) - 1u) + 1u) / 2u;
  let mask = (1u << half) - 1u;
  var at = index;
  loop {
    var left = at >> half;
    var right = at & mask;
    for (var round = 0u; round < 6u; round++) {
      let random = block(seed, stream, At(step, right, round)).x;
      let mixed = left ^ (random & mask);
      left = right;
      right = mixed;
    }
    at = (left << half) | right;
    if (at < n) {
      return at;
    }
  }

}
