// An edited prompt as a row of slots. A slot remembers which token of the clean prompt it stands for, so that edits go on
// meaning the same when another list is typed or another model names BOS by another number. It shows nothing and keeps nothing.

import type { TaskConfig } from "./sorter";

export type Name = "BOS" | "MID" | "EOS";
/** A token as people say it: a number, or a special one by its name. */
export type Value = number | Name;
/** A token of the clean prompt: BOS, MID, or a number by its index in the list. */
export type Source = "BOS" | "MID" | number;

/** `source` null: inserted. `value` null: as in the clean prompt. `gone`: deleted. */
export type Slot = { source: Source | null; value: Value | null; gone: boolean; moved: boolean };

/** A slot as it stands in a prompt: `slot` is its place in the row, `clean` what the clean prompt has there. */
export type Placed = { slot: number; token: number; clean: number | null; gone: boolean; moved: boolean };

export const NAMES: readonly Name[] = ["BOS", "MID", "EOS"];

export const tokenOf = (value: Value, task: TaskConfig): number | null =>
  typeof value === "number" ? value : { BOS: task.bos_token, MID: task.mid_token, EOS: task.eos_token }[value];

/** Kept by name, a special token is one of another task too. */
export const valueOf = (token: number, task: TaskConfig): Value => NAMES.find((name) => tokenOf(name, task) === token) ?? token;

export const label = (token: number, task: TaskConfig): string => String(valueOf(token, task));

const sources = (task: TaskConfig, length: number): Source[] => [...(task.bos_token === null ? [] : ["BOS" as const]), ...Array.from({ length }, (_, i) => i), ...(task.mid_token === null ? [] : ["MID" as const])];

export const slotsOf = (task: TaskConfig, length: number): Slot[] => sources(task, length).map((source) => ({ source, value: null, gone: false, moved: false }));

/** The slots, and those that a longer list brings, each after what it follows in the clean prompt. */
export function filled(slots: readonly Slot[], task: TaskConfig, length: number): Slot[] {
  const row = [...slots];
  const clean = sources(task, length);
  clean.forEach((source, i) => {
    if (row.some((slot) => slot.source === source)) return;
    const before = i === 0 ? -1 : row.findIndex((slot) => slot.source === clean[i - 1]);
    row.splice(before + 1, 0, { source, value: null, gone: false, moved: false });
  });
  return row;
}

/** What stands where, deleted tokens included; or the sentence that says why it can't. `row` must be filled. */
export function placed(row: readonly Slot[], task: TaskConfig, list: readonly number[]): Placed[] | { error: string } {
  const order = row.map(({ source }) => source).filter((source) => source !== null);
  const clean = sources(task, list.length);
  const inOrder = clean.every((source, i) => order.filter((s) => clean.includes(s))[i] === source);
  const out: Placed[] = [];
  for (const [slot, { source, value, gone, moved }] of row.entries()) {
    if (source !== null && !clean.includes(source)) continue; // of a longer list, or a BOS that this task has not
    const was = source === null ? null : typeof source === "number" ? list[source]! : tokenOf(source, task)!;
    const token = value === null ? was : tokenOf(value, task);
    if (token === null) return { error: `This task has no ${value}.` };
    out.push({ slot, token, clean: was, gone, moved: moved && !inOrder });
  }
  return out;
}

/** The slots that make `tokens` of the clean prompt: what agrees at both ends stands for itself, between them token for token. */
export function aligned(tokens: readonly number[], clean: readonly number[], task: TaskConfig, length: number): Slot[] {
  const row = slotsOf(task, length);
  const most = Math.min(tokens.length, clean.length);
  let head = 0;
  while (head < most && tokens[head] === clean[head]) head++;
  let tail = 0;
  while (tail < most - head && tokens.at(-1 - tail) === clean.at(-1 - tail)) tail++;
  const middle = tokens.slice(head, tokens.length - tail);
  const old = row.slice(head, clean.length - tail);
  const slots = old.map((slot, i) => (i < middle.length ? (middle[i] === clean[head + i] ? slot : { ...slot, value: valueOf(middle[i]!, task) }) : { ...slot, gone: true }));
  for (const token of middle.slice(old.length)) slots.push({ source: null, value: valueOf(token, task), gone: false, moved: false });
  return [...row.slice(0, head), ...slots, ...row.slice(clean.length - tail)];
}
