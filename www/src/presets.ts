// The notebook's experiments on one list, as edits of its prompt: where, with which token, and what came of it there.

import { EXPERIMENTS } from "./experiments";
import { slotsOf, tokenOf, type Slot, type Value } from "./slots";
import type { AblationName, TaskConfig } from "./sorter";

/** `site`: where, with what it means, and what the notebook has. `value`: the notebook's token. */
export type Preset = {
  id: AblationName;
  name: string;
  site: { what: string; least: number; most: (length: number) => number; usual: (length: number) => number } | null;
  value: Value | null;
  bos: boolean;
};

const LIST = { what: "list index", least: 0, most: (length: number) => length - 1 };

export const PRESETS: readonly Preset[] = [
  { id: "baseline", name: "Nothing changed", site: null, value: null, bos: false },
  {
    id: "mid_injection",
    name: "MID in the list",
    site: { ...LIST, usual: (length) => Math.min(3, length - 1) },
    value: "MID",
    bos: false,
  },
  { id: "mid_replacement", name: "MID replaced", site: null, value: 27, bos: false },
  { id: "mid_deletion", name: "MID deleted", site: null, value: null, bos: false },
  {
    id: "shorter",
    name: "A shorter list",
    site: { what: "numbers kept", least: 1, most: (length) => length - 1, usual: (length) => Math.max(1, length - 2) },
    value: null,
    bos: false,
  },
  {
    id: "bos_injection",
    name: "BOS in the list",
    site: { ...LIST, usual: (length) => length - 1 },
    value: "BOS",
    bos: true,
  },
  { id: "bos_replacement", name: "BOS replaced", site: null, value: 12, bos: true },
  { id: "bos_deletion", name: "BOS deleted", site: null, value: null, bos: true },
  { id: "bos_only", name: "BOS alone", site: null, value: null, bos: true },
];

/** What the notebook says of it, or why it stands beside the notebook's own. */
export const says = ({ id }: Preset): string => EXPERIMENTS.find((experiment) => experiment.id === id)?.notebook ?? "";

/** Why the preset makes no sense; null: it does. */
export function senseless(preset: Preset, task: TaskConfig, length: number): string | null {
  if (preset.bos && task.bos_token === null) return "This task has no BOS.";
  if (preset.id.startsWith("mid") && task.mid_token === null) return "This task has no MID.";
  if (preset.id === "shorter" && length < 2) return "A list of one number has no shorter one.";
  return null;
}

/** A number that the task has, as near as it can be. */
export const near = (value: Value, task: TaskConfig): Value => (typeof value === "number" ? Math.max(task.min_value, Math.min(task.max_value - 1, value)) : value);

/** The edits; null: none. */
export function slotsFor({ id }: Preset, task: TaskConfig, length: number, site: number, value: Value): Slot[] | null {
  const row = slotsOf(task, length);
  const put = (wanted: Slot["source"]) => row.map((slot) => (slot.source === wanted ? { ...slot, value } : slot));
  const without = (gone: (source: Slot["source"]) => boolean) => row.map((slot) => ({ ...slot, gone: gone(slot.source) }));
  switch (id) {
    case "baseline":
      return null;
    case "mid_injection":
    case "bos_injection":
      return put(site);
    case "mid_replacement":
      return put("MID");
    case "bos_replacement":
      return put("BOS");
    case "mid_deletion":
      return without((source) => source === "MID");
    case "bos_deletion":
      return without((source) => source === "BOS");
    case "shorter":
      return without((source) => typeof source === "number" && source >= site);
    case "bos_only":
      return without((source) => source !== "BOS");
  }
}

/** A shorter prompt is given as many new tokens as the task's sequence has room for; null: as many as the answer has. */
export function newTokensFor({ id }: Preset, task: TaskConfig, promptLength: number): number | null {
  if (id !== "shorter" && id !== "bos_only") return null;
  const specials = [task.bos_token, task.mid_token, task.eos_token].filter((token) => token !== null).length;
  return 2 * task.list_length + specials - promptLength;
}

/** What an answer to a prompt is, in a few words. `list`: the numbers of it that are still in the prompt. */
export function judged(answer: readonly number[], list: readonly number[], task: TaskConfig): string {
  const end = answer.findIndex((token) => token === tokenOf("EOS", task));
  const written = end < 0 ? answer : answer.slice(0, end);
  const rest = [...list].sort((a, b) => a - b);
  const largest = rest.at(-1);
  const sorted = rest.length > 0 && rest.every((number, i) => written[i] === number);
  const more = written.slice(rest.length);
  if (sorted && more.length === 0) return "sorted";
  if (sorted && more.every((token) => token === largest)) return "sorted, and the largest again";
  if (written.length > 1 && written.every((token) => token === written[0])) return "one number again and again";
  if (sorted) return "sorted, and then more";
  if (largest !== undefined && written.at(-1) === largest) return "not sorted; the largest comes last";
  return "not sorted";
}
