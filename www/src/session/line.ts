// The line to the worker: commands, and questions that have an answer of their own. Whatever else comes back goes to who listens to the
// supervisor, which is session.ts.

import { Answers } from "../answers";
import { compiled, reader, WORKERS } from "../program";
import type { Answered, Export, FromWorker, LinkQuestion, Pattern, ToWorker, Wanted } from "../protocol";
import { Supervisor } from "../supervisor";

export const supervisor = new Supervisor({ scripts: WORKERS, compiled, reader });

export const send = (message: ToWorker, transfer: Transferable[] = []): void => supervisor.send(message, transfer);

const exports = new Answers<Export>();
const patterns = new Answers<Pattern>();
const links = new Answers<{ is: Answered[keyof Answered] }>();

/** Rejects with a sentence. */
export const exportFile = (wanted: Wanted, stem: string): Promise<Export> => exports.to((request) => send({ type: "export", request, wanted, stem }));

/** The run on screen, for one that is kept (`state`: it is saved as it is then) or compared. Rejects with a sentence. */
export function pattern(state: boolean): Promise<Pattern> {
  if (!supervisor.working) return Promise.reject(new Error("The worker has been stopped; press “Try again” first."));
  return patterns.to((request) => send({ type: "keep", request, state }));
}

/** Rejects with a sentence. */
export const askLink = <K extends keyof Answered>(question: LinkQuestion & { kind: K }): Promise<Answered[K]> =>
  links.to((request) => send({ type: "link", request, question })).then(({ is }) => is as Answered[K]);

export function answered(message: Extract<FromWorker, { type: "exported" | "kept" | "linked" }>): void {
  if (message.type === "exported") exports.came(message);
  else if (message.type === "kept") patterns.came(message);
  else links.came(message);
}

/** Patterns were asked for of a run that is no more. */
export const refusePatterns = (why: string): void => patterns.refuseAll(why);

/** The worker will answer nothing any more. */
export const refuseAll = (why: string): void => [exports, patterns, links].forEach((answers) => answers.refuseAll(why));
