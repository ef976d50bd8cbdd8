//! The TypeScript declarations that the generated ones refer to.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
export type Tensor = { shape: number[]; data: Float32Array };
export type DeviceKind = "cpu" | "webgpu" | "auto";

/** What the model learns. A sequence is bos_token, list_length numbers, mid_token, the numbers sorted. */
export interface TaskConfig {
  name: "sort";
  list_length: number;
  min_value: number;
  /** One more than the largest number. */
  max_value: number;
  bos_token: number;
  mid_token: number;
  repeats: boolean;
  var_length: boolean;
}

/** TransformerLens's names. */
export interface ModelConfig {
  n_layers: number;
  n_heads: number;
  d_model: number;
  d_head: number;
  d_mlp: number;
  n_ctx: number;
  d_vocab: number;
  attn_only: boolean;
  act_fn: "relu" | "gelu" | "gelu_new" | "silu";
  normalization_type: null | "LN" | "LNPre" | "RMS" | "RMSPre";
  eps: number;
  seed: number;
}

export interface TrainConfig {
  /** null: endless, fresh lists every step. */
  num_samples: number | null;
  batch_size: number;
  train_seed: number;
  test_seed: number;
  lr: number;
  beta1: number;
  beta2: number;
  adam_eps: number;
  plateau: boolean;
  plateau_factor: number;
  plateau_patience: number;
  plateau_threshold: number;
}

export interface Experiment {
  task: TaskConfig;
  model: ModelConfig;
  train: TrainConfig;
}
export type PartialExperiment = { task?: Partial<TaskConfig>; model?: Partial<ModelConfig>; train?: Partial<TrainConfig> };

/** One row of the table of settings: everything a control needs. */
export type Setting = {
  /** "task.list_length" */
  path: string;
  group: "task" | "model" | "train";
  label: string;
  kind: "integer" | "real" | "boolean" | "choice";
  /** Inclusive; null where the kind has no range. */
  min: number | null;
  max: number | null;
  /** null is a choice too where the setting is optional. */
  choices: (string | null)[];
  optional: boolean;
  /** A control should step through decades. */
  log: boolean;
  default: number | string | boolean | null;
  /** How the value follows other settings when it is left out. */
  derived: string | null;
  help: string;
};

export type Evaluation = {
  loss: number;
  tokenAccuracy: number;
  sequenceAccuracy: number;
  lists: number;
  /** false: the task has too few lists to keep any from training. */
  heldOut: boolean;
};

export type Look = {
  /** At each position: the likeliest next token. */
  predictions: { token: number; label: string; probability: number }[];
  /** Of the tokens looked at. */
  labels: string[];
  /** [layer, head, destination, source] */
  pattern: Tensor;
};
"#;
