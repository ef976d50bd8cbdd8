// What the person has made of the page, as one value: the list, its edits, the view, settings being edited, the run they started.
// Every change of it can be undone and done again. It knows no worker: whoever undoes tells the session (undo.ts).

import { computed } from "@preact/signals";
import type { DeviceKind, ViewConfig } from "tinylens";
import type { AblationName } from "./sorter";
import type { Ablation } from "./ablation";
import type { Edits } from "./edits";
import { History } from "./history";
import { EXAMPLE } from "./prompt";
import type { Start } from "./protocol";
import type { Slot, Value } from "./slots";

export type Sampling = { temperature: number; topK: number | null; topP: number | null; seed: number };
export const GREEDY: Sampling = { temperature: 0, topK: null, topP: null, seed: 0 };

/** `slots` null: nothing is edited. `newTokens` null: as many as the task's answer has. `own`: after MID comes what the model
 * writes, though nothing is edited. */
export type Scene = { slots: Slot[] | null; newTokens: number | null; ablations: Ablation[]; sampling: Sampling; own: boolean };

/** One head of a model. */
export type Head = { layer: number; head: number };

/** As chosen in a select of the ablation table: "" is the notebook's, "every" a sweep, else a number. */
export type Choice = "" | "random" | "every" | `${number}`;
export type Choices = { site: Choice; value: Choice };

/** A random choice holds until the next click on the preset. */
export type PresetChoice = { site?: number; randomSite?: boolean; value?: Value; randomValue?: boolean };

export type Document = {
  /** The list on the page. */
  numbers: number[];
  scene: Scene;
  view: ViewConfig;
  /** Heads that are shown large; none: all. */
  pins: Head[];
  /** The pair of positions whose number stays in view. */
  cell: { destination: number; source: number } | null;
  /** Settings of the next run, as typed. */
  draft: Edits;
  /** What is put before what the opened file says, as typed. */
  assumed: Edits;
  /** Of the notebook's experiments on this list, where the person chose otherwise. */
  presets: Partial<Record<AblationName, PresetChoice>>;
  /** Of the ablation table. */
  batteries: { lists: string; seed: string; choices: Partial<Record<AblationName, Choices>> };
  /** Of the comparison, as typed; `which` empty: the first. */
  comparison: { which: string; seeds: string; steps: string };
  device: DeviceKind;
  /** What the run began with. */
  start: Start;
};

/** The table of settings says the same (tests compare them); the page is drawn before the table is there. */
export const VIEW: ViewConfig = {
  show: "pattern",
  form: "heatmap",
  scale: "linear",
  range: "common",
  colours: "blue",
  rows: "destination",
  heads: "overlay",
  lists: 0,
  everywhere: false,
  log_loss: true,
};

export const PLAIN: Scene = { slots: null, newTokens: null, ablations: [], sampling: GREEDY, own: false };

const history = new History<Document>({
  numbers: [...EXAMPLE],
  scene: PLAIN,
  view: VIEW,
  pins: [],
  cell: null,
  draft: {},
  assumed: {},
  presets: {},
  batteries: { lists: "2000", seed: "0", choices: {} },
  comparison: { which: "", seeds: "4", steps: "3000" },
  device: "auto",
  start: { kind: "experiment", experiment: {} },
});

export const doc = history.now;
export const { undoable, redoable } = history;

export const numbers = computed(() => doc.value.numbers);
export const scene = computed(() => doc.value.scene);
export const view = computed(() => doc.value.view);

/** `what`: a few words on it. Changes in a row with the same `key` are undone together. */
export function change(next: Partial<Document>, what: string, key: string | null = null): void {
  history.change({ ...doc.value, ...next }, what, key);
}

/** A change that nobody made and nobody would undo: a list that another task made longer. */
export const amend = (next: Partial<Document>): void => history.amend({ ...doc.value, ...next });

/** The next change is one of its own, whatever its key. */
export const seal = (): void => history.seal();
/** The last change never was. */
export const drop = (): void => history.drop();
export const back = () => history.undo();
export const forth = () => history.redo();

export function setView<K extends keyof ViewConfig>(field: K, value: ViewConfig[K], what: string): void {
  if (view.value[field] !== value) change({ view: { ...view.value, [field]: value } }, what);
}
