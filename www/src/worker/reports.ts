// What the page is told of training: the losses, which gather between two reports, and the speed. Whatever else is said of a step comes
// after its loss.

import type { FromWorker } from "../protocol";
import { Speed } from "./budget";
import type { Held } from "./held";

/** Milliseconds between two reports. */
export const REPORT = 100;

export class Reports {
  readonly speed = new Speed();
  private losses: Float32Array[] = [];
  private reported = -Infinity;

  constructor(private readonly post: (message: FromWorker, transfer?: Transferable[]) => void) {}

  gather(losses: Float32Array): void {
    this.losses.push(losses);
  }

  due(now: number): boolean {
    return now - this.reported >= REPORT;
  }

  /** Sends the losses that have gathered. */
  send({ id, run, crew }: Held): void {
    if (this.losses.length === 0) return;
    const losses = concatenate(this.losses);
    this.losses = [];
    this.reported = performance.now();
    const { steps: step, learningRate } = run;
    this.post({ type: "trained", run: id, step, losses, stepsPerSecond: this.speed.perSecond(), learningRate, workers: crew?.workers ?? 1 }, [losses.buffer]);
  }

  /** Something else about the step that the run is at. */
  say(held: Held, message: FromWorker, transfer: Transferable[] = []): void {
    this.send(held);
    this.post(message, transfer);
  }
}

function concatenate(parts: Float32Array[]): Float32Array<ArrayBuffer> {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
