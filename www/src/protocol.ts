// Every message between the page and its worker, as two tagged unions. Nothing here computes or knows the DOM.
//
// The page numbers its runs. A message about a run carries that number: the worker drops commands for any run but its
// own, and the page drops answers from a run that has been replaced.

import type { AblateOptions, AblationReport, Claim, DeviceKind, Evaluation, Focus, Head, Hit, Intervention, ModelConfig, PartialExperiment, PartialRecord, Setting, Tiles, TrainConfig, ViewConfig, Run } from "tinylens";
import type { Job, Measured } from "tinylens/compare.mjs";
import type { Slot } from "./slots";
import type { Experiment, ExperimentRecord, TaskConfig } from "./sorter";

export type RunId = number;

/** Which of the package's two modules a worker runs: that for the CPU alone, or that with WebGPU. */
export type Program = "cpu" | "webgpu";

/** A checkpoint as it was dropped on the page, what goes before what it says, and how it is trained further, where a link says so. A Blob
 * crosses without being copied. */
export type FileOrigin = { kind: "file"; name: string; bytes: Blob; model: Partial<ModelConfig>; task: Partial<TaskConfig>; train: Partial<TrainConfig> };

/** What a run has at step 0: settings, or a file's weights. */
export type Start = { kind: "experiment"; experiment: PartialExperiment } | FileOrigin;

/** What a run is made from: its start, or everything that `saved` carried. */
export type Origin = Start | { kind: "snapshot"; snapshot: Uint8Array };

/** What a file turned out to be: how it was stored, what was assumed or ignored, and the fingerprint of the model in it. */
export type FileFacts = { format: string; notes: string[]; fingerprint: string };

/** What can be taken away: the model, what is on screen, a canvas as it is drawn or as its numbers, or one parameter or activation (or
 * "logits") by its name. */
export type Wanted =
  | { kind: "safetensors" | "python" | "pattern" | "predictions" }
  | { kind: "picture"; canvas: CanvasName; as: "json" | "svg" | "png" }
  | { kind: "tensor"; name: string };

/** A file to save, or its text to copy. */
export type Export = { name: string; content: string | Uint8Array<ArrayBuffer> };

/** The first sequence's pattern of every head, as it was at a step, and the fingerprint of the model then. */
export type Pattern = { step: number; fingerprint: string; labels: string[]; layers: number; heads: number; causal: boolean; weights: Float32Array };

/** The device a run is on, one sentence on why, and what computes its steps (null: there is no run yet). */
export type DeviceInfo = { kind: "cpu" | "webgpu"; description: string; path: Run["path"] | null };

/** How attention is shown, on every canvas: the view, the heads that are large (none: all), and the cell whose number stays written. */
export type Showing = { view: ViewConfig; heads: Head[]; cell: { destination: number; source: number } | null };

/** What the worker must know of a canvas's surroundings. Its lengths, and those of `point` and `height`, are the crate's pixels. */
export type View = { width: number; pixelRatio: number; theme: "light" | "dark"; visible: boolean };

/** What is pointed at, on a canvas (`hit`) or elsewhere (`name` null), and what the canvases have there: the numbers of a pair of positions,
 * or, for a token alone, how strongly (-1 to 1) each other one is coloured. */
export type Pointed = { name: CanvasName | null; focus: Focus | null; hit: Hit | null; values: Partial<Record<CanvasName, Hit["values"]>>; shades: Partial<Record<CanvasName, Float32Array>> };

/** One head's numbers on one canvas, for the table: `values` is [destination, source], row by row. */
export type HeadTable = Head & { canvas: CanvasName; labels: string[]; values: Float32Array; causal: boolean };

/** What the module is asked for links. `link` of what is decoded: the same, canonical. `facts`: of the model on screen, now. `unpack`: the
 * model that is in a link, as a safetensors file. */
export type Answered = {
  encode: string;
  decode: { experiment: ExperimentRecord; warnings: string[]; link: string };
  facts: { run: RunId; step: number; fingerprint: string; loss: number; version: string };
  pack: string;
  unpack: Uint8Array;
};
export type LinkQuestion = { kind: "encode"; record: PartialRecord } | { kind: "decode" | "unpack"; link: string } | { kind: "facts" | "pack" };

/** The example sequence and what the model makes of it. */
export type Sequence = {
  tokens: number[];
  labels: string[];
  /** The last position of the prompt, MID where nothing is edited: from here on, up to the last but one, predictions count. */
  mid: number;
  /** At each position: the likeliest next token, how likely, and whether it is the one that should follow (null: any may). */
  predictions: { label: string; probability: number; right: boolean | null }[];
  /** [n_layers, n_heads] */
  heads: [number, number];
};

/** How a model goes on after a prompt. Temperature 0: greedily. */
export type Generation = { newTokens: number; temperature: number; topK: number | null; topP: number | null; seed: number; stopToken: number | null };

/** What is to be shown of the list: the edited prompt (null: none) and what is done to the model that reads it. `generation` null: after
 * MID comes the sorted list, as in training; it must be given where something is edited. `many`: the same for other lists, whose mean may
 * be shown: there also what needs several lists acts. */
export type Wish = { edited: number[] | null; interventions: Intervention[]; generation: Generation | null; many: { slots: Slot[] | null; interventions: Intervention[] } };

/** A prompt to be continued greedily, again whenever the model has changed. */
export type Question = { id: number; prompt: number[]; newTokens: number };

/** The large canvases; and all heads of the clean sequence as thumbnails. */
export type CanvasName = "clean" | "edited" | "difference" | "heads";

/** One battery: an experiment over many lists. */
export type Battery = Omit<AblateOptions, "signal" | "onProgress">;

/** Statements about the model, measured over so many lists; or why they can't be. */
export type Claims = { lists: number; claims: Claim[]; refused: string | null };

export type ToWorker =
  // Once, first. A worker that replaces another is given the module that the first compiled. `reader`: what opens files, where the worker
  // can't fetch it. `lock`: see supervisor.ts.
  | { type: "load"; module: WebAssembly.Module | null; reader: WebAssembly.Module | null; lock: string }
  // To a worker that is to take over from another: opens a device, of "auto" the one that this experiment is trained faster on, and says `tried`.
  | { type: "try"; device: DeviceKind; experiment: Experiment | null }
  // To that other: rests, saves, and says `released`.
  | { type: "release"; run: RunId }
  // Replaces the run; on refusal the old one goes on. `goal`: the step to train to; Infinity plays, 0 waits.
  | { type: "open"; run: RunId; origin: Origin; device: DeviceKind; numbers: number[]; goal: number }
  | { type: "play"; run: RunId }
  | { type: "pause"; run: RunId }
  | { type: "steps"; run: RunId; count: number }
  | { type: "numbers"; run: RunId; numbers: number[] }
  | { type: "device"; run: RunId; kind: DeviceKind }
  | { type: "wish"; run: RunId; wish: Wish }
  | { type: "showing"; showing: Showing }
  | { type: "ask"; run: RunId; questions: Question[] }
  // Batteries, one after the other, all on the weights as they are now. Others that are under way are stopped.
  | { type: "measure"; run: RunId; request: number; batteries: Battery[] }
  | { type: "measureNoMore" }
  // The rest concerns no run, or whichever there is.
  | { type: "canvas"; name: CanvasName; canvas: OffscreenCanvas; view: View }
  | { type: "view"; name: CanvasName; view: View }
  // The pointer is over a canvas (null: it left), or something else on the page points at a token or a cell.
  | { type: "point"; name: CanvasName; at: { x: number; y: number } | null }
  | { type: "focus"; focus: Focus | null }
  | { type: "table"; of: (Head & { canvas: CanvasName }) | null }
  | { type: "check"; request: number; experiment: PartialExperiment }
  | { type: "link"; request: number; question: LinkQuestion }
  // `stem`: what the names of files begin with.
  | { type: "export"; request: number; wanted: Wanted; stem: string }
  | { type: "names" }
  // For a run that is kept (`state`: with its saved state, which comes as `saved`, before the answer), or compared.
  | { type: "keep"; request: number; state: boolean };

export type FromWorker =
  // The worker holds its lock: from now on, whoever is granted it knows that the worker is gone.
  | { type: "holding" }
  | { type: "loading"; stage: "download"; received: number; total: number }
  | { type: "loading"; stage: "compile" | "device" }
  | { type: "ready"; module: WebAssembly.Module; settings: Setting[] }
  | { type: "opened"; run: RunId; experiment: Experiment; parameters: number; device: DeviceInfo; step: number; goal: number; learningRate: number; numbers: number[]; file: FileFacts | null }
  // `losses` are those of the steps up to and with `step`.
  | { type: "trained"; run: RunId; step: number; losses: Float32Array; stepsPerSecond: number; learningRate: number; workers: number }
  // Sent whenever training starts or stops.
  | { type: "goal"; run: RunId; step: number; goal: number }
  | { type: "looked"; run: RunId; step: number; sequence: Sequence; edited: Sequence | null; lists: number; table: HeadTable | null }
  | { type: "answered"; run: RunId; step: number; id: number; tokens: number[] }
  | { type: "evaluated"; run: RunId; step: number; evaluation: Evaluation }
  | { type: "saved"; run: RunId; step: number; snapshot: Uint8Array }
  // `asked`: for what; "auto" may come to be known only after the run was opened.
  | { type: "device"; run: RunId; device: DeviceInfo; asked: DeviceKind }
  // The device that was asked for takes the other program. Until that is there the run stays where it is, or what was to be opened waits.
  | { type: "needs"; run: RunId; what: "open" | "device"; device: DeviceKind }
  | { type: "tried"; answer: DeviceInfo | { error: string } }
  | { type: "released"; run: RunId; goal: number }
  | { type: "claimed"; run: RunId; step: number; claims: Claims }
  // Of a request's batteries, the one at `index`: how far it is, and what came of it at the step it was asked for.
  | { type: "measuring"; run: RunId; request: number; index: number; done: number; lists: number }
  | { type: "measured"; run: RunId; request: number; index: number; step: number; answer: AblationReport | { error: string } }
  | { type: "measuredAll"; run: RunId; request: number; stopped: boolean }
  // Nothing changed: the sentence says why.
  | { type: "refused"; run: RunId; what: "open" | "numbers" | "device" | "wish" | "showing"; message: string }
  | ({ type: "pointed" } & Pointed)
  | { type: "tiles"; tiles: Tiles }
  | { type: "height"; name: CanvasName; height: number }
  | { type: "checked"; request: number; experiment: Experiment | null; errors: { path: string; message: string }[]; parameters: number }
  | { type: "exported"; request: number; answer: Export | { error: string } }
  | { type: "kept"; run: RunId; request: number; answer: Pattern | { error: string } }
  | { type: "linked"; request: number; answer: { is: Answered[keyof Answered] } | { error: string } }
  // What `Wanted` may name of the present model: parameters, and activations in the order of the forward pass.
  | { type: "names"; run: RunId; parameters: string[]; activations: string[] }
  // The worker's last word: it can't go on. `load` means that it never got as far as running.
  | { type: "fatal"; cause: FatalCause; message: string };

export type FatalCause = "panic" | "device_lost" | "shader" | "error" | "load";

/** A worker of its own that trains and measures models for a comparison, one job at a time; comparer.ts. */
export type ToComparer = { module: WebAssembly.Module; job: Job; steps: number; lists: number };
export type FromComparer = { type: "trained"; steps: number } | { type: "measured"; measured: Measured } | { type: "failed"; message: string };
