// The tour's state: at which stop it is, and what arriving there does to the page. It does only what a person could do, by the same
// functions, so that every edit it makes can be undone.

import { effect, signal, untracked } from "@preact/signals";
import type { AblationName } from "../sorter";
import { announcement } from "../announce";
import { numbers, scene } from "../document";
import { beginEntry } from "../entry";
import { anyEdit, applyPreset, discard, refusal, setNumbers } from "../edit";
import { near, newTokensFor, PRESETS, senseless, slotsFor } from "../presets";
import { fitNumbers } from "../prompt";
import { play } from "../session";
import { placed, type Slot } from "../slots";
import { evaluated, experiment, file, playing } from "../state";
import { STOPS, why, type Stop, type StopId } from "./stops";

/** The share of held-out lists sorted from which on the experiments are worth reading. */
export const ENOUGH = 0.85;

/** Null: there is no tour. */
export const at = signal<StopId | null>(null);
/** The experiment that the stop has done; null: none. */
export const tried = signal<AblationName | null>(null);
/** Why it could not be done. */
export const failed = signal<string | null>(null);

export const stop = (): Stop | null => STOPS.find(({ id }) => id === at.value) ?? null;

export const enough = (): boolean => (evaluated.value?.evaluation.sequenceAccuracy ?? 0) >= ENOUGH;

/** By its id; beyond either end: there is no tour any more. */
export function go(id: StopId | null): void {
  at.value = id;
  if (id) beginEntry();
}

export function goBy(by: -1 | 1): void {
  const index = STOPS.findIndex(({ id }) => id === at.value);
  go(STOPS[index + by]?.id ?? null);
}

export const leave = (): void => go(null);

/** The stop that a link names, until it is arrived at. */
let brought: StopId | null = null;

/** Arrives at the stop of a link that was opened, also where the tour is there already: the page is another now. */
export function bring(id: StopId | null): void {
  at.value = null;
  brought = id;
  at.value = id;
}

/** Does what a stop does once there is a model to do it to. */
export function follow(): void {
  let arrived: StopId | null = null;
  effect(() => {
    const { value: id } = at;
    if (!experiment.value || id === arrived) return;
    arrived = id;
    const now = stop();
    if (now) untracked(() => arrive(now, id === brought));
    brought = null;
  });

  let told = false;
  effect(() => {
    const tell = at.value === "train" && enough();
    if (tell && !told) untracked(() => (announcement.value = "The model sorts well enough: the tour can go on."));
    told = tell;
  });
}

/** `linked`: with what a link has put on the page. That stays; only an experiment of the stop is done where it is not. */
function arrive(stop: Stop, linked: boolean): void {
  const { task } = experiment.value!;
  const { list, edits, open, train } = stop.sets;
  failed.value = tried.value = null;
  if (list && !linked) setNumbers(fitNumbers([], task));
  if (train && !linked && !file.value && !playing.value && !enough()) play();
  if (open) document.querySelector<HTMLDetailsElement>(open)?.setAttribute("open", "");
  // One that a link brought along stays.
  const first = edits.find((edit) => can(edit) && isDone(edit)) ?? edits.find((edit) => can(edit));
  if (first) tryOut(first);
  else if (!linked && why(stop, task, numbers.value.length) === null && (anyEdit.value || scene.value.newTokens !== null)) discard();
}

/** Whether an experiment makes sense for the task and list that are there. */
export const can = (id: AblationName): boolean => experiment.value !== null && senseless(PRESETS.find((preset) => preset.id === id)!, experiment.value.task, numbers.value.length) === null;

/** Where the notebook edits, and with which number, as near as this task has it. */
export function placeOf(id: AblationName): { site: number; value: number | "BOS" | "MID" | "EOS" } {
  const preset = PRESETS.find((preset) => preset.id === id)!;
  return { site: preset.site?.usual(numbers.value.length) ?? 0, value: near(preset.value ?? "MID", experiment.value!.task) };
}

/** Edits and new tokens that make one of the stop's experiments. */
function changesOf(id: AblationName): { slots: Slot[] | null; newTokens: number | null } {
  const { task } = experiment.value!;
  const preset = PRESETS.find((preset) => preset.id === id)!;
  const { site, value } = placeOf(id);
  const slots = slotsFor(preset, task, numbers.value.length, site, value);
  const row = placed(slots ?? [], task, numbers.value);
  const length = "error" in row ? 0 : row.filter(({ gone }) => !gone).length;
  return { slots, newTokens: newTokensFor(preset, task, length) };
}

function isDone(id: AblationName): boolean {
  const { slots, newTokens } = changesOf(id);
  return JSON.stringify([slots, newTokens]) === JSON.stringify([scene.value.slots, scene.value.newTokens]);
}

/** Does one of the stop's experiments, in the place of every other edit. */
export function tryOut(id: AblationName): void {
  const { slots, newTokens } = changesOf(id);
  const made = isDone(id) || applyPreset(slots, newTokens, PRESETS.find((preset) => preset.id === id)!.name);
  failed.value = made ? null : refusal.value;
  tried.value = made ? id : null;
}
