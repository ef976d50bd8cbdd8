// What the passes through one sequence share. A workgroup works on one sequence; the places that a call names
// count from `base`.

// Rows of x, four values to a vector.
var<workgroup> stage: array<vec4<f32>, STAGE>;
// Partial sums: LANES threads a row.
var<workgroup> sums: array<f32, THREADS>;
var<private> thread: u32;
// Where the sequence's part of `act` begins, and where the sequence stands in `batches`.
var<private> base: u32;
var<private> sequence: u32;
// The summed cross entropy of this workgroup's sequences; only thread 0 has it.
var<private> loss: f32;

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

// The largest of what they give, likewise.
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

fn embed(call: Embed) {
  let out = base + call.out;
  for (var i = thread; i < POSITIONS * D_MODEL; i += THREADS) {
    let token = batches[sequence + FIRST_TOKEN + i / D_MODEL];
    var value = params[W_E + token * D_MODEL + i % D_MODEL];
    if (ADDS_POSITIONS) {
      value += params[W_POS + i];
    }
    act[out + i] = value;
  }
  settle();
}

fn add_positions(call: AddPositions) {
  let x = base + call.x;
  let out = base + call.out;
  for (var i = thread; i < POSITIONS * D_MODEL; i += THREADS) {
    act[out + i] = act[x + i] + params[W_POS + i];
  }
  settle();
}

fn fill_zero(call: FillZero) {
  let out = base + call.out;
  for (var i = thread; i < call.count; i += THREADS) {
    act[out + i] = 0.0;
  }
  settle();
}

fn copy(call: Copy) {
  let x = base + call.x;
  let out = base + call.out;
  for (var i = thread; i < call.count; i += THREADS) {
    act[out + i] = act[x + i];
  }
  settle();
}

fn add(call: Add) {
  let x = base + call.x;
  let out = base + call.out;
  for (var i = thread; i < call.count; i += THREADS) {
    act[out + i] += act[x + i];
  }
  settle();
}
