// The runs that others took the place of, kept so that undo can bring them back as far as they were trained: their saved state, the
// loss curve and what was claimed of them. The oldest are forgotten when all together grow large.

import { history as claims, type Point } from "./claims";
import type { Thinned } from "./curve";
import type { Origin, Start } from "./protocol";
import { curve } from "./state";

export type Snapshot = { step: number; bytes: Uint8Array };
type Past = { snapshot: Snapshot; curve: Thinned; claims: Point[] };

/** Bytes of saved states. */
const MOST = 256e6;

export class PastRuns {
  /** By what they began with, oldest first. */
  private readonly runs = new Map<Start, Past>();

  /** A run that was never saved has not gone far enough to be missed. */
  keep(start: Start, snapshot: Snapshot | null): void {
    if (!snapshot) return;
    this.runs.delete(start);
    this.runs.set(start, { snapshot, curve: curve.thinned(), claims: claims.all() });
    let bytes = 0;
    for (const [start, past] of [...this.runs].reverse()) {
      bytes += past.snapshot.bytes.length;
      if (bytes > MOST) this.runs.delete(start);
    }
  }

  /** What brings a run back. */
  originOf(start: Start): Origin {
    const past = this.runs.get(start);
    return past ? { kind: "snapshot", snapshot: past.snapshot.bytes } : start;
  }

  /** It is back: its curve and its claims too. Null: nothing was kept. */
  take(start: Start): Snapshot | null {
    const past = this.runs.get(start);
    if (!past) return null;
    this.runs.delete(start);
    curve.restore(past.curve);
    claims.restore(past.claims);
    return past.snapshot;
  }
}
