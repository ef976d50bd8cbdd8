// How many sequences the batch of a step has: the last of an epoch may be short.
fn sequences_of(step: u32) -> u32 {
  if (SAMPLES == 0u) {
    return BATCH;
  }
  return min(BATCH, SAMPLES - step % EPOCH_STEPS * BATCH);
}

// One sequence of the batch, there and back: its loss, and everything that the update makes weight gradients of.
@compute @workgroup_size(THREADS)
fn sequences(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) me: u32) {
  let s = workgroup.x;
  thread = me;
  base = s * STRIDE;
  // The two counters of steps take turns, so that no dispatch writes what it reads.
  if (me == 0u) {
    local_step = control[SEQUENCE_STEP];
  }
  let j = workgroupUniformLoad(&local_step);
  if (s >= sequences_of(tables[FIRST_STEP] + j)) {
    return;
  }
  if (s == 0u && me == 0u) {
    control[UPDATE_STEP] = j;
  }
  let begin = (j * BATCH + s) * POSITIONS;
  forward(begin);
  sequence_loss(base + LOGITS, begin, tokens[LENGTHS + j * BATCH + s], SEQUENCE_LOSS + s, SEQUENCE_COUNT + s);
  backward();
}

// Held-out lists: their losses only.
@compute @workgroup_size(THREADS)
fn measure(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) me: u32) {
  thread = me;
  base = workgroup.x * STRIDE;
  for (var s = workgroup.x; s < HELD_OUT_LISTS; s += BATCH) {
    let begin = HELD_OUT + s * POSITIONS;
    forward(begin);
    sequence_loss(base + LOGITS, begin, LIST_LENGTH, HELD_OUT_LOSS + s, SEQUENCE_COUNT + workgroup.x);
    settle();
  }
}
