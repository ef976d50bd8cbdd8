// Keeps a worker running. It starts one, notices when it fails, and starts another in its place, on the CPU and from the
// last saved state, with the module that the first one compiled. It knows no DOM and shows nothing: the session does.
//
// A worker fails loudly (its last message says why, or it throws) or silently: then it is missed by its lock. Every worker
// holds a Web Lock of its own for as long as it lives; the page waits for the same lock, and being granted it means that
// the worker is gone. Without Web Locks a silent death goes unnoticed.

import type { FatalCause, FromWorker, ToWorker } from "./protocol";

/** `gone`: it died without a word. `script`: its own script failed. */
export type Failure = { cause: FatalCause | "gone" | "script"; message: string };

/** For people: the beginning of a sentence. */
export const WHAT_FAILED: Record<Failure["cause"], string> = {
  panic: "The program failed",
  device_lost: "The GPU device was lost",
  shader: "The GPU refused a program",
  error: "Training failed",
  load: "The program could not be loaded",
  gone: "The worker died",
  script: "The worker failed",
};

export type Listener = {
  /** From the present worker only: what an earlier one may still have said is dropped. */
  receive(message: FromWorker): void;
  /** A worker has failed. Another is in its place; what this sends now is the first that it gets. */
  replaced(failure: Failure): void;
  /** A worker has failed, and there will be no other until `start` is called. */
  stopped(failure: Failure): void;
};

/** So many failures in a row, with no step trained in between, and it gives up. */
const MOST_FAILURES = 3;

export class Supervisor {
  private worker: Worker | null = null;
  private failures = 0;

  constructor(
    private readonly script: string,
    /** Null: the first worker loads it, and later ones get what that one compiled. */
    private module: WebAssembly.Module | Promise<WebAssembly.Module> | null,
    private readonly listener: Listener,
  ) {}

  start(): void {
    this.failures = 0;
    this.launch();
  }

  /** Gives up on a worker that is still loading. */
  cancel(): void {
    if (this.worker) this.fail({ cause: "load", message: "Loading was stopped." });
  }

  /** To a worker that is not there: dropped. Whoever starts the next one tells it everything anew. */
  send(message: ToWorker, transfer: Transferable[] = []): void {
    this.worker?.postMessage(message, transfer);
  }

  /** The run got further than it was: the failures so far are over. */
  progressed(): void {
    this.failures = 0;
  }

  private launch(): void {
    const worker = new Worker(this.script);
    this.worker = worker;
    const lock = `tinylens ${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
    const failed = (failure: Failure) => {
      if (this.worker === worker) this.fail(failure);
    };
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (this.worker !== worker) return;
      if (data.type === "fatal") failed({ cause: data.cause, message: data.message });
      else if (data.type === "holding") void navigator.locks?.request(lock, () => failed({ cause: "gone", message: "" }));
      else {
        if (data.type === "ready") this.module = data.module;
        this.listener.receive(data);
      }
    };
    worker.onerror = (event) => failed({ cause: "script", message: event.message ?? "" });
    worker.onmessageerror = () => failed({ cause: "script", message: "a message could not be read" });
    const load = (module: WebAssembly.Module | null) => worker.postMessage({ type: "load", module, lock } satisfies ToWorker);
    if (this.module instanceof Promise) this.module.then(load, (error) => failed({ cause: "load", message: `The program in this file could not be compiled: ${error}` }));
    else load(this.module);
  }

  private fail(failure: Failure): void {
    this.worker?.terminate();
    this.worker = null;
    this.failures++;
    // What could not be loaded will not load any better at once: that is for a person to try again.
    if (failure.cause === "load" || this.failures >= MOST_FAILURES) return this.listener.stopped(failure);
    this.launch();
    this.listener.replaced(failure);
  }
}
