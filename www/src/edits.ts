// Settings as they are being edited: texts stay as typed until the module has judged them.

import type { Setting } from "tinylens";

/** By path. A text for numbers and choices, null for "none". */
export type Edits = Record<string, string | boolean | null>;

export type Value = number | string | boolean | null;

/** What an edit means; undefined: nothing, it is as if untouched. An unreadable number stays a text, which the module refuses. */
export function read(setting: Setting, raw: Edits[string]): Value | undefined {
  if (typeof raw !== "string" || setting.kind === "choice") return raw ?? null;
  if (raw.trim() === "") return undefined;
  return Number.isFinite(Number(raw)) ? Number(raw) : raw;
}
