// What the passes through one sequence share. A workgroup works on one sequence; `base` is where its part of `act` begins.

var<workgroup> stage: array<vec4<f32>, STAGE>;
// Partial sums: LANES threads a row.
var<workgroup> sums: array<f32, THREADS>;
var<workgroup> local_step: u32;
var<private> thread: u32;
var<private> base: u32;

// What one phase wrote to `act`, the next may read.
fn settle() {
  storageBarrier();
}

// The sum of what the LANES threads of a row give; all of them get it. All threads must call it.
fn row_sum(value: f32) -> f32 {
  sums[thread] = value;
  workgroupBarrier();
  let first = thread / LANES * LANES;
  var sum = 0.0;
  for (var i = 0u; i < LANES; i++) {
    sum += sums[first + i];
  }
  workgroupBarrier();
  return sum;
}

fn row_max(value: f32) -> f32 {
  sums[thread] = value;
  workgroupBarrier();
  let first = thread / LANES * LANES;
  var largest = sums[first];
  for (var i = 1u; i < LANES; i++) {
    largest = max(largest, sums[first + i]);
  }
  workgroupBarrier();
  return largest;
}

// x[r] = W_E[token] + W_pos[r], where positions are added.
fn embed(begin: u32, out: u32) {
  for (var i = thread; i < SEEN * D_MODEL; i += THREADS) {
    let row = i / D_MODEL;
    let c = i % D_MODEL;
    var value = params[W_E + tokens[begin + row] * D_MODEL + c];
    if (STANDARD_POSITIONS) {
      value += params[W_POS + i];
    }
    act[out + i] = value;
  }
  settle();
}

// out = x, row by row.
fn copy_rows(x: u32, out: u32, count: u32) {
  for (var i = thread; i < count; i += THREADS) {
    act[out + i] = act[x + i];
  }
  settle();
}

fn fill_zero(out: u32, count: u32) {
  for (var i = thread; i < count; i += THREADS) {
    act[out + i] = 0.0;
  }
  settle();
}

// out += x.
fn add_rows(x: u32, out: u32, count: u32) {
  for (var i = thread; i < count; i += THREADS) {
    act[out + i] += act[x + i];
  }
  settle();
}

// out = x + W_pos: what Shortformer's queries and keys read.
fn place_rows(x: u32, out: u32) {
  for (var i = thread; i < SEEN * D_MODEL; i += THREADS) {
    act[out + i] = act[x + i] + params[W_POS + i];
  }
  settle();
}
