// PyTorch beside it: pytorch.py in a process of its own, where there is a Python that has torch.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("pytorch.py", import.meta.url));

export class PyTorch {
  #process;
  #answers;

  /** Throws, with a sentence, where there is none. */
  static async open(python, models, first) {
    const started = new PyTorch(python);
    const facts = await started.#answer();
    if (facts.error) throw new Error(`${facts.error} (${python}).`);
    started.facts = facts;
    started.#send({ models, first });
    return started;
  }

  constructor(python) {
    this.#process = spawn(python, ["-u", SCRIPT], { stdio: ["pipe", "pipe", "inherit"] });
    this.#process.stdin.on("error", () => {}); // it has ended: the next answer says so
    // A Python that can't be started has no output either, so that this too is the end of the answers.
    this.#process.on("error", () => {});
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
    this.python = python;
  }

  #send(record) {
    this.#process.stdin.write(`${JSON.stringify(record)}\n`);
  }

  async #answer() {
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`PyTorch's process (${this.python}) ended or could not be started.`);
    return JSON.parse(value);
  }

  /** One for each way to do the same. */
  entrants() {
    const { torch, threads } = this.facts;
    return this.facts.variants.map(({ id, name, device }) => ({
      id: `pytorch ${id}`,
      name: name.replace("PyTorch", `PyTorch ${torch.split("+")[0]}`) + (device === "cpu" ? `, ${threads} threads` : ""),
      device: `pytorch ${device}`,
      sample: async (model, phase, ms) => {
        this.#send({ variant: id, model, phase, seconds: ms / 1000 });
        const { steps, seconds } = await this.#answer();
        return { steps, ms: 1000 * seconds };
      },
    }));
  }

  close() {
    this.#process.stdin.end();
  }
}
