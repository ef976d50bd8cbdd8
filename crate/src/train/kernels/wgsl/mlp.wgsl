// Activations of an MLP, and their derivatives: ACTIVATION says which.

fn sigmoid(x: f32) -> f32 {
  let small = exp(-abs(x));
  let large = 1.0 / (1.0 + small);
  return select(large, small * large, x < 0.0);
}

// GPT-2's gelu is x (1 + tanh(u)) / 2 = x sigmoid(2 u); this is 2 u.
fn tanh_argument(x: f32) -> f32 {
  return 1.595769 * (x + 0.044715 * x * x * x);
}

// The standard normal distribution's share below x, by the same fit as on the CPU (crate/lean/src/rows/mlp.rs).
fn normal_below(x: f32) -> f32 {
  let z = abs(x) * 0.70710678;
  let t = 1.0 / (1.0 + 0.5 * z);
  var p = t * 0.17087277 - 0.8221522;
  p = t * p + 1.4885159;
  p = t * p - 1.135204;
  p = t * p + 0.27886807;
  p = t * p - 0.18628806;
  p = t * p + 0.09678418;
  p = t * p + 0.37409196;
  p = t * p + 1.0000237;
  let tail = 0.5 * t * exp(t * p - 1.2655122 - z * z);
  return select(tail, 1.0 - tail, x > 0.0);
}

fn activated(x: f32) -> f32 {
  if (ACTIVATION == RELU) {
    return max(x, 0.0);
  }
  if (ACTIVATION == GELU) {
    return x * normal_below(x);
  }
  if (ACTIVATION == GELU_NEW) {
    return x * sigmoid(tanh_argument(x));
  }
  return x * sigmoid(x);
}

fn slope(x: f32) -> f32 {
  if (ACTIVATION == RELU) {
    return select(0.0, 1.0, x > 0.0);
  }
  if (ACTIVATION == GELU) {
    return normal_below(x) + x * 0.3989423 * exp(-0.5 * x * x);
  }
  if (ACTIVATION == GELU_NEW) {
    let s = sigmoid(tanh_argument(x));
    return s + x * s * (1.0 - s) * 1.595769 * (1.0 + 3.0 * 0.044715 * x * x);
  }
  let s = sigmoid(x);
  return s + x * s * (1.0 - s);
}

fn activate(call: Activate) {
  for (var i = thread; i < call.count; i += THREADS) {
    act[base + call.post + i] = activated(act[base + call.pre + i]);
  }
  settle();
}

fn activate_backward(call: ActivateBackward) {
  for (var i = thread; i < call.count; i += THREADS) {
    act[base + call.grad + i] *= slope(act[base + call.pre + i]);
  }
  settle();
}
