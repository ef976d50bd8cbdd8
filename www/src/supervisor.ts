// Keeps a worker running. It starts one, notices when it fails, and starts another in its place, on the CPU and from the
// last saved state, with the module that the first one compiled. It knows no DOM and shows nothing: the session does.
//
// A worker runs one of the two programs. For the other a second worker is readied beside it, and takes over once it can do what
// the first can't; until then, and if it never can, nothing changes for the first.
//
// A worker fails loudly (its last message says why, or it throws) or silently: then it is missed by its lock. Every worker
// holds a Web Lock of its own for as long as it lives; the page waits for the same lock, and being granted it means that
// the worker is gone. Without Web Locks a silent death goes unnoticed.

import type { DeviceKind } from "tinylens";
import type { DeviceInfo, FatalCause, FromWorker, Program, ToWorker } from "./protocol";
import type { Experiment } from "./sorter";

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

/** Where a worker comes from. `compiled`: asked once for every program; null: the first worker loads the module, and later ones get what
 * that one compiled. `reader`: asked once; null: a worker that opens a file loads it. */
export type Source = {
  scripts: Record<Program, string>;
  compiled(program: Program): Promise<WebAssembly.Module> | null;
  reader(): Promise<WebAssembly.Module> | null;
};

/** So many failures in a row, with no step trained in between, and it gives up. */
const MOST_FAILURES = 3;

/** A second worker, on its way. */
type Second = { worker: Worker; tried: (answer: DeviceInfo | Error) => void };

export class Supervisor {
  private worker: Worker | null = null;
  private second: Second | null = null;
  private failures = 0;
  private readonly modules = new Map<Program, WebAssembly.Module | Promise<WebAssembly.Module> | null>();
  private reader: Promise<WebAssembly.Module> | null | undefined;

  private listener: Listener | null = null;

  constructor(private readonly source: Source) {}

  /** Before the first `start`. */
  listen(listener: Listener): void {
    this.listener = listener;
  }

  /** There is a worker, or will be without anybody asking for it. */
  get working(): boolean {
    return this.worker !== null;
  }

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

  /**
   * Readies a worker of the program with WebGPU and opens a device in it; it then waits for `adopt`, or `dismiss`. Rejects with why it can't,
   * or when another is asked for. `loading`: how far it is.
   */
  async ready(device: DeviceKind, experiment: Experiment | null, loading: (message: Extract<FromWorker, { type: "loading" }>) => void): Promise<DeviceInfo> {
    this.dismiss();
    const answer = await new Promise<DeviceInfo | Error>((resolve) => {
      const tried = (answer: DeviceInfo | Error) => {
        if (answer instanceof Error && this.second?.worker === worker) {
          this.second = null;
          worker.terminate();
        }
        resolve(answer);
      };
      const worker = this.employ("webgpu", (message) => {
        if (message.type === "loading") loading(message);
        else if (message.type === "ready") worker.postMessage({ type: "try", device, experiment } satisfies ToWorker);
        else if (message.type === "tried") tried("error" in message.answer ? new Error(message.answer.error) : message.answer);
      });
      this.second = { worker, tried };
    });
    if (answer instanceof Error) throw answer;
    return answer;
  }

  /** The worker that was readied takes over; what this sends now is the first that it gets. False: it has failed since. */
  adopt(): boolean {
    if (!this.second) return false;
    this.worker?.terminate();
    this.worker = this.second.worker;
    this.second = null;
    return true;
  }

  /** No worker is to be readied any more. */
  dismiss(): void {
    const { second } = this;
    this.second = null;
    second?.worker.terminate();
    second?.tried(new Error("It is not wanted any more."));
  }

  /** A worker that loads `program`. `early`: gets its messages while it is the second. */
  private employ(program: Program, early: (message: FromWorker) => void = () => {}): Worker {
    const worker = new Worker(this.source.scripts[program]);
    const lock = `tinylens ${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
    const failed = (failure: Failure) => {
      if (this.worker === worker) this.fail(failure);
      else if (this.second?.worker === worker) this.second.tried(new Error(failure.message || `${WHAT_FAILED[failure.cause]}.`));
    };
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (this.worker !== worker && this.second?.worker !== worker) return;
      if (data.type === "fatal") return failed({ cause: data.cause, message: data.message });
      if (data.type === "holding") return void navigator.locks?.request(lock, () => failed({ cause: "gone", message: "" }));
      if (data.type === "ready") this.modules.set(program, data.module);
      if (this.worker === worker) this.listener?.receive(data);
      else early(data);
    };
    worker.onerror = (event) => failed({ cause: "script", message: event.message ?? "" });
    worker.onmessageerror = () => failed({ cause: "script", message: "a message could not be read" });
    const load = (module: WebAssembly.Module | null, reader: WebAssembly.Module | null) => worker.postMessage({ type: "load", module, reader, lock } satisfies ToWorker);
    if (!this.modules.has(program)) this.modules.set(program, this.source.compiled(program));
    if (this.reader === undefined) this.reader = this.source.reader();
    const module = this.modules.get(program) ?? null;
    if (module instanceof Promise || this.reader)
      Promise.all([module, this.reader]).then(
        (both) => load(...both),
        (error) => failed({ cause: "load", message: `The program in this file could not be compiled: ${error}` }),
      );
    else load(module, null);
    return worker;
  }

  /** Whatever failed on another device goes on on the CPU: the program for that is enough. */
  private launch(): void {
    this.worker = this.employ("cpu");
  }

  private fail(failure: Failure): void {
    this.worker?.terminate();
    this.worker = null;
    this.dismiss();
    this.failures++;
    // What could not be loaded will not load any better at once: that is for a person to try again.
    if (failure.cause === "load" || this.failures >= MOST_FAILURES) return this.listener?.stopped(failure);
    this.launch();
    this.listener?.replaced(failure);
  }
}
