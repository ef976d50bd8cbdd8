// What a person puts before what the opened file says. Every change reads the kept bytes again; one that is refused stays
// as typed, with the reason beside it, and the model on screen stays as it was.

import { computed, effect, signal, untracked } from "@preact/signals";
import type { ModelConfig, Setting, TrainConfig } from "tinylens";
import { change as changeDocument, doc } from "./document";
import { read, type Edits, type Value } from "./edits";
import { openFile } from "./session";
import { arriving, experiment, file, fileError, opening, settings } from "./state";
import type { Experiment, TaskConfig } from "./sorter";

/** Milliseconds without another key after which what was typed is taken. */
const TYPING = 300;

export const changes = computed(() => doc.value.assumed);
/** The one changed last. */
let last = "";

/** What shapes say beyond doubt, what has one choice only, and what matters to weights that are yet to be made. */
const CERTAIN = ["task.name", "task.var_length", ...["n_layers", "d_model", "d_head", "d_mlp", "attn_only", "d_vocab", "d_vocab_out", "init_mode", "seed"].map((field) => `model.${field}`)];

/** The groups of settings that a file says something of. */
const OF_A_FILE = new Set<string>(["task", "model"]);

/** Fields without effect unless another has a certain value. */
const ONLY_IF: Record<string, (model: ModelConfig) => boolean> = {
  "model.act_fn": (model) => !model.attn_only,
  "model.eps": (model) => model.normalization_type !== null,
  "model.attn_scale": (model) => model.use_attn_scale,
  "model.n_ctx": (model) => model.positional_embedding_type === "rotary", // else the shapes say it
  "model.rotary_dim": (model) => model.positional_embedding_type === "rotary",
  "model.rotary_base": (model) => model.positional_embedding_type === "rotary",
  "model.rotary_adjacent_pairs": (model) => model.positional_embedding_type === "rotary",
};

/** The settings that a file may leave open, the model's first: they are what it computes. */
export const open = computed<Setting[]>(() => {
  const model = experiment.value?.model;
  const all = settings.value.filter(({ path, group }) => OF_A_FILE.has(group) && !CERTAIN.includes(path) && (!model || (ONLY_IF[path]?.(model) ?? true)));
  return all.sort((a, b) => Number(a.group === "task") - Number(b.group === "task"));
});

export const valueIn = (whole: Experiment | null, { group, path }: Setting): Value =>
  ((whole as Record<string, unknown> | null)?.[group] as Record<string, Value> | undefined)?.[path.slice(group.length + 1)] ?? null;

/** Where the refusal belongs: with the change that it names, else with the last one. A refusal that stays stays where it is. */
export const refusal = signal<{ path: string; message: string } | null>(null);
effect(() => {
  const message = fileError.value;
  const named = (path: string) => message?.includes(path) || message?.startsWith(`${path.split(".")[1]} `);
  untracked(() => (refusal.value = message === null ? null : { path: Object.keys(changes.value).find(named) ?? last, message }));
});

/** What was put before what the file says; undefined: nothing, or just what it says. */
function given(setting: Setting): Value | undefined {
  const raw = changes.value[setting.path];
  const value = raw === undefined ? undefined : read(setting, raw);
  // A value that follows from others is said even so: it may be another one by now.
  return value === valueIn(file.value?.said ?? null, setting) && setting.derived === null ? undefined : value;
}

let timer: ReturnType<typeof setTimeout> | undefined;

export function change({ path }: Setting, value: Edits[string]): void {
  changeDocument({ assumed: { ...changes.value, [path]: value } }, `${path} before what the file says`);
  last = path;
  reread();
}

/** As `change`, when more keys may follow. */
export function type({ path }: Setting, text: string): void {
  changeDocument({ assumed: { ...changes.value, [path]: text } }, `${path} before what the file says`, `assumed.${path}`);
  last = path;
  clearTimeout(timer);
  timer = setTimeout(reread, TYPING);
}

/** Done with a field: what it says without effect is forgotten. */
export function leave(setting: Setting): void {
  if (setting.path in changes.value && given(setting) === undefined) forget(setting);
}

/** As the file says. */
export function forget({ path }: Setting): void {
  const { [path]: _, ...rest } = changes.value;
  changeDocument({ assumed: rest }, `${path} as the file says`);
  reread();
}

export function forgetAll(): void {
  changeDocument({ assumed: {} }, "All as the file says");
  reread();
}

/** Reads the file again, if what is put before it has changed, or how it shall be trained further. */
export function reread(training?: Partial<TrainConfig>): void {
  clearTimeout(timer);
  const now = file.value;
  if (!now || arriving.value) return;
  const train = training ?? now.origin.train;
  const all = { model: {} as Record<string, Value>, task: {} as Record<string, Value> };
  for (const setting of settings.value) {
    const value = given(setting);
    if (value !== undefined && (setting.group === "task" || setting.group === "model")) all[setting.group][setting.path.slice(setting.group.length + 1)] = value;
  }
  // A change that was refused has been taken back: nothing needs reading again.
  if (!opening.value && same(all.model, now.origin.model) && same(all.task, now.origin.task) && same(train, now.origin.train)) fileError.value = null;
  else openFile({ ...now.origin, model: all.model as Partial<ModelConfig>, task: all.task as Partial<TaskConfig>, train });
}

const same = (a: object, b: object): boolean => JSON.stringify(a) === JSON.stringify(b);

// Another file, or none: what was being typed was for the last one.
let bytes: Blob | undefined;
effect(() => {
  const now = file.value?.origin.bytes;
  if (now === bytes) return;
  bytes = now;
  clearTimeout(timer);
});
