// Undo and redo of whatever the person changed: the document goes back (or forth), and the session hears what that means for the
// worker.

import { batch } from "@preact/signals";
import { announcement } from "./announce";
import { reread } from "./assumed";
import { back, doc, forth, seal, type Document } from "./document";
import { clean, cursor, edited, refusal } from "./edit";
import { returnTo, showNumbers } from "./session";
import { useDevice } from "./session/handover";

export const undo = (): void => step("Undone", back);
export const redo = (): void => step("Done again", forth);

function step(said: string, go: typeof back): void {
  seal();
  refusal.value = null;
  batch(() => {
    const before = doc.value;
    const made = go();
    if (!made) return;
    announcement.value = `${said}: ${made.what}`;
    tell(before, doc.value);
    if (cursor.value >= (edited.value ?? clean.value).length) cursor.value = 0;
  });
}

function tell(before: Document, after: Document): void {
  // A run that comes back brings its device and its list.
  if (after.start !== before.start) return returnTo(after.start);
  if (after.assumed !== before.assumed) reread();
  if (after.device !== before.device) useDevice(after.device);
  if (after.numbers !== before.numbers) showNumbers([...after.numbers]);
}
