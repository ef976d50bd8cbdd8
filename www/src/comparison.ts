// A comparison under way: its jobs, handed out to workers of their own, one job a worker at a time. Neither the page's run nor
// its worker knows of it; cancelling ends the workers.

import { computed, signal } from "@preact/signals";
import { COMPARISONS, jobs, summarise, type Comparison, type Job, type Measured, type Summary } from "tinylens/compare.mjs";
import { change, doc } from "./document";
import { count } from "./format";
import { COMPARER } from "./program";
import type { FromComparer, ToComparer } from "./protocol";
import { program } from "./state";

export { COMPARISONS };

/** Lists in every battery. */
const LISTS = 2000;
const MOST = { seeds: 32, steps: 100_000 };
/** The page's own run needs a core too. More workers than this, and memory is what they share. */
const WORKERS = Math.max(1, Math.min(4, (navigator.hardwareConcurrency || 2) - 1));

export const which = computed(() => doc.value.comparison.which || COMPARISONS[0]!.id);
export const seeds = computed(() => doc.value.comparison.seeds);
export const steps = computed(() => doc.value.comparison.steps);

/** `what`: the field's name. */
export const set = (field: "which" | "seeds" | "steps", text: string, what: string): void =>
  change({ comparison: { ...doc.value.comparison, [field]: text } }, `${what} of the comparison`, `comparison.${field}`);

/** How far each job is that a worker has: arm, seed, steps trained. */
export type Progress = { job: Job; steps: number };
export type Under = { comparison: Comparison; seeds: number; steps: number; jobs: number; working: Progress[]; results: Measured[]; state: "running" | "done" | "cancelled" | "failed"; why: string };
export const under = signal<Under | null>(null);

export const summary = computed<Summary[]>(() => {
  const now = under.value;
  return now && now.results.length > 0 ? summarise(now.results, now.comparison.arms.length) : [];
});

const within = (text: string, most: number): number => (/^\d+$/.test(text.trim()) && Number(text) >= 1 && Number(text) <= most ? Number(text) : NaN);
export const seedsError = computed(() => (within(seeds.value, MOST.seeds) ? null : `A comparison takes a whole number of seeds, 1 to ${MOST.seeds}.`));
export const stepsError = computed(() => (within(steps.value, MOST.steps) ? null : `A whole number of steps, 1 to ${count(MOST.steps)}.`));

let workers: Worker[] = [];

export function start(): void {
  const comparison = COMPARISONS.find(({ id }) => id === which.value);
  const { value: module } = program;
  if (!comparison || !module || seedsError.value || stepsError.value) return;
  end();
  const [wantedSeeds, wantedSteps] = [Number(seeds.value), Number(steps.value)];
  const queue = jobs(comparison.arms, Array.from({ length: wantedSeeds }, (_, i) => i + 1));
  under.value = { comparison, seeds: wantedSeeds, steps: wantedSteps, jobs: queue.length, working: [], results: [], state: "running", why: "" };
  for (let i = 0; i < Math.min(WORKERS, queue.length); i++) employ(queue, module, wantedSteps);
}

export function cancel(): void {
  finish("cancelled");
}

function employ(queue: Job[], module: WebAssembly.Module, steps: number): void {
  const worker = new Worker(COMPARER);
  workers.push(worker);
  let progress: Progress | null = null;
  const change = (next: Progress | null, measured: Measured[] = []) => {
    const now = under.value!;
    const working = now.working.filter((one) => one !== progress);
    under.value = { ...now, working: next ? [...working, next] : working, results: [...now.results, ...measured] };
    progress = next;
  };
  const begin = (measured: Measured[] = []) => {
    const job = queue.shift();
    change(job ? { job, steps: 0 } : null, measured);
    if (job) worker.postMessage({ module, job, steps, lists: LISTS } satisfies ToComparer);
    else if (under.value!.results.length === under.value!.jobs) finish("done");
    else worker.terminate(); // others have still to finish theirs
  };
  worker.onmessage = ({ data }: MessageEvent<FromComparer>) => {
    if (!workers.includes(worker)) return;
    if (data.type === "failed") finish("failed", data.message);
    else if (data.type === "measured") begin([data.measured]);
    else if (progress) change({ ...progress, steps: data.steps });
  };
  worker.onerror = (event) => workers.includes(worker) && finish("failed", event.message ?? "its worker could not be started");
  begin();
}

function finish(state: Under["state"], why = ""): void {
  end();
  if (under.value) under.value = { ...under.value, working: [], state, why };
}

function end(): void {
  for (const worker of workers) worker.terminate();
  workers = [];
}
