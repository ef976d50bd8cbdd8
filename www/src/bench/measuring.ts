// The benchmark under way: its workers, how far it is, and what came out. No DOM.

import { computed, signal } from "@preact/signals";
import { adapter, machine, MODELS, PATIENCE, report, survey, type Adapter, type Entrant, type Plan, type Row } from "tinylens/bench/measure.mjs";
import { Remote } from "./remote";

/** Five rounds of half a second; training a model its first steps takes 20 s at most. */
const WHOLE: Plan = { models: MODELS.map(({ id }) => id), rounds: 5, warmUps: 1, ms: 500, trainMs: 20_000 };
/** For trying it out and for tests: `#quick`. */
const QUICK: Plan = { models: ["W0"], rounds: 2, warmUps: 0, ms: 20, trainMs: 50 };

export const plan: Plan = location.hash === "#quick" ? QUICK : WHOLE;

export const progress = signal<{ done: number; of: number } | null>(null);
export const rows = signal<Row[]>([]);
/** Why nothing was measured at all. */
export const problem = signal<string | null>(null);
export const found = signal<Adapter | null>(null);
/** Of the last survey, complete or stopped; null: there is nothing yet. */
const ended = signal<{ version: string; complete: boolean } | null>(null);

export const facts = machine();

export const json = computed(() =>
  ended.value && JSON.stringify(report({ ...ended.value, machine: { ...facts, adapter: found.value }, plan, rows: rows.value }), null, 2),
);

let stopping: { aborted: boolean } | null = null;
let remotes: Remote[] = [];

export function stop(): void {
  if (stopping) stopping.aborted = true;
  for (const remote of remotes) remote.end(STOPPED);
}
const STOPPED = "It was stopped.";

/** One that has no device, or whose worker could not open it, takes part with nothing but the reason. */
async function entrant(device: "cpu" | "webgpu", { software = false, why = null }: { software?: boolean; why?: string | null }): Promise<Entrant & { version?: string }> {
  const gpu = device === "webgpu";
  const remote = new Remote(device);
  remotes.push(remote);
  const opened = why ? { why } : await remote.ask("open", device).catch((error: Error) => ({ why: error.message }));
  return {
    id: `browser ${device}`,
    name: gpu ? "WebGPU" : "CPU",
    device,
    software,
    ...opened,
    ...(software && { patience: PATIENCE }),
    ...(gpu ? { calls: (model: string) => remote.ask("calls", model) } : { train: (model: string, most?: number) => remote.ask("train", model, most) }),
    take: (model, state) => remote.ask("take", model, state),
    sample: (...given) => remote.ask("sample", ...given),
    stop: () => remote.end(STOPPED),
  };
}

export async function start(): Promise<void> {
  const signal = (stopping = { aborted: false });
  progress.value = { done: 0, of: 1 };
  rows.value = [];
  ended.value = problem.value = null;
  try {
    const adapted = (found.value = await adapter());
    const entrants = await Promise.all([entrant("cpu", {}), entrant("webgpu", adapted)]);
    if (signal.aborted) return;
    const { why, version = "unknown" } = entrants[0]!;
    if (why) throw new Error(why);
    const onProgress = (done: number, of: number, now: Row[]) => {
      if (signal.aborted) return;
      progress.value = { done, of };
      rows.value = structuredClone(now);
    };
    const all = await survey(entrants, plan, { onProgress, signal });
    rows.value = all;
    ended.value = { version, complete: !signal.aborted };
  } catch (error) {
    problem.value = error instanceof Error ? error.message : String(error);
  } finally {
    for (const remote of remotes) remote.end(STOPPED);
    remotes = [];
    progress.value = null;
  }
}
