// The run goes to another device. The two programs (for the CPU alone, and with WebGPU) each take a worker of their own: where the present
// one can't open what was asked for, a second one is readied beside it while the run goes on, and only when that can do it, it takes over, with
// the run as it was saved a moment before. How a worker is readied and adopted is the supervisor's.

import { batch, effect } from "@preact/signals";
import type { DeviceKind } from "tinylens";
import * as lab from "../lab";
import { webgpuBuilt } from "../program";
import type { DeviceInfo, FromWorker, RunId } from "../protocol";
import * as state from "../state";
import { device as ofPresent, onDevice, staysWhereItIs } from "./device";
import { refuseAll, send, supervisor } from "./line";
import { open, refused, sendOpen } from "./opening";
import { address, lastKept, present, waiting } from "./register";

type Needs = Extract<FromWorker, { type: "needs" }>;

/** What takes the program with WebGPU, while that is made ready; null: nothing does. */
let readied: Needs | null = null;
/** What "auto" came to where the CPU was faster, by the number of parameters: it is not measured again at every reset. */
const measured = new Map<number, DeviceInfo>();

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
  ofPresent.wished = kind;
  forgetReadied();
  send({ type: "device", run: address(), kind });
}

/** A worker with the program for WebGPU opens the device, while the run goes on in this one. */
export async function readyOther(needs: Needs): Promise<void> {
  forgetReadied();
  readied = needs;
  const { device, what } = needs;
  await webgpuBuilt;
  if (readied !== needs) return;
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
    if (what === "open" || state.deviceBusy.value) batch(() => cannot(needs, message));
    // Nobody waits for what "auto" would have been.
    else state.device.value = { kind: "cpu", description: `CPU: ${message}`, path: state.device.value?.path ?? null };
  }
}

export function forgetReadied(): void {
  readied = null;
  state.fetching.value = null;
  supervisor.dismiss();
}

/** A run has come or was refused: what was readied for it, or for one before it, is not wanted any more. */
export function settled(run: RunId): void {
  if (readied?.what === "open" && readied.run <= run) forgetReadied();
}

function cannot({ what, run }: Needs, why: string): void {
  if (what === "open") refused(run, why);
  else staysWhereItIs(why);
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
    if (present.id > 0) send({ type: "release", run: present.id });
    else takeOver(0);
  });
}

/** The other worker takes over, with the run as it was saved a moment ago and with what was still to be opened. */
export function takeOver(goal: number): void {
  const needs = readied;
  readied = null;
  if (!needs || !supervisor.adopt()) {
    // It is not wanted any more, or failed at the last moment: the run stays.
    if (needs) cannot(needs, "The worker failed.");
    if (goal === Infinity) send({ type: "play", run: present.id });
    else if (goal > state.step.value) send({ type: "steps", run: present.id, count: goal - state.step.value });
    return;
  }
  lab.abandon();
  refuseAll("The run has moved to another device; try again.");
  state.generation.value++;
  present.bare = true;
  if (waiting.size > 0) [...waiting.keys()].forEach(sendOpen);
  else open(present.start, goal, lastKept(), { device: needs.device, moved: true });
}
