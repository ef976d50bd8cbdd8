// What becomes an entry of the browser's history of its own, so that "back" returns to what was there before: a new run, a preset.
// Everything else that changes the link changes the entry that is there.

import { signal } from "@preact/signals";

export const entries = signal(0);
export const beginEntry = (): void => void entries.value++;
