// What has been claimed of the model over the steps of a run: the claims as they are now, and their history, thinned as it
// grows.

import { signal } from "@preact/signals";
import type { Claim } from "tinylens";
import type { FromWorker } from "./protocol";

export type Judged = Pick<Claim, "value" | "low" | "high" | "verdict">;
export type Point = { step: number; lists: number; claims: Map<string, Judged> };

/** So many surveys are kept; then every other one is forgotten. */
const MOST = 400;

export class ClaimHistory {
  private points: Point[] = [];

  get length(): number {
    return this.points.length;
  }

  add(step: number, lists: number, claims: readonly Claim[]): void {
    if (this.points.at(-1)?.step === step) this.points.pop();
    if (this.points.length >= MOST) this.points = this.points.filter((_, i) => i % 2 === 0);
    this.points.push({ step, lists, claims: new Map(claims.map(({ id, value, low, high, verdict }) => [id, { value, low, high, verdict }])) });
  }

  /** Forgets what comes after `step`. */
  cutAfter(step: number): void {
    this.points = this.points.filter((point) => point.step <= step);
  }

  clear(): void {
    this.points = [];
  }

  all(): Point[] {
    return [...this.points];
  }

  restore(points: readonly Point[]): void {
    this.points = [...points];
  }

  at(index: number): Point | undefined {
    return this.points.at(index);
  }

  of(id: string): (Judged & { step: number })[] {
    return this.points.flatMap(({ step, claims }) => {
      const judged = claims.get(id);
      return judged ? [{ step, ...judged }] : [];
    });
  }

  /** The step from which the last verdict has stood. */
  since(id: string): number | null {
    let step = null;
    const points = this.of(id);
    for (let i = points.length - 1; i >= 0 && points[i]!.verdict === points.at(-1)!.verdict; i--) step = points[i]!.step;
    return step;
  }
}

export const history = new ClaimHistory();
/** What has been claimed, by id. */
export const texts = new Map<string, string>();
/** Counts changes of `history`. */
export const version = signal(0);
export const latest = signal<Extract<FromWorker, { type: "claimed" }> | null>(null);
/** The survey that is read: an index into the history; null: the latest. */
export const read = signal<number | null>(null);

export function take(message: Extract<FromWorker, { type: "claimed" }>): void {
  latest.value = message;
  for (const { id, text } of message.claims.claims) texts.set(id, text);
  if (message.claims.refused === null) history.add(message.step, message.claims.lists, message.claims.claims);
  version.value++;
}

/** Another run begins, or this one goes on from an earlier step. */
export function cut(step: number | null): void {
  if (step === null) history.clear();
  else history.cutAfter(step);
  latest.value = read.value = null;
  version.value++;
}
