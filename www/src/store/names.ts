// A name for a run that nobody has named: what sets it apart from the default.

import type { PartialExperiment } from "tinylens";
import { plain } from "../format";

const MOST = 60;

/** `file`: the name of the one it came from. `taken`: names that others have. */
export function defaultName(asked: PartialExperiment, file: string | null, taken: readonly string[]): string {
  const { model = {}, train = {} } = asked;
  const oneSeed = model.seed !== undefined && model.seed === train.train_seed;
  const words = Object.entries(asked).flatMap(([group, fields]) =>
    Object.entries(fields ?? {})
      .filter(([field]) => !(oneSeed && group === "train" && field === "train_seed"))
      .map(([field, value]) => inWords(field, value)),
  );
  const base = file ?? (words.length > 0 ? words.join(", ") : "the default run");
  return apart(base.length > MOST ? `${base.slice(0, MOST - 1)}…` : base, taken);
}

function inWords(field: string, value: unknown): string {
  const token = /^(bos|mid|eos)_token$/.exec(field);
  if (token) return `${value === null ? "no " : ""}${token[1]!.toUpperCase()}${value === null ? "" : ` ${value}`}`;
  if (value === null) return `no ${field}`;
  return typeof value === "boolean" ? `${value ? "" : "not "}${field}` : `${field} ${typeof value === "number" ? plain(value) : value}`;
}

/** "name", or "name (2)" where there is one. */
export function apart(name: string, taken: readonly string[]): string {
  for (let n = 1; ; n++) {
    const next = n === 1 ? name : `${name} (${n})`;
    if (!taken.includes(next)) return next;
  }
}
