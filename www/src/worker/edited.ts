// The two sequences that the page compares: the clean one, and what the person's edits and ablations make of it. And, one at a
// time, what the model writes after any other prompt that the page asks about.

import { taskSequence, type Look, type Run, type ViewConfig } from "tinylens";
import { promptLength } from "../prompt";
import type { Question, Wish } from "../protocol";
import { Budget } from "./budget";
import { looked, written } from "./continuation";
import { meanOver } from "./many";
import type { Shows } from "./picture";
import { experimentOf } from "../sorter";

/** A sequence as it was looked at. `mid`: the last position of its prompt. */
export type Seen = { tokens: number[]; mid: number; look: Look; /** What should stand at each position; undefined: anything may. */ wanted: (number | undefined)[] };
/** `shows`: what the canvases show, of the two or of so many `lists` instead. */
export type Pair = { clean: Seen; edited: Seen | null; shows: Shows; lists: number };

const PLAIN: Wish = { edited: null, interventions: [], generation: null, many: { slots: null, interventions: [] } };

export class Bench {
  private wish = PLAIN;
  /** What was written last time: the first guess at what will be. */
  private guesses = { clean: [] as number[], edited: [] as number[] };
  private numbers: number[] = [];
  private shown: Pick<ViewConfig, "show" | "lists"> = { show: "pattern", lists: 0 };
  private questions: Question[] = [];
  private answers = new Map<number, number[]>();
  private asked = 0;
  private answeredAt = -1;
  private readonly answering = new Budget(0.04, 100);

  /** Another model: what was wished of the last one may make no sense for it, and the page says it again. */
  clear(): void {
    this.wish = PLAIN;
    this.questions = [];
    this.answers.clear();
    this.answering.clear();
  }

  setNumbers(numbers: number[]): void {
    this.numbers = numbers;
  }

  /** A wish that the model refuses leaves the last one as it is. */
  async setWish(run: Run, wish: Wish): Promise<Pair> {
    const last = this.wish;
    this.wish = wish;
    try {
      return await this.look(run);
    } catch (error) {
      this.wish = last;
      throw error;
    }
  }

  /** Whether another look is needed for it. */
  differs({ show, lists }: Pick<ViewConfig, "show" | "lists">): boolean {
    return show !== this.shown.show || lists !== this.shown.lists;
  }

  /** What the model refuses leaves the last as it is. `run` null: there is nothing to look at yet. */
  async setShown(run: Run | null, { show, lists }: Pick<ViewConfig, "show" | "lists">): Promise<Pair | null> {
    const last = this.shown;
    this.shown = { show, lists };
    try {
      return run && (await this.look(run));
    } catch (error) {
      this.shown = last;
      throw error;
    }
  }

  async look(run: Run): Promise<Pair> {
    const { show, lists } = this.shown;
    const pair = await this.lookAtOne(run);
    const shows = lists > 0 ? await meanOver(lists, this.numbers.length, run, this.wish, show) : { clean: pair.clean.look, edited: pair.edited?.look ?? null };
    return { ...pair, shows, lists };
  }

  private async lookAtOne(run: Run): Promise<Pick<Pair, "clean" | "edited">> {
    const { show } = this.shown;
    const { task, model } = experimentOf(run);
    const whole = taskSequence(task, this.numbers);
    const prompt = whole.slice(0, Math.min(promptLength(task, this.numbers.length), model.n_ctx));
    const { edited, interventions, generation } = this.wish;
    if (!generation) {
      const tokens = whole.slice(0, model.n_ctx);
      return { clean: { tokens, mid: prompt.length - 1, look: await looked(run, tokens, [], show), wanted: whole }, edited: null };
    }
    const on = async (prompt: number[], side: "clean" | "edited", wanted: number[]): Promise<Seen> => {
      const room = { ...generation, newTokens: Math.min(generation.newTokens, model.n_ctx - prompt.length) };
      const { tokens, look } = await written(run, prompt, room, side === "clean" ? [] : interventions, this.guesses[side], show);
      this.guesses[side] = tokens.slice(prompt.length);
      return { tokens, mid: prompt.length - 1, look, wanted };
    };
    return { clean: await on(prompt, "clean", whole), edited: edited && (await on(edited, "edited", [])) };
  }

  ask(questions: Question[]): void {
    this.questions = questions;
    this.asked = 0;
    this.answeredAt = -1;
    this.answering.clear();
  }

  /** Whether there is a question to answer: while it trains, again and again. */
  due(run: Run, now: number): boolean {
    if (this.questions.length === 0 || !this.answering.due(now)) return false;
    return this.asked < this.questions.length || this.answeredAt !== run.steps;
  }

  get open(): boolean {
    return this.questions.length > 0;
  }

  stale(run: Run): boolean {
    return this.open && (this.asked < this.questions.length || this.answeredAt !== run.steps);
  }

  /** The answer to one question, greedily. */
  async answer(run: Run): Promise<{ id: number; tokens: number[] }> {
    const start = performance.now();
    if (this.asked >= this.questions.length) this.asked = 0;
    if (this.asked === 0) this.answeredAt = run.steps;
    const { id, prompt, newTokens } = this.questions[this.asked++]!;
    const generation = { newTokens, temperature: 0, topK: null, topP: null, seed: 0, stopToken: experimentOf(run).task.eos_token };
    const { tokens } = await written(run, prompt, generation, [], this.answers.get(id) ?? []);
    const answer = tokens.slice(prompt.length);
    this.answers.set(id, answer);
    this.answering.spent(start, performance.now());
    return { id, tokens: answer };
  }
}
