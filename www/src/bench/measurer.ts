// The entry of a worker of the benchmark page: one device, and what is timed on it. The other device has a worker of its own, so that
// one that fails or hangs can be ended.

import init, * as tinylens from "tinylens";
import { Meter } from "tinylens/bench/measure.mjs";
import { compile } from "../worker/load";
import type { FromMeasurer, Questions, ToMeasurer } from "./protocol";

/** Beside this script; put here by build.mjs. */
declare const WASM_FILE: string;

// As in worker.ts.
const scope = self as unknown as MessagePort;
const post = (message: FromMeasurer) => scope.postMessage(message);
const words = (error: unknown) => (error instanceof Error ? error.message : String(error));

let meter: Meter | null = null;

const answers: { [Name in keyof Questions]: (...given: Parameters<Questions[Name]>) => Promise<ReturnType<Questions[Name]>> } = {
  async open(device) {
    await init({ module_or_path: await compile(new URL(WASM_FILE, self.location.href), () => {}) });
    // A promise that waits for what has failed so never settles: this is its answer.
    tinylens.onFatal((_, message) => post({ failed: message }));
    const opened = await tinylens.openDevice(device);
    meter = new Meter(tinylens, opened);
    return { description: opened.description, version: tinylens.version() };
  },
  train: (...given) => meter!.train(...given),
  take: (...given) => meter!.take(...given),
  sample: (...given) => meter!.sample(...given),
  calls: (...given) => meter!.calls(...given),
};

self.addEventListener("message", ({ data: { number, name, given } }: MessageEvent<ToMeasurer>) => {
  (answers[name] as (...given: unknown[]) => Promise<unknown>)(...given).then(
    (answer) => post({ number, answer }),
    (error) => post({ number, error: words(error) }),
  );
});
