// The page's end of the conversation with the worker: commands go out, answers become state, and when a worker is replaced
// the run is set up again from what was kept. It shows nothing itself.

import { batch, effect } from "@preact/signals";
import type { DeviceKind, PartialExperiment } from "tinylens";
import { Answers } from "./answers";
import * as claims from "./claims";
import { amend, change, doc, type Document } from "./document";
import { beginEntry } from "./entry";
import { count, inSentence } from "./format";
import * as lab from "./lab";
import { PastRuns, type Past, type Snapshot } from "./past";
import { alone, compiled, WORKERS } from "./program";
import type { Answered, DeviceInfo, Export, FileOrigin, FromWorker, HeadTable, LinkQuestion, Origin, Pattern, Question, RunId, Showing, Start, ToWorker, Wanted, Wish } from "./protocol";
import * as state from "./state";
import { Supervisor, WHAT_FAILED, type Failure } from "./supervisor";

/** A run on its way. `undo`: the document says so already. `shown`: what of the document comes with it. `moved`: it is the one on screen, on
 * its way to another device. */
type Wanting = { start: Start; goal: number; origin: Origin; device: DeviceKind; undo: boolean; shown: Partial<Document>; moved: boolean };

/** The run that is shown, and what it has at step 0. */
let current: RunId = 0;
let begun: Start = doc.value.start;
/** The runs that have been asked for to take its place, oldest first. */
const waiting = new Map<RunId, Wanting>();
let lastId: RunId = 0;
/** How far the current run has ever been: a restored one has made no progress before it is beyond that. */
let furthest = 0;
/** The device that was last asked for, and the last that was given. */
let wished: DeviceKind = "auto";
let given: DeviceKind = "auto";
/** The last saved state of the current run; null: it has not gone far enough to need one. */
let snapshot: Snapshot | null = null;

/** While there is no worker, because it failed again and again: starts one, set up as the last one was left. */
let restart: ((goal: number) => void) | null = null;
/** The runs that others took the place of. */
const past = new PastRuns();
/** What to return to once all that was asked for is there. */
let back: Start | null = null;
/** There is a worker again, and no run in it yet. */
let bare = false;

/** What takes the program with WebGPU, while that is made ready; null: nothing does. */
let readied: Extract<FromWorker, { type: "needs" }> | null = null;
/** What "auto" came to where the CPU was faster, by the number of parameters: it is not measured again at every reset. */
const measured = new Map<number, DeviceInfo>();

const supervisor = new Supervisor({ scripts: WORKERS, compiled }, { receive, replaced, stopped });

/** `linked`: a link says what the first run is, and is read first. */
export function start(linked: boolean): void {
  if (alone) state.loading.value = { stage: "compile" };
  supervisor.start();
  state.goal.value = Infinity;
  if (!linked) open(begun, Infinity);
}

/** Stops loading the program; the page offers to try again. */
export const stopLoading = (): void => supervisor.cancel();

export const send = (message: ToWorker, transfer: Transferable[] = []): void => supervisor.send(message, transfer);

/** Commands are for the run that will be there when they arrive. */
const address = (): RunId => [...waiting.keys()].at(-1) ?? current;

/** The run on screen: batteries measure that one, whichever is on its way. */
export const shownRun = (): RunId => current;

export function play(): void {
  if (restart) return restart(Infinity);
  state.goal.value = Infinity;
  send({ type: "play", run: address() });
}

export function pause(): void {
  state.goal.value = 0;
  send({ type: "pause", run: address() });
}

/** So many steps more, and then rest. */
export function train(steps: number): void {
  if (restart) return restart((snapshot?.step ?? 0) + steps);
  state.goal.value = Math.max(state.step.value, state.goal.value === Infinity ? 0 : state.goal.value) + steps;
  send({ type: "steps", run: address(), count: steps });
}

/** Back to step 0. With the same settings what was playing goes on playing; a file's weights are there to be looked at. */
export function reset(): void {
  // A start of its own: undo goes back to the one that was trained.
  if (begun.kind === "file") openFile({ ...begun });
  else startRun(begun.experiment, state.goal.value === Infinity);
}

export function startRun(experiment: PartialExperiment, playing: boolean): void {
  begin({ kind: "experiment", experiment }, playing ? Infinity : 0);
}

/** `goal`: the step to train to. */
export function begin(start: Start, goal: number): void {
  revive();
  open(start, goal);
}

/** A checkpoint's model, at rest. On refusal everything stays as it is. */
export function openFile(origin: FileOrigin): void {
  revive();
  if (!onScreen(origin)) state.arriving.value = { name: origin.name, size: origin.bytes.size, stage: "opening" };
  open(origin, 0);
}

/** Whether it is the file that is shown, read in this way or another. */
const onScreen = (start: Start): boolean => begun.kind === "file" && start.kind === "file" && start.bytes === begun.bytes;

/** A worker for a new run, where it had been given up. */
function revive(): void {
  if (!restart) return;
  restart = null;
  bare = true;
  state.notice.value = null;
  supervisor.start();
  state.generation.value++;
}

/** Goes back to a run that another took the place of, as far as it was trained and at rest; to its start where that is forgotten. */
export function returnTo(start: Start): void {
  revive();
  // What is on its way is awaited: only when it has taken the place of the run on screen is that one saved to its last step.
  back = waiting.size > 0 ? start : null;
  if (!back && start !== begun) open(start, 0, past.originOf(start), { undo: true });
}

/** Goes on with a run from the store. `kept` null: it was at its start. */
export function takeUp(start: Start, kept: Past | null, goal: number, shown: Partial<Document>): void {
  revive();
  if (kept) past.add(start, kept);
  if (start.kind === "file") state.arriving.value = { name: start.name, size: start.bytes.size, stage: "opening" };
  open(start, goal, past.originOf(start), { shown });
}

/** What the run on screen began with, and how far it was saved. */
export const lastSaved = (): { start: Start; snapshot: Snapshot | null } => ({ start: begun, snapshot });

export function showNumbers(list: number[]): void {
  state.numbersError.value = null;
  send({ type: "numbers", run: address(), numbers: list });
}

/** The edited prompt, the ablations, and how sequences go on. On refusal the last wish stands. */
export function showWish(wish: Wish): void {
  state.wishError.value = null;
  send({ type: "wish", run: address(), wish });
}

/** How attention is shown. On refusal the last stands. */
export function show(showing: Showing): void {
  state.viewError.value = null;
  send({ type: "showing", showing });
}

/** Answers come one by one, as `state.answers`, and again while the model changes. */
export function ask(questions: Question[]): void {
  state.answers.value = {};
  send({ type: "ask", run: address(), questions });
}

export function useDevice(kind: DeviceKind): void {
  if (readied?.what === "open") {
    // A run that still waits for its device is opened on this one.
    const { run } = readied;
    forgetReadied();
    waiting.get(run)!.device = kind;
    return sendOpen(run);
  }
  batch(() => {
    state.deviceBusy.value = true;
    state.deviceError.value = null;
  });
  wished = kind;
  forgetReadied();
  send({ type: "device", run: address(), kind });
}

const exports = new Answers<Export>();
const patterns = new Answers<Pattern>();
const links = new Answers<{ is: Answered[keyof Answered] }>();

/** Rejects with a sentence. */
export const exportFile = (wanted: Wanted, stem: string): Promise<Export> => exports.to((request) => send({ type: "export", request, wanted, stem }));

/** The run on screen, for one that is kept (`state`: it is saved as it is then) or compared. Rejects with a sentence. */
export function pattern(state: boolean): Promise<Pattern> {
  if (restart) return Promise.reject(new Error("The worker has been stopped; press “Try again” first."));
  return patterns.to((request) => send({ type: "keep", request, state }));
}

/** Rejects with a sentence. */
export const askLink = <K extends keyof Answered>(question: LinkQuestion & { kind: K }): Promise<Answered[K]> =>
  links.to((request) => send({ type: "link", request, question })).then(({ is }) => is as Answered[K]);

function open(start: Start, goal: number, origin: Origin = start, { undo = false, shown = {}, moved = false, device = doc.value.device }: Partial<Wanting> = {}): void {
  back = null;
  waiting.set(++lastId, { start, goal, origin, device, undo, shown, moved });
  state.opening.value = true;
  sendOpen(lastId);
}

function sendOpen(run: RunId): void {
  const { origin, device, shown, goal } = waiting.get(run)!;
  send({ type: "open", run, origin, device, numbers: [...(shown.numbers ?? doc.value.numbers)], goal });
}

function receive(message: FromWorker): void {
  // Answers from an older run. A refusal to open is about a run that never came to be.
  if ("run" in message && message.run !== current && message.type !== "opened" && !((message.type === "refused" || message.type === "needs") && message.what === "open")) return;
  batch(() => {
    take(message);
    if (back && waiting.size === 0) returnTo(back);
  });
}

function take(message: FromWorker): void {
  switch (message.type) {
    case "loading":
      state.loading.value = message;
      return;
    case "ready":
      state.settings.value = message.settings;
      state.program.value = message.module;
      state.loading.value = { stage: "start" };
      return;
    case "opened":
      return opened(message);
    case "trained":
      if (message.step > furthest) supervisor.progressed();
      furthest = Math.max(furthest, message.step);
      state.curve.add(message.step, message.losses);
      state.curveVersion.value++;
      state.step.value = message.step;
      state.stepsPerSecond.value = message.stepsPerSecond;
      state.learningRate.value = message.learningRate;
      state.workers.value = message.workers;
      state.loss.value = message.losses.reduce((sum, loss) => sum + loss, 0) / message.losses.length;
      return;
    case "goal":
      state.goal.value = message.goal;
      return;
    case "looked":
      state.sequence.value = message.sequence;
      state.edited.value = message.edited;
      state.meanOf.value = message.lists;
      showTable(message.table);
      return;
    case "answered":
      state.answers.value = { ...state.answers.value, [message.id]: message.tokens };
      return;
    case "evaluated":
      state.curve.addHeldOut(message.step, message.evaluation.loss);
      state.curveVersion.value++;
      state.evaluated.value = { step: message.step, evaluation: message.evaluation };
      return;
    case "claimed":
      return claims.take(message);
    case "measuring":
    case "measured":
    case "measuredAll":
      return lab.take(message);
    case "saved":
      snapshot = { step: message.step, bytes: message.snapshot };
      state.saves.value++;
      return;
    case "device":
      return onDevice(message.asked, message.device);
    case "needs":
      return void readyOther(message);
    case "released":
      return takeOver(message.goal);
    case "refused":
      return refused(message);
    case "pointed":
      state.pointed.value = message.focus ? message : null;
      return;
    case "tiles":
      if (JSON.stringify(message.tiles) !== JSON.stringify(state.tiles.value)) state.tiles.value = message.tiles;
      return;
    case "height":
      if (state.canvasHeights.value[message.name] !== message.height) state.canvasHeights.value = { ...state.canvasHeights.value, [message.name]: message.height };
      return;
    case "checked":
      state.checked.value = message;
      return;
    case "names":
      state.names.value = message;
      return;
    case "exported":
      return exports.came(message);
    case "kept":
      return patterns.came(message);
    case "linked":
      return links.came(message);
    case "holding":
    case "tried":
    case "fatal":
      return; // the supervisor's
  }
}

/** A run that was asked for has come, or was refused: those asked for before it are settled too. */
function settle(run: RunId) {
  const wanted = waiting.get(run);
  for (const id of [...waiting.keys()]) if (id <= run) waiting.delete(id);
  if (readied?.what === "open" && readied.run <= run) forgetReadied();
  state.opening.value = waiting.size > 0;
  const filesToCome = [...waiting.values()].some(({ start }) => start.kind === "file");
  if (!filesToCome && state.arriving.value?.stage === "opening") state.arriving.value = null;
  return wanted;
}

function opened(message: Extract<FromWorker, { type: "opened" }>): void {
  current = message.run;
  bare = false;
  const wanted = settle(message.run);
  patterns.refuseAll("Another run has taken its place.");
  if (wanted) {
    const another = begun !== wanted.start;
    if (another) past.keep(begun, snapshot);
    const before = another ? past.take(wanted.start) : null;
    showStart(wanted.start, message, before);
    if (another || wanted.origin.kind !== "snapshot") {
      snapshot = before && before.snapshot;
      furthest = message.step;
      lab.forget();
    }
    record(wanted, message.numbers);
    begun = wanted.start;
    given = wanted.device;
  }
  lab.abandon();
  claims.cut(message.step === 0 ? null : message.step);
  if (message.step === 0) state.curve.clear();
  else state.curve.cutAfter(message.step);
  state.curveVersion.value++;
  state.experiment.value = message.experiment;
  state.parameters.value = message.parameters;
  state.device.value = message.device;
  if (wanted?.moved) state.deviceBusy.value = false;
  state.step.value = message.step;
  state.goal.value = message.goal;
  state.learningRate.value = message.learningRate;
  state.workers.value = 1;
  state.stepsPerSecond.value = state.loss.value = null;
  state.evaluated.value = null;
  state.names.value = null;
  state.table.value = state.pointed.value = state.edited.value = null;
  state.answers.value = {};
}

/** Another run is a change that can be undone. None is the first one, the same one restored, or a file read in another way (that was
 * `assumed`). */
function record({ start, device, undo, shown, moved }: Wanting, numbers: number[]): void {
  // By now undo may have gone further: then another run is on its way.
  if (undo && doc.value.start !== start) return;
  const readAgain = onScreen(start) && (start as FileOrigin).model !== (begun as FileOrigin).model;
  const next = { ...shown, start, numbers, device };
  if (moved && doc.value.device !== device) change(next, `Compute on: ${device}`);
  else if (doc.value.start === start || current === 1 || readAgain) amend(next);
  else {
    change({ assumed: {}, ...next }, start.kind === "file" ? `${start.name} opened` : "A new run");
    beginEntry();
  }
}

function showStart(start: Start, { experiment, file: facts }: Extract<FromWorker, { type: "opened" }>, before: Past | null): void {
  const last = before?.file ?? state.file.value;
  state.asked.value = start.kind === "experiment" ? start.experiment : {};
  state.fileError.value = null;
  if (start.kind !== "file") state.file.value = null;
  // A snapshot does not tell what the file did: that is known already.
  else if (!facts) state.file.value = last && { ...last, origin: start };
  else {
    const asItSays = Object.keys(start.model).length + Object.keys(start.task).length === 0;
    state.file.value = { origin: start, facts, said: asItSays || !last ? experiment : last.said };
    if (!onScreen(start)) state.notice.value = null;
  }
}

function refused({ what, message, run }: Extract<FromWorker, { type: "refused" }>): void {
  if (what === "numbers") state.numbersError.value = message;
  else if (what === "wish") state.wishError.value = message;
  else if (what === "showing") state.viewError.value = message;
  else if (what === "device") staysWhereItIs(message);
  else {
    const wanted = settle(run);
    if (!wanted) return;
    const { start, origin } = wanted;
    if (wanted.moved) {
      given = "cpu";
      staysWhereItIs(message);
      return open(begun, wanted.goal, lastKept());
    }
    state.deviceBusy.value = false;
    if (doc.value.start === start) amend({ start: begun });
    if (origin.kind === "snapshot" && start !== begun) {
      past.forget(start);
      state.notice.value = { text: `The run can’t be opened: ${inSentence(message)}` };
    } else if (origin.kind === "snapshot") {
      state.notice.value = { text: "The saved state could not be read; starting again from step 0.", detail: message };
      snapshot = null;
      open(start, state.goal.value);
    } else if (onScreen(start)) state.fileError.value = message;
    else if (start.kind === "file") state.notice.value = { text: `${start.name} can’t be opened: ${inSentence(message)}` };
    else state.notice.value = { text: `The new run could not be started: ${message}` };
    if (bare) open(begun, 0, lastKept());
  }
}

function onDevice(asked: DeviceKind, device: DeviceInfo): void {
  state.device.value = device;
  given = asked;
  if (asked !== wished && doc.value.device === asked) return; // what "auto" is has come to be known, and another is on its way
  if (doc.value.device !== asked) change({ device: asked }, `Compute on: ${asked}`);
  state.deviceBusy.value = false;
}

function staysWhereItIs(why: string): void {
  state.deviceBusy.value = false;
  state.deviceError.value = `The run stays where it is: ${why.replace(/\.$/, "")}.`;
  if (doc.value.device !== given) amend({ device: given }); // undo had asked for another
}

/** A worker with the program for WebGPU opens the device, while the run goes on in this one. Only when that is done it takes over. */
async function readyOther(needs: Extract<FromWorker, { type: "needs" }>): Promise<void> {
  forgetReadied();
  readied = needs;
  const { device, what, run } = needs;
  try {
    const known = device === "auto" ? measured.get(state.parameters.value) : undefined;
    const found = known ?? (await supervisor.ready(device, state.experiment.value, (message) => (state.fetching.value = message.stage === "download" ? message : null)));
    if (readied !== needs) return;
    if (found.kind === "webgpu") return leave();
    // It was "auto" that was asked for, and the CPU is it.
    const cpu = { ...found, path: state.device.value?.path ?? null };
    measured.set(state.parameters.value, cpu);
    forgetReadied();
    batch(() => onDevice(device, cpu));
  } catch (error) {
    if (readied !== needs) return;
    forgetReadied();
    const { message } = error as Error;
    if (what === "open" || state.deviceBusy.value) batch(() => refused({ type: "refused", what, run, message }));
    // Nobody waits for what "auto" would have been.
    else state.device.value = { kind: "cpu", description: `CPU: ${message}`, path: state.device.value?.path ?? null };
  }
}

function forgetReadied(): void {
  readied = null;
  state.fetching.value = null;
  supervisor.dismiss();
}

/** Has the worker let go of its run, once the batteries that it is measuring are done. */
function leave(): void {
  const needs = readied;
  state.fetching.value = null;
  let left = false;
  const stop = effect(() => {
    if (left || (readied === needs && lab.underWay.value)) return;
    left = true;
    queueMicrotask(() => stop());
    if (readied !== needs) return;
    if (current > 0) send({ type: "release", run: current });
    else takeOver(0);
  });
}

/** The other worker takes over, with the run as it was saved a moment ago and with what was still to be opened. */
function takeOver(goal: number): void {
  const needs = readied;
  readied = null;
  if (!needs || !supervisor.adopt()) {
    // It is not wanted any more, or failed at the last moment: the run stays.
    if (needs) refused({ type: "refused", what: needs.what, run: needs.run, message: "The worker failed." });
    if (goal === Infinity) send({ type: "play", run: current });
    else if (goal > state.step.value) send({ type: "steps", run: current, count: goal - state.step.value });
    return;
  }
  lab.abandon();
  for (const answers of [exports, patterns, links]) answers.refuseAll("The run has moved to another device; try again.");
  state.generation.value++;
  bare = true;
  if (waiting.size > 0) [...waiting.keys()].forEach(sendOpen);
  else open(begun, goal, lastKept(), { device: needs.device, moved: true });
}

let tableTime = 0;

/** A large table ten times a second would be all that the page does. */
function showTable(table: HeadTable | null): void {
  const now = performance.now();
  const last = state.table.value;
  const same = last?.layer === table?.layer && last?.head === table?.head && last?.canvas === table?.canvas;
  if (table && same && state.playing.value && now - tableTime < 500) return;
  tableTime = now;
  state.table.value = table;
}

/** What was under way in the worker that failed will not come any more. */
function forgetAnswers(): void {
  waiting.clear();
  lab.abandon();
  if (state.arriving.value?.stage === "opening") state.arriving.value = null;
  exports.refuseAll("The worker failed; try again.");
  patterns.refuseAll("The worker failed; try again.");
  links.refuseAll("The worker failed; try again.");
}

function replaced(failure: Failure): void {
  readied = null;
  state.fetching.value = null;
  const step = snapshot?.step ?? 0;
  const playing = state.playing.value;
  const last = [...waiting.values()].at(-1);
  const what = last?.start.kind === "file" ? `opening ${last.start.name}` : "starting the new run";
  const starting = current > 0 && last && last.origin.kind !== "snapshot" ? ` on ${what}` : "";
  forgetAnswers();
  batch(() => {
    state.notice.value = {
      text: `${WHAT_FAILED[failure.cause]}${starting}; ${playing ? "going on from" : "back at"} step ${count(step)} on the CPU.`,
      ...(failure.message ? { detail: failure.message } : {}),
    };
    amend({ device: "cpu" });
    const { value: goal } = state.goal;
    state.step.value = Math.min(state.step.value, step);
    state.device.value = null;
    resume(playing ? goal : 0);
  });
}

function stopped(failure: Failure): void {
  readied = null;
  state.fetching.value = null;
  const { value: goal } = state.goal;
  const { value: playing } = state.playing;
  restart = (goal) =>
    batch(() => {
      restart = null;
      state.notice.value = null;
      supervisor.start();
      resume(goal);
    });
  const retry = () => restart?.(playing ? goal : 0);
  const text =
    failure.cause === "load"
      ? failure.message
      : `${WHAT_FAILED[failure.cause]} three times in a row without getting any further; it stays at step ${count(snapshot?.step ?? 0)}.`;
  forgetAnswers();
  batch(() => {
    state.notice.value = { text, retry, ...(failure.cause === "load" || !failure.message ? {} : { detail: failure.message }) };
    state.goal.value = 0;
    state.device.value = null;
    state.deviceBusy.value = state.opening.value = false;
    state.loading.value = null;
  });
}

/** Sets a new worker up as the last one was left. */
function resume(goal: number): void {
  state.deviceBusy.value = false;
  state.generation.value++;
  open(begun, goal, lastKept());
}

/** The run on screen, as far as it was saved. */
const lastKept = (): Origin => (snapshot ? { kind: "snapshot", snapshot: snapshot.bytes } : begun);
