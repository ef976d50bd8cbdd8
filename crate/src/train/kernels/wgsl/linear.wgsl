// Rows of one sequence times a matrix. On the way forward the matrix is one of the parameters, on the way back
// its transpose: either way neighbouring threads read neighbouring weights. A thread computes one column of
// eight rows.
fn linear(call: Linear) {
  let x = base + call.x;
  let out = base + call.out;
  let rows = call.rows;
  let inner = call.inner;
  let wide = call.wide;
  let groups = (rows + 7u) / 8u;
  let quads = groups * 2u;
  let chunk = min(STAGE / quads, inner);
  let items = groups * call.columns;
  for (var first = 0u; first < items; first += THREADS) {
    let item = first + thread;
    let n = item % call.columns;
    let group = 2u * (item / call.columns);
    let column = call.weight + (n / wide) * inner * wide + n % wide;
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
            act[at + min(row, rows - 1u) * inner],
            act[at + min(row + 1u, rows - 1u) * inner],
            act[at + min(row + 2u, rows - 1u) * inner],
            act[at + min(row + 3u, rows - 1u) * inner],
          );
        }
        workgroupBarrier();
      }
      if (item < items) {
        let origin = column + start * wide;
        var k = 0u;
        for (; k + 4u <= size; k += 4u) {
          let a = params[origin + k * wide];
          let b = params[origin + (k + 1u) * wide];
          let c = params[origin + (k + 2u) * wide];
          let d = params[origin + (k + 3u) * wide];
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
          let a = params[origin + k * wide];
          low += a * stage[k * quads + group];
          high += a * stage[k * quads + group + 1u];
        }
      }
    }
    if (item < items) {
      var plus = 0.0;
      if (call.bias != NONE) {
        plus = params[call.bias + n];
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
          let at = out + row * call.columns + n;
          if (call.add) {
            value += act[at];
          }
          act[at] = value;
        }
      }
    }
  }
  settle();
}
