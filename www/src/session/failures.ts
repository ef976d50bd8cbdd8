// A worker has failed: what the person is told, and how the run is set up again from what was kept, in the worker that the supervisor has
// put in its place or, where it has given up, when somebody asks for another.

import { batch } from "@preact/signals";
import { amend } from "../document";
import { count } from "../format";
import * as lab from "../lab";
import * as state from "../state";
import { WHAT_FAILED, type Failure } from "../supervisor";
import { forgetReadied } from "./handover";
import { refuseAll, supervisor } from "./line";
import { open } from "./opening";
import { lastKept, present, waiting } from "./register";

/** While there is no worker, because it failed again and again: starts one, set up as the last one was left. */
export let restart: ((goal: number) => void) | null = null;

/** A worker for a new run, where it had been given up. */
export function revive(): void {
  if (!restart) return;
  restart = null;
  present.bare = true;
  state.notice.value = null;
  supervisor.start();
  state.generation.value++;
}

/** There is another worker already. */
export function replaced(failure: Failure): void {
  const step = present.snapshot?.step ?? 0;
  const playing = state.playing.value;
  const last = [...waiting.values()].at(-1);
  const what = last?.start.kind === "file" ? `opening ${last.start.name}` : "starting the new run";
  const starting = present.id > 0 && last && last.origin.kind !== "snapshot" ? ` on ${what}` : "";
  forgetWhatWasUnderWay();
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

/** There will be no other until somebody asks for it. */
export function stopped(failure: Failure): void {
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
      : `${WHAT_FAILED[failure.cause]} three times in a row without getting any further; it stays at step ${count(present.snapshot?.step ?? 0)}.`;
  forgetWhatWasUnderWay();
  batch(() => {
    state.notice.value = { text, retry, ...(failure.cause === "load" || !failure.message ? {} : { detail: failure.message }) };
    state.goal.value = 0;
    state.device.value = null;
    state.deviceBusy.value = state.opening.value = false;
    state.loading.value = null;
  });
}

/** In the worker that failed: it will not come any more. */
function forgetWhatWasUnderWay(): void {
  forgetReadied();
  waiting.clear();
  lab.abandon();
  if (state.arriving.value?.stage === "opening") state.arriving.value = null;
  refuseAll("The worker failed; try again.");
}

/** Sets a new worker up as the last one was left. */
function resume(goal: number): void {
  state.deviceBusy.value = false;
  state.generation.value++;
  open(present.start, goal, lastKept());
}
