// Rows of one sequence times a matrix. @WEIGHTS@ is `params`, for the way forward, or `turned`, where every matrix is transposed, for the
// way back: either way neighbouring threads read neighbouring weights.

// out[r, n] = sum over k of x[r, k] W[k, n], plus b[n] where there is a bias, plus what was there if `add`. Both x and out are rows of `act`.
// A matrix is stored in blocks of `wide` columns (heads), one after the other. A thread computes a column for eight rows.
fn linear_@WAY@(x: u32, x_stride: u32, rows: u32, inner: u32, columns: u32, weight: u32, wide: u32, bias: u32, out: u32, add: bool) {
  let groups = (rows + 7u) / 8u;
  let quads = groups * 2u;
  let chunk = min(STAGE / quads, inner);
  let items = groups * columns;
  for (var first = 0u; first < items; first += THREADS) {
    let item = first + thread;
    let n = item % columns;
    let group = 2u * (item / columns);
    let column = weight + (n / wide) * inner * wide + n % wide;
    var low = vec4<f32>();
    var high = vec4<f32>();
    for (var start = 0u; start < inner; start += chunk) {
      let size = min(chunk, inner - start);
      // What fits as a whole is staged once.
      if (chunk < inner || first == 0u) {
        workgroupBarrier();
        for (var i = thread; i < size * quads; i += THREADS) {
          let k = i % size;
          let row = 4u * (i / size);
          // Rows beyond the last are not written below; reading the last for them stays in bounds.
          let at = x + start + k;
          stage[k * quads + i / size] = vec4<f32>(
            act[at + min(row, rows - 1u) * x_stride],
            act[at + min(row + 1u, rows - 1u) * x_stride],
            act[at + min(row + 2u, rows - 1u) * x_stride],
            act[at + min(row + 3u, rows - 1u) * x_stride],
          );
        }
        workgroupBarrier();
      }
      if (item < items) {
        let origin = column + start * wide;
        var k = 0u;
        for (; k + 4u <= size; k += 4u) {
          let a = @WEIGHTS@[origin + k * wide];
          let b = @WEIGHTS@[origin + (k + 1u) * wide];
          let c = @WEIGHTS@[origin + (k + 2u) * wide];
          let d = @WEIGHTS@[origin + (k + 3u) * wide];
          let at = k * quads + group;
          low += a * stage[at];
          high += a * stage[at + 1u];
          low += b * stage[at + quads];
          high += b * stage[at + quads + 1u];
          low += c * stage[at + 2u * quads];
          high += c * stage[at + 2u * quads + 1u];
          low += d * stage[at + 3u * quads];
          high += d * stage[at + 3u * quads + 1u];
        }
        for (; k < size; k++) {
          let a = @WEIGHTS@[origin + k * wide];
          low += a * stage[k * quads + group];
          high += a * stage[k * quads + group + 1u];
        }
      }
    }
    if (item < items) {
      var plus = 0.0;
      if (bias != NONE) {
        plus = params[bias + n];
      }
      for (var i = 0u; i < 8u; i++) {
        let row = 4u * group + i;
        if (row < rows) {
          var value = plus;
          if (i < 4u) {
            value += low[i];
          } else {
            value += high[i - 4u];
          }
          let at = out + row * columns + n;
          if (add) {
            value += act[at];
          }
          act[at] = value;
        }
      }
    }
  }
  settle();
}
