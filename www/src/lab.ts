// The laboratory's state: what is to be measured, what is being measured, and what came of it. Commands are in batteries.ts.

import { computed, signal } from "@preact/signals";
import type { AblationReport } from "tinylens";
import type { AblationName } from "./sorter";
import type { Choices } from "./document";
import type { Battery, FromWorker } from "./protocol";
import { step } from "./state";

export const USUAL: Choices = { site: "", value: "" };

/** A report, or why there is none. */
export type Answer = AblationReport | { error: string };
/** What a battery was asked for, at which step, and its answer. */
export type Result = { step: number; battery: Battery; answer: Answer };
export const results = signal<Partial<Record<AblationName, Result>>>({});

/** An experiment at every site, or over every value, or both; null: that is not swept. Cells are by site, then by value. */
export type Sweep = { step: number | null; sites: number[] | null; values: number[] | null; batteries: Battery[]; cells: (Answer | null)[] };
export const sweeps = signal<Partial<Record<AblationName, Sweep>>>({});

/** What a battery of a request is for: a row of the table, or a cell of a sweep. */
export type Task = { experiment: AblationName; cell: number | null; battery: Battery };
/** The request under way. */
export type UnderWay = { request: number; tasks: Task[]; index: number; done: number; lists: number };
export const underWay = signal<UnderWay | null>(null);
/** What came of the last request, for the line that says so. */
export const ended = signal<"done" | "stopped" | "failed" | null>(null);

/** The model has been trained further since some row was measured. */
export const stale = computed(() => Object.values(results.value).some((result) => result.step !== step.value));

export function take(message: Extract<FromWorker, { type: "measuring" | "measured" | "measuredAll" }>): void {
  const now = underWay.value;
  if (message.request !== now?.request) return; // of one that was stopped
  switch (message.type) {
    case "measuring":
      underWay.value = { ...now, index: message.index, done: message.done, lists: message.lists };
      return;
    case "measured": {
      const { index, answer } = message;
      const { experiment, cell, battery } = now.tasks[index]!;
      underWay.value = { ...now, index: index + 1, done: 0 };
      if (cell === null) {
        results.value = { ...results.value, [experiment]: { step: message.step, battery, answer } };
        return;
      }
      const sweep = sweeps.value[experiment];
      if (!sweep) return;
      const cells = [...sweep.cells];
      cells[cell] = answer;
      sweeps.value = { ...sweeps.value, [experiment]: { ...sweep, step: message.step, cells } };
      return;
    }
    case "measuredAll":
      underWay.value = null;
      ended.value = message.stopped ? "stopped" : "done";
  }
}

/** The worker will say no more of what is under way. */
export function abandon(): void {
  if (!underWay.value) return;
  underWay.value = null;
  ended.value = "failed";
}

/** Another model is on screen. */
export function forget(): void {
  results.value = {};
  sweeps.value = {};
  underWay.value = ended.value = null;
}
