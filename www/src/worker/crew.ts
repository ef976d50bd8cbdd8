// The helpers of the page's run: workers of this same script, which compute shards of its steps where these are dear. See pkg/crew.mjs.

import init, { Helper, type Run } from "tinylens";
import { Crew, serve, workersFor } from "tinylens/crew.mjs";
import type { Experiment } from "../sorter";

/** The first message to a helper. */
export type Help = { type: "help"; module: WebAssembly.Module; experiment: Experiment };

/** The crew for a run; null: its steps are in one piece, or there is one core. */
export function crewFor(run: Run, module: WebAssembly.Module): Crew | null {
  const helpers = workersFor(run.shards, navigator.hardwareConcurrency || 1) - 1;
  return helpers > 0 ? new Crew(helpers, hire, { type: "help", module, experiment: run.experiment }) : null;
}

const hire: ConstructorParameters<typeof Crew>[1] = (receive, gone) => {
  // This script's own address: in tinylens.html there is no other that a worker could be started from.
  const worker = new Worker(self.location.href);
  worker.onmessage = ({ data }) => receive(data);
  worker.onerror = (event) => {
    event.preventDefault();
    gone();
  };
  return { post: (message, transfer) => worker.postMessage(message, transfer), end: () => worker.terminate() };
};

/** From now on this worker is a helper. Whatever fails ends it, and its crew does without it. */
export function help(first: Help, port: MessagePort): void {
  const answer = serve<Help>(
    async ({ module, experiment }) => {
      await init({ module_or_path: module });
      return new Helper(experiment);
    },
    (message, transfer) => port.postMessage(message, transfer),
  );
  const attempt = (message: Parameters<typeof answer>[0]) =>
    void answer(message).catch((error: unknown) => {
      // Out of the promise, which a crew hears nothing of.
      setTimeout(() => {
        throw error;
      });
    });
  self.onmessage = ({ data }) => attempt(data);
  attempt(first);
}
