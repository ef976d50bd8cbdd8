// Helpers of a run in Node: threads that load the module from disk, as `init()` does. See crew.mjs.

import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { Crew, serve } from "./crew.mjs";

const NAME = "tinylens helper";

/** A crew of so many helpers for a run. */
export function crewFor(run, helpers) {
  return new Crew(helpers, hire, { experiment: run.experiment });
}

/** Also for tests, which end one: `thread`. */
export function hire(receive, gone) {
  const thread = new Worker(new URL(import.meta.url), { workerData: NAME });
  thread.on("message", receive).on("error", gone).on("exit", gone);
  thread.unref(); // a script that is done with its run ends
  return { thread, post: (message, transfer) => thread.postMessage(message, transfer), end: () => void thread.terminate() };
}

if (!isMainThread && workerData === NAME) {
  const { default: init, Helper } = await import("./tinylens.js");
  await init();
  const answer = serve(async ({ experiment }) => new Helper(experiment), (message, transfer) => parentPort.postMessage(message, transfer));
  // Whatever fails ends the thread; its crew does without it.
  parentPort.on("message", (message) => void answer(message));
}
