// A run that is dear enough to be shared, and what it comes to: what the tests of crews in Node and in Chromium hold theirs against.

export const STEPS = 24;
export const EXPERIMENT = {
  task: { list_length: 8, max_value: 20 },
  model: { n_layers: 2, n_heads: 2, d_model: 64, d_mlp: 256, attn_only: false, normalization_type: "LN" },
  train: { batch_size: 100 },
};
export const FINGERPRINT = "9e774dce9975355f0d61213159269d2ca6ad42282f363ba8ccc3fad804231226";
