import type { Device, PartialExperiment } from "./tinylens.js";

export type Arm = { name: string; experiment: PartialExperiment };
export type Comparison = { id: string; title: string; arms: Arm[] };
export type Job = { arm: number; seed: number; experiment: PartialExperiment };
export type Measured = { arm: number; seed: number; values: Record<string, number>; labels: Record<string, string> };
export type Summary = { row: string; label: string; arms: { mean: number; least: number; most: number; values: number[] }[] };

export const COMPARISONS: Comparison[];
export function jobs(arms: Arm[], seeds: number[]): Job[];
export function measure(
  job: Job,
  device: Device,
  options: { steps: number; lists: number; onProgress?: (steps: number, of: number) => void; signal?: { aborted: boolean } },
): Promise<Measured>;
export function summarise(results: Measured[], arms: number): Summary[];
