// The claims about the model, measured again and again as it trains, within a share of the time.

import { claims, type Run } from "tinylens";
import type { Claims } from "../protocol";
import { Budget } from "./budget";

/** While it trains, and once it rests; fewer where they would take too long. */
const LISTS = { training: 60, resting: 500, least: 10 };
/** Milliseconds that a survey may keep training waiting. */
const LONGEST = 200;

export class Survey {
  // Less than a tenth of the time, whatever the device makes a survey cost.
  private readonly budget = new Budget(0.08, 500);
  private listCost = 0;
  private signal = { aborted: false };

  due(now: number): boolean {
    return this.budget.due(now);
  }

  /** Somebody waits: what is under way is given up. */
  interrupt(): void {
    this.signal.aborted = true;
  }

  /** Null: it was interrupted. */
  async take(run: Run, resting: boolean): Promise<Claims | null> {
    const most = resting ? LISTS.resting : Math.max(LISTS.least, Math.min(LISTS.training, Math.round(LONGEST / (this.listCost || 1))));
    const signal = (this.signal = { aborted: false });
    const start = performance.now();
    const model = run.model();
    try {
      return { lists: most, claims: await claims(model, null, { lists: most, signal }), refused: null };
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) throw error;
      if (signal.aborted) return null;
      return { lists: 0, claims: [], refused: error instanceof Error ? error.message : String(error) };
    } finally {
      model.free();
      this.budget.spent(start, performance.now());
      if (!signal.aborted) this.listCost = this.budget.cost / most;
    }
  }

  /** What another run or another device costs is another matter. */
  forget(): void {
    this.budget.clear();
    this.listCost = 0;
  }
}
