// Makes a run from whatever it is to start from. A refusal is a plain error, and leaves nothing behind.

import { Model, Run, type Device } from "tinylens";
import { loadReader } from "tinylens/checkpoint.mjs";
import type { FileFacts, FileOrigin, Origin } from "../protocol";

/** `file`: what the file turned out to be, if it is one that was opened. */
export type Begun = { run: Run; file: FileFacts | null };

let readerLoaded = false;

/** What has to be loaded before it can begin; null: nothing. What opens files is a module of its own, which few visits need. */
export function missing(origin: Origin): Promise<void> | null {
  if (origin.kind !== "file" || readerLoaded) return null;
  return loadReader().then(() => void (readerLoaded = true));
}

export async function begin(origin: Origin, device: Device): Promise<Begun> {
  const begun = await start(origin, device);
  const { name } = begun.run.experiment.task;
  if (name === "sort") return begun;
  begun.run.free();
  throw new Error(otherTask(name));
}

/** Why the page does not open a run of another task than sorting. */
export const otherTask = (name: string): string =>
  `The task is ${name}; this page shows sort only so far. In code it trains: Run.create({ task: { name: "${name}" } }, device).`;

async function start(origin: Origin, device: Device): Promise<Begun> {
  switch (origin.kind) {
    case "experiment":
      return { run: await Run.create(origin.experiment, device), file: null };
    case "snapshot":
      return { run: await Run.restore(origin.snapshot, device), file: null };
    case "file":
      return fromFile(origin, device);
  }
}

async function fromFile({ bytes, model: given, task, train }: FileOrigin, device: Device): Promise<Begun> {
  const model = await Model.fromCheckpoint(new Uint8Array(await bytes.arrayBuffer()), device, given);
  try {
    const { format, notes } = model.source;
    const fingerprint = await model.fingerprint();
    const run = await Run.fromModel(model, { task, train });
    try {
      await run.useDevice(device); // of "auto", the faster for this model
    } catch (error) {
      run.free();
      throw error;
    }
    return { run, file: { format, notes, fingerprint } };
  } finally {
    model.free();
  }
}
