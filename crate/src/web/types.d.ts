// Written from the Rust records by crate/tests/types: TINYLENS_WRITE=1 cargo test --release --test types

/** What the model learns: to sort a list of numbers, or to name the largest number of a list. */
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
  /** The token between the list and its sorted order; none: the sorted numbers follow the list directly. */
  mid_token: number | null;
  /**
   * The token after the sorted list (end of sequence), which the model learns to predict; none: sequences end with the
   * sorted list.
   */
  eos_token: number | null;
  /** Whether a number may occur more than once in a list. */
  repeats: boolean;
  /** Whether each list has a random length, from 1 to list_length. */
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
  /** Whether layers consist of attention only; off adds an MLP after each attention. */
  attn_only: boolean;
  /** Hidden units of each MLP; no effect while attn_only is on. */
  d_mlp: number;
  /** The MLP's activation function; no effect while attn_only is on. */
  act_fn: "relu" | "gelu" | "gelu_new" | "silu" | "solu_ln";
  /** How the residual stream is normalised before attention, MLP and unembedding; the Pre forms have no weights. */
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
   * How the model knows positions: a learned vector is added to the residual stream (standard), or only to the input of
   * queries and keys (shortformer); or queries and keys are rotated by their position (rotary).
   */
  positional_embedding_type: "standard" | "shortformer" | "rotary";
  /** How many dimensions of each head are rotated, an even number; no effect unless positions are rotary. */
  rotary_dim: number;
  /** Sets the slowest rotation: about one radian in this many positions; no effect unless positions are rotary. */
  rotary_base: number;
  /**
   * Whether neighbouring dimensions are rotated together (GPT-J), or those rotary_dim / 2 apart (GPT-NeoX); no effect
   * unless positions are rotary.
   */
  rotary_adjacent_pairs: boolean;
  /**
   * Whether a position attends to itself and earlier positions, or to all; a bidirectional model sees the answer that
   * it should predict.
   */
  attention_dir: "causal" | "bidirectional";
  /** Whether attention scores are divided by attn_scale before the softmax. */
  use_attn_scale: boolean;
  /** What attention scores are divided by; no effect while use_attn_scale is off. */
  attn_scale: number;
  /** How weights are initialised: normally distributed with standard deviation 0.8 / √d_model; biases are zero. */
  init_mode: "gpt2";
  /** Seed of the initial weights; the same seed gives the same initial model. */
  seed: number;
}

/** The data and the optimiser. */
export interface TrainConfig {
  /** How many lists (of each length) the training set has; none: every step draws new lists. */
  num_samples: number | null;
  /**
   * The share of all possible lists that is trained on, each once an epoch; the rest is held out, and num_samples has
   * no effect. None: lists are drawn at random, and one in 64 is held out.
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
  /** How many epochs without improvement are tolerated before the learning rate is lowered. */
  plateau_patience: number;
  /** The smallest relative decrease of the held-out loss that counts as an improvement. */
  plateau_threshold: number;
}

/** How attention is shown. None of it changes a run. */
export interface ViewConfig {
  /**
   * What a cell shows: the attention weight; the score before the softmax; or the weight times the norm of the source's
   * value vector, before or after W_O.
   */
  show: "pattern" | "scores" | "value_weighted" | "output_weighted";
  /** A heat map with a cell for every pair of positions, or lines between the tokens, thicker for more attention. */
  form: "heatmap" | "arcs";
  /** How values map to colours: in proportion, or by square root or logarithm so that weak attention is visible. */
  scale: "linear" | "sqrt" | "log";
  /** Whether all heads share one colour scale, or each head's largest value has the strongest colour. */
  range: "common" | "head";
  /** The colour map; in each, lightness alone encodes the value, so that it is readable with any colour vision. */
  colours: "blue" | "viridis" | "cividis" | "grey";
  /**
   * What the rows stand for, and what pointing at a token shows: where it attends to (destination), or which tokens
   * attend to it (source).
   */
  rows: "destination" | "source";
  /** How several heads are shown: overlaid, each in its own hue, or side by side. */
  heads: "overlay" | "panels";
  /** How many random lists the picture is averaged over; 0 shows only the list on the page. */
  lists: number;
  /** Whether predictions are shown at every position, even where they do not count towards the loss. */
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

/** The device that computes the run; auto takes WebGPU if it is faster. */
export type DeviceKind = "auto" | "cpu" | "webgpu";

/** Everything that a link says: docs/links.md. */
export interface ExperimentRecord {
  task: TaskConfig;
  model: ModelConfig;
  train: TrainConfig & {
    /** How many steps the model has been trained; opening the link trains it that far. */
    steps: number;
  };
  /** The device that computes the run; auto takes WebGPU if it is faster. */
  device: DeviceKind;
  /** The model's input: the numbers of the list, without special tokens. */
  prompt: number[];
  /**
   * Changes of the prompt, applied in order. Positions count from 0, BOS included, in the prompt after the preceding
   * changes; a token is a number, BOS, MID or EOS.
   */
  edit: TokenEdit[];
  /**
   * The parts of the model that are ablated: a head's output, the attention of one position to another, a position's
   * embedding, or a layer's MLP.
   */
  ablate: Knockout[];
  sampling: {
    /** How many tokens the model generates; none: as many as the task's answer has. */
    new_tokens: number | null;
    /** 0 always takes the most likely token; above 0 tokens are drawn, the more evenly the higher it is. */
    temperature: number;
    /** Tokens are drawn from only this many of the most likely ones; none: from all. */
    top_k: number | null;
    /**
     * Tokens are drawn from only the smallest set of most likely ones whose total probability exceeds this; none: from
     * all. No effect if top_k is set.
     */
    top_p: number | null;
    /** Seed of the draws. */
    seed: number;
    /** Whether the model's own tokens follow the prompt, instead of the sorted list, even if nothing is edited. */
    own: boolean;
  };
  view: ViewConfig;
  /** The heads that are shown large; if none is pinned, all are shown. */
  pin: HeadName[];
  /** The pair of positions whose value stays displayed. */
  cell: `${number}:${number}` | null;
  /** The panels that are open on the page. */
  open: string[];
  /** What the page does not show: for teaching, or if the page is embedded in another. */
  hide: string[];
  /** The tour stop that the page shows. */
  tour: string | null;
  expect: {
    /** The first digits of the trained model's fingerprint, which is the SHA-256 of all parameters' bytes. */
    fingerprint: string | null;
    /** The trained model's held-out loss, to check runs on WebGPU, which agree only approximately. */
    loss: number | null;
    /** The version of Tinylens that made the link. */
    version: string | null;
  };
  file: {
    /** The name of the file that the model was opened from; whoever opens the link is asked for the file. */
    name: string | null;
    /** The format of that file. */
    format: string | null;
    /** The first digits of the fingerprint of that file's model, by which a wrong file is recognised. */
    fingerprint: string | null;
  };
  /** The model's weights, rounded to float16, if they are small enough for a link. */
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
  /** The share, from 0 to 1. */
  rate: number;
  /** The lower end of its interval. */
  low: number;
  /** The upper end. */
  high: number;
};

/** An input that failed. */
export type Failure = {
  /** The input. */
  list: number[];
  /** What the model was given. */
  prompt: number[];
  /** What it answered. */
  answer: number[];
};

/** A statement and how far it is true. */
export type Claim = {
  /** A name that stays. */
  id: string;
  /** The statement, and what its number counts. */
  text: string;
  /** From 0 to 1. */
  value: number;
  /** The lower end of its 95 % interval. */
  low: number;
  /** The upper end. */
  high: number;
  /** What they say. */
  verdict: "holds" | "mixed" | "fails";
};

/** One head of a model, `layer.head`. */
export type Head = {
  /** The layer, counted from 0. */
  layer: number;
  /** The head within the layer, counted from 0. */
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


/** An ablation of a task. */
export type AblationName =
  | "baseline"
  | "mid_injection"
  | "mid_replacement"
  | "mid_deletion"
  | "shorter"
  | "bos_injection"
  | "bos_replacement"
  | "bos_deletion"
  | "bos_only"
  | "ans_replacement"
  | "sep_replacement";

/** What is measured of an answer. */
export type MeasureName =
  | "exact"
  | "sortedRestThenLargest"
  | "lastIsLargest"
  | "specialEmitted"
  | "tokenAccuracy";
