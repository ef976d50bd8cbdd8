// Models that together have every kind of layer, and changes that can be made in each of them.

export const MODELS = [
  {},
  { n_layers: 2, n_heads: 2, attn_only: false, act_fn: "gelu", normalization_type: "LN" },
  { n_heads: 4, attn_only: false, act_fn: "solu_ln", normalization_type: "LNPre", positional_embedding_type: "shortformer" },
  { n_layers: 2, attn_only: false, act_fn: "silu", normalization_type: "RMS", positional_embedding_type: "rotary", attention_dir: "bidirectional" },
  { attn_only: false, act_fn: "gelu_new", normalization_type: "RMSPre", use_attn_scale: false },
  { n_layers: 2, n_heads: 2, attn_only: false, act_fn: "relu" },
];

/** What these need besides, for `TOKENS`. */
export const SIZES = { d_model: 16, n_ctx: 9, d_vocab: 13, d_vocab_out: 13, seed: 5 };

export const TOKENS = [1, 2, 3].map((seed) => [10, ...[3, 1, 2].map((number) => (number * seed) % 10), 11, 0, 5]);

const CHANGES = [
  [],
  [{ hook: "blocks.0.attn.hook_z", edit: "mean", heads: [0] }, { hook: "hook_embed", edit: "zero", positions: [2] }],
  [{ hook: "blocks.0.attn.hook_attn_scores", edit: "replace", value: -1e30, positions: [3] }, { hook: "blocks.0.hook_resid_post", edit: "resample" }],
];

/** Options of a forward pass: changes, and padding in front. */
export const OPTIONS = [...CHANGES.map((interventions) => ({ interventions })), { mask: TOKENS.map((row, i) => row.map((_, position) => position >= i)) }];
