// The worker's actor: it owns the devices and the run, and does one thing at a time: a command from the page, else a chunk
// of training, else what is left to do once training rests. What is done beside training is upkeep.ts's, what is told of it reports.ts's;
// it knows neither the canvas (picture.ts) nor the page.
//
// Training is pulled: not asking for steps is the pause. Between any two things it goes through the event queue, so that a
// pointer waits for one chunk at most.

import { checkExperiment, type Device, type DeviceKind, type Run } from "tinylens";
import { fitNumbers } from "../prompt";
import type { FromWorker, RunId, Showing, ToWorker } from "../protocol";
import type { Crew } from "tinylens/crew.mjs";
import { begin, missing } from "./begin";
import { Devices, infoOf, OtherProgram, undecided } from "./devices";
import { exported, names } from "./export";
import type { Held } from "./held";
import type { Subject } from "./lab";
import type { Pictures } from "./picture";
import { visitEventQueue } from "./queue";
import { refusal } from "./refusal";
import { Reports } from "./reports";
import { Upkeep } from "./upkeep";
import { experimentOf, type Experiment } from "../sorter";

/** Milliseconds of training between two visits to the event queue. */
const CHUNK = 12;

export type Command = Extract<ToWorker, { type: "open" | "play" | "pause" | "steps" | "numbers" | "device" | "wish" | "showing" | "ask" | "export" | "names" | "keep" | "release" }>;
type Opening = Extract<Command, { type: "open" }>;

export class Trainer {
  private inbox: Command[] = [];
  private wakeUp: (() => void) | null = null;
  private readonly devices = new Devices(() => this.post({ type: "loading", stage: "device" }));
  private readonly reports: Reports;
  private readonly upkeep: Upkeep;

  private held: Held | null = null;
  /** What the run was to be on; and whether that is still to be found out, with the run on the CPU, or has just been. */
  private wish: DeviceKind = "auto";
  private choice: "made" | "looking" | "found" = "made";
  /** What is to be opened once that can be. */
  private coming: Opening | null = null;
  /** The last run that was refused: what was said to it before the page heard of that is meant for the one that goes on. */
  private refused: RunId = 0;
  private stepCost = CHUNK;

  constructor(
    private readonly post: (message: FromWorker, transfer?: Transferable[]) => void,
    private readonly pictures: Pictures,
    private readonly crewFor: (run: Run) => Crew | null,
  ) {
    this.reports = new Reports(post);
    this.upkeep = new Upkeep(post, pictures, this.reports);
  }

  /** What batteries measure and links name, beside the loop below. */
  get subject(): Subject | null {
    const { held } = this;
    return held && { id: held.id, step: held.run.steps, device: held.device, model: () => held.run.model(), evaluate: (lists) => held.run.evaluate(lists) };
  }

  command(command: Command): void {
    this.inbox.push(command);
    this.upkeep.interrupt();
    this.wake();
  }

  /** To be called when something else than a command may have made work: the canvas came into view. */
  wake(): void {
    this.wakeUp?.();
  }

  setTable(of: Extract<ToWorker, { type: "table" }>["of"]): void {
    this.upkeep.setTable(this.held, of);
  }

  /** Ends only by throwing, when the module or its device can no longer be used. */
  async work(): Promise<never> {
    for (;;) {
      const command = this.inbox.shift();
      const { held } = this;
      if (command) await this.obey(command);
      else if (held && this.choice === "found") await this.choose(held);
      else if (held && held.run.steps < held.goal) await this.train(held);
      else if (!(held && (await this.upkeep.atRest(held, this.stepCost)))) await new Promise<void>((resolve) => (this.wakeUp = resolve));
      this.wakeUp = null;
      await visitEventQueue();
    }
  }

  private async obey(command: Command): Promise<void> {
    const { held } = this;
    if (command.type === "open") {
      const loading = missing(command.origin);
      this.coming = loading && command;
      return loading ? void this.openAfter(loading, command) : this.open(command);
    }
    if (command.type === "export") return this.export(command);
    if (command.type === "showing") return this.attempt("showing", held?.id ?? 0, () => this.setShowing(command.showing));
    if (command.type === "keep") return this.keep(command);
    if (!held) return;
    if (command.type === "names") return this.post({ type: "names", run: held.id, ...(await names(held.run)) });
    if (command.run !== held.id && command.run !== this.refused) return;
    const { run, id } = held;
    const { bench } = this.upkeep;
    switch (command.type) {
      case "play":
        return this.setGoal(held, Infinity);
      case "pause":
        return this.setGoal(held, 0);
      case "steps":
        // Asked for while earlier ones are still to come: on top of those.
        return this.setGoal(held, Math.max(run.steps, held.goal === Infinity ? 0 : held.goal) + command.count);
      case "numbers":
        return this.attempt("numbers", id, () => this.show(held, command.numbers));
      case "wish":
        return this.attempt("wish", id, async () => this.upkeep.show(held, await bench.setWish(run, command.wish)));
      case "ask":
        return bench.ask(command.questions);
      case "device":
        return this.attempt("device", id, () => this.move(held, command.kind));
      case "release":
        return this.release(held);
    }
  }

  /** Something has to be loaded first: meanwhile the run goes on. What is to be opened after that takes its place. */
  private async openAfter(loading: Promise<void>, command: Opening): Promise<void> {
    const failed = await loading.then(
      () => null,
      (error: unknown) => ({ error }),
    );
    if (this.coming !== command) return;
    this.coming = null;
    if (failed) return this.attempt("open", command.run, () => Promise.reject(failed.error));
    this.inbox.unshift(command);
    this.wake();
  }

  private async open({ run: id, origin, device: kind, numbers, goal }: Opening): Promise<void> {
    await this.attempt("open", id, async () => {
      const { device, decided } = await this.devices.begin(kind);
      const { run: next, file } = await begin(origin, device);
      const last = this.held;
      // A list that was as long as the task's shall be so again.
      const whole = numbers.length === last?.run.experiment.task.list_length;
      if (last) {
        this.reports.send(last);
        // As far as it is now, for whoever comes back to it. A device that is lost can't give it any more.
        await this.upkeep.saveIfNew(last).catch(refusal);
        last.crew?.end();
        last.run.free();
      }
      const held: Held = { id, run: next, device: next.device, crew: null, goal }; // its device: of "auto", one of the two
      this.held = held;
      this.hire(held);
      this.wish = kind;
      this.choice = "made";
      this.forgetSpeed();
      this.upkeep.begin(next);
      const { steps: step, learningRate } = next;
      const experiment = experimentOf(next);
      const { parameters } = checkExperiment(experiment);
      const fitted = fitNumbers(whole && origin.kind !== "snapshot" && numbers.length !== experiment.task.list_length ? [] : numbers, experiment.task);
      this.post({ type: "opened", run: id, experiment, parameters, device: decided ? infoOf(held.device, next) : undecided(next), step, goal, learningRate, numbers: fitted, file });
      await this.show(held, fitted);
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

  private async choose(held: Held): Promise<void> {
    this.choice = "made";
    if (this.wish !== "auto") return; // another was asked for meanwhile
    await this.attempt("device", held.id, async () => this.settleOn(await this.devices.get("auto"), "auto", held));
  }

  private async move(held: Held, kind: DeviceKind): Promise<void> {
    const { run } = held;
    await this.upkeep.saveIfNew(held);
    await run.useDevice(await this.devices.get(kind));
    this.wish = kind;
    this.hire(held);
    this.forgetSpeed();
    this.upkeep.forgetCosts();
    this.settleOn(run.device, kind, held);
  }

  private settleOn(device: Device, asked: DeviceKind, held: Held): void {
    held.device = device;
    this.post({ type: "device", run: held.id, device: infoOf(device, held.run), asked });
  }

  private hire(held: Held): void {
    held.crew?.end();
    held.crew = this.crewFor(held.run);
  }

  /** Before another worker takes over. */
  async try(kind: DeviceKind, experiment: Experiment | null): Promise<void> {
    this.post({ type: "tried", answer: await this.devices.tried(kind, experiment).catch(refusal) });
  }

  /** Another worker takes over: it gets the run as it is now. */
  private async release(held: Held): Promise<void> {
    await this.upkeep.saveIfNew(held);
    const { goal } = held;
    held.goal = 0;
    this.reports.say(held, { type: "released", run: held.id, goal });
  }

  private async show(held: Held, numbers: number[]): Promise<void> {
    this.upkeep.bench.setNumbers(numbers);
    await this.upkeep.look(held);
  }

  private async setShowing(showing: Showing): Promise<void> {
    const { held } = this;
    const { bench } = this.upkeep;
    const pair = bench.differs(showing.view) ? await bench.setShown(held?.run ?? null, showing.view) : null;
    this.pictures.show(showing, !pair);
    if (held && pair) this.upkeep.show(held, pair);
  }

  private setGoal(held: Held, goal: number): void {
    const { id, run } = held;
    const rested = run.steps >= held.goal;
    held.goal = goal;
    if (rested) this.forgetSpeed();
    if (run.steps >= goal) this.reports.send(held);
    this.post({ type: "goal", run: id, step: run.steps, goal });
  }

  private async train(held: Held): Promise<void> {
    const { run, crew, goal } = held;
    const { reports, upkeep } = this;
    const most = Math.min(goal - run.steps, upkeep.stepsToSave(run));
    const count = Math.max(1, Math.min(Math.floor(CHUNK / this.stepCost), most));
    const start = performance.now();
    if (reports.speed.empty) reports.speed.mark(start, run.steps);
    const { step, losses } = await (crew ? crew.step(run, count) : run.step(count));
    const end = performance.now();
    this.stepCost += 0.3 * ((end - start) / count - this.stepCost);
    reports.gather(losses);
    reports.speed.mark(end, step);

    const done = step >= goal;
    if (done || reports.due(end)) reports.send(held);
    if (done) this.post({ type: "goal", run: held.id, step, goal });
    else await upkeep.whileTraining(held, end, this.stepCost);
  }

  private forgetSpeed(): void {
    this.reports.speed.clear();
    this.stepCost = CHUNK;
  }

  private async export({ request, wanted, stem }: Extract<Command, { type: "export" }>): Promise<void> {
    const { held, pictures } = this;
    const { lastLook, lookedAt } = this.upkeep;
    const answer = async () => {
      if (!held || !lastLook) throw new Error("There is no model yet.");
      return exported(held.run, { tokens: lastLook.clean.tokens, look: lastLook.clean.look, step: Math.max(0, lookedAt), pictures }, wanted, stem);
    };
    const file = await answer().catch(refusal);
    this.post({ type: "exported", request, answer: file }, "error" in file || typeof file.content === "string" ? [] : [file.content.buffer]);
  }

  private async keep({ request, state }: Extract<Command, { type: "keep" }>): Promise<void> {
    const { held } = this;
    const answer = async () => {
      if (!held) throw new Error("There is no model yet.");
      if (state) await this.upkeep.saveIfNew(held);
      const pattern = await this.upkeep.pattern(held);
      this.reports.send(held);
      return pattern;
    };
    this.post({ type: "kept", run: held?.id ?? 0, request, answer: await answer().catch(refusal) });
  }

  /** A plain error leaves everything as it was, and the page is told. */
  private async attempt(what: Extract<FromWorker, { type: "refused" }>["what"], run: RunId, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const { error: message } = refusal(error);
      if (what === "open") this.refused = run;
      if (error instanceof OtherProgram) return this.post({ type: "needs", run, what: what === "open" ? "open" : "device", device: error.device });
      this.post({ type: "refused", run, what, message });
    }
  }
}
