// Gradients of the weights over the whole batch, in tiles of 32 by 32, with Adam's step at the end of each. A
// workgroup has one tile.

// 32 rows of x and of y at a time, 16 pairs of columns each.
var<workgroup> left: array<vec2<f32>, 512>;
var<workgroup> right: array<vec2<f32>, 512>;
var<workgroup> update_step: u32;

// Adam's step of parameter `i`, as in crate/lean/src/adam.rs; its new value. `sum`: the gradient of the summed loss.
fn adam(i: u32, sum: f32, step: Step) -> f32 {
  let g = sum * step.scale;
  let mean = moments[i] * KEEP1 + g * TAKE1;
  let square = moments[PARAMETERS + i] * KEEP2 + g * g * TAKE2;
  moments[i] = mean;
  moments[PARAMETERS + i] = square;
  let value = params[i] - mean / (sqrt(square) * step.root + ADAM_EPS) * step.rate;
  params[i] = value;
  return value;
}

// Where row k of column n of the tile's matrix stands.
fn place(tile: Tile, k: u32, n: u32) -> u32 {
  return tile.weight + n / tile.wide * tile.inner * tile.wide + k * tile.wide + n % tile.wide;
}

// Columns k and k + 1 of row number `row` of batch `j`, of the tile's x; 0 where there is none.
fn x_pair(tile: Tile, row: u32, all: u32, k: u32, j: u32) -> vec2<f32> {
  var pair = vec2<f32>();
  if (row >= all) {
    return pair;
  }
  let s = row / tile.rows;
  let r = row % tile.rows;
  if (tile.kind != ACTIVATIONS) {
    // An embedding: x is 1 at the row's token or position, and 0 elsewhere.
    var hot = r;
    if (tile.kind == TOKENS) {
      hot = batches[sequence_at(j, s) + FIRST_TOKEN + r];
    }
    return vec2<f32>(select(0.0, 1.0, hot == k), select(0.0, 1.0, hot == k + 1u));
  }
  let at = s * STRIDE + tile.x + r * tile.inner + k;
  if (k < tile.inner) {
    pair.x = act[at];
  }
  if (k + 1u < tile.inner) {
    pair.y = act[at + 1u];
  }
  return pair;
}

// The same of its y.
fn y_pair(tile: Tile, row: u32, all: u32, n: u32) -> vec2<f32> {
  var pair = vec2<f32>();
  if (row >= all) {
    return pair;
  }
  let at = row / tile.rows * STRIDE + tile.y + row % tile.rows * tile.columns + n;
  if (n < tile.columns) {
    pair.x = act[at];
  }
  if (n + 1u < tile.columns) {
    pair.y = act[at + 1u];
  }
  return pair;
}

// The mean loss of the batch goes to `results`.
fn batch_loss(me: u32, j: u32, step: Step) {
  var share = 0.0;
  for (var s = me; s < step.sequences; s += 256u) {
    share += results[SEQUENCE_LOSS + s];
  }
  left[me] = vec2<f32>(share, 0.0);
  workgroupBarrier();
  for (var half = 128u; half > 0u; half /= 2u) {
    if (me < half) {
      left[me] += left[me + half];
    }
    workgroupBarrier();
  }
  if (me == 0u) {
    results[j] = left[0].x * step.scale;
  }
}

// 32 weights of a norm, the rows shared out among eight threads each.
fn update_norm(me: u32, tile: Tile, all: u32, step: Step) {
  let n = tile.n + me % 32u;
  var sum = vec2<f32>();
  for (var row = me / 32u; n < tile.columns && row < all; row += 8u) {
    let at = row / tile.rows * STRIDE + row % tile.rows * tile.columns + n;
    let grad = act[at + tile.y];
    sum += vec2<f32>(grad * act[at + tile.x], grad);
  }
  left[me] = sum;
  workgroupBarrier();
  if (me < 32u && n < tile.columns) {
    var both = vec2<f32>();
    for (var i = 0u; i < 8u; i++) {
      both += left[me + 32u * i];
    }
    adam(tile.weight + n, both.x, step);
    if (tile.bias != NONE) {
      adam(tile.bias + n, both.y, step);
    }
  }
}

// A tile of a matrix: the gradient of W[k, n] is the sum over rows of x[k] y[n]. A thread has two rows of W and
// two columns.
fn update_matrix(me: u32, tile: Tile, all: u32, j: u32, step: Step) {
  let across = me % 16u;
  let down = me / 16u;
  var sum = vec4<f32>();
  var column_sum = vec2<f32>();
  for (var first = 0u; first < all; first += 32u) {
    workgroupBarrier();
    for (var half = 0u; half < 2u; half++) {
      let at = 16u * half + down;
      left[16u * at + across] = x_pair(tile, first + at, all, tile.k + 2u * across, j);
      right[16u * at + across] = y_pair(tile, first + at, all, tile.n + 2u * across);
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
    let k = tile.k + 2u * down + i / 2u;
    let n = tile.n + 2u * across + i % 2u;
    if (k < tile.inner && n < tile.columns) {
      // The transpose follows the parameters.
      params[PARAMETERS + tile.weight + n * tile.inner + k] = adam(place(tile, k, n), sum[i], step);
    }
  }
  if (tile.bias != NONE && tile.k == 0u && down == 0u) {
    for (var i = 0u; i < 2u; i++) {
      let n = tile.n + 2u * across + i;
      if (n < tile.columns) {
        adam(tile.bias + n, column_sum[i], step);
      }
    }
  }
}

@compute @workgroup_size(256)
fn update(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) me: u32) {
  if (me == 0u) {
    update_step = control[UPDATE_STEP];
  }
  let j = workgroupUniformLoad(&update_step);
  let step = step_at(j);
  if (workgroup.x == 0u) {
    batch_loss(me, j, step);
    if (me == 0u) {
      control[SEQUENCE_STEP] = j + 1u;
    }
    workgroupBarrier();
  }
  let tile = tile_at(TILES + workgroup.x * TILE_WORDS);
  let all = step.sequences * tile.rows;
  if (tile.kind == NORMED) {
    update_norm(me, tile, all, step);
  } else {
    update_matrix(me, tile, all, j, step);
  }
}
