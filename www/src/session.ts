// The page's end of the conversation with the worker: commands go out, and answers become state. It shows nothing itself. What belongs to
// it has files of its own in session/: the line, which run is on screen and which are on their way, how one opens, how it gets to another
// device, and what is done when a worker fails.

import { batch } from "@preact/signals";
import type { PartialExperiment } from "tinylens";
import * as claims from "./claims";
import type { Document } from "./document";
import * as lab from "./lab";
import type { Past } from "./past";
import { alone } from "./program";
import type { FileOrigin, FromWorker, HeadTable, Question, Showing, Start, Wish } from "./protocol";
import { onDevice, staysWhereItIs } from "./session/device";
import { replaced, restart, revive, stopped } from "./session/failures";
import { readyOther, settled, takeOver } from "./session/handover";
import { answered, send, supervisor } from "./session/line";
import { open, opened, refused } from "./session/opening";
import { address, onScreen, past, present, waiting } from "./session/register";
import * as state from "./state";

/** `linked`: a link says what the first run is, and is read first. */
export function start(linked: boolean): void {
  if (alone) state.loading.value = { stage: "compile" };
  supervisor.listen({ receive, replaced, stopped });
  supervisor.start();
  state.goal.value = Infinity;
  if (!linked) open(present.start, Infinity);
}

/** Stops loading the program; the page offers to try again. */
export const stopLoading = (): void => supervisor.cancel();

export function play(): void {
  if (restart) return restart(Infinity);
  state.goal.value = Infinity;
  send({ type: "play", run: address() });
}

export function pause(): void {
  state.goal.value = state.PAUSING;
  send({ type: "pause", run: address() });
}

/** So many steps more, and then rest. */
export function train(steps: number): void {
  if (restart) return restart((present.snapshot?.step ?? 0) + steps);
  state.goal.value = Math.max(state.step.value, state.goal.value === Infinity ? 0 : state.goal.value) + steps;
  send({ type: "steps", run: address(), count: steps });
}

/** Back to step 0. With the same settings what was playing goes on playing; a file's weights are there to be looked at. */
export function reset(): void {
  // A start of its own: undo goes back to the one that was trained.
  if (present.start.kind === "file") openFile({ ...present.start });
  else startRun(present.start.experiment, state.goal.value === Infinity);
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

/** Goes back to a run that another took the place of, as far as it was trained and at rest; to its start where that is forgotten. */
export function returnTo(start: Start): void {
  revive();
  // What is on its way is awaited: only when it has taken the place of the run on screen is that one saved to its last step.
  present.back = waiting.size > 0 ? start : null;
  if (!present.back && start !== present.start) open(start, 0, past.originOf(start), { undo: true });
}

/** Goes on with a run from the store. `kept` null: it was at its start. */
export function takeUp(start: Start, kept: Past | null, goal: number, shown: Partial<Document>): void {
  revive();
  if (kept) past.add(start, kept);
  if (start.kind === "file") state.arriving.value = { name: start.name, size: start.bytes.size, stage: "opening" };
  open(start, goal, past.originOf(start), { shown });
}

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

function receive(message: FromWorker): void {
  // Answers from an older run. A refusal to open is about a run that never came to be.
  if ("run" in message && message.run !== present.id && message.type !== "opened" && !((message.type === "refused" || message.type === "needs") && message.what === "open")) return;
  batch(() => {
    take(message);
    if (present.back && waiting.size === 0) returnTo(present.back);
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
      settled(message.run);
      return opened(message);
    case "trained":
      if (message.step > present.furthest) supervisor.progressed();
      present.furthest = Math.max(present.furthest, message.step);
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
      present.snapshot = { step: message.step, bytes: message.snapshot };
      state.saves.value++;
      return;
    case "device":
      return onDevice(message.asked, message.device);
    case "needs":
      return void readyOther(message);
    case "released":
      return takeOver(message.goal);
    case "refused":
      return takeRefusal(message);
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
    case "kept":
    case "linked":
      return answered(message);
    case "holding":
    case "tried":
    case "fatal":
      return; // the supervisor's
  }
}

function takeRefusal({ what, run, message }: Extract<FromWorker, { type: "refused" }>): void {
  switch (what) {
    case "numbers":
      state.numbersError.value = message;
      return;
    case "wish":
      state.wishError.value = message;
      return;
    case "showing":
      state.viewError.value = message;
      return;
    case "device":
      return staysWhereItIs(message);
    case "open":
      settled(run);
      return refused(run, message);
  }
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

