import type { Experiment, Helper, Run, StepCrew, StepPart } from "./tinylens.js";

export type ToHelper = { step: number; first: number; end: number; parameters: Float32Array<ArrayBuffer> };
export type FromHelper = { ready: true } | { step: number; parts: StepPart[] };
export type Hired = { post(message: unknown, transfer: Transferable[]): void; end(): void };

export function workersFor(shards: number, cores: number): number;
export function serve<First>(open: (first: First) => Promise<Helper>, post: (message: FromHelper, transfer: Transferable[]) => void): (message: First | ToHelper) => Promise<void>;

export class Crew implements StepCrew {
  constructor(helpers: number, hire: (receive: (message: FromHelper) => void, gone: () => void) => Hired, first: { experiment: Experiment } & Record<string, unknown>);
  readonly workers: number;
  step(run: Run, n: number): Promise<{ step: number; losses: Float32Array }>;
  end(): void;
  handOut(step: number, parameters: Float32Array<ArrayBuffer>, shards: number): number;
  collect(): Promise<(StepPart | null)[]>;
}
