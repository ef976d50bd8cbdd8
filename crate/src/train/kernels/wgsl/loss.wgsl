// The cross entropy of one sequence, LANES threads a row. Logits become the gradient of the sum; the update
// divides it by how many positions of the whole batch count.

const ROWS = POSITIONS - FIRST;

fn cross_entropy(call: CrossEntropy) {
  let lane = thread % LANES;
  var losses = 0.0;
  for (var first = 0u; first < ROWS; first += THREADS / LANES) {
    let row = first + thread / LANES;
    let present = row < ROWS;
    let wanted = batches[sequence + FIRST_TARGET + min(row, ROWS - 1u)];
    let counts = present && wanted != NONE;
    let at = base + call.logits + row * D_VOCAB_OUT;
    var largest = -3.0e38;
    for (var v = lane; counts && v < D_VOCAB_OUT; v += LANES) {
      largest = max(largest, act[at + v]);
    }
    largest = row_max(largest);
    var sum = 0.0;
    for (var v = lane; counts && v < D_VOCAB_OUT; v += LANES) {
      sum += exp(act[at + v] - largest);
    }
    sum = row_sum(sum);
    if (counts && lane == 0u) {
      losses += log(sum) - (act[at + wanted] - largest);
    }
    workgroupBarrier();
    for (var v = lane; present && v < D_VOCAB_OUT; v += LANES) {
      var grad = 0.0;
      if (counts) {
        grad = exp(act[at + v] - largest) / sum - select(0.0, 1.0, v == wanted);
      }
      act[at + v] = grad;
    }
  }
  sums[thread] = losses;
  workgroupBarrier();
  if (thread == 0u) {
    for (var i = 0u; i < THREADS; i += LANES) {
      loss += sums[i];
    }
  }
  settle();
}
