// A run that is dear enough to be shared, and what it comes to: what the tests of crews in Node and in Chromium hold theirs against.

export const STEPS = 24;
export const EXPERIMENT = {
  task: { list_length: 8, max_value: 20 },
  model: { n_layers: 2, n_heads: 2, d_model: 64, d_mlp: 256, attn_only: false, normalization_type: "LN" },
  train: { batch_size: 100 },
};
export const FINGERPRINT = "81f661eb6559291e97d0e5c25481266997f591977315b9798233b5b8c66af94f";
