// Attention of one layer in one sequence. `rows` destinations, of which `first` is the first one's position;
// all positions are sources. Heads lie side by side in rows of queries, keys and values: WIDTH = n_heads
// d_head. A pattern is [head, destination, source].

const WIDTH = N_HEADS * D_HEAD;

// How many sources a destination sees: those up to itself, or all of its sequence but the padding.
fn sources(destination: u32) -> u32 {
  if (CAUSAL) {
    return destination + 1u;
  }
  return batches[sequence];
}

fn rotate(call: Rotate) {
  let items = call.rows * N_HEADS * PAIRS;
  for (var i = thread; i < items; i += THREADS) {
    let pair = i % PAIRS;
    let head = i / PAIRS % N_HEADS;
    let row = i / (PAIRS * N_HEADS);
    let at = base + call.x + row * WIDTH + head * D_HEAD;
    var one = at + pair;
    var other = one + PAIRS;
    if (ADJACENT_PAIRS) {
      one = at + 2u * pair;
      other = one + 1u;
    }
    let turn = ROTARY + 2u * ((call.first + row) * PAIRS + pair);
    let cosine = bitcast<f32>(tables[turn]);
    let sine = bitcast<f32>(tables[turn + 1u]) * call.direction;
    let a = act[one];
    let b = act[other];
    act[one] = a * cosine - b * sine;
    act[other] = b * cosine + a * sine;
  }
  settle();
}

fn products(call: Products) {
  let items = N_HEADS * call.rows * POSITIONS;
  for (var item = thread; item < items; item += THREADS) {
    let j = item % POSITIONS;
    let i = item / POSITIONS % call.rows;
    let head = item / (POSITIONS * call.rows);
    var sum = 0.0;
    if (j < sources(call.first + i)) {
      let left = base + call.a + i * WIDTH + head * D_HEAD;
      let right = base + call.b + j * WIDTH + head * D_HEAD;
      for (var d = 0u; d < D_HEAD; d++) {
        sum += act[left + d] * act[right + d];
      }
      sum *= call.scale;
    }
    act[base + call.out + item] = sum;
  }
  settle();
}

// What a destination does not see keeps weight 0.
fn softmax(call: Softmax) {
  for (var item = thread; item < N_HEADS * call.rows; item += THREADS) {
    let at = base + call.pattern + item * POSITIONS;
    let seen = sources(call.first + item % call.rows);
    var largest = act[at];
    for (var j = 1u; j < seen; j++) {
      largest = max(largest, act[at + j]);
    }
    var sum = 0.0;
    for (var j = 0u; j < seen; j++) {
      let value = exp(act[at + j] - largest);
      act[at + j] = value;
      sum += value;
    }
    for (var j = 0u; j < seen; j++) {
      act[at + j] /= sum;
    }
  }
  settle();
}

fn softmax_backward(call: SoftmaxBackward) {
  for (var item = thread; item < N_HEADS * call.rows; item += THREADS) {
    let pattern = base + call.pattern + item * POSITIONS;
    let grad = base + call.grad + item * POSITIONS;
    let seen = sources(call.first + item % call.rows);
    var mean = 0.0;
    for (var j = 0u; j < seen; j++) {
      mean += act[pattern + j] * act[grad + j];
    }
    for (var j = 0u; j < seen; j++) {
      act[grad + j] = act[pattern + j] * (act[grad + j] - mean);
    }
  }
  settle();
}

fn over_sources(call: OverSources) {
  for (var item = thread; item < call.rows * WIDTH; item += THREADS) {
    let i = item / WIDTH;
    let column = item % WIDTH;
    let weights = base + call.weights + (column / D_HEAD * call.rows + i) * POSITIONS;
    let x = base + call.x + column;
    var sum = 0.0;
    for (var j = 0u; j < sources(call.first + i); j++) {
      sum += act[weights + j] * act[x + j * WIDTH];
    }
    act[base + call.out + item] = sum * call.scale;
  }
  settle();
}

fn over_destinations(call: OverDestinations) {
  for (var item = thread; item < POSITIONS * WIDTH; item += THREADS) {
    let j = item / WIDTH;
    let column = item % WIDTH;
    let weights = base + call.weights + column / D_HEAD * call.rows * POSITIONS + j;
    let x = base + call.x + column;
    var sum = 0.0;
    for (var i = 0u; i < call.rows; i++) {
      if (j < sources(call.first + i)) {
        sum += act[weights + i * POSITIONS] * act[x + i * WIDTH];
      }
    }
    act[base + call.out + item] = sum * call.scale;
  }
  settle();
}
