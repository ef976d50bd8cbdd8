// The runs that others took the place of, kept so that undo can bring them back as far as they were trained: their saved state, the
// loss curve and what was claimed of them. The oldest are forgotten when all together grow large.

import { history as claims, type Point } from "./claims";
import type { Thinned } from "./curve";
import type { Origin, Start } from "./protocol";
import { curve, file, type OpenedFile } from "./state";

export type Snapshot = { step: number; bytes: Uint8Array };
/** `file`: what the file it began with turned out to be. */
export type Past = { snapshot: Snapshot; curve: Thinned; claims: Point[]; file: OpenedFile | null };

/** Bytes of saved states. */
const MOST = 256e6;

export class PastRuns {
  /** By what they began with, oldest first. */
  private readonly runs = new Map<Start, Past>();

  /** A run that was never saved has not gone far enough to be missed. */
  keep(start: Start, snapshot: Snapshot | null): void {
    if (snapshot) this.add(start, { snapshot, curve: curve.thinned(), claims: claims.all(), file: file.value });
  }

  add(start: Start, past: Past): void {
    this.runs.delete(start);
    this.runs.set(start, past);
    let bytes = 0;
    for (const [older, { snapshot }] of [...this.runs].reverse()) {
      bytes += snapshot.bytes.length;
      if (bytes > MOST && older !== start) this.runs.delete(older);
    }
  }

  /** What brings a run back. */
  originOf(start: Start): Origin {
    const past = this.runs.get(start);
    return past ? { kind: "snapshot", snapshot: past.snapshot.bytes } : start;
  }

  forget(start: Start): void {
    this.runs.delete(start);
  }

  /** It is back: its curve and its claims too. Null: nothing was kept. */
  take(start: Start): Past | null {
    const past = this.runs.get(start);
    if (!past) return null;
    this.runs.delete(start);
    curve.restore(past.curve);
    claims.restore(past.claims);
    return past;
  }
}
