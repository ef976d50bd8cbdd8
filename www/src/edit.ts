// The list, its edits, the ablations, and how sequences go on: what the document's scene means for the present model, which is
// told to the worker, and every change of it.

import { batch, computed, effect, signal, untracked } from "@preact/signals";
import type { Intervention } from "tinylens";
import { interventionsOf, type Ablation } from "./ablation";
import { announcement } from "./announce";
import { change as changeDocument, drop, numbers, scene, seal, view, type Scene } from "./document";
import { beginEntry } from "./entry";
import { count } from "./format";
import type { Generation, Wish } from "./protocol";
import { showNumbers, showWish } from "./session";
import { aligned, filled, label, NAMES, placed, slotsOf, tokenOf, valueOf, type Placed, type Slot, type Value } from "./slots";
import { experiment, wishError } from "./state";
import type { TaskConfig } from "./sorter";

/** Why the last edit was not made. */
export const refusal = signal<string | null>(null);
/** The position that the keyboard is at, and whether what can be done with its token is shown. */
export const cursor = signal(0);
export const menu = signal(false);
/** The position to be focused once it is drawn. */
export const focusNext = signal<number | null>(null);

export const task = computed(() => experiment.value?.task ?? null);
const model = computed(() => experiment.value?.model ?? null);

const cleanOf = (list: readonly number[]): number[] => {
  const { value: now } = task;
  return now ? [...(now.bos_token === null ? [] : [now.bos_token]), ...list, ...(now.mid_token === null ? [] : [now.mid_token])] : [];
};

/** The clean prompt. */
export const clean = computed<number[]>(() => cleanOf(numbers.value));

type Outcome = { row: Slot[]; places: Placed[]; tokens: number[] } | { error: string };

const numbersOf = (task: TaskConfig) => `numbers ${task.min_value} to ${task.max_value - 1}, ${NAMES.filter((name) => tokenOf(name, task) !== null).join(", ")}`;

function outcome(slots: Slot[] | null, list: readonly number[] = numbers.value): Outcome {
  const { value: now } = task;
  const { value: config } = model;
  if (!now || !config) return { error: "There is no model yet." };
  const row = filled(slots ?? slotsOf(now, list.length), now, list.length);
  const places = placed(row, now, list);
  if ("error" in places) return places;
  const tokens = places.filter(({ gone }) => !gone).map(({ token }) => token);
  const limits = `this model reads 1 to ${count(config.n_ctx)} tokens (n_ctx)`;
  if (tokens.length === 0) return { error: `A prompt needs at least one token: ${limits}.` };
  if (tokens.length > config.n_ctx) return { error: `The prompt would have ${count(tokens.length)} tokens: ${limits}.` };
  const foreign = tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= config.d_vocab);
  if (foreign !== undefined) return { error: `${foreign} is not in the vocabulary: ${numbersOf(now)}.` };
  return { row, places, tokens };
}

const now = computed<Outcome>(() => outcome(scene.value.slots));

/** What stands where in the edited prompt, deleted tokens included. */
export const places = computed<Placed[]>(() => ("error" in now.value ? [] : now.value.places));
const same = (a: readonly number[], b: readonly number[]) => a.length === b.length && a.every((token, i) => token === b[i]);
/** The edited prompt; null: it is the clean one. */
export const edited = computed<number[] | null>(() => ("error" in now.value || same(now.value.tokens, clean.value) ? null : now.value.tokens));
/** A sentence that somebody has to read: an edit that was refused, or edits that this list or model does not allow. */
export const trouble = computed(() => refusal.value ?? wishError.value ?? (experiment.value && scene.value.slots && "error" in now.value ? now.value.error : null));

/** What is taken out of the model: for the edited prompt here, and for whoever runs batteries. */
export const interventions = computed<Intervention[]>(() => (model.value ? interventionsOf(scene.value.ablations, model.value) : []));
/** Of those, what does something to a lone sequence. A mean over one, and the next of one, are itself. */
const lone = computed(() => interventions.value.filter(({ edit }) => edit !== "mean" && edit !== "resample"));
/** The prompt of the edited side; null: there is none. */
export const compared = computed<number[] | null>(() => edited.value ?? ((view.value.lists > 0 ? interventions : lone).value.length > 0 ? clean.value : null));

/** How many tokens the task's answer has. */
export const answerLength = computed(() => numbers.value.length + (task.value && task.value.eos_token !== null ? 1 : 0));
/** For how many new tokens there is room after a prompt. */
export const room = (prompt: readonly number[]): number => Math.max(0, (model.value?.n_ctx ?? 0) - prompt.length);

const generation = computed<Generation>(() => {
  const { newTokens, sampling } = scene.value;
  return { newTokens: newTokens ?? answerLength.value, ...sampling, stopToken: task.value?.eos_token ?? null };
});
/** Whether what follows the prompt is what the model writes, rather than the sorted list. */
export const own = computed(() => compared.value !== null || scene.value.own || scene.value.newTokens !== null || scene.value.sampling.temperature > 0);

const wish = computed<Wish>(() => ({ edited: compared.value, interventions: lone.value, generation: own.value ? generation.value : null, many: { slots: scene.value.slots, interventions: interventions.value } }));

const NOTHING = JSON.stringify({ edited: null, interventions: [], generation: null, many: { slots: null, interventions: [] } } satisfies Wish);
let told = NOTHING;
let toldTo: object | null = null;
effect(() => {
  const { value: to } = experiment;
  const { value: all } = wish;
  if (!to) return;
  // Every run starts without a wish.
  if (to !== toldTo) told = NOTHING;
  toldTo = to;
  const text = JSON.stringify(all);
  if (text !== told) untracked(() => showWish(all));
  told = text;
});

/** Makes a change, or says why it can't be made. */
function change(next: Partial<Scene>, what: string, key: string | null = null): boolean {
  const made = { ...scene.value, ...next };
  const judged = outcome(made.slots);
  refusal.value = made.slots && "error" in judged ? judged.error : null;
  if (refusal.value) return false;
  changeDocument({ scene: made }, what, key);
  announcement.value = what;
  return true;
}

/** The row as it is now, and the place in it of a position of the prompt. */
function at(position: number): { row: Slot[]; slot: number; token: number; visible: Placed[] } | null {
  if ("error" in now.value) return null;
  const visible = now.value.places.filter(({ gone }) => !gone);
  const place = visible[position];
  return place ? { row: [...now.value.row], slot: place.slot, token: place.token, visible } : null;
}

const named = (token: number) => (task.value ? label(token, task.value) : String(token));

export function replace(position: number, value: Value, key: string | null = null): "made" | "as it was" | "refused" {
  const place = at(position);
  if (!place || !task.value) return "refused";
  const token = tokenOf(value, task.value);
  if (token === null) {
    refusal.value = `This task has no ${value}: ${numbersOf(task.value)}.`;
    return "refused";
  }
  refusal.value = null;
  if (token === place.token) return "as it was";
  const original = place.visible[position]!.clean;
  place.row[place.slot] = { ...place.row[place.slot]!, value: token === original ? null : valueOf(token, task.value) };
  return change({ slots: place.row }, `${named(place.token)} at position ${position} replaced by ${named(token)}`, key) ? "made" : "refused";
}

export function remove(position: number): void {
  const place = at(position);
  if (!place) return;
  const slot = place.row[place.slot]!;
  if (slot.source === null) place.row.splice(place.slot, 1);
  else place.row[place.slot] = { ...slot, value: null, gone: true };
  if (!change({ slots: place.row }, `${named(place.token)} at position ${position} deleted: the prompt is one token shorter`)) return;
  goTo(Math.min(position, place.visible.length - 2));
}

/** A token before or after another; what it is to be is then typed or picked. */
export function insert(position: number, side: "before" | "after"): void {
  const place = at(position);
  if (!place || !task.value) return;
  const to = position + (side === "after" ? 1 : 0);
  place.row.splice(place.slot + (side === "after" ? 1 : 0), 0, { source: null, value: task.value.min_value, gone: false, moved: false });
  if (change({ slots: place.row }, `${task.value.min_value} inserted at position ${to}`)) goTo(to);
}

export function move(position: number, by: -1 | 1): void {
  const place = at(position);
  const other = place?.visible[position + by];
  if (!place || !other) return;
  const [slot] = place.row.splice(place.slot, 1);
  place.row.splice(other.slot, 0, { ...slot!, moved: true });
  if (change({ slots: place.row }, `${named(place.token)} moved to position ${position + by}`)) goTo(position + by);
}

export function goTo(position: number): void {
  cursor.value = focusNext.value = position;
}

/** Edits of a preset, in the place of all others. */
export function applyPreset(slots: Slot[] | null, newTokens: number | null, what: string): boolean {
  const made = change({ slots, newTokens }, what);
  if (made) beginEntry();
  return made;
}

export const setAblations = (ablations: Ablation[], what: string): boolean => change({ ablations }, what);
export const setGeneration = (next: Partial<Pick<Scene, "newTokens" | "sampling" | "own">>, what: string, key: string): boolean => change(next, what, key);

export const anyEdit = computed(() => scene.value.slots !== null || scene.value.ablations.length > 0);

export function discard(): void {
  menu.value = false;
  change({ slots: null, newTokens: null, ablations: [] }, "All edits discarded");
}

/** Another list. `key`: as `change` has it. */
export function setNumbers(list: number[], key: string | null = null): void {
  if (same(list, numbers.value)) return;
  changeDocument({ numbers: list }, `List ${list.join(", ")}`, key);
  showNumbers(list);
}

/** Opens a prompt in the editor, as edits of `list` (without one: of the list that is there). Both are undone together. */
export function openPrompt(tokens: number[], list?: number[]): boolean {
  const { value: now } = task;
  if (!now) return false;
  const after = [...(list ?? numbers.value)];
  const before = cleanOf(after);
  const slots = same(tokens, before) ? null : aligned(tokens, before, now, after.length);
  const judged = outcome(slots, after);
  refusal.value = "error" in judged ? judged.error : null;
  if (refusal.value) return false;
  batch(() => {
    changeDocument({ numbers: after, scene: { ...scene.value, slots } }, "a prompt opened");
    showNumbers(after);
  });
  return true;
}

/** Milliseconds after which a digit begins another number. */
const PAUSE = 1500;
const NOT_TYPING = { position: -1, text: "", time: 0, made: false };
let typing = NOT_TYPING;

/** A digit typed on a token. The digits of one number are one edit; a number that is refused changes nothing. */
export function type(position: number, digit: string): void {
  const time = performance.now();
  const going = typing.position === position && time - typing.time < PAUSE;
  if (!going) seal();
  const text = going ? typing.text + digit : digit;
  const made = going && typing.made;
  const done = replace(position, Number(text), `type:${position}`);
  if (done !== "refused") {
    typing = { position, text, time, made: made || done === "made" };
    return;
  }
  typing = NOT_TYPING;
  if (made) drop();
}

export function endTyping(): void {
  typing = NOT_TYPING;
  seal();
}
