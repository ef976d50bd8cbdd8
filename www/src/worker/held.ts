// The run that this worker has, and what goes with it. Its loop is trainer.ts's.

import type { Device, Run } from "tinylens";
import type { Crew } from "tinylens/crew.mjs";
import type { RunId } from "../protocol";

export type Held = {
  readonly id: RunId;
  readonly run: Run;
  device: Device;
  /** Workers beside this one, where its steps are dear; null: there are none. */
  crew: Crew | null;
  /** The step to train to: Infinity plays, one that has been reached rests. */
  goal: number;
};
