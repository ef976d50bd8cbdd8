// The entry of a comparison's worker: trains and measures the models it is told to, on the CPU, where a seed gives the same
// numbers everywhere. It is not the page's worker, so that the page's own run goes on, whatever becomes of this one.

import init, { onFatal, openDevice } from "tinylens";
import { measure } from "tinylens/compare.mjs";
import type { FromComparer, ToComparer } from "./protocol";

/** Milliseconds between two reports of progress. */
const REPORT = 200;

// As in worker.ts.
const scope = self as unknown as MessagePort;
const post = (message: FromComparer) => scope.postMessage(message);
const failed = (error: unknown) => post({ type: "failed", message: error instanceof Error ? error.message : String(error) });

let ready: Promise<unknown> | null = null;

self.addEventListener("message", ({ data: { module, job, steps, lists } }: MessageEvent<ToComparer>) => {
  void (async () => {
    ready ??= init({ module_or_path: module }).then(() => onFatal((_, message) => failed(message)));
    await ready;
    let said = 0;
    const onProgress = (done: number) => {
      if (performance.now() - said < REPORT) return;
      said = performance.now();
      post({ type: "trained", steps: done });
    };
    post({ type: "measured", measured: await measure(job, await openDevice("cpu"), { steps, lists, onProgress }) });
  })().catch(failed);
});
