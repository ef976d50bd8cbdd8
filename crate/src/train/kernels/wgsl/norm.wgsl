// Norms, LANES threads a row.

// hat = (x - mean) / sqrt(variance + eps), or x / sqrt(mean square + eps); out = hat w + b, where there are weights.
fn norm_forward(x: u32, rows: u32, hat: u32, inverse: u32, w: u32, b: u32, out: u32) {
  let lane = thread % LANES;
  for (var first = 0u; first < rows; first += THREADS / LANES) {
    let row = first + thread / LANES;
    let present = row < rows;
    let at = x + row * D_MODEL;
    var mean = 0.0;
    if (CENTRES) {
      var sum = 0.0;
      for (var c = lane; present && c < D_MODEL; c += LANES) {
        sum += act[at + c];
      }
      mean = row_sum(sum) / f32(D_MODEL);
    }
    var squares = 0.0;
    for (var c = lane; present && c < D_MODEL; c += LANES) {
      let value = act[at + c] - mean;
      squares += value * value;
    }
    let scale = 1.0 / sqrt(row_sum(squares) / f32(D_MODEL) + NORM_EPS);
    if (present) {
      if (lane == 0u) {
        act[inverse + row] = scale;
      }
      for (var c = lane; c < D_MODEL; c += LANES) {
        let value = (act[at + c] - mean) * scale;
        act[hat + row * D_MODEL + c] = value;
        if (w != NONE) {
          var weighted = value * params[w + c];
          if (b != NONE) {
            weighted += params[b + c];
          }
          act[out + row * D_MODEL + c] = weighted;
        }
      }
    }
  }
  settle();
}

// Adds to `out` the gradient of x, from `grad`, the gradient of what the norm gave.
fn norm_backward(grad: u32, rows: u32, hat: u32, inverse: u32, w: u32, out: u32) {
  let lane = thread % LANES;
  for (var first = 0u; first < rows; first += THREADS / LANES) {
    let row = first + thread / LANES;
    let present = row < rows;
    let at = row * D_MODEL;
    var sum = 0.0;
    var along = 0.0;
    for (var c = lane; present && c < D_MODEL; c += LANES) {
      var g = act[grad + at + c];
      if (w != NONE) {
        g *= params[w + c];
      }
      sum += g;
      along += g * act[hat + at + c];
    }
    // No gradient along what the norm takes out: the row's length and, if it centres, its mean.
    var mean = 0.0;
    if (CENTRES) {
      mean = row_sum(sum) / f32(D_MODEL);
    }
    let share = row_sum(along) / f32(D_MODEL);
    if (present) {
      let scale = act[inverse + row];
      for (var c = lane; c < D_MODEL; c += LANES) {
        var g = act[grad + at + c];
        if (w != NONE) {
          g *= params[w + c];
        }
        act[out + at + c] += scale * (g - mean - act[hat + at + c] * share);
      }
    }
  }
  settle();
}
