// What the benchmark page and its workers say to each other: a question and its answer, by number.

import type { Calls, Phase, Sample, Trained } from "tinylens/bench/measure.mjs";

/** What a worker can be asked, each with what it gives. "open" comes first. */
export type Questions = {
  open: (device: "cpu" | "webgpu") => { description: string; version: string };
  train: (model: string, most: number | undefined) => Trained;
  take: (model: string, state: Uint8Array) => { path: string };
  sample: (model: string, phase: Phase, ms: number) => Sample;
  calls: (model: string) => Calls;
};
export type Name = keyof Questions;

export type ToMeasurer = { number: number; name: Name; given: unknown[] };
export type FromMeasurer = { number: number; answer: unknown } | { number: number; error: string } | { failed: string };
