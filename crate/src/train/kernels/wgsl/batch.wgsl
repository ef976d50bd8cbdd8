// The batches of a call, as crate/src/train/kernels/batches.rs packs them: their number, then batch after batch. A
// batch is what its step needs to know, then its sequences; a sequence is its length, its tokens, and its targets
// from position FIRST on.

fn step_at(j: u32) -> Step {
  return step_words(FIRST_BATCH + j * BATCH_WORDS);
}

// Where sequence `s` of batch `j` begins.
fn sequence_at(j: u32, s: u32) -> u32 {
  return FIRST_BATCH + j * BATCH_WORDS + FIRST_SEQUENCE + s * SEQUENCE_WORDS;
}
