// The page's state as the record that a link carries, and back. No DOM, no worker: the module writes and reads the link itself.

import type { HeadName, Knockout, ModelConfig, PartialExperiment, PartialRecord, TokenEdit } from "tinylens";
import { fits, type Ablation } from "./ablation";
import type { Document, Sampling, Scene } from "./document";
import type { Edits } from "./edits";
import { filled, slotsOf, tokenOf, type Slot, type Value } from "./slots";
import type { ExperimentRecord, TaskConfig } from "./sorter";

/** Changes of the clean prompt that make these slots of it: moves, then insertions, replacements and deletions, so that each knows its place. */
export function editsOf(slots: readonly Slot[] | null, task: TaskConfig, length: number): TokenEdit[] {
  if (!slots) return [];
  const clean = slotsOf(task, length).map(({ source }) => source);
  // What belongs to a longer list, or to a BOS that this task has not, is not on screen.
  const row = filled(slots, task, length).filter(({ source }) => source === null || clean.includes(source));
  const wanted = row.map(({ source }) => source).filter((source) => source !== null);
  const edits: TokenEdit[] = [];
  const order = [...clean];
  const inOrder = () => wanted.every((source, i) => order[i] === source);
  const disordered = !inOrder();
  const moves = (moved: (slot: Slot) => boolean) => {
    let before: Slot["source"] = null;
    for (const slot of row.filter(({ source }) => source !== null)) {
      if (moved(slot)) {
        const from = order.indexOf(slot.source!);
        order.splice(from, 1);
        const to = before === null ? 0 : order.indexOf(before) + 1;
        order.splice(to, 0, slot.source!);
        edits.push(`move:${from}:${to}`);
      }
      before = slot.source;
    }
  };
  // Who was moved is shown, and so part of it.
  if (disordered) moves(({ moved }) => moved);
  if (!inOrder()) moves(() => true);
  row.forEach(({ source, value }, i) => source === null && edits.push(`insert:${i}:${value!}`));
  if (disordered) row.forEach(({ source, moved }, i) => source === null && moved && edits.push(`move:${i}:${i}`));
  row.forEach(({ source, value, gone }, i) => source !== null && value !== null && !gone && edits.push(`replace:${i}:${value}`));
  for (let i = row.length - 1; i >= 0; i--) if (row[i]!.gone) edits.push(`delete:${i}`);
  return edits;
}

const valueFrom = (text: string): Value => (/^\d+$/.test(text) ? Number(text) : (text as Value));

/** The slots that a record's edits make of its list; null: none. */
export function slotsFrom(edits: readonly TokenEdit[], task: TaskConfig, list: readonly number[]): Slot[] | null {
  if (edits.length === 0) return null;
  const row = slotsOf(task, list.length);
  const token = ({ source }: Slot) => (source === null ? null : typeof source === "number" ? list[source]! : tokenOf(source, task));
  /** The place in the row of a position of the prompt; past its end, the row's end. */
  const place = (position: number) => [...row.keys()].filter((i) => !row[i]!.gone)[position] ?? row.length;
  for (const edit of edits) {
    const [what, first, second] = edit.split(":") as [string, string, string];
    const at = place(Number(first));
    const slot = row[at];
    if (what === "insert") row.splice(at, 0, { source: null, value: valueFrom(second), gone: false, moved: false });
    else if (!slot) continue;
    else if (what === "replace") {
      const value = valueFrom(second);
      row[at] = { ...slot, value: slot.source !== null && tokenOf(value, task) === token(slot) ? null : value };
    } else if (what === "delete" && slot.source === null) row.splice(at, 1);
    else if (what === "delete") row[at] = { ...slot, value: null, gone: true };
    else {
      row.splice(at, 1);
      row.splice(place(Number(second)), 0, { ...slot, moved: true });
    }
  }
  return row;
}

export function knockoutOf(ablation: Ablation): Knockout {
  switch (ablation.kind) {
    case "head":
      return `head:${ablation.layer}.${ablation.head}:${ablation.edit}`;
    case "edge": {
      const { layer, head, destination, source, renormalise } = ablation;
      const edge = `edge:${layer}.${head}:${destination}:${source}` as const;
      return renormalise ? edge : `${edge}:zero`;
    }
    case "position":
      return `position:${ablation.position}`;
    case "mlp":
      return `mlp:${ablation.layer}`;
  }
}

const headFrom = (name: string) => {
  const [layer, head] = name.split(".").map(Number) as [number, number];
  return { layer, head };
};

export function ablationFrom(knockout: Knockout): Ablation {
  const [kind, which, ...rest] = knockout.split(":") as [Ablation["kind"], string, ...string[]];
  switch (kind) {
    case "head":
      return { kind, ...headFrom(which), edit: rest[0] as "zero" | "mean" | "resample" };
    case "edge":
      return { kind, ...headFrom(which), destination: Number(rest[0]), source: Number(rest[1]), renormalise: rest[2] !== "zero" };
    case "position":
      return { kind, position: Number(which) };
    case "mlp":
      return { kind, layer: Number(which) };
  }
}

/** What a link says of the document, for a model of this task and configuration. `edited`: the edits mean something for the list. */
export function recordOf({ numbers, scene, view, pins, cell, device }: Document, task: TaskConfig, model: ModelConfig, edited: boolean): PartialRecord {
  const { temperature, topK, topP, seed } = scene.sampling;
  return {
    device,
    prompt: numbers,
    edit: edited ? editsOf(scene.slots, task, numbers.length) : [],
    ablate: scene.ablations.filter((ablation) => fits(ablation, model)).map(knockoutOf),
    sampling: { new_tokens: scene.newTokens, temperature, top_k: topK, top_p: topP, seed, own: scene.own },
    view,
    pin: pins.filter(({ layer, head }) => layer < model.n_layers && head < model.n_heads).map(({ layer, head }): HeadName => `${layer}.${head}`),
    cell: cell && Math.max(cell.destination, cell.source) < model.n_ctx ? `${cell.destination}:${cell.source}` : null,
  };
}

/** What of the document a record says. */
export function documentOf({ task, prompt, edit, ablate, sampling: s, view, pin, cell, device }: ExperimentRecord): Pick<Document, "numbers" | "scene" | "view" | "pins" | "cell" | "device"> {
  const sampling: Sampling = { temperature: s.temperature, topK: s.top_k, topP: s.top_p, seed: s.seed };
  const scene: Scene = { slots: slotsFrom(edit, task, prompt), newTokens: s.new_tokens, ablations: ablate.map(ablationFrom), sampling, own: s.own };
  const [destination, source] = (cell ?? "").split(":").map(Number);
  return { numbers: prompt, scene, view, pins: pin.map(headFrom), cell: cell === null ? null : { destination: destination!, source: source! }, device };
}

/** Digits of a fingerprint that a link carries: as good as all 64 against chance. */
export const DIGITS = 16;

/** Runs on WebGPU and on the CPU agree in their held-out loss within this share of it, while they train as far as tours and presets do. */
export const TOLERANCE = 0.01;

/** The model as it is now. */
export type Facts = { fingerprint: string; loss: number; version: string };

const six = (n: number): string => String(Number(n.toPrecision(6)));
const small = (n: number): string => (n < 1e-3 ? n.toExponential(0) : String(Number(n.toPrecision(2))));

/** What a link expected of the model, and what it is. `exact`: it was computed on the CPU alone, where equal steps give equal bits. */
export function verdict({ fingerprint, loss, version }: ExperimentRecord["expect"], facts: Facts, exact: boolean): string {
  if (fingerprint === null && loss === null) return "Trained as far as the link says. It does not say what should come out.";
  if (exact && fingerprint !== null && facts.fingerprint.startsWith(fingerprint)) return "Reproduced bit for bit: the model has the fingerprint that the link names.";
  // A link has six digits of it.
  const off = loss === null ? null : Math.abs(Number(six(facts.loss)) - Number(six(loss)));
  const losses = off === null ? "" : ` Its held-out loss is ${six(facts.loss)}, the link’s ${six(loss!)}; ${off === 0 ? "they are the same" : `they differ by ${small(off)}`}.`;
  const close = off !== null && off <= TOLERANCE * loss!;
  if (exact && fingerprint !== null) {
    const other = version !== null && version !== facts.version;
    return `${other ? `This link was made by version ${version} of Tinylens, and this is ${facts.version}: the` : "Not reproduced: the"} model has another fingerprint.${losses}`;
  }
  const where = exact ? "The link was made on WebGPU, this run on the CPU" : "Trained on WebGPU";
  const judged = off === null ? "" : close ? " That is within the tolerance of 1 %." : " That is more than the tolerance of 1 %.";
  return `${where}: no two devices give the same bits.${losses}${judged}`;
}

/** What of a record's task, model and training its link names: as a run is asked for, and as the settings show it. */
export function askedIn(link: string, record: ExperimentRecord): { asked: PartialExperiment; draft: Edits } {
  const asked: Record<string, Record<string, number | string | boolean | null>> = {};
  const draft: Edits = {};
  for (const field of link.split("&")) {
    const path = field.split("=", 1)[0]!;
    const [group, name] = path.split(".") as [string, string | undefined];
    if (name === undefined || path === "train.steps" || !["task", "model", "train"].includes(group)) continue;
    const value = (record as unknown as typeof asked)[group]![name]!;
    (asked[group] ??= {})[name] = value;
    draft[path] = typeof value === "number" ? String(value) : value;
  }
  return { asked, draft };
}
