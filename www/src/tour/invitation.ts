// Whether a visitor is asked to take the tour: until they have said no, or taken it. Kept where the browser allows it.

import { signal } from "@preact/signals";

const KEY = "tinylens.tour";

function kept(): boolean {
  try {
    return localStorage.getItem(KEY) === "known";
  } catch {
    return false; // storage is forbidden
  }
}

/** They know of the tour. */
export const known = signal(kept());

export function remember(): void {
  known.value = true;
  try {
    localStorage.setItem(KEY, "known");
  } catch {
    // It is offered again next time.
  }
}
