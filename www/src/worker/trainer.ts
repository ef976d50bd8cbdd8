// The worker's actor: it owns the devices and the run, and does one thing at a time: a command from the page, else a chunk
// of training, else what is left to do once training rests. It knows neither the canvas (picture.ts) nor the page.
//
// Training is pulled: not asking for steps is the pause. Between any two things it goes through the event queue, so that a
// pointer waits for one chunk at most.

import { checkExperiment, Run, type Device, type DeviceKind, type Experiment } from "tinylens";
import { fitNumbers } from "../prompt";
import type { CanvasName, FromWorker, RunId, Showing, ToWorker } from "../protocol";
import type { Crew } from "tinylens/crew.mjs";
import { begin } from "./begin";
import { Budget, Speed } from "./budget";
import { Devices, infoOf, OtherProgram, undecided } from "./devices";
import { exported, names } from "./export";
import type { Subject } from "./lab";
import { Bench, type Pair } from "./edited";
import type { Pictures } from "./picture";
import { visitEventQueue } from "./queue";
import { sequenceOf } from "./shown";
import { Survey } from "./survey";

/** Milliseconds of training between two visits to the event queue. */
const CHUNK = 12;
/** Milliseconds between two reports of losses. */
const REPORT = 100;
/** A run never goes further than this many steps beyond its last save. */
const SAVE_EVERY = 100;
/** Held-out lists for an evaluation while it trains, and once it rests; fewer where they would take too long. */
const LISTS = { training: 100, resting: 1000, least: 10 };
/** Milliseconds. */
const LONGEST_EVALUATION = 250;

export type Command = Extract<ToWorker, { type: "open" | "play" | "pause" | "steps" | "numbers" | "device" | "wish" | "showing" | "ask" | "export" | "names" | "keep" | "release" }>;

export class Trainer {
  private inbox: Command[] = [];
  private wakeUp: (() => void) | null = null;
  private readonly devices = new Devices(() => this.post({ type: "loading", stage: "device" }));

  private run: Run | null = null;
  /** Workers beside this one, for a run whose steps are dear. */
  private crew: Crew | null = null;
  /** The run's. */
  private device: Device | null = null;
  private id: RunId = 0;
  /** What the run was to be on; and whether that is still to be found out, with the run on the CPU, or has just been. */
  private wish: DeviceKind = "auto";
  private choice: "made" | "looking" | "found" = "made";
  /** The last run that was refused: what was said to it before the page heard of that is meant for the one that goes on. */
  private refused: RunId = 0;
  private goal = 0;
  /** What is looked at: the list, and what its edits make of it. */
  private readonly bench = new Bench();
  private lastLook: Pair | null = null;
  private tableOf: { canvas: CanvasName; layer: number; head: number } | null = null;
  /** The step each was last done at; -1: not yet, or no longer true. */
  private lookedAt = -1;
  private savedAt = -1;
  private evaluatedAt = -1;
  private surveyedAt = -1;

  private stepCost = CHUNK;
  private listCost = 0;
  private losses: Float32Array[] = [];
  private reported = -Infinity;
  private posted = -Infinity; // the first look is shown at once, however young the worker is
  private readonly speed = new Speed();
  // Together at most 20 % of the time, whatever the device makes them cost: the figures beside a fast run must not lag far
  // behind it. The save below is on top of that which every hundredth step asks for: on a slow device a hundred steps are minutes.
  private readonly looking = new Budget(0.08, 16);
  private readonly evaluating = new Budget(0.1, 250);
  private readonly saving = new Budget(0.02, 5000);
  /** On top of those: see survey.ts. */
  private readonly survey = new Survey();

  constructor(
    private readonly post: (message: FromWorker, transfer?: Transferable[]) => void,
    private readonly pictures: Pictures,
    private readonly crewFor: (run: Run) => Crew | null,
  ) {}

  /** What batteries measure and links name, beside the loop below. */
  get subject(): Subject | null {
    const { run, device } = this;
    return run && device && { id: this.id, step: run.steps, device, model: () => run.model(), evaluate: (lists) => run.evaluate(lists) };
  }

  command(command: Command): void {
    this.inbox.push(command);
    this.survey.interrupt();
    this.wake();
  }

  /** To be called when something else than a command may have made work: the canvas came into view. */
  wake(): void {
    this.wakeUp?.();
  }

  setTable(of: { canvas: CanvasName; layer: number; head: number } | null): void {
    this.tableOf = of;
    if (this.lastLook) this.postLook(this.lastLook);
  }

  /** Ends only by throwing, when the module or its device can no longer be used. */
  async work(): Promise<never> {
    for (;;) {
      const command = this.inbox.shift();
      if (command) await this.obey(command);
      else if (this.run && this.choice === "found") await this.choose();
      else if (this.run && this.run.steps < this.goal) await this.train(this.run);
      else if (!(this.run && (await this.settle(this.run)))) await new Promise<void>((resolve) => (this.wakeUp = resolve));
      this.wakeUp = null;
      await visitEventQueue();
    }
  }

  private async obey(command: Command): Promise<void> {
    if (command.type === "open") return this.open(command);
    if (command.type === "export") return this.export(command);
    if (command.type === "showing") return this.attempt("showing", this.id, () => this.setShowing(command.showing));
    if (command.type === "keep") return this.keep(command);
    if (!this.run) return;
    if (command.type === "names") return this.post({ type: "names", run: this.id, ...(await names(this.run)) });
    if (command.run !== this.id && command.run !== this.refused) return;
    switch (command.type) {
      case "play":
        return this.setGoal(this.run, Infinity);
      case "pause":
        return this.setGoal(this.run, 0);
      case "steps":
        // Asked for while earlier ones are still to come: on top of those.
        return this.setGoal(this.run, Math.max(this.run.steps, this.goal === Infinity ? 0 : this.goal) + command.count);
      case "numbers":
        return this.attempt("numbers", this.id, () => this.show(this.run!, command.numbers));
      case "wish":
        return this.attempt("wish", this.id, async () => this.showPair(this.run!, await this.bench.setWish(this.run!, command.wish)));
      case "ask":
        return this.bench.ask(command.questions);
      case "device":
        return this.attempt("device", this.id, () => this.move(this.run!, command.kind));
      case "release":
        return this.release(this.run);
    }
  }

  private async open({ run: id, origin, device: kind, numbers, goal }: Extract<Command, { type: "open" }>): Promise<void> {
    await this.attempt("open", id, async () => {
      const { device, decided } = await this.devices.begin(kind);
      const { run: next, file } = await begin(origin, device);
      // A list that was as long as the task's shall be so again.
      const whole = numbers.length === this.run?.experiment.task.list_length;
      this.report();
      // As far as it is now, for whoever comes back to it. A device that is lost can't give it any more.
      if (this.run && this.run.steps !== this.savedAt) await this.save(this.run).catch(unlessFatal);
      this.run?.free();
      this.run = next;
      this.device = next.device; // of "auto", one of the two
      this.hire(next);
      this.id = id;
      this.wish = kind;
      this.choice = "made";
      this.goal = goal;
      this.lookedAt = this.evaluatedAt = this.surveyedAt = -1;
      // What it starts from is on the page already.
      this.savedAt = next.steps;
      this.forgetCosts();
      this.bench.clear();
      const { experiment, steps: step, learningRate } = next;
      const { parameters } = checkExperiment(experiment);
      const fitted = fitNumbers(whole && origin.kind !== "snapshot" && numbers.length !== experiment.task.list_length ? [] : numbers, experiment.task);
      this.post({ type: "opened", run: id, experiment, parameters, device: decided ? infoOf(this.device, next) : undecided(next), step, goal, learningRate, numbers: fitted, file });
      await this.show(next, fitted);
      if (!decided) this.lookUp();
    });
  }

  /** What "auto" is to be, while the run begins on the CPU. */
  private lookUp(): void {
    this.choice = "looking";
    const found = () => {
      this.choice = "found";
      this.wake();
    };
    void this.devices.get("auto").then(found, found);
  }

  private async choose(): Promise<void> {
    this.choice = "made";
    if (this.wish !== "auto") return; // another was asked for meanwhile
    await this.attempt("device", this.id, async () => {
      const device = await this.devices.get("auto");
      if (this.run) this.settleOn(device, "auto", this.run);
    });
  }

  private async move(run: Run, kind: DeviceKind): Promise<void> {
    if (this.savedAt !== run.steps) await this.save(run);
    const device = await this.devices.get(kind);
    await run.useDevice(device);
    this.wish = kind;
    this.hire(run);
    this.forgetCosts();
    this.settleOn(run.device, kind, run);
  }

  private settleOn(device: Device, asked: DeviceKind, run: Run): void {
    this.device = device;
    this.post({ type: "device", run: this.id, device: infoOf(device, run), asked });
  }

  /** Before another worker takes over. */
  async try(kind: DeviceKind, experiment: Experiment | null): Promise<void> {
    try {
      const device = await this.devices.get(kind);
      if (kind !== "auto" || !experiment) return this.post({ type: "tried", answer: infoOf(device, null) });
      const run = await Run.create(experiment, device);
      this.post({ type: "tried", answer: infoOf(run.device, run) });
      run.free();
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) throw error;
      this.post({ type: "tried", answer: { error: error instanceof Error ? error.message : String(error) } });
    }
  }

  /** Another worker takes over: it gets the run as it is now. */
  private async release(run: Run): Promise<void> {
    if (this.savedAt !== run.steps) await this.save(run);
    const { goal } = this;
    this.goal = 0;
    this.report();
    this.post({ type: "released", run: this.id, goal });
  }

  private hire(run: Run): void {
    this.crew?.end();
    this.crew = this.crewFor(run);
  }

  private async show(run: Run, numbers: number[]): Promise<void> {
    this.bench.setNumbers(numbers);
    await this.look(run);
  }

  private async setShowing(showing: Showing): Promise<void> {
    const pair = this.bench.differs(showing.view) ? await this.bench.setShown(this.run, showing.view) : null;
    this.pictures.show(showing, !pair);
    if (pair) this.showPair(this.run!, pair);
  }

  private setGoal(run: Run, goal: number): void {
    const rested = run.steps >= this.goal;
    this.goal = goal;
    if (rested) this.forgetSpeed();
    if (run.steps >= goal) this.report();
    this.post({ type: "goal", run: this.id, step: run.steps, goal });
  }

  private async train(run: Run): Promise<void> {
    const most = Math.min(this.goal - run.steps, SAVE_EVERY - (run.steps - this.savedAt));
    const count = Math.max(1, Math.min(Math.floor(CHUNK / this.stepCost), most));
    const start = performance.now();
    if (this.speed.empty) this.speed.mark(start, run.steps);
    const { step, losses } = await (this.crew ? this.crew.step(run, count) : run.step(count));
    const end = performance.now();
    this.stepCost += 0.3 * ((end - start) / count - this.stepCost);
    this.losses.push(losses);
    this.speed.mark(end, step);

    const done = step >= this.goal;
    if (done || end - this.reported >= REPORT) this.report();
    if (done) this.post({ type: "goal", run: this.id, step, goal: this.goal });
    // One at a time: a pointer may be waiting.
    else if (step - this.savedAt >= SAVE_EVERY || this.saving.due(end)) await this.save(run);
    else if (this.looking.due(end) && this.pictures.visible) await this.look(run);
    else if (this.bench.due(run, end) && this.pictures.visible) await this.answer(run);
    else if (this.evaluating.due(end)) await this.evaluate(run, LISTS.training);
    else if (this.survey.due(end)) await this.claim(run, false);
  }

  /** One thing that is left to do at rest. False: nothing is. */
  private async settle(run: Run): Promise<boolean> {
    if (this.lookedAt !== run.steps && this.pictures.visible) await this.look(run);
    else if (this.bench.stale(run)) await this.answer(run);
    else if (this.savedAt !== run.steps) await this.save(run);
    else if (this.evaluatedAt !== run.steps) {
      const guessed = this.listCost === 0;
      await this.evaluate(run, LISTS.resting);
      // Once more where it was a guess how many lists there is time for.
      if (!guessed) this.evaluatedAt = run.steps;
    } else if (this.surveyedAt !== run.steps) await this.claim(run, true);
    else return false;
    return true;
  }

  private async look(run: Run): Promise<void> {
    const start = performance.now();
    const pair = await this.bench.look(run);
    this.showPair(run, pair);
    this.looking.spent(start, performance.now());
  }

  private showPair(run: Run, pair: Pair): void {
    this.pictures.draw(pair.shows);
    this.lastLook = pair;
    this.lookedAt = run.steps;
    // The canvases keep up with the model; numbers that change faster than this can't be read.
    if (run.steps >= this.goal || performance.now() - this.posted >= REPORT) this.postLook(pair);
  }

  private async answer(run: Run): Promise<void> {
    const answer = await this.bench.answer(run);
    this.post({ type: "answered", run: this.id, step: run.steps, ...answer });
  }

  private async evaluate(run: Run, most: number): Promise<void> {
    const listCost = this.listCost || (await this.guessListCost(run));
    const lists = Math.round(Math.max(LISTS.least, Math.min(most, LONGEST_EVALUATION / listCost)));
    const start = performance.now();
    const evaluation = await run.evaluate(lists);
    this.evaluating.spent(start, performance.now());
    this.listCost = this.evaluating.cost / Math.max(1, evaluation.lists);
    this.report();
    this.post({ type: "evaluated", run: this.id, step: run.steps, evaluation });
  }

  private async claim(run: Run, resting: boolean): Promise<void> {
    const claims = await this.survey.take(run, resting);
    if (!claims) return;
    if (resting) this.surveyedAt = run.steps;
    this.report();
    this.post({ type: "claimed", run: this.id, step: run.steps, claims });
  }

  /** Before the first evaluation. */
  private async guessListCost(run: Run): Promise<number> {
    if (this.speed.empty) {
      const start = performance.now();
      await run.evaluate(LISTS.least);
      return (performance.now() - start) / LISTS.least;
    }
    // A step is about three passes for a batch of lists; a list is read in one, and generated in one a number, over three quarters
    // of the positions.
    const { task, train } = run.experiment;
    return (this.stepCost / train.batch_size) * ((1 + 0.75 * task.list_length) / 3);
  }

  private async save(run: Run): Promise<void> {
    const start = performance.now();
    const snapshot = await run.save();
    this.savedAt = run.steps;
    this.saving.spent(start, performance.now());
    this.report();
    this.post({ type: "saved", run: this.id, step: run.steps, snapshot }, [snapshot.buffer]);
  }

  /** Sends the losses that have gathered. Whatever else is about to be said of a step comes after its loss. */
  private report(): void {
    if (this.losses.length === 0 || !this.run) return;
    const losses = concatenate(this.losses);
    this.losses = [];
    this.reported = performance.now();
    const { steps: step, learningRate } = this.run;
    this.post({ type: "trained", run: this.id, step, losses, stepsPerSecond: this.speed.perSecond(), learningRate, workers: this.crew?.workers ?? 1 }, [losses.buffer]);
  }

  private postLook({ clean, edited, lists }: Pair): void {
    if (!this.run) return;
    this.posted = performance.now();
    const table = this.tableOf && this.pictures.table(this.tableOf);
    this.post({ type: "looked", run: this.id, step: this.run.steps, sequence: sequenceOf(clean), edited: edited && sequenceOf(edited), lists, table });
  }

  private async export({ request, wanted, stem }: Extract<Command, { type: "export" }>): Promise<void> {
    try {
      if (!this.run || !this.lastLook) throw new Error("There is no model yet.");
      const answer = await exported(this.run, { tokens: this.lastLook.clean.tokens, look: this.lastLook.clean.look, step: Math.max(0, this.lookedAt), pictures: this.pictures }, wanted, stem);
      this.post({ type: "exported", request, answer }, typeof answer.content === "string" ? [] : [answer.content.buffer]);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) throw error;
      this.post({ type: "exported", request, answer: { error: error instanceof Error ? error.message : String(error) } });
    }
  }

  private async keep({ request, state }: Extract<Command, { type: "keep" }>): Promise<void> {
    try {
      const { run } = this;
      if (!run) throw new Error("There is no model yet.");
      if (state && this.savedAt !== run.steps) await this.save(run);
      if (this.lookedAt !== run.steps || !this.lastLook) await this.look(run);
      const { labels, causal, pattern } = this.lastLook!.clean.look;
      const [layers = 0, heads = 0] = pattern.shape;
      const answer = { step: run.steps, fingerprint: await run.fingerprint(), labels, layers, heads, causal, weights: pattern.data.slice() };
      this.report();
      this.post({ type: "kept", run: this.id, request, answer });
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) throw error;
      this.post({ type: "kept", run: this.id, request, answer: { error: error instanceof Error ? error.message : String(error) } });
    }
  }

  /** A plain error leaves everything as it was, and the page is told. Wasm's own is the end of the module. */
  private async attempt(what: Extract<FromWorker, { type: "refused" }>["what"], run: RunId, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) throw error;
      if (what === "open") this.refused = run;
      if (error instanceof OtherProgram) return this.post({ type: "needs", run, what: what === "open" ? "open" : "device", device: error.device });
      this.post({ type: "refused", run, what, message: error instanceof Error ? error.message : String(error) });
    }
  }

  /** What another run or another device costs is another matter. */
  private forgetCosts(): void {
    this.forgetSpeed();
    this.listCost = 0;
    for (const budget of [this.looking, this.evaluating, this.saving]) budget.clear();
    this.survey.forget();
  }

  private forgetSpeed(): void {
    this.speed.clear();
    this.stepCost = CHUNK;
  }
}

/** A plain error leaves everything as it was. Wasm's own is the end of the module. */
function unlessFatal(error: unknown): void {
  if (error instanceof WebAssembly.RuntimeError) throw error;
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
