// The tour as data: what each stop sets on the page, and which part of it the stop is about. What it says is in texts.tsx; what
// setting comes to is in tour.ts.

import { PRESETS, senseless } from "../presets";
import type { AblationName, TaskConfig } from "../sorter";

export type StopId = "train" | "read_pattern" | "inject_mid" | "remove_mid" | "shorten" | "bos" | "claims" | "your_turn";

export type Stop = {
  id: StopId;
  title: string;
  /** The element that it points at: a selector. Where there is none, the sequence. */
  point: string;
  sets: {
    /** The notebook's list, or one like it that the task allows. */
    list?: "example";
    /** Experiments of the notebook, done to the list on the page: the first at once, the others by a button. Empty: nothing is edited. */
    edits: readonly AblationName[];
    /** A fold to open: a selector. */
    open?: string;
    /** Trains, if the model is far from sorting. */
    train?: true;
  };
};

/** The row that shows what the edits make of the sequence. */
const EDITED = '[data-side="edited"]';

export const STOPS: readonly Stop[] = [
  { id: "train", title: "Train", point: ".transport", sets: { list: "example", edits: [], train: true } },
  { id: "read_pattern", title: "Read the pattern", point: ".attention", sets: { edits: [] } },
  { id: "inject_mid", title: "Put MID in the list", point: EDITED, sets: { edits: ["mid_injection"] } },
  { id: "remove_mid", title: "Take MID away", point: EDITED, sets: { edits: ["mid_replacement", "mid_deletion"] } },
  { id: "shorten", title: "Shorten the list", point: EDITED, sets: { edits: ["shorter"] } },
  { id: "bos", title: "What is BOS for?", point: EDITED, sets: { edits: ["bos_replacement", "bos_deletion", "bos_injection", "bos_only"] } },
  { id: "claims", title: "What the claims say", point: ".claims", sets: { edits: [] } },
  { id: "your_turn", title: "Your turn", point: ".sequence", sets: { edits: [], open: "details.presets" } },
];

/** A stop by its name or, as people count, its number. */
export const stopOf = (name: string): Stop | undefined => STOPS.find(({ id }, i) => id === name || String(i + 1) === name);

/** Why a stop has nothing to show for this task and list; null: it has. */
export function why({ sets }: Stop, task: TaskConfig, length: number): string | null {
  const reasons = sets.edits.map((edit) => senseless(PRESETS.find(({ id }) => id === edit)!, task, length));
  return reasons.length > 0 && !reasons.includes(null) ? reasons[0]! : null;
}
