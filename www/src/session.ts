// The page's end of the conversation with the worker: commands go out, answers become state, and when a worker is replaced
// the run is set up again from what was kept. It shows nothing itself.

import { batch } from "@preact/signals";
import type { DeviceKind, PartialExperiment } from "tinylens";
import { count } from "./format";
import type { FromWorker, Origin, RunId, ToWorker } from "./protocol";
import * as state from "./state";
import { Supervisor, type Failure } from "./supervisor";

/** The run that is shown, and the one that has been asked for to take its place. */
let current: RunId = 0;
let pending: { run: RunId; asked: PartialExperiment; origin: Origin; device: DeviceKind } | null = null;
let lastId: RunId = 0;
/** How far the current run has ever been: a restored one has made no progress before it is beyond that. */
let furthest = 0;
let wished: DeviceKind = "auto";
/** The last saved state of the current run; null: it has not gone far enough to need one. */
let snapshot: { step: number; bytes: Uint8Array } | null = null;

/** While there is no worker, because it failed again and again: starts one, set up as the last one was left. */
let restart: ((goal: number) => void) | null = null;

const supervisor = new Supervisor("worker.js", { receive, replaced, stopped });

export function start(): void {
  supervisor.start();
  state.goal.value = Infinity;
  open({}, { kind: "experiment", experiment: {} }, Infinity);
}

export const send = (message: ToWorker, transfer: Transferable[] = []): void => supervisor.send(message, transfer);

/** Commands are for the run that will be there when they arrive. */
const address = (): RunId => pending?.run ?? current;

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

/** Back to step 0 with the same settings; what was playing goes on playing. */
export function reset(): void {
  startRun(state.asked.value, state.goal.value === Infinity);
}

/** `list`: numbers to show instead of the present ones; an empty list lets the task make some. */
export function startRun(asked: PartialExperiment, playing: boolean, list?: number[]): void {
  if (list) state.numbers.value = list;
  if (restart) {
    restart = null;
    state.notice.value = null;
    supervisor.start();
    state.generation.value++;
  }
  open(asked, { kind: "experiment", experiment: asked }, playing ? Infinity : 0);
}

export function showNumbers(list: number[]): void {
  state.numbersError.value = null;
  state.numbers.value = list;
  send({ type: "numbers", run: address(), numbers: list });
}

export function useDevice(kind: DeviceKind): void {
  batch(() => {
    state.deviceBusy.value = true;
    state.deviceError.value = null;
  });
  wished = kind;
  send({ type: "device", run: address(), kind });
}

function open(asked: PartialExperiment, origin: Origin, goal: number): void {
  const { value: device } = state.deviceWish;
  pending = { run: ++lastId, asked, origin, device };
  state.opening.value = true;
  send({ type: "open", run: lastId, origin, device, numbers: [...state.numbers.value], goal });
}

function receive(message: FromWorker): void {
  // Answers from an older run. A refusal to open is about a run that never came to be.
  if ("run" in message && message.run !== current && message.type !== "opened" && !(message.type === "refused" && message.what === "open")) return;
  batch(() => take(message));
}

function take(message: FromWorker): void {
  switch (message.type) {
    case "loading":
      state.loading.value = message;
      return;
    case "ready":
      state.settings.value = message.settings;
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
      state.loss.value = message.losses.reduce((sum, loss) => sum + loss, 0) / message.losses.length;
      return;
    case "goal":
      state.goal.value = message.goal;
      return;
    case "looked":
      state.sequence.value = message.sequence;
      showTable(message);
      return;
    case "evaluated":
      state.curve.addHeldOut(message.step, message.evaluation.loss);
      state.curveVersion.value++;
      state.evaluated.value = { step: message.step, evaluation: message.evaluation };
      return;
    case "saved":
      snapshot = { step: message.step, bytes: message.snapshot };
      return;
    case "device":
      state.device.value = message.device;
      state.deviceWish.value = wished;
      state.deviceBusy.value = false;
      return;
    case "refused":
      return refused(message);
    case "pointed":
      state.cell.value = message.cell;
      return;
    case "height":
      state.canvasHeight.value = message.height;
      return;
    case "checked":
      state.checked.value = message;
      return;
    case "holding":
    case "fatal":
      return; // the supervisor's
  }
}

function opened(message: Extract<FromWorker, { type: "opened" }>): void {
  current = message.run;
  if (pending?.run === message.run) {
    state.asked.value = pending.asked;
    state.deviceWish.value = pending.device;
    if (pending.origin.kind === "experiment") {
      snapshot = null;
      furthest = 0;
    }
    pending = null;
    state.opening.value = false;
  }
  if (message.step === 0) state.curve.clear();
  else state.curve.cutAfter(message.step);
  state.curveVersion.value++;
  state.experiment.value = message.experiment;
  state.parameters.value = message.parameters;
  state.device.value = message.device;
  state.step.value = message.step;
  state.goal.value = message.goal;
  state.learningRate.value = message.learningRate;
  state.numbers.value = message.numbers;
  state.stepsPerSecond.value = state.loss.value = null;
  state.evaluated.value = null;
  state.table.value = state.cell.value = null;
}

function refused({ what, message, run }: Extract<FromWorker, { type: "refused" }>): void {
  if (what === "numbers") state.numbersError.value = message;
  else if (what === "device") {
    state.deviceBusy.value = false;
    state.deviceError.value = `The run stays where it is: ${message.replace(/\.$/, "")}.`;
  } else if (pending?.run === run) {
    const { asked, origin } = pending;
    pending = null;
    state.opening.value = state.deviceBusy.value = false;
    if (origin.kind === "snapshot") {
      state.notice.value = { text: "The saved state could not be read; starting again from step 0.", detail: message };
      snapshot = null;
      open(asked, { kind: "experiment", experiment: asked }, state.goal.value);
    } else state.notice.value = { text: `The new run could not be started: ${message}` };
  }
}

let tableTime = 0;

/** A large table ten times a second would be all that the page does. */
function showTable({ table, sequence }: Extract<FromWorker, { type: "looked" }>): void {
  const now = performance.now();
  const same = state.table.value?.pattern.layer === table?.layer && state.table.value?.pattern.head === table?.head;
  if (table && same && state.playing.value && now - tableTime < 500) return;
  tableTime = now;
  state.table.value = table && { labels: sequence.labels, pattern: table };
}

const WHAT: Record<Failure["cause"], string> = {
  panic: "The program failed",
  device_lost: "The GPU device was lost",
  shader: "The GPU refused a program",
  error: "Training failed",
  load: "The program could not be loaded",
  gone: "The worker died",
  script: "The worker failed",
};

function replaced(failure: Failure): void {
  const step = snapshot?.step ?? 0;
  const playing = state.playing.value;
  const starting = current > 0 && pending?.origin.kind === "experiment" ? " on starting the new run" : "";
  batch(() => {
    state.notice.value = {
      text: `${WHAT[failure.cause]}${starting}; ${playing ? "going on from" : "back at"} step ${count(step)} on the CPU.`,
      ...(failure.message ? { detail: failure.message } : {}),
    };
    state.deviceWish.value = "cpu";
    const { value: goal } = state.goal;
    state.step.value = Math.min(state.step.value, step);
    state.device.value = null;
    resume(playing ? goal : 0);
  });
}

function stopped(failure: Failure): void {
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
      : `${WHAT[failure.cause]} three times in a row without getting any further; it stays at step ${count(snapshot?.step ?? 0)}.`;
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
  // Before the first run there is only the wish for it.
  const asked = current > 0 ? state.asked.value : (pending?.asked ?? {});
  const origin: Origin = snapshot ? { kind: "snapshot", snapshot: snapshot.bytes } : { kind: "experiment", experiment: asked };
  open(asked, origin, goal);
}
