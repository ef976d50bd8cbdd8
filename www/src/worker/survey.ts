// The claims about the model, measured again and again as it trains, within a share of the time.

import { claims, type Run } from "tinylens";
import type { Claims } from "../protocol";
import { Budget } from "./budget";
import { refusal } from "./refusal";

/** While it trains, and once it rests; fewer where they would take too long: an untrained model's answers, which nothing guesses
 * right, take several times as long as a trained one's, and it is in the first steps that claims become true. */
const LISTS = { training: 60, resting: 500, least: 20 };
/** Milliseconds that a survey may take of training, and so, times ten, from one to the next. */
const LONGEST = 75;

export class Survey {
  // A tenth of the time that is left to training, whatever the device makes a survey cost.
  private readonly budget = new Budget(0.1, 500);
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
    const most = resting ? LISTS.resting : Math.max(LISTS.least, Math.min(LISTS.training, Math.round(this.listCost > 0 ? LONGEST / this.listCost : 0)));
    const signal = (this.signal = { aborted: false });
    const start = performance.now();
    const model = run.model();
    try {
      return { lists: most, claims: await claims(model, null, { lists: most, signal }), refused: null };
    } catch (error) {
      const { error: why } = refusal(error);
      return signal.aborted ? null : { lists: 0, claims: [], refused: why };
    } finally {
      model.free();
      const end = performance.now();
      // The first takes several times as long as any other, while the engine warms up: that tells nothing of the next.
      this.budget.spent(this.listCost > 0 ? start : Math.max(start, end - LONGEST), end);
      if (!signal.aborted) this.listCost = this.budget.cost / most;
    }
  }

  /** What another run or another device costs is another matter. */
  forget(): void {
    this.budget.clear();
    this.listCost = 0;
  }
}
