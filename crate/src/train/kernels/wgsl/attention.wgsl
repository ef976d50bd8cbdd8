// Attention of one layer in one sequence. `rows` destinations, the first of which is position `shift`; all SEEN positions are sources.
// Heads lie side by side in rows of queries, keys and values: WIDTH = n_heads d_head. A pattern is [head, destination, source].

// How many sources a destination sees.
fn sources(destination: u32) -> u32 {
  if (CAUSAL) {
    return destination + 1u;
  }
  return SEEN;
}

// Queries or keys turned by their positions; back again with `direction` -1.
fn rotate(x: u32, rows: u32, shift: u32, direction: f32) {
  let pairs = ROTARY_DIM / 2u;
  let items = rows * N_HEADS * pairs;
  for (var i = thread; i < items; i += THREADS) {
    let pair = i % pairs;
    let head = i / pairs % N_HEADS;
    let row = i / (pairs * N_HEADS);
    let at = x + row * WIDTH + head * D_HEAD;
    var first = at + pair;
    var second = first + pairs;
    if (ROTARY_ADJACENT) {
      first = at + 2u * pair;
      second = first + 1u;
    }
    let turn = ROTARY + 2u * ((shift + row) * pairs + pair);
    let cosine = bitcast<f32>(tables[turn]);
    let sine = bitcast<f32>(tables[turn + 1u]) * direction;
    let a = act[first];
    let b = act[second];
    act[first] = a * cosine - b * sine;
    act[second] = b * cosine + a * sine;
  }
  settle();
}

// out[h, i, j] = scale · a[i, h] · b[j, h]: scores from queries and keys, and a pattern's gradient from z's and the values.
fn products(a: u32, b: u32, rows: u32, shift: u32, scale: f32, out: u32) {
  let items = N_HEADS * rows * SEEN;
  for (var item = thread; item < items; item += THREADS) {
    let j = item % SEEN;
    let i = item / SEEN % rows;
    let head = item / (SEEN * rows);
    var sum = 0.0;
    if (j < sources(shift + i)) {
      let left = a + i * WIDTH + head * D_HEAD;
      let right = b + j * WIDTH + head * D_HEAD;
      for (var d = 0u; d < D_HEAD; d++) {
        sum += act[left + d] * act[right + d];
      }
      sum *= scale;
    }
    act[out + item] = sum;
  }
  settle();
}

// Scores become a pattern. What is masked has weight 0.
fn softmax_rows(pattern: u32, rows: u32, shift: u32) {
  for (var item = thread; item < N_HEADS * rows; item += THREADS) {
    let at = pattern + item * SEEN;
    let seen = sources(shift + item % rows);
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

// The gradient of a pattern becomes that of the scores.
fn softmax_backward(pattern: u32, grad: u32, rows: u32, shift: u32) {
  for (var item = thread; item < N_HEADS * rows; item += THREADS) {
    let at = item * SEEN;
    let seen = sources(shift + item % rows);
    var mean = 0.0;
    for (var j = 0u; j < seen; j++) {
      mean += act[pattern + at + j] * act[grad + at + j];
    }
    for (var j = 0u; j < seen; j++) {
      act[grad + at + j] = act[pattern + at + j] * (act[grad + at + j] - mean);
    }
  }
  settle();
}

// out[i, h] = scale · sum over j of weights[h, i, j] x[j, h]: z from the values, queries' gradients from the keys.
fn over_sources(weights: u32, x: u32, rows: u32, shift: u32, scale: f32, out: u32) {
  for (var item = thread; item < rows * WIDTH; item += THREADS) {
    let i = item / WIDTH;
    let column = item % WIDTH;
    let at = weights + (column / D_HEAD * rows + i) * SEEN;
    var sum = 0.0;
    for (var j = 0u; j < sources(shift + i); j++) {
      sum += act[at + j] * act[x + j * WIDTH + column];
    }
    act[out + item] = sum * scale;
  }
  settle();
}

// out[j, h] = scale · sum over i of weights[h, i, j] x[i, h]: keys' gradients from the queries, values' from z's.
fn over_destinations(weights: u32, x: u32, rows: u32, shift: u32, scale: f32, out: u32) {
  for (var item = thread; item < SEEN * WIDTH; item += THREADS) {
    let j = item / WIDTH;
    let column = item % WIDTH;
    let at = weights + column / D_HEAD * rows * SEEN + j;
    var sum = 0.0;
    for (var i = 0u; i < rows; i++) {
      if (j < sources(shift + i)) {
        sum += act[at + i * SEEN] * act[x + i * WIDTH + column];
      }
    }
    act[out + item] = sum * scale;
  }
  settle();
}
