// A worker that measures (measurer.ts), as the page asks it.

import type { Program } from "../protocol";
import type { FromMeasurer, Name, Questions, ToMeasurer } from "./protocol";

/** One for each of the two modules; put here by build.mjs. `webgpu` is null while `cargo xtask serve` is building it. */
declare const MEASURER_FILES: { cpu: string; webgpu: string | null };

export class Remote {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>();
  private asked = 0;
  private over: string | null = null;

  constructor(program: Program) {
    // The CPU's says that it can't open WebGPU.
    this.worker = new Worker(MEASURER_FILES[program] ?? MEASURER_FILES.cpu);
    this.worker.onmessage = ({ data }: MessageEvent<FromMeasurer>) => {
      if ("failed" in data) return this.end(data.failed);
      const one = this.waiting.get(data.number);
      this.waiting.delete(data.number);
      if ("error" in data) one?.reject(new Error(data.error));
      else one?.resolve(data.answer as never);
    };
    this.worker.onerror = (event) => this.end(event.message || "Its worker could not be started.");
  }

  ask<N extends Name>(name: N, ...given: Parameters<Questions[N]>): Promise<ReturnType<Questions[N]>> {
    return new Promise((resolve, reject) => {
      if (this.over !== null) return reject(new Error(this.over));
      const number = this.asked++;
      this.waiting.set(number, { resolve, reject });
      this.worker.postMessage({ number, name, given } satisfies ToMeasurer);
    });
  }

  /** Whoever waits for it hears `why`. */
  end(why: string): void {
    this.over = why;
    this.worker.terminate();
    for (const { reject } of this.waiting.values()) reject(new Error(why));
    this.waiting.clear();
  }
}
