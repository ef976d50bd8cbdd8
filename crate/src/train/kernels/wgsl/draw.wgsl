// Batches of many steps at once, as crate/src/task/sort.rs draws them. A workgroup writes what one group of lists adds to one batch.

// Numbers of a group, two a word: in random order they cover their range evenly.
var<workgroup> numbers: array<u32, NUMBER_WORDS>;
var<workgroup> swaps: array<u32, DRAW_THREADS>;
var<workgroup> lengths: array<u32, GROUP>;

fn number_at(i: u32) -> u32 {
  return (numbers[i / 2u] >> (16u * (i % 2u))) & 0xffffu;
}

fn put_number(i: u32, number: u32) {
  let shift = 16u * (i % 2u);
  numbers[i / 2u] = (numbers[i / 2u] & ~(0xffffu << shift)) | (number << shift);
}

fn list_length(group: u32, row: u32) -> u32 {
  if (!VAR_LENGTH) {
    return LIST_LENGTH;
  }
  return 1u + below(block(TRAIN_SEED, STREAM_LENGTH, At(group, row, 0u)).x, LIST_LENGTH);
}

// A random number from part `i` of `count` equal parts of the range.
fn even_number(group: u32, i: u32, count: u32) -> u32 {
  let draw = block(TRAIN_SEED, STREAM_EVEN, At(group, i, 0u)).x;
  return MIN_VALUE + (i * VALUES + mul_high(draw, VALUES)) / count;
}

var<private> list: array<u32, LIST_LENGTH>;

fn is_held_out(length: u32) -> bool {
  var hash = length;
  for (var i = 0u; i < length; i += 2u) {
    var second = 0xffffffffu;
    if (i + 1u < length) {
      second = list[i + 1u];
    }
    hash = block(TEST_SEED, STREAM_HELD_OUT, At(second, list[i], hash)).x;
  }
  return hash < HELD_OUT_BELOW;
}

// An independent random list.
fn attempt(group: u32, row: u32, tries: u32, length: u32) {
  // Without repeats: the first places of a shuffle, of whose pool only what was moved is kept.
  var moved: array<vec2<u32>, LIST_LENGTH>;
  var bits = vec4<u32>();
  for (var place = 0u; place < length; place++) {
    if (place % 4u == 0u) {
      bits = block(TRAIN_SEED, STREAM_TRAIN, At(group, row, (tries << 8u) | (place / 4u)));
    }
    let random = bits[place % 4u];
    if (REPEATS) {
      list[place] = MIN_VALUE + below(random, VALUES);
    } else {
      let other = place + below(random, VALUES - place);
      var here = place;
      var there = other;
      for (var i = 0u; i < place; i++) {
        if (moved[i].x == place) {
          here = moved[i].y;
        }
        if (moved[i].x == other) {
          there = moved[i].y;
        }
      }
      moved[place] = vec2<u32>(other, here);
      list[place] = MIN_VALUE + there;
    }
  }
}

@compute @workgroup_size(DRAW_THREADS)
fn draw(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let step = tables[FIRST_STEP] + workgroup.y;
  // Rows of this step's batch, among those of its epoch.
  var epoch = 0u;
  var start = step * BATCH;
  var end = start + BATCH;
  if (SAMPLES > 0u) {
    epoch = step / EPOCH_STEPS;
    start = (step % EPOCH_STEPS) * BATCH;
    end = min(start + BATCH, SAMPLES);
  }
  let place = start / GROUP + workgroup.x;
  if (place * GROUP >= end) {
    return;
  }
  var group = place;
  if (place < SAMPLES / GROUP) {
    group = permute(TRAIN_SEED, STREAM_ORDER, epoch, place, SAMPLES / GROUP);
  }

  for (var row = thread; row < GROUP; row += DRAW_THREADS) {
    lengths[row] = list_length(group, row);
  }
  workgroupBarrier();
  if (REPEATS) {
    var count = 0u;
    for (var row = 0u; row < GROUP; row++) {
      count += lengths[row];
    }
    for (var i = 2u * thread; i < count; i += 2u * DRAW_THREADS) {
      var second = 0u;
      if (i + 1u < count) {
        second = even_number(group, i + 1u, count);
      }
      numbers[i / 2u] = even_number(group, i, count) | (second << 16u);
    }
    workgroupBarrier();
    // Fisher and Yates's shuffle is one thread's; what it needs is drawn by all.
    for (var done = 0u; done < GROUP * LIST_LENGTH; done += DRAW_THREADS) {
      // The place that this thread draws for: from the last down to 1.
      let last = i32(count) - 1 - i32(done + thread);
      if (last >= 1) {
        swaps[thread] = below(block(TRAIN_SEED, STREAM_EVEN, At(group, u32(last), 1u)).x, u32(last) + 1u);
      }
      workgroupBarrier();
      if (thread == 0u) {
        for (var i = 0u; i < DRAW_THREADS; i++) {
          let at = i32(count) - 1 - i32(done + i);
          if (at >= 1) {
            let here = number_at(u32(at));
            put_number(u32(at), number_at(swaps[i]));
            put_number(swaps[i], here);
          }
        }
      }
      workgroupBarrier();
    }
  }

  for (var row = thread; row < GROUP; row += DRAW_THREADS) {
    let at = place * GROUP + row;
    if (at < start || at >= end) {
      continue;
    }
    let length = lengths[row];
    var first = 0u;
    for (var i = 0u; i < row; i++) {
      first += lengths[i];
    }
    var good = false;
    if (REPEATS) {
      for (var i = 0u; i < length; i++) {
        list[i] = number_at(first + i);
      }
      good = length < HOLDS_OUT_FROM || !is_held_out(length);
    }
    for (var tries = 0u; !good; tries++) {
      attempt(group, row, tries, length);
      good = length < HOLDS_OUT_FROM || tries + 1u == MAX_ATTEMPTS || !is_held_out(length);
    }
    write_sequence((workgroup.y * BATCH + at - start) * POSITIONS, length);
    tokens[LENGTHS + workgroup.y * BATCH + at - start] = length;
  }
}

// BOS, the list, MID, the list sorted, EOS, and padding.
fn write_sequence(begin: u32, length: u32) {
  var at = begin;
  if (HAS_BOS) {
    tokens[at] = BOS;
    at++;
  }
  for (var i = 0u; i < length; i++) {
    tokens[at] = list[i];
    at++;
  }
  if (HAS_MID) {
    tokens[at] = MID;
    at++;
  }
  for (var i = 1u; i < length; i++) {
    let number = list[i];
    var place = i;
    while (place > 0u && list[max(place, 1u) - 1u] > number) {
      list[place] = list[place - 1u];
      place--;
    }
    list[place] = number;
  }
  for (var i = 0u; i < length; i++) {
    tokens[at] = list[i];
    at++;
  }
  if (HAS_EOS) {
    tokens[at] = EOS;
    at++;
  }
  for (; at < begin + POSITIONS; at++) {
    tokens[at] = PADDING;
  }
}
