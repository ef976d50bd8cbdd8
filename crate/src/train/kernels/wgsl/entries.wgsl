// How many sequences the batch of a step has: the last of an epoch may be short.
fn sequences_of(step: u32) -> u32 {
  if (SAMPLES == 0u) {
    return BATCH;
  }
  return min(BATCH, SAMPLES - step % EPOCH_STEPS * BATCH);
}

// An argument of a call: a number, a place in this sequence's part of `act`, or a float32.
fn number(call: u32, i: u32) -> u32 {
  return tables[call + i];
}

fn spot(call: u32, i: u32) -> u32 {
  return base + tables[call + i];
}

fn real(call: u32, i: u32) -> f32 {
  return bitcast<f32>(tables[call + i]);
}

// Calls number first to last - 1. That they stand in a table, and not here, compiles every function once, however many layers there are.
fn run(first: u32, last: u32, begin: u32) {
  for (var number_of_call = first; number_of_call < last; number_of_call++) {
    let c = CALLS + number_of_call * CALL_WORDS;
    switch (tables[c]) {
      case EMBED: {
        embed(begin, spot(c, 1u));
      }
      case FILL_ZERO: {
        fill_zero(spot(c, 1u), number(c, 2u));
      }
      case COPY_ROWS: {
        copy_rows(spot(c, 1u), spot(c, 2u), number(c, 3u));
      }
      case ADD_ROWS: {
        add_rows(spot(c, 1u), spot(c, 2u), number(c, 3u));
      }
      case PLACE_ROWS: {
        place_rows(spot(c, 1u), spot(c, 2u));
      }
      case LINEAR_FORWARD: {
        linear_forward(
          spot(c, 1u), number(c, 2u), number(c, 3u), number(c, 4u), number(c, 5u), number(c, 6u), number(c, 7u), number(c, 8u), spot(c, 9u),
          number(c, 10u) == 1u,
        );
      }
      case LINEAR_BACKWARD: {
        linear_backward(
          spot(c, 1u), number(c, 2u), number(c, 3u), number(c, 4u), number(c, 5u), number(c, 6u), number(c, 7u), number(c, 8u), spot(c, 9u),
          number(c, 10u) == 1u,
        );
      }
      case NORM_FORWARD: {
        norm_forward(spot(c, 1u), number(c, 2u), spot(c, 3u), spot(c, 4u), number(c, 5u), number(c, 6u), spot(c, 7u));
      }
      case NORM_BACKWARD: {
        norm_backward(spot(c, 1u), number(c, 2u), spot(c, 3u), spot(c, 4u), number(c, 5u), spot(c, 6u));
      }
      case ROTATE: {
        rotate(spot(c, 1u), number(c, 2u), number(c, 3u), real(c, 4u));
      }
      case PRODUCTS: {
        products(spot(c, 1u), spot(c, 2u), number(c, 3u), number(c, 4u), real(c, 5u), spot(c, 6u));
      }
      case SOFTMAX: {
        softmax_rows(spot(c, 1u), number(c, 2u), number(c, 3u));
      }
      case SOFTMAX_BACKWARD: {
        softmax_backward(spot(c, 1u), spot(c, 2u), number(c, 3u), number(c, 4u));
      }
      case OVER_SOURCES: {
        over_sources(spot(c, 1u), spot(c, 2u), number(c, 3u), number(c, 4u), real(c, 5u), spot(c, 6u));
      }
      case OVER_DESTINATIONS: {
        over_destinations(spot(c, 1u), spot(c, 2u), number(c, 3u), number(c, 4u), real(c, 5u), spot(c, 6u));
      }
      case ACTIVATE: {
        activate(spot(c, 1u), spot(c, 2u), number(c, 3u));
      }
      case ACTIVATE_BACKWARD: {
        activate_backward(spot(c, 1u), spot(c, 2u), number(c, 3u));
      }
      default: {
      }
    }
  }
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
  run(0u, FORWARD_CALLS, begin);
  sequence_loss(base + LOGITS, begin, tokens[LENGTHS + j * BATCH + s], SEQUENCE_LOSS + s, SEQUENCE_COUNT + s);
  run(FORWARD_CALLS, ALL_CALLS, begin);
}

// Held-out lists: their losses only.
@compute @workgroup_size(THREADS)
fn measure(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) me: u32) {
  thread = me;
  base = workgroup.x * STRIDE;
  for (var s = workgroup.x; s < HELD_OUT_LISTS; s += BATCH) {
    let begin = HELD_OUT + s * POSITIONS;
    run(0u, FORWARD_CALLS, begin);
    sequence_loss(base + LOGITS, begin, LIST_LENGTH, HELD_OUT_LOSS + s, SEQUENCE_COUNT + workgroup.x);
    settle();
  }
}
