import type { Device, Run } from "tinylens";

export type ModelId = "W0" | "W1" | "W2" | "W3";
export type Phase = "first" | "trained";
export type Sample = { steps: number; ms: number };
export type Trained = { steps: number; path: string; state: Uint8Array };
/** All of a step. */
export type Calls = {
  dispatches: number;
  submits: number;
  writes: number;
  buffers: number;
  destroyed: number;
  bindGroups: number;
  pipelines: number;
  waits: number;
  /** null: the device is too slow to wait for as many as it takes. */
  recordMs: number | null;
};
export type Summary = { median: number; low: number; high: number; rates: number[] };
export type Row = {
  id: string;
  name: string;
  device: string;
  description?: string;
  software?: boolean;
  why: string | null;
  models: Record<string, { path: string | null; trainedSteps?: number; first: Summary | null; trained: Summary | null; gpu: Calls | null }>;
};
export type Entrant = {
  id: string;
  name: string;
  device: string;
  description?: string;
  software?: boolean;
  why?: string | null;
  patience?: number;
  sample(model: string, phase: Phase, ms: number): Promise<Sample>;
  train?(model: string, most?: number): Promise<Trained>;
  take?(model: string, state: Uint8Array): Promise<{ path: string }>;
  calls?(model: string): Promise<Calls>;
  stop?(): void;
};
export type Plan = { models: string[]; rounds: number; warmUps: number; ms: number; trainMs?: number };
export type Adapter = { why: string } | { name: string; vendor: string; architecture: string; device: string; description: string; software: boolean };
export type Machine = { userAgent: string; hardwareConcurrency: number | null; crossOriginIsolated: boolean };

export const MODELS: { id: ModelId; text: string }[];
export const FIRST: number;
/** Milliseconds that a software adapter may take in all. */
export const PATIENCE: number;
export class Meter {
  constructor(module: { Run: typeof Run }, device: Device);
  train(id: string, most?: number): Promise<Trained>;
  take(id: string, state: Uint8Array): Promise<{ path: string }>;
  sample(id: string, phase: Phase, ms: number): Promise<Sample>;
  calls(id: string, abandon?: boolean): Promise<Calls>;
}
export function survey(entrants: Entrant[], plan: Plan, options?: { onProgress?: (done: number, of: number, rows: Row[]) => void; signal?: { aborted: boolean } }): Promise<Row[]>;
export function adapter(): Promise<Adapter>;
export function machine(): Machine;
export function report(of: { version: string; machine: object; plan: Plan; rows: Row[]; complete: boolean }): object;
