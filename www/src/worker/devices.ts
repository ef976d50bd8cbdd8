// The devices that have been opened. Opening one may test and time it, so each is opened once.
//
// The program for the CPU alone looks whether there is a WebGPU adapter. If there is one to be used, it takes the other program to open it;
// else "auto" is the CPU, and its description says why.

import { findAdapter, openDevice, Run, type Device, type DeviceKind } from "tinylens";
import type { DeviceInfo, Program } from "../protocol";
import type { Experiment } from "../sorter";

/** Which program this is; put here by build.mjs. */
declare const PROGRAM: Program;

/** The device takes the other program. */
export class OtherProgram extends Error {
  constructor(readonly device: DeviceKind) {
    super("This device takes the program with WebGPU.");
  }
}

export class Devices {
  private readonly opened = new Map<DeviceKind, Device>();

  constructor(private readonly onOpening: () => void) {}

  /** Rejects with an `OtherProgram`, or with why there is no such device. */
  async get(kind: DeviceKind): Promise<Device> {
    let device = this.opened.get(kind);
    if (!device) {
      if (PROGRAM === "cpu" && (await adapterFor(kind))) throw new OtherProgram(kind);
      if (PROGRAM === "webgpu") this.onOpening(); // the CPU is there at once
      device = await openDevice(kind);
      this.opened.set(kind, device);
    }
    return device;
  }

  /** For a run that shall begin at once. `decided` false: what "auto" is has still to be looked up, and until then it is the CPU. */
  async begin(kind: DeviceKind): Promise<{ device: Device; decided: boolean }> {
    const decided = PROGRAM !== "cpu" || kind !== "auto" || this.opened.has(kind);
    return { device: await this.get(decided ? kind : "cpu"), decided };
  }

  /** What `kind` comes to; of "auto", for this experiment. */
  async tried(kind: DeviceKind, experiment: Experiment | null): Promise<DeviceInfo> {
    const device = await this.get(kind);
    if (kind !== "auto" || !experiment) return infoOf(device, null);
    const run = await Run.create(experiment, device);
    const info = infoOf(run.device, run);
    run.free();
    return info;
  }
}

/** Whether WebGPU has an adapter that `kind` wants. Rejects with why there is none, where WebGPU it must be. */
async function adapterFor(kind: DeviceKind): Promise<boolean> {
  if (kind === "cpu") return false;
  if (kind === "webgpu") return !!(await findAdapter());
  return findAdapter().then(
    ({ software }) => !software,
    () => false,
  );
}

/** Of a run that has begun before that was looked up. */
export const undecided = (run: Run): DeviceInfo => ({ kind: "cpu", description: "CPU, while WebGPU is looked for.", path: run.path });

/** What a device is, and how a run on it is trained. */
export const infoOf = ({ kind, description }: Device, run: Run | null): DeviceInfo => ({ kind, description, path: run?.path ?? null });
