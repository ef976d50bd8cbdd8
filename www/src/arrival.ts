// A link that is being opened: what it says becomes the page's state, its run is trained as far as it says, and what came out is compared
// with what it expects. For a model that was opened from a file, the file is asked for.

import { batch, effect, signal, untracked } from "@preact/signals";
import type { TrainConfig } from "tinylens";
import { open as openSettings, reread, valueIn } from "./assumed";
import { amend, change, doc } from "./document";
import type { Edits } from "./edits";
import { facts, isExact } from "./facts";
import { count } from "./format";
import { askedIn, documentOf, verdict } from "./link";
import { hidden, unfold, unfolded } from "./panels";
import type { Answered, Start } from "./protocol";
import { begin, openFile, pause, showNumbers, train } from "./session";
import { useDevice } from "./session/handover";
import { askLink } from "./session/line";
import type { StopId } from "./tour/stops";
import { bring } from "./tour/tour";
import { experiment, file, goal, notice, opening, PAUSING, playing, sequence, step, type OpenedFile } from "./state";
import type { ExperimentRecord } from "./sorter";

/** `file`: the model's file is waited for. `comparing`: it is trained as far as the link says. */
export type Stage = "file" | "training" | "comparing" | "done";

/** `start`: what the run of it began with. `wrong`: a file that was opened instead. `said`: what came out, in a sentence. */
export type Arrival = { record: ExperimentRecord; warnings: string[]; stage: Stage; start: Start | null; wrong: OpenedFile | null; said: string | null };
export const arrival = signal<Arrival | null>(null);

const update = (next: Partial<Arrival>): void => void (arrival.value = arrival.value && { ...arrival.value, ...next });
export const dismiss = (): void => void (arrival.value = null);

const ATTEMPTS = 3;
let newest = 0;

/** `first`: nothing is on screen yet. */
export async function openLink(link: string, first = false): Promise<void> {
  const mine = ++newest;
  let read: Answered["decode"] | null = null;
  // A worker that fails takes the question with it; there is another one by then.
  for (let i = 0; i < ATTEMPTS && !read && mine === newest; i++) read = await askLink({ kind: "decode", link }).catch(() => null);
  if (mine !== newest || !read) return;
  // Somebody was faster: a session was gone on with, a file dropped.
  if (first && (opening.value || experiment.value)) return;
  const { experiment: record, warnings } = read;
  arrival.value = { record, warnings, stage: "done", start: null, wrong: null, said: null };
  hidden.value = record.hide;
  unfolded.value = record.open;
  const stop = record.tour as StopId | null;
  // A stop is about the model that the link brings: unless there is none yet, it has to be there first.
  if (first || stop === null) bring(stop);
  void shown().then(() => mine === newest && unfold(record.open));
  if (record.weights !== null) return openPacked(record, link, mine);
  if (record.file.name === null && record.file.fingerprint === null) {
    await run(record, read.link, first, mine);
    if (!first && stop !== null && mine === newest) bring(stop);
    return;
  }
  update({ stage: "file", start: doc.value.start });
  // Something to look at until the file is there.
  if (first) begin(doc.value.start, Infinity);
}

/** A link that is not opened, since what it says makes no sense: why, beside what is said of the link before. Everything else stays. */
export async function warnOf(link: string): Promise<void> {
  const read = await askLink({ kind: "decode", link }).catch(() => null);
  if (!read) return;
  const { experiment: record, warnings } = read;
  const before = arrival.value ?? { record, warnings: [], stage: "done", start: null, wrong: null, said: null };
  arrival.value = { ...before, warnings: [...new Set([...before.warnings, ...warnings])] };
}

/** The run of a link: the one on screen trained further, where that is what it says, or a new one. */
async function run(record: ExperimentRecord, canonical: string, first: boolean, mine: number): Promise<void> {
  const { steps } = record.train;
  const next = documentOf(record);
  const near = steps === 0 || (!playing.value && steps >= step.value);
  if (!first && near && !opening.value && !file.value && isOnScreen(record)) {
    show(next);
    const { start } = doc.value;
    trainTo(steps, start);
    return;
  }
  const { asked, draft } = askedIn(canonical, record);
  const warnings = arrival.value?.warnings ?? [];
  const start: Start = { kind: "experiment", experiment: asked };
  batch(() => {
    (first ? amend : change)({ ...next, draft, start }, "A link opened");
    update({ start, stage: steps > 0 ? "training" : "done" });
    begin(start, steps > 0 ? steps : Infinity);
  });
  await settled();
  if (mine !== newest) return;
  if (doc.value.start !== start) return withoutWebGpu(record, canonical, first, mine, warnings);
  // A run that opens may have made the list fit a longer one.
  if (!same(doc.value.numbers, next.numbers)) {
    amend({ numbers: next.numbers });
    showNumbers([...next.numbers]);
  }
}

/** Of all that a link says, a browser can refuse the device only. */
async function withoutWebGpu(record: ExperimentRecord, canonical: string, first: boolean, mine: number, warnings: string[]): Promise<void> {
  if (record.device !== "webgpu") return dismiss();
  const why = notice.value?.text ?? "";
  notice.value = null;
  const refused = `The link asks for WebGPU, which can’t be had here: ${why.replace(/^The new run could not be started: /, "")}`;
  // The line about the link went with the run that did not come.
  arrival.value = { record, warnings: [...warnings, refused], stage: "done", start: null, wrong: null, said: null };
  return run({ ...record, device: "auto" }, canonical, first, mine);
}

/** What a link says beside the run. */
function show(next: ReturnType<typeof documentOf>): void {
  const before = doc.value;
  change(next, "A link opened");
  if (!same(before.numbers, next.numbers)) showNumbers([...next.numbers]);
  if (before.device !== next.device) useDevice(next.device);
}

async function openPacked(record: ExperimentRecord, link: string, mine: number): Promise<void> {
  const bytes = await askLink({ kind: "unpack", link }).catch((error: Error) => error);
  if (mine !== newest) return;
  if (bytes instanceof Error) return update({ warnings: [...(arrival.value?.warnings ?? []), bytes.message] });
  const blob = new Blob([bytes as Uint8Array<ArrayBuffer>]);
  packed.set(blob, record);
  update({ stage: "file", start: doc.value.start });
  openFile({ kind: "file", name: record.file.name ?? "a model in a link", bytes: blob, model: {}, task: {}, train: {} });
}

/** Files that came in links, which are right whatever their fingerprints, with what the links said. */
const packed = new WeakMap<Blob, ExperimentRecord>();
/** The weights and the name of an opened file that came in a link; null: it did not. */
export const broughtBy = (opened: OpenedFile): Pick<ExperimentRecord, "weights" | "file"> | null => packed.get(opened.origin.bytes) ?? null;

/** The opened file is taken for the link's. */
export async function accept(opened: OpenedFile): Promise<void> {
  const now = arrival.value;
  if (!now) return;
  const mine = newest;
  const { record } = now;
  update({ stage: "done", start: null, wrong: null });
  // What the file can't say is as the link says.
  const assumed: Edits = { ...doc.value.assumed };
  for (const setting of openSettings.value) {
    const value = valueIn(record, setting);
    if (value !== valueIn(experiment.value, setting)) assumed[setting.path] = typeof value === "number" ? String(value) : value;
  }
  const train = trainingOf(record, opened);
  amend({ assumed });
  reread(train);
  await settled();
  if (mine !== newest || file.value?.origin.bytes !== opened.origin.bytes) return;
  const { steps } = record.train;
  const task = experiment.value!.task;
  const fitting = same(Object.values(task), Object.values(record.task)) || record.prompt.every((n) => n >= task.min_value && n < task.max_value && record.prompt.length <= task.list_length);
  show({ ...documentOf(record), ...(fitting ? {} : { numbers: doc.value.numbers }) });
  trainTo(steps, doc.value.start);
  if (record.tour !== null) bring(record.tour as StopId);
}

/** How a link trains the opened file, where the file's run would be trained otherwise. Nothing on the page says so, and so nothing undoes it. */
function trainingOf({ train }: ExperimentRecord, { origin }: OpenedFile): Partial<TrainConfig> {
  const now = experiment.value!.train;
  const other = (Object.keys(now) as (keyof TrainConfig)[]).filter((field) => train[field] !== now[field]);
  return { ...origin.train, ...Object.fromEntries(other.map((field) => [field, train[field]])) };
}

/** At once: a run that is not yet playing would be taken for one that was stopped. */
function trainTo(steps: number, start: Start): void {
  batch(() => {
    if (steps > 0) update({ start, stage: "training" });
    if (steps > step.value) train(steps - step.value);
  });
}

/** One step more. While it trains to a link's step, as while it plays, that is a pause: the run must not end beyond what the link says. */
export function trainOne(): void {
  if (arrival.value?.stage === "training") pause();
  else train(1);
}

const once = (condition: () => boolean): Promise<void> =>
  new Promise((done) => {
    const stop = effect(() => {
      if (condition()) queueMicrotask(() => (stop(), done()));
    });
  });

/** Resolves once no run is on its way. */
const settled = (): Promise<void> => once(() => !opening.value);
/** Resolves once all of the page is drawn. */
const shown = (): Promise<void> => once(() => sequence.value !== null).then(() => new Promise((done) => requestAnimationFrame(() => done())));

const same = (a: readonly unknown[], b: readonly unknown[]): boolean => a.length === b.length && a.every((one, i) => one === b[i]);

function isOnScreen(record: ExperimentRecord): boolean {
  const now = experiment.value;
  const all = (whole: object, other: object) => Object.entries(whole).every(([name, value]) => (other as Record<string, unknown>)[name] === value);
  return now !== null && all(now.task, record.task) && all(now.model, record.model) && all(now.train, record.train);
}

export function watchArrival(): void {
  // Another run has taken its place.
  effect(() => {
    const now = arrival.value;
    // A file that is waited for is looked at below.
    if (now?.start && !opening.value && doc.value.start !== now.start && !(now.stage === "file" && file.value)) untracked(dismiss);
  });
  effect(() => {
    const now = arrival.value;
    if (now?.stage !== "training" || opening.value || playing.value || goal.value === PAUSING) return;
    const { steps } = now.record.train;
    const at = step.value;
    if (at === steps) untracked(() => update({ stage: "comparing" }));
    else untracked(() => update({ stage: "done", said: `Stopped at step ${count(at)}; the link says ${count(steps)}.` }));
  });
  effect(() => {
    const now = arrival.value;
    const known = facts.value;
    if (now?.stage !== "comparing") return;
    if (known && known.start === now.start && known.step === now.record.train.steps) untracked(() => update({ stage: "done", said: verdict(now.record.expect, known, isExact(known.start)) }));
    else if (step.value !== now.record.train.steps) untracked(() => update({ stage: "done" })); // trained on before it was known
  });
  effect(() => {
    const opened = file.value;
    if (!opened || opening.value) return;
    untracked(() => {
      const now = arrival.value;
      if (now?.stage !== "file") return;
      const wanted = now.record.file.fingerprint;
      if (packed.has(opened.origin.bytes) || wanted === null || opened.facts.fingerprint.startsWith(wanted)) queueMicrotask(() => void accept(opened));
      else update({ wrong: opened });
    });
  });
}
