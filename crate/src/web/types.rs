//! The TypeScript declarations that the generated ones refer to.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
export type Tensor = { shape: number[]; data: Float32Array };
/** One shard's part of a step: its summed loss, and its part of the gradient. */
export type StepPart = { loss: number; gradient: Float32Array };

/** Computes some shards of a run's steps in other workers: `Crew` in crew.mjs is one. */
export interface StepCrew {
  /** Begins the shards of a step from the number on that it returns; those before it, at least one, are the run's. */
  handOut(step: number, parameters: Float32Array<ArrayBuffer>, shards: number): number;
  /** Their parts, in order. The run computes those that are null itself. */
  collect(): Promise<(StepPart | null)[]>;
}

export type DeviceKind = "cpu" | "webgpu" | "auto";

/** What the model learns. A sequence is bos_token (unless null), list_length numbers, mid_token (unless null), the numbers sorted,
    eos_token (unless null). */
export interface TaskConfig {
  name: "sort";
  list_length: number;
  min_value: number;
  /** One more than the largest number. */
  max_value: number;
  /** null: sequences start with the list. */
  bos_token: number | null;
  /** null: the sorted numbers follow the list. */
  mid_token: number | null;
  /** null: sequences end with the list. */
  eos_token: number | null;
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
  d_vocab_out: number;
  attn_only: boolean;
  act_fn: "relu" | "gelu" | "gelu_new" | "silu" | "solu_ln";
  normalization_type: null | "LN" | "LNPre" | "RMS" | "RMSPre";
  eps: number;
  positional_embedding_type: "standard" | "shortformer" | "rotary";
  rotary_dim: number;
  rotary_base: number;
  rotary_adjacent_pairs: boolean;
  attention_dir: "causal" | "bidirectional";
  use_attn_scale: boolean;
  attn_scale: number;
  init_mode: "gpt2";
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

/** How attention is shown. None of it changes a run. */
export interface ViewConfig {
  /** value_weighted: the weight times the norm of the source's value vector; output_weighted: that of the vector through W_O. */
  show: "pattern" | "scores" | "value_weighted" | "output_weighted";
  form: "heatmap" | "arcs";
  scale: "linear" | "sqrt" | "log";
  /** Whether a value has one colour in all heads, or each head's largest has the strongest. */
  range: "common" | "head";
  colours: "blue" | "viridis" | "cividis" | "grey";
  rows: "destination" | "source";
  heads: "overlay" | "panels";
  /** Random lists whose mean is shown; 0: the one list. */
  lists: number;
  /** Whether predictions that the loss does not count are shown too. */
  everywhere: boolean;
  log_loss: boolean;
}

/** One row of the table of settings: everything a control needs. */
export type Setting = {
  /** "task.list_length" */
  path: string;
  /** "task", "model", "train", "view", …; of a field without a group, its path. */
  group: string;
  label: string;
  kind: "integer" | "real" | "boolean" | "choice" | "integers" | "text" | "texts";
  /** Inclusive; null where the kind has no range. */
  min: number | null;
  max: number | null;
  /** null is a choice too where the setting is optional. */
  choices: (string | null)[];
  optional: boolean;
  /** A control should step through decades. */
  log: boolean;
  /** (Of "integers" and "texts", for which there are no controls, a list.) */
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

/** A change of one activation while the model runs. */
export type Intervention = {
  /** TransformerLens's name of the hook. */
  hook: string;
  /** "mean": each value becomes its mean over the batch. "resample": that of the next sequence of the batch. */
  edit: "zero" | "mean" | "resample" | "replace" | "add";
  /** For "replace" and "add": a number, or a tensor whose shape broadcasts to the activation's. */
  value?: number | Tensor;
  /** Where: sequences of the batch, positions (of a pattern: destinations), heads, source positions. Left out: everywhere. */
  batch?: number[];
  positions?: number[];
  heads?: number[];
  sources?: number[];
};

export type ForwardOptions = {
  /** [batch, pos]: 1 where there is a token, 0 where there is padding. */
  mask?: (number | boolean)[][];
  /** In the order given. */
  interventions?: Intervention[];
};

/** The order of operations is TransformerLens's: temperature, frequency penalty, then topK, else topP. */
export type GenerateOptions = {
  maxNewTokens: number;
  /** 0, the default: the likeliest token, whatever else is set. */
  temperature?: number;
  topK?: number;
  topP?: number;
  /** Taken from a token's logit for every time that it stands in the sequence, prompt included. */
  freqPenalty?: number;
  /** Ends a sequence, which is filled up with it until all of equal prompt length have ended. */
  stopToken?: number;
  seed?: number;
  interventions?: Intervention[];
};

/** TransformerLens's weight processing; each is on unless it is false. */
export type Processing = { foldLn: boolean; centerWritingWeights: boolean; centerUnembed: boolean; foldValueBiases: boolean };

/** A share with its 95 % Wilson interval. */
export type Rate = { rate: number; low: number; high: number };

export type AblationName =
  | "baseline" | "mid_injection" | "mid_replacement" | "mid_deletion" | "shorter"
  | "bos_injection" | "bos_replacement" | "bos_deletion" | "bos_only";

export type Watched = {
  /** Rejects between two forward passes once it is aborted. */
  signal?: { aborted: boolean };
  onProgress?: (done: number, lists: number) => void;
};

export type AblateOptions = Watched & {
  experiment: AblationName;
  /** Injections: an index of the list. "shorter": how many numbers stay. Left out: the notebook's. */
  site?: number | "random";
  /** The token that is put there. "random": a number. Left out: MID or BOS for injections, the notebook's 27 and 12 for replacements. */
  value?: number | "random";
  /** 2000 unless said otherwise, up to 100,000. */
  lists?: number;
  seed?: number;
  /** In every forward pass. */
  interventions?: Intervention[];
};

export type AblationReport = {
  lists: number;
  /** The answer begins with the numbers that are left, sorted (then EOS, where the task has it). */
  exact: Rate;
  sortedRestThenLargest: Rate;
  lastIsLargest: Rate;
  /** BOS, MID, or EOS where none is due. */
  specialEmitted: Rate;
  tokenAccuracy: Rate;
  /** The first hundred lists that were not sorted, and what was given and answered. */
  failures: number[][];
  failed: { list: number[]; prompt: number[]; answer: number[] }[];
  /** [place of the answer][kind]: right, an earlier number of the list, a later one, the largest again, another number, MID, BOS, EOS. */
  confusion: number[][];
};

export type ClaimsOptions = Watched & { /** 500 unless said otherwise. */ lists?: number; seed?: number };
export type Claim = { id: string; text: string; value: number; low: number; high: number; verdict: "holds" | "mixed" | "fails" };

export type LookOptions = { /** "pattern" unless said otherwise. */ show?: ViewConfig["show"]; interventions?: Intervention[] };

/** What a picture of attention shows. */
export type Shown = {
  /** Of the positions. */
  labels: string[];
  /** [layer, head, destination, source] */
  values: Tensor;
  /** Whether destinations attend to nothing after them. */
  causal: boolean;
};

/** `values` are what `show` asked for. */
export type Look = Shown & {
  /** At each position: the likeliest next token. */
  predictions: { token: number; label: string; probability: number }[];
  /** [layer, head, destination, source] */
  pattern: Tensor;
};

export type Head = { layer: number; head: number };
/** Positions that are pointed at: a pair is a cell, one alone a token. */
export type Focus = { destination: number | null; source: number | null };

/** How a canvas is to be drawn; `width` in CSS pixels. */
export type Drawn = {
  width: number;
  pixelRatio: number;
  theme: "light" | "dark";
  view: Pick<ViewConfig, "show" | "form" | "scale" | "range" | "colours" | "rows" | "heads">;
  /** The heads to show; none: all. */
  heads: Head[];
  focus: Focus;
  /** The cell whose number stays written. */
  cell: { destination: number; source: number } | null;
};

/** What lies under a point. `head` null: heads lie over one another. `values`: of each head shown, where there is a pair. */
export type Hit = Focus & { head: Head | null; values: { layer: number | null; head: number | null; value: number }[] };

/** Where the thumbnails are; CSS pixels. */
export type Tiles = { side: number; width: number; height: number; tiles: (Head & { left: number; top: number })[] };
"#;
