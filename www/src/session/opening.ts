// A run that takes the place of the one on screen: asked for, then opened or refused. Who asks, and why, is not known here.

import { amend, change, doc } from "../document";
import { beginEntry } from "../entry";
import { inSentence } from "../format";
import * as claims from "../claims";
import * as lab from "../lab";
import type { Past } from "../past";
import type { FileOrigin, FromWorker, Origin, RunId, Start } from "../protocol";
import * as state from "../state";
import { device as ofPresent, staysWhereItIs } from "./device";
import { refusePatterns, send } from "./line";
import { lastKept, onScreen, past, present, waiting, type Wanting } from "./register";

let lastId: RunId = 0;

export function open(start: Start, goal: number, origin: Origin = start, { undo = false, shown = {}, moved = false, device = doc.value.device }: Partial<Wanting> = {}): void {
  present.back = null;
  waiting.set(++lastId, { start, goal, origin, device, undo, shown, moved });
  state.opening.value = true;
  sendOpen(lastId);
}

/** Once more, to a worker that has not heard of it, or for another device. */
export function sendOpen(run: RunId): void {
  const { origin, device, shown, goal } = waiting.get(run)!;
  send({ type: "open", run, origin, device, numbers: [...(shown.numbers ?? doc.value.numbers)], goal });
}

/** A run that was asked for has come, or was refused: those asked for before it are settled too. */
function settle(run: RunId) {
  const wanted = waiting.get(run);
  for (const id of [...waiting.keys()]) if (id <= run) waiting.delete(id);
  state.opening.value = waiting.size > 0;
  const filesToCome = [...waiting.values()].some(({ start }) => start.kind === "file");
  if (!filesToCome && state.arriving.value?.stage === "opening") state.arriving.value = null;
  return wanted;
}

export function opened(message: Extract<FromWorker, { type: "opened" }>): void {
  present.id = message.run;
  present.bare = false;
  const wanted = settle(message.run);
  refusePatterns("Another run has taken its place.");
  if (wanted) {
    const another = present.start !== wanted.start;
    if (another) past.keep(present.start, present.snapshot);
    const before = another ? past.take(wanted.start) : null;
    showStart(wanted.start, message, before);
    if (another || wanted.origin.kind !== "snapshot") {
      present.snapshot = before && before.snapshot;
      present.furthest = message.step;
      lab.forget();
    }
    record(wanted, message.numbers);
    present.start = wanted.start;
    ofPresent.given = wanted.device;
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
  const readAgain = onScreen(start) && (start as FileOrigin).model !== (present.start as FileOrigin).model;
  const next = { ...shown, start, numbers, device };
  if (moved && doc.value.device !== device) change(next, `Compute on: ${device}`);
  else if (doc.value.start === start || present.id === 1 || readAgain) amend(next);
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

/** The run on screen goes on; where there is none, it is opened again. */
export function refused(run: RunId, message: string): void {
  const wanted = settle(run);
  if (!wanted) return;
  const { start, origin } = wanted;
  if (wanted.moved) {
    ofPresent.given = "cpu";
    staysWhereItIs(message);
    return open(present.start, wanted.goal, lastKept());
  }
  state.deviceBusy.value = false;
  if (doc.value.start === start) amend({ start: present.start });
  if (origin.kind === "snapshot" && start !== present.start) {
    past.forget(start);
    state.notice.value = { text: `The run can’t be opened: ${inSentence(message)}` };
  } else if (origin.kind === "snapshot") {
    state.notice.value = { text: "The saved state could not be read; starting again from step 0.", detail: message };
    present.snapshot = null;
    open(start, state.goal.value);
  } else if (onScreen(start)) state.fileError.value = message;
  else if (start.kind === "file") state.notice.value = { text: `${start.name} can’t be opened: ${inSentence(message)}` };
  else state.notice.value = { text: `The new run could not be started: ${message}` };
  if (present.bare) open(present.start, 0, lastKept());
}
