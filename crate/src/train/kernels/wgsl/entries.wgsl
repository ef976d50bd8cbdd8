// The passes through a sequence: forward and backward for a training step, forward alone for the held-out loss.

// The two counters of steps, which take turns, so that no dispatch writes what it reads.
const SEQUENCE_STEP = 0u;
const UPDATE_STEP = 1u;

var<workgroup> local_step: u32;

// Carries out calls number `first` to `end` - 1. They stand in a table, and not here, so that every function is
// compiled once, however many layers there are.
fn run(first: u32, end: u32) {
  for (var number = first; number < end; number++) {
    carry_out(CALLS + number * CALL_WORDS);
  }
}

// One sequence of the batch: its loss, and every activation and gradient from which the update computes the weights'
// gradients.
@compute @workgroup_size(THREADS)
fn sequences(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) me: u32) {
  let s = workgroup.x;
  if (me == 0u) {
    local_step = control[SEQUENCE_STEP];
  }
  let j = workgroupUniformLoad(&local_step);
  if (s >= step_at(j).sequences) {
    return;
  }
  if (s == 0u && me == 0u) {
    control[UPDATE_STEP] = j;
  }
  thread = me;
  base = s * STRIDE;
  sequence = sequence_at(j, s);
  run(0u, ALL_CALLS);
  if (me == 0u) {
    results[SEQUENCE_LOSS + s] = loss;
  }
}

// The same sequence of every batch that was uploaded, one after the other: their summed loss.
@compute @workgroup_size(THREADS)
fn measure(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) me: u32) {
  let s = workgroup.x;
  thread = me;
  base = s * STRIDE;
  for (var j = 0u; j < batches[0]; j++) {
    if (s < step_at(j).sequences) {
      sequence = sequence_at(j, s);
      run(0u, FORWARD_CALLS);
    }
  }
  if (me == 0u) {
    results[SEQUENCE_LOSS + s] = loss;
  }
}
