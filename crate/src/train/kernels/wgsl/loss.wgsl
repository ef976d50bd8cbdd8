// The cross entropy of one sequence at its counted positions, summed, LANES threads a row. Logits become their gradient: that of the
// sum, which the update divides by how many positions of the whole batch count.

fn sequence_loss(logits: u32, begin: u32, length: u32, loss: u32, count: u32) {
  let first_counted = PROMPT_MORE + length - 1u - FIRST;
  let counted = length + ANSWER_MORE;
  let lane = thread % LANES;
  var losses = 0.0;
  for (var first = 0u; first < ROWS; first += THREADS / LANES) {
    let row = first + thread / LANES;
    let present = row < ROWS;
    let counts = present && row >= first_counted && row < first_counted + counted;
    let at = logits + row * D_VOCAB_OUT;
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
    let wanted = tokens[begin + FIRST + min(row, ROWS - 1u) + 1u];
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
  settle();
  if (thread == 0u) {
    var total = 0.0;
    for (var i = 0u; i < THREADS; i += LANES) {
      total += sums[i];
    }
    results[loss] = total;
    results[count] = f32(counted);
  }
}
