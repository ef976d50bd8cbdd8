// The settings of the next run as they are being edited, apart from those that the running model has. What is left alone is
// left out, so that settings which derive from others follow them.

import { computed, effect, signal, untracked } from "@preact/signals";
import type { PartialExperiment } from "tinylens";
import { amend, change, doc } from "./document";
import { read, type Value } from "./edits";
import { startRun } from "./session";
import { send } from "./session/line";
import { asked, checked, experiment, file, generation, settings } from "./state";

export const edits = computed(() => doc.value.draft);

export function edit(path: string, value: string | boolean | null): void {
  change({ draft: { ...edits.value, [path]: value } }, `Setting ${path}`, `draft.${path}`);
}

export function forget(path: string): void {
  const { [path]: _, ...rest } = edits.value;
  change({ draft: rest }, `Setting ${path} as it was`, `draft.${path}`);
}

export function forgetAll(): void {
  change({ draft: {} }, "Settings back to defaults");
}

const partial = computed<PartialExperiment>(() => {
  const groups: Record<string, Record<string, Value>> = {};
  for (const setting of settings.value) {
    const raw = edits.value[setting.path];
    if (raw === undefined) continue;
    const value = read(setting, raw);
    if (value !== undefined && (value !== setting.default || setting.derived !== null)) (groups[setting.group] ??= {})[setting.path.slice(setting.group.length + 1)] = value;
  }
  return groups as PartialExperiment;
});

const same = (a: PartialExperiment, b: PartialExperiment) => {
  const flat = (p: PartialExperiment) => Object.entries(p).flatMap(([group, values]) => Object.entries(values ?? {}).map(([name, value]) => `${group}.${name}=${value}`));
  return flat(a).sort().join() === flat(b).sort().join();
};

/** It differs from what is running. */
export const changed = computed(() => file.value !== null || !same(partial.value, asked.value));

let request = 0;
effect(() => {
  void generation.value; // a new worker has not heard the question
  if (settings.value.length > 0) send({ type: "check", request: ++request, experiment: partial.value });
});

export const errors = computed<Record<string, string>>(() => Object.fromEntries((checked.value?.errors ?? []).map(({ path, message }) => [path, message])));

/** The whole experiment that these edits make; null while they are refused. */
export const draft = computed(() => checked.value?.experiment ?? null);

/** Somebody has asked for a run with these edits. */
const wanted = signal(false);

/** Starts a run with the edits, if they are accepted: now, or once the module has judged what was typed last. */
export function startDraft(): void {
  wanted.value = true;
}

effect(() => {
  const answer = checked.value;
  if (!wanted.value || answer?.request !== request) return;
  untracked(() => {
    wanted.value = false;
    if (answer.experiment) startRun(partial.value, true);
  });
});

/** The two seeds of a run, kept equal; null where they were made different. */
export const seed = computed(() => {
  const now = experiment.value;
  return now && now.model.seed === now.train.train_seed ? now.model.seed : null;
});

export function startSeed(value: number, playing: boolean): void {
  const text = String(value);
  const { model, train, ...rest } = asked.value;
  amend({ draft: { ...edits.value, "model.seed": text, "train.train_seed": text } });
  const preset = settings.value.find(({ path }) => path === "model.seed")?.default;
  const { seed: _seed, ...modelRest } = model ?? {};
  const { train_seed: _train, ...trainRest } = train ?? {};
  if (value === preset) startRun({ ...rest, model: modelRest, train: trainRest }, playing);
  else startRun({ ...rest, model: { ...modelRest, seed: value }, train: { ...trainRest, train_seed: value } }, playing);
}
