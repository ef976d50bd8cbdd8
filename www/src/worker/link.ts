// What only the module knows of links: how they are written and read, and what a model is by its fingerprint. Beside training, whose
// loop does not wait for it.

import { decodeLink, encodeLink, Model, openDevice, version } from "tinylens";
import type { Answered, FromWorker, LinkQuestion } from "../protocol";
import { otherTask } from "./begin";
import { type ExperimentRecord, isSorter } from "../sorter";
import type { Subject } from "./lab";
import { refusal } from "./refusal";

/** Held-out lists whose loss a link carries: the same few everywhere. */
const LISTS = 50;

export class Links {
  constructor(
    private readonly post: (message: FromWorker) => void,
    private readonly trainer: { readonly subject: Subject | null },
  ) {}

  /** Throws only what ends the module. */
  async answer(request: number, question: LinkQuestion): Promise<void> {
    this.post({ type: "linked", request, answer: await this.answerTo(question).then((is) => ({ is }), refusal) });
  }

  private async answerTo(question: LinkQuestion): Promise<Answered[keyof Answered]> {
    switch (question.kind) {
      case "encode":
        return encodeLink(question.record);
      case "decode": {
        const { experiment, warnings } = decodeLink(question.link);
        if (isSorter(experiment)) return { experiment, warnings, link: encodeLink(experiment) };
        const usual = decodeLink("").experiment as ExperimentRecord;
        return { experiment: usual, warnings: [...warnings, otherTask(experiment.task.name)], link: encodeLink(usual) };
      }
      case "facts": {
        const { id: run, step, model, evaluate } = this.subjectNow();
        const now = model();
        try {
          // Both are begun before anything else can train.
          const [fingerprint, { loss }] = await Promise.all([now.fingerprint(), evaluate(LISTS)]);
          return { run, step, fingerprint, loss, version: version() };
        } finally {
          now.free();
        }
      }
      case "pack": {
        const model = this.subjectNow().model();
        try {
          return await model.packWeights();
        } finally {
          model.free();
        }
      }
      case "unpack": {
        const model = await Model.fromLink(question.link, await openDevice("cpu"));
        try {
          return await model.toSafetensors();
        } finally {
          model.free();
        }
      }
    }
  }

  private subjectNow(): Subject {
    const { subject } = this.trainer;
    if (!subject) throw new Error("There is no model yet.");
    return subject;
  }
}
