// Which run is on screen and which are on their way, as the page's end of the conversation knows it. Nothing here is shown (that is
// state.ts), and nothing is sent.

import type { DeviceKind } from "tinylens";
import { doc, type Document } from "../document";
import { PastRuns, type Snapshot } from "../past";
import type { Origin, RunId, Start } from "../protocol";

/** A run on its way. `undo`: the document says so already. `shown`: what of the document comes with it. `moved`: it is the one on screen, on
 * its way to another device. */
export type Wanting = { start: Start; goal: number; origin: Origin; device: DeviceKind; undo: boolean; shown: Partial<Document>; moved: boolean };

/** The run on screen. */
export const present = {
  id: 0 as RunId,
  /** What it has at step 0. */
  start: doc.value.start,
  /** How far it has ever been: a restored one has made no progress before it is beyond that. */
  furthest: 0,
  /** Its last saved state; null: it has not gone far enough to need one. */
  snapshot: null as Snapshot | null,
  /** The worker is a new one, and has no run yet. */
  bare: false,
  /** What to return to once all that was asked for is there. */
  back: null as Start | null,
};

/** The runs that have been asked for to take its place, oldest first. */
export const waiting = new Map<RunId, Wanting>();

/** The runs that others took the place of. */
export const past = new PastRuns();

/** Commands are for the run that will be there when they arrive. */
export const address = (): RunId => [...waiting.keys()].at(-1) ?? present.id;

/** The run on screen: batteries measure that one, whichever is on its way. */
export const shownRun = (): RunId => present.id;

/** What the run on screen began with, and how far it was saved. */
export const lastSaved = (): { start: Start; snapshot: Snapshot | null } => ({ start: present.start, snapshot: present.snapshot });

/** The same, as what brings it back. */
export const lastKept = (): Origin => (present.snapshot ? { kind: "snapshot", snapshot: present.snapshot.bytes } : present.start);

/** Whether it is the file that is shown, read in this way or another. */
export const onScreen = (start: Start): boolean => present.start.kind === "file" && start.kind === "file" && start.bytes === present.start.bytes;
