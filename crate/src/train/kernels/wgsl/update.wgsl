// Weight gradients of the whole batch, in tiles of 32 by 32, each with Adam at its end. A workgroup has one tile; `tables` says which.

// 32 rows of x and of y at a time, 16 pairs of columns each.
var<workgroup> left: array<vec2<f32>, 512>;
var<workgroup> right: array<vec2<f32>, 512>;
var<workgroup> update_step: u32;

struct Adam {
  rate: f32,
  root: f32,
  // What the summed gradient is multiplied with to be that of the mean loss.
  scale: f32,
}

// Adam's step of one parameter, as in train/adam.rs; its new value.
fn adam(i: u32, gradient: f32, rates: Adam) -> f32 {
  let g = gradient * rates.scale;
  let mean = moments[i] * KEEP1 + g * TAKE1;
  let square = moments[PARAMETERS + i] * KEEP2 + g * g * TAKE2;
  moments[i] = mean;
  moments[PARAMETERS + i] = square;
  let value = params[i] - mean / (sqrt(square) * rates.root + ADAM_EPS) * rates.rate;
  params[i] = value;
  return value;
}

// Where row k of column n of a matrix lies: in blocks of `wide` columns (heads), one after the other.
fn place(weight: u32, inner: u32, wide: u32, k: u32, n: u32) -> u32 {
  return weight + n / wide * inner * wide + k * wide + n % wide;
}

// Columns k and k + 1 of row number `row` of the whole batch, of the tile's x; 0 where there is none.
fn x_pair(tile: u32, row: u32, all: u32, k: u32, j: u32) -> vec2<f32> {
  var pair = vec2<f32>();
  if (row >= all) {
    return pair;
  }
  let rows = tables[tile + 5u];
  let s = row / rows;
  let r = row % rows;
  if (tables[tile] != MATRIX) {
    // An embedding: x is 1 at the row's token or position, else 0.
    var hot = r;
    if (tables[tile] == TOKEN_ROWS) {
      hot = tokens[(j * BATCH + s) * POSITIONS + r];
    }
    return vec2<f32>(select(0.0, 1.0, hot == k), select(0.0, 1.0, hot == k + 1u));
  }
  let inner = tables[tile + 6u];
  let at = s * STRIDE + tables[tile + 1u] + r * tables[tile + 2u] + k;
  if (k < inner) {
    pair.x = act[at];
  }
  if (k + 1u < inner) {
    pair.y = act[at + 1u];
  }
  return pair;
}

// The same of its y.
fn y_pair(tile: u32, row: u32, all: u32, n: u32) -> vec2<f32> {
  var pair = vec2<f32>();
  if (row >= all) {
    return pair;
  }
  let rows = tables[tile + 5u];
  let columns = tables[tile + 7u];
  let at = row / rows * STRIDE + tables[tile + 3u] + row % rows * tables[tile + 4u] + n;
  if (n < columns) {
    pair.x = act[at];
  }
  if (n + 1u < columns) {
    pair.y = act[at + 1u];
  }
  return pair;
}

@compute @workgroup_size(256)
fn update(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) me: u32) {
  let tile = workgroup.x;
  if (me == 0u) {
    update_step = control[UPDATE_STEP];
  }
  let j = workgroupUniformLoad(&update_step);
  let present = sequences_of(tables[FIRST_STEP] + j);

  // The loss of the batch, and how many positions count.
  var share = vec2<f32>();
  for (var s = me; s < present; s += 256u) {
    share += vec2<f32>(results[SEQUENCE_LOSS + s], results[SEQUENCE_COUNT + s]);
  }
  left[me] = share;
  workgroupBarrier();
  for (var half = 128u; half > 0u; half /= 2u) {
    if (me < half) {
      left[me] += left[me + half];
    }
    workgroupBarrier();
  }
  let total = left[0];
  workgroupBarrier();
  if (tile == 0u && me == 0u) {
    results[j] = total.x / total.y;
    control[SEQUENCE_STEP] = j + 1u;
  }
  let rates = Adam(bitcast<f32>(tables[RATES + 2u * j]), bitcast<f32>(tables[RATES + 2u * j + 1u]), 1.0 / total.y);

  let tile_entry = TILE_TABLE + tile * TILE_WORDS;
  let rows = tables[tile_entry + 5u];
  let inner = tables[tile_entry + 6u];
  let columns = tables[tile_entry + 7u];
  let weight = tables[tile_entry + 8u];
  let wide = tables[tile_entry + 9u];
  let bias = tables[tile_entry + 10u];
  let k0 = tables[tile_entry + 11u];
  let n0 = tables[tile_entry + 12u];
  let all = present * rows;

  if (tables[tile_entry] == NORM_WEIGHTS) {
    let x = tables[tile_entry + 1u];
    let x_stride = tables[tile_entry + 2u];
    let y = tables[tile_entry + 3u];
    let y_stride = tables[tile_entry + 4u];
    // 32 columns, the rows shared out among eight threads each.
    let n = n0 + me % 32u;
    var sum = vec2<f32>();
    for (var row = me / 32u; n < columns && row < all; row += 8u) {
      let at = row / rows * STRIDE + n;
      let grad = act[at + y + row % rows * y_stride];
      sum += vec2<f32>(grad * act[at + x + row % rows * x_stride], grad);
    }
    left[me] = sum;
    workgroupBarrier();
    if (me < 32u && n < columns) {
      var both = vec2<f32>();
      for (var i = 0u; i < 8u; i++) {
        both += left[me + 32u * i];
      }
      adam(weight + n, both.x, rates);
      if (bias != NONE) {
        adam(bias + n, both.y, rates);
      }
    }
    return;
  }

  // The gradient of W[k, n] is the sum over rows of x[k] y[n]. A thread has two rows of W and two columns.
  let across = me % 16u;
  let down = me / 16u;
  var sum = vec4<f32>();
  var column_sum = vec2<f32>();
  for (var first = 0u; first < all; first += 32u) {
    workgroupBarrier();
    for (var half = 0u; half < 2u; half++) {
      let at = 16u * half + down;
      left[16u * at + across] = x_pair(tile_entry, first + at, all, k0 + 2u * across, j);
      right[16u * at + across] = y_pair(tile_entry, first + at, all, n0 + 2u * across);
    }
    workgroupBarrier();
    for (var i = 0u; i < 32u; i++) {
      let u = left[16u * i + down];
      let v = right[16u * i + across];
      sum += u.xxyy * v.xyxy;
      column_sum += v;
    }
  }
  for (var i = 0u; i < 4u; i++) {
    let k = k0 + 2u * down + i / 2u;
    let n = n0 + 2u * across + i % 2u;
    if (k < inner && n < columns) {
      turned[weight + n * inner + k] = adam(place(weight, inner, wide, k, n), sum[i], rates);
    }
  }
  if (bias != NONE && k0 == 0u && down == 0u) {
    for (var i = 0u; i < 2u; i++) {
      let n = n0 + 2u * across + i;
      if (n < columns) {
        adam(bias + n, column_sum[i], rates);
      }
    }
  }
}

// The transposed copies of all matrices, after parameters have come from elsewhere.
@compute @workgroup_size(256)
fn turn(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) me: u32) {
  let entry = TILE_TABLE + workgroup.x * TILE_WORDS;
  let inner = tables[entry + 6u];
  let columns = tables[entry + 7u];
  let weight = tables[entry + 8u];
  if (tables[entry] == NORM_WEIGHTS) {
    return;
  }
  for (var i = me; i < 1024u; i += 256u) {
    let k = tables[entry + 11u] + i / 32u;
    let n = tables[entry + 12u] + i % 32u;
    if (k < inner && n < columns) {
      turned[weight + n * inner + k] = params[place(weight, inner, tables[entry + 9u], k, n)];
    }
  }
}
