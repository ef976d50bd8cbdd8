// What is done with a run beside training it: looking at it, answering what the page asks about it, evaluating it on held-out lists,
// surveying its claims, saving it. While it trains, one at a time and each within its share of the time; once it rests, whatever is left.
// It never trains, and does not know what is asked of the worker next.

import type { Run } from "tinylens";
import type { CanvasName, FromWorker, Pattern } from "../protocol";
import { Budget } from "./budget";
import { Bench, type Pair } from "./edited";
import type { Held } from "./held";
import type { Pictures } from "./picture";
import { REPORT, type Reports } from "./reports";
import { sequenceOf } from "./shown";
import { Survey } from "./survey";

/** A run never goes further than this many steps beyond its last save. */
const SAVE_EVERY = 100;
/** Held-out lists for an evaluation while it trains, and once it rests; fewer where they would take too long. */
const LISTS = { training: 100, resting: 1000, least: 10 };
/** Milliseconds. */
const LONGEST_EVALUATION = 250;

type TableOf = { canvas: CanvasName; layer: number; head: number } | null;

export class Upkeep {
  /** What is looked at: the list, and what its edits make of it. */
  readonly bench = new Bench();
  lastLook: Pair | null = null;
  /** The step each was last done at; -1: not yet, or no longer true. */
  lookedAt = -1;
  private savedAt = -1;
  private evaluatedAt = -1;
  private surveyedAt = -1;

  private tableOf: TableOf = null;
  private listCost = 0;
  private posted = -Infinity; // the first look is shown at once, however young the worker is
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
    private readonly reports: Reports,
  ) {}

  /** Another run. What it starts from is on the page already. */
  begin(run: Run): void {
    this.lookedAt = this.evaluatedAt = this.surveyedAt = -1;
    this.savedAt = run.steps;
    this.forgetCosts();
    this.bench.clear();
  }

  /** What another run or another device costs is another matter. */
  forgetCosts(): void {
    this.listCost = 0;
    for (const budget of [this.looking, this.evaluating, this.saving]) budget.clear();
    this.survey.forget();
  }

  /** Somebody waits: a survey that is under way is given up. */
  interrupt(): void {
    this.survey.interrupt();
  }

  /** So many steps may be trained before it has to be saved. */
  stepsToSave(run: Run): number {
    return SAVE_EVERY - (run.steps - this.savedAt);
  }

  /** One thing that is due while it trains, at most, beside a save: a pointer may be waiting. `stepCost`: milliseconds. */
  async whileTraining(held: Held, now: number, stepCost: number): Promise<void> {
    const { run } = held;
    const { pictures, bench } = this;
    // Of a run that takes its hundred steps in a moment every part ends with a save: that must not keep the rest from its turn.
    if (this.stepsToSave(run) <= 0 || this.saving.due(now)) await this.save(held);
    if (this.looking.due(now) && pictures.visible) await this.look(held);
    else if (bench.due(run, now) && pictures.visible) await this.answer(held);
    else if (this.evaluating.due(now)) await this.evaluate(held, LISTS.training, stepCost);
    else if (this.survey.due(now)) await this.claim(held, false);
  }

  /** One thing that is left to do at rest. False: nothing is. */
  async atRest(held: Held, stepCost: number): Promise<boolean> {
    const { run } = held;
    if (this.lookedAt !== run.steps && this.pictures.visible) await this.look(held);
    else if (this.bench.stale(run)) await this.answer(held);
    else if (this.savedAt !== run.steps) await this.save(held);
    else if (this.evaluatedAt !== run.steps) {
      const guessed = this.listCost === 0;
      await this.evaluate(held, LISTS.resting, stepCost);
      // Once more where it was a guess how many lists there is time for.
      if (!guessed) this.evaluatedAt = run.steps;
    } else if (this.surveyedAt !== run.steps) await this.claim(held, true);
    else return false;
    return true;
  }

  async look(held: Held): Promise<void> {
    const start = performance.now();
    const pair = await this.bench.look(held.run);
    this.show(held, pair);
    this.looking.spent(start, performance.now());
  }

  show(held: Held, pair: Pair): void {
    const { run, goal } = held;
    this.pictures.draw(pair.shows);
    this.lastLook = pair;
    this.lookedAt = run.steps;
    // The canvases keep up with the model; numbers that change faster than this can't be read.
    if (run.steps >= goal || performance.now() - this.posted >= REPORT) this.postLook(held, pair);
  }

  /** `held` null: there is nothing to show in it yet. */
  setTable(held: Held | null, of: TableOf): void {
    this.tableOf = of;
    if (held && this.lastLook) this.postLook(held, this.lastLook);
  }

  private postLook({ id, run }: Held, { clean, edited, lists }: Pair): void {
    this.posted = performance.now();
    const table = this.tableOf && this.pictures.table(this.tableOf);
    this.post({ type: "looked", run: id, step: run.steps, sequence: sequenceOf(clean), edited: edited && sequenceOf(edited), lists, table });
  }

  /** As it is now. */
  async saveIfNew(held: Held): Promise<void> {
    if (held.run.steps !== this.savedAt) await this.save(held);
  }

  private async save(held: Held): Promise<void> {
    const { id, run } = held;
    const start = performance.now();
    const snapshot = await run.save();
    this.savedAt = run.steps;
    this.saving.spent(start, performance.now());
    this.reports.say(held, { type: "saved", run: id, step: run.steps, snapshot }, [snapshot.buffer]);
  }

  /** The pattern of the first sequence, as it is now. */
  async pattern(held: Held): Promise<Pattern> {
    const { run } = held;
    if (this.lookedAt !== run.steps || !this.lastLook) await this.look(held);
    const { labels, causal, pattern } = this.lastLook!.clean.look;
    const [layers = 0, heads = 0] = pattern.shape;
    return { step: run.steps, fingerprint: await run.fingerprint(), labels, layers, heads, causal, weights: pattern.data.slice() };
  }

  private async answer({ id, run }: Held): Promise<void> {
    const answer = await this.bench.answer(run);
    this.post({ type: "answered", run: id, step: run.steps, ...answer });
  }

  private async evaluate(held: Held, most: number, stepCost: number): Promise<void> {
    const { id, run } = held;
    const listCost = this.listCost || (await this.guessListCost(run, stepCost));
    const lists = Math.round(Math.max(LISTS.least, Math.min(most, LONGEST_EVALUATION / listCost)));
    const start = performance.now();
    const evaluation = await run.evaluate(lists);
    this.evaluating.spent(start, performance.now());
    this.listCost = this.evaluating.cost / Math.max(1, evaluation.lists);
    this.reports.say(held, { type: "evaluated", run: id, step: run.steps, evaluation });
  }

  /** Before the first evaluation. */
  private async guessListCost(run: Run, stepCost: number): Promise<number> {
    if (this.reports.speed.empty) {
      const start = performance.now();
      await run.evaluate(LISTS.least);
      return (performance.now() - start) / LISTS.least;
    }
    // A step is about three passes for a batch of lists; a list is read in one, and generated in one a number, over three quarters
    // of the positions.
    const { task, train } = run.experiment;
    return (stepCost / train.batch_size) * ((1 + 0.75 * task.list_length) / 3);
  }

  private async claim(held: Held, resting: boolean): Promise<void> {
    const { id, run } = held;
    const claims = await this.survey.take(run, resting);
    if (!claims) return;
    if (resting) this.surveyedAt = run.steps;
    this.reports.say(held, { type: "claimed", run: id, step: run.steps, claims });
  }
}
