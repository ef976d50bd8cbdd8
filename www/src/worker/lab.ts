// Batteries of experiments, beside training: a task of its own that yields after every forward pass, so that neither the
// trainer's loop nor a pointer waits for it. One request at a time.

import { ablate, type Device, type Evaluation, type Model } from "tinylens";
import type { FromWorker, RunId, ToWorker } from "../protocol";
import { refusal } from "./refusal";

/** Milliseconds between two reports of progress. */
const REPORT = 100;

/** What is measured: the run that the page sees, whichever that is. */
export type Subject = { id: RunId; step: number; device: Device; model(): Model; evaluate(lists: number): Promise<Evaluation> };

type Answer = Extract<FromWorker, { type: "measured" }>["answer"];
type Request = Extract<ToWorker, { type: "measure" }>;

export class Lab {
  /** The request under way, and whether it is to end. */
  private now: { stopped: boolean } | null = null;

  constructor(
    private readonly post: (message: FromWorker) => void,
    private readonly trainer: { readonly subject: Subject | null },
  ) {}

  stop(): void {
    if (this.now) this.now.stopped = true;
  }

  /** Throws only what ends the module. */
  async measure({ run, request, batteries }: Request): Promise<void> {
    this.stop();
    const subject = this.trainer.subject;
    if (!subject || subject.id !== run) return; // for a run that is no more
    const mine = (this.now = { stopped: false });
    const { trainer } = this;
    // Asked between two forward passes. Another run's opening ends it as well.
    const signal = {
      get aborted() {
        return mine.stopped || trainer.subject?.id !== run;
      },
    };
    const { step } = subject;
    const answer = (index: number, answer: Answer) => this.post({ type: "measured", run, request, index, step, answer });
    let model: Model | null = null;
    try {
      model = await frozen(subject);
      for (let index = 0; index < batteries.length && !signal.aborted; index++) {
        let said = 0;
        const onProgress = (done: number, lists: number) => {
          if (performance.now() - said < REPORT) return;
          said = performance.now();
          this.post({ type: "measuring", run, request, index, done, lists });
        };
        try {
          answer(index, await ablate(model, null, { ...batteries[index]!, signal, onProgress }));
        } catch (error) {
          if (!signal.aborted) answer(index, refusal(error));
        }
      }
    } catch (error) {
      batteries.forEach((_, index) => answer(index, refusal(error)));
    } finally {
      model?.free();
      if (this.now === mine) this.now = null;
    }
    this.post({ type: "measuredAll", run, request, stopped: signal.aborted });
  }
}

/** A copy that training leaves alone: all batteries of a request are about the same weights. */
async function frozen({ device, model }: Subject): Promise<Model> {
  const live = model();
  try {
    return await live.copyTo(device);
  } finally {
    live.free();
  }
}
