// Written from the Rust records by crate/tests/types: TINYLENS_WRITE=1 cargo test --release --test types

/** What the model learns: to write a list of numbers again, sorted; or to write the largest number of a list. */
export type TaskConfig = SortTask | MaxOfListTask;

/** The settings of the task `sort`. */
export interface SortTask {
  name: "sort";
  /** How many numbers are in a list. */
  list_length: number;
  /** The smallest number that can be in a list. */
  min_value: number;
  /** One more than the largest number that can be in a list. */
  max_value: number;
  /** The token that starts every sequence (beginning of sequence); none: sequences start with the list. */
  bos_token: number | null;
  /** The token between the list and its sorted order; none: the sorted numbers follow the list at once. */
  mid_token: number | null;
  /**
   * The token after the sorted list (end of sequence), which the model learns to write; none: sequences end with the
   * list.
   */
  eos_token: number | null;
  /** Whether a number may occur more than once in a list. */
  repeats: boolean;
  /** Whether every list draws its own length, from 1 to list_length. */
  var_length: boolean;
}

/** The settings of the task `max_of_list`. */
export interface MaxOfListTask {
  name: "max_of_list";
  /** How many numbers are in a list. */
  list_length: number;
  /** One more than the largest number that can be in a list. */
  max_value: number;
}

/** The architecture and the initial weights, under TransformerLens's names. */
export interface ModelConfig {
  /** How many layers (attention, and an MLP unless attn_only) the model has. */
  n_layers: number;
  /** How many attention heads each layer has; each draws its own pattern. */
  n_heads: number;
  /** Width of the residual stream: how many numbers describe a position. */
  d_model: number;
  /** Width of a head's queries, keys and values. */
  d_head: number;
  /** Whether layers are attention alone; off adds an MLP after each attention. */
  attn_only: boolean;
  /** Hidden units of each MLP; without effect while attn_only is on. */
  d_mlp: number;
  /** The MLP's activation function; without effect while attn_only is on. */
  act_fn: "relu" | "gelu" | "gelu_new" | "silu" | "solu_ln";
  /**
   * How the residual stream is normalised before each layer and the unembedding; the Pre forms have no weights of their
   * own.
   */
  normalization_type: "LN" | "LNPre" | "RMS" | "RMSPre" | null;
  /** Added under the square root of a norm so that it never divides by zero. */
  eps: number;
  /**
   * The most positions the model can read; a sequence takes two for every number, and one each for BOS, MID and EOS.
   */
  n_ctx: number;
  /** How many tokens the model knows: the numbers, BOS, MID and EOS. */
  d_vocab: number;
  /** How many tokens the model can predict; fewer than it reads if it need not write BOS or MID. */
  d_vocab_out: number;
  /**
   * How the model knows positions: a learned vector added to the residual stream; the same added only to what queries
   * and keys read; or queries and keys rotated by their position.
   */
  positional_embedding_type: "standard" | "shortformer" | "rotary";
  /** How many dimensions of each head are rotated, an even number; without effect unless positions are rotary. */
  rotary_dim: number;
  /** How slow the slowest rotation is; without effect unless positions are rotary. */
  rotary_base: number;
  /**
   * Whether neighbouring dimensions are rotated together (GPT-J) or those half the rotated width apart (GPT-NeoX);
   * without effect unless positions are rotary.
   */
  rotary_adjacent_pairs: boolean;
  /**
   * Whether a position attends to itself and those before it, or to all; a bidirectional model sees the answer it is
   * asked for.
   */
  attention_dir: "causal" | "bidirectional";
  /** Whether attention scores are divided by attn_scale before the softmax. */
  use_attn_scale: boolean;
  /** What attention scores are divided by; without effect while use_attn_scale is off. */
  attn_scale: number;
  /** How weights start: normally distributed with deviation 0.8 / √d_model, biases zero. */
  init_mode: "gpt2";
  /** Seed of the initial weights: the same seed starts from the same model. */
  seed: number;
}

/** The data and the optimiser. */
export interface TrainConfig {
  /** How many lists (of each length) the training set has; none for endless data, fresh lists every step. */
  num_samples: number | null;
  /**
   * Which share of all the lists there are is trained on, every one of them once an epoch, while the rest is held out;
   * num_samples is then without effect. None: lists are drawn, and one in 64 is held out.
   */
  train_fraction: number | null;
  /** How many lists the model learns from in one step. */
  batch_size: number;
  /** Seed of the training lists and of their order. */
  train_seed: number;
  /** Seed of the held-out lists, which are never trained on. */
  test_seed: number;
  /** Learning rate: how far Adam moves the weights in a step. */
  lr: number;
  /** Adam's memory of past gradients. */
  beta1: number;
  /** Adam's memory of the size of past gradients. */
  beta2: number;
  /** Added to Adam's denominator so that it never divides by zero. */
  adam_eps: number;
  /** Whether the learning rate is lowered when the held-out loss stops falling (ReduceLROnPlateau). */
  plateau: boolean;
  /** What the learning rate is multiplied by when the held-out loss stops falling. */
  plateau_factor: number;
  /** How many epochs without improvement are borne before the learning rate is lowered. */
  plateau_patience: number;
  /** The least relative fall of the held-out loss that counts as an improvement. */
  plateau_threshold: number;
}

/** How attention is shown. None of it changes a run. */
export interface ViewConfig {
  /**
   * What a cell stands for: the attention weight; the score before the softmax; or the weight times the size of the
   * value vector it fetches, as it is or as W_O writes it.
   */
  show: "pattern" | "scores" | "value_weighted" | "output_weighted";
  /** A heat map with a cell for every pair of positions, or lines between the tokens, thicker for more attention. */
  form: "heatmap" | "arcs";
  /** How values become colours: in proportion, or by square root or logarithm so that weak attention shows. */
  scale: "linear" | "sqrt" | "log";
  /** Whether one value has one colour in all heads, or each head's largest value has the strongest colour. */
  range: "common" | "head";
  /** The colours; in each, lightness alone carries the value, so that every kind of colour vision can read it. */
  colours: "blue" | "viridis" | "cividis" | "grey";
  /**
   * What rows stand for, and what pointing at a token asks: where it attends to (destination), or who attends to it
   * (source).
   */
  rows: "destination" | "source";
  /** Several heads at once: laid over one another, each in its own hue, or side by side. */
  heads: "overlay" | "panels";
  /** Over how many random lists the picture is averaged; 0 shows the list on the page alone. */
  lists: number;
  /** Whether predictions are shown at every position, also where the loss does not count them. */
  everywhere: boolean;
  /** Whether the loss curve has a logarithmic axis. */
  log_loss: boolean;
}

/** Everything that a run is a function of. */
export interface Experiment {
  task: TaskConfig;
  model: ModelConfig;
  train: TrainConfig;
}
export type PartialExperiment = {
  task?: Partial<TaskConfig>;
  model?: Partial<ModelConfig>;
  train?: Partial<TrainConfig>;
};

/** What the run is computed on; auto takes WebGPU where it is faster. */
export type DeviceKind = "auto" | "cpu" | "webgpu";

/** Everything that a link says: docs/links.md. */
export interface ExperimentRecord {
  task: TaskConfig;
  model: ModelConfig;
  train: TrainConfig & {
    /** How many steps the model has been trained; whoever opens the link trains it as far. */
    steps: number;
  };
  /** What the run is computed on; auto takes WebGPU where it is faster. */
  device: DeviceKind;
  /** The input that the model is given: the numbers of the list, without special tokens. */
  prompt: number[];
  /**
   * Changes of the prompt, one after the other. Positions count from 0, BOS included, in the prompt as it then stands;
   * a token is a number, BOS, MID or EOS.
   */
  edit: TokenEdit[];
  /**
   * What is taken out of the model: a head's output, the attention of one position to another, a position's embedding,
   * a layer's MLP.
   */
  ablate: Knockout[];
  sampling: {
    /** How many tokens the model writes; none: as many as the task's answer has. */
    new_tokens: number | null;
    /** 0 takes the likeliest token each time; above, tokens are drawn, the more evenly the higher it is. */
    temperature: number;
    /** Only so many of the likeliest tokens can be drawn; none: all. */
    top_k: number | null;
    /**
     * Only the likeliest tokens that together just exceed this probability can be drawn; none: all. Without effect
     * beside top_k.
     */
    top_p: number | null;
    /** Seed of what is drawn. */
    seed: number;
    /** Whether what the model writes stands after the prompt, and not the sorted list, also while nothing is edited. */
    own: boolean;
  };
  view: ViewConfig;
  /** The heads that are shown large; without any, all are shown. */
  pin: HeadName[];
  /** The pair of positions whose number stays in view. */
  cell: `${number}:${number}` | null;
  /** What is unfolded on the page. */
  open: string[];
  /** What is not shown on the page: for teachers, and where the page stands in another. */
  hide: string[];
  /** The stop of the tour that the page is at. */
  tour: string | null;
  expect: {
    /** The beginning of the fingerprint that the model then has: SHA-256 over all parameters' bytes. */
    fingerprint: string | null;
    /** The held-out loss that the model then has, for runs on WebGPU, which agree only closely. */
    loss: number | null;
    /** The version of Tinylens that made the link. */
    version: string | null;
  };
  file: {
    /** The model was opened from a file that was called this; whoever opens the link is asked for it. */
    name: string | null;
    /** How that file was stored. */
    format: string | null;
    /** The beginning of the fingerprint of the model in that file, by which a wrong one is told apart. */
    fingerprint: string | null;
  };
  /** The model's weights themselves, rounded to float16, where they are small enough for a link. */
  weights: string | null;
}

/** A row of the table of settings: everything that a control needs. */
export type Setting = {
  /** `model.d_head`. */
  path: string;
  /** `task`, `model`, `train`, `view`, …; of a field without a group, its path. */
  group: string;
  /** The field's name within its group. */
  label: string;
  kind: "integer" | "real" | "boolean" | "choice" | "integers" | "text" | "texts";
  /** The least value; null where the kind has no range. */
  min: number | null;
  /** The largest value; null where the kind has no range. */
  max: number | null;
  /** null is a choice too if the setting is optional. */
  choices: (string | null)[];
  /** Whether null is a value too. */
  optional: boolean;
  /** Whether a control should step through decades. */
  log: boolean;
  /** The value in the default experiment. (Of `integers` and `texts`, for which there are no controls, a list.) */
  default: number | string | boolean | null;
  /** How the value follows other settings when it is left out. */
  derived: string | null;
  /** What the field means. */
  help: string;
  /** The tasks that have the field; empty: all of them. */
  tasks: string[];
};

/** A share with its 95 % Wilson interval (Wilson, 1927). Without trials everything is possible: 0 to 1. */
export type Rate = {
  rate: number;
  low: number;
  high: number;
};

/** What happens to the prompt `BOS list MID`. */
export type AblationName =
  | "baseline"
  | "mid_injection"
  | "mid_replacement"
  | "mid_deletion"
  | "shorter"
  | "bos_injection"
  | "bos_replacement"
  | "bos_deletion"
  | "bos_only";

/** What came of a battery. */
export type AblationReport = {
  lists: number;
  exact: Rate;
  sortedRestThenLargest: Rate;
  lastIsLargest: Rate;
  specialEmitted: Rate;
  /** Of the numbers that are left in the prompt, those that stand at their places. */
  tokenAccuracy: Rate;
  /** The first lists that were not sorted. */
  failures: number[][];
  failed: { list: number[]; prompt: number[]; answer: number[] }[];
  /** For every place of the answer, how many of each kind of `Emitted`. */
  confusion: number[][];
};

/** A statement and how far it is true. */
export type Claim = {
  id: string;
  /** The statement, and what its number counts. */
  text: string;
  /** From 0 to 1. */
  value: number;
  low: number;
  high: number;
  verdict: "holds" | "mixed" | "fails";
};

/** One head of a model, `layer.head`. */
export type Head = {
  layer: number;
  head: number;
};

/** Positions that are pointed at: both together are a cell, one alone is a token. */
export type Focus = {
  /** The query's position. */
  destination: number | null;
  /** The key's position. */
  source: number | null;
};

/** How a canvas is to be drawn. */
export type Drawn = {
  /** Room across, in CSS pixels. */
  width: number;
  /** Device pixels in a CSS pixel. */
  pixelRatio: number;
  /** The page's theme. */
  theme: "light" | "dark";
  /** How attention is shown. */
  view: {
    /** What the values are. */
    show: "pattern" | "scores" | "value_weighted" | "output_weighted";
    /** Heat map or arcs. */
    form: "heatmap" | "arcs";
    /** How values become shares of the colours. */
    scale: "linear" | "sqrt" | "log";
    /** Whether all heads share one scale. */
    range: "common" | "head";
    /** The colours of a lone head. */
    colours: "blue" | "viridis" | "cividis" | "grey";
    /** What rows stand for. */
    rows: "destination" | "source";
    /** Whether several heads are overlaid or side by side. */
    heads: "overlay" | "panels";
  };
  /** The heads to show; none means all. */
  heads: Head[];
  /** What is pointed at. */
  focus: Focus;
  /** The cell whose number stays written. */
  cell: { destination: number; source: number } | null;
};

/** Where the tiles are, in CSS pixels. */
export type Tiles = {
  /** A tile for each head, layer by layer. */
  tiles: { layer: number; head: number; left: number; top: number }[];
  /** Side of a tile. */
  side: number;
  /** Of all tiles together. */
  width: number;
  /** Of all tiles together. */
  height: number;
};

