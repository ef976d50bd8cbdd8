// Norms, LANES threads a row.

// normed = (x - mean) / sqrt(variance + eps) if the norm centres, or else x / sqrt(mean square + eps).
fn norm(call: Norm) {
  let x = base + call.x;
  let normed = base + call.normed;
  let inverse = base + call.inverse;
  let out = base + call.out;
  let lane = thread % LANES;
  for (var first = 0u; first < call.rows; first += THREADS / LANES) {
    let row = first + thread / LANES;
    let present = row < call.rows;
    let at = row * D_MODEL;
    var mean = 0.0;
    if (CENTRES) {
      var sum = 0.0;
      for (var c = lane; present && c < D_MODEL; c += LANES) {
        sum += act[x + at + c];
      }
      mean = row_sum(sum) / f32(D_MODEL);
    }
    var squares = 0.0;
    for (var c = lane; present && c < D_MODEL; c += LANES) {
      let value = act[x + at + c] - mean;
      squares += value * value;
    }
    let scale = 1.0 / sqrt(row_sum(squares) / f32(D_MODEL) + NORM_EPS);
    if (present) {
      if (lane == 0u) {
        act[inverse + row] = scale;
      }
      for (var c = lane; c < D_MODEL; c += LANES) {
        let value = (act[x + at + c] - mean) * scale;
        act[normed + at + c] = value;
        if (call.w != NONE) {
          var weighted = value * params[call.w + c];
          if (call.b != NONE) {
            weighted += params[call.b + c];
          }
          act[out + at + c] = weighted;
        }
      }
    }
  }
  settle();
}

fn norm_backward(call: NormBackward) {
  let grad = base + call.grad;
  let normed = base + call.normed;
  let inverse = base + call.inverse;
  let out = base + call.out;
  let lane = thread % LANES;
  for (var first = 0u; first < call.rows; first += THREADS / LANES) {
    let row = first + thread / LANES;
    let present = row < call.rows;
    let at = row * D_MODEL;
    var sum = 0.0;
    var along = 0.0;
    for (var c = lane; present && c < D_MODEL; c += LANES) {
      var g = act[grad + at + c];
      if (call.w != NONE) {
        g *= params[call.w + c];
      }
      sum += g;
      along += g * act[normed + at + c];
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
        if (call.w != NONE) {
          g *= params[call.w + c];
        }
        act[out + at + c] += scale * (g - mean - act[normed + at + c] * share);
      }
    }
  }
  settle();
}
