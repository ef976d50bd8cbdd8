// Two runs side by side: which they are, and what is known of each. One of them may be the run on screen, which is looked at again
// while it trains.

import { computed, effect, signal, untracked } from "@preact/signals";
import { Curve, type Columns } from "../curve";
import { pattern } from "../session/line";
import { curveVersion, experiment, loss, playing, step } from "../state";
import { version as claimsVersion } from "../claims";
import { doc } from "../document";
import { gather } from "./gather";
import type { Kept, RunRecord } from "./kept";
import { contentOf, runs } from "./runs";

/** The run on screen, in the place of an id. */
export const NOW = "now";
/** Milliseconds between two looks at it. */
const PACE = 700;

export type Side = { id: string; name: string; record: RunRecord; pattern: Float32Array | null; columns: Columns };

/** The ids of both; null: nothing is compared. */
export const pair = signal<[string, string] | null>(null);
/** Kept runs that have been read, or why one could not be. */
const read = signal<Map<string, Kept | { error: string }>>(new Map());
const present = signal<Kept | null>(null);

/** Counts changes of either side. */
export const version = computed(() => [pair.value, read.value, present.value]);

function sideOf(id: string): Side | { error: string } | null {
  const found = id === NOW ? present.value : (read.value.get(id) ?? null);
  if (!found || "error" in found) return found;
  const { record, parts } = found;
  const curve = new Curve();
  curve.restore(record.curve);
  const name = id === NOW ? "This run" : (runs.value?.find((run) => run.id === id)?.name ?? record.name);
  return { id, name, record, pattern: parts.pattern, columns: curve.columns() };
}

export const left = computed(() => (pair.value ? sideOf(pair.value[0]) : null));
export const right = computed(() => (pair.value ? sideOf(pair.value[1]) : null));

/** One beside the run on screen, unless two others are being compared. */
export function compare(id: string): void {
  const other = pair.value?.[0];
  pair.value = [other !== undefined && other !== id ? other : NOW, id];
}

// What is chosen is read once; what is deleted is compared no more.
effect(() => {
  const known = runs.value;
  const chosen = (pair.value ?? []).filter((id) => id !== NOW);
  untracked(() => {
    if (chosen.some((id) => known?.every((run) => run.id !== id || run.deleted))) pair.value = null;
    else for (const id of chosen) if (!read.value.has(id)) void fetch(id);
  });
});

async function fetch(id: string): Promise<void> {
  const found = await contentOf(id).catch((error: unknown) => ({ error: `This run can’t be read: ${(error as Error).message}.` }));
  // Only what is compared is worth its memory.
  read.value = new Map([...read.value, [id, found] as const].filter(([known]) => known === id || pair.value?.includes(known)));
}

/** Follows the run on screen until the answer is called. */
export function follow(): () => void {
  let looking = false;
  let seen: unknown[] = [];
  const look = async () => {
    const now = [curveVersion.value, claimsVersion.value, experiment.value, doc.value.numbers, playing.value];
    if (looking || !pair.value?.includes(NOW) || now.every((value, i) => value === seen[i])) return;
    looking = true;
    seen = now;
    try {
      const kept = gather("", await pattern(false));
      // As it is, not as it was last saved.
      if (kept) present.value = { ...kept, record: { ...kept.record, step: step.value, loss: loss.value } };
    } catch {
      seen = []; // another run is on its way: it is looked at next time
    }
    looking = false;
  };
  const timer = setInterval(() => void look(), PACE);
  void look();
  return () => clearInterval(timer);
}
