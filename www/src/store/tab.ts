// Which tab a session belongs to. A tab holds a Web Lock of its name for as long as it lives, so that no other offers its session;
// and it remembers the name over a reload, so that it offers its own first. Where there are no Web Locks, every session but this
// one's passes for left behind: whoever takes it up gets a copy, and no tab ever writes over another's.

import { newId } from "./shelf";

const KEY = "tinylens.session";
/** Milliseconds that a page that is being left may take to let go. */
const LINGERING = 1000;

const lockOf = (id: string): string => `tinylens session ${id}`;

/** This tab's session. */
export const mine = newId();
/** The one that was in this tab before it was loaded again; null: none, or the browser keeps nothing. */
export const before = remembered();

void navigator.locks?.request(lockOf(mine), () => new Promise(() => {})).catch(() => {}); // in a sandbox nothing is stored either

function remembered(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** From now on a reload finds this one. */
export function remember(): void {
  try {
    sessionStorage.setItem(KEY, mine);
  } catch {
    // Then a reload offers the newest, like any other visit.
  }
}

/** Of these sessions, those that no living tab owns. */
export async function leftBehind(ids: readonly string[]): Promise<Set<string>> {
  const { locks } = navigator;
  if (!locks) return new Set(ids.filter((id) => id !== mine));
  // A tab that was duplicated remembers a session whose tab lives.
  if (before !== null) await locks.request(lockOf(before), { signal: AbortSignal.timeout(LINGERING) }, () => {}).catch(() => {});
  const { held = [] } = await locks.query();
  const names = new Set(held.map(({ name }) => name));
  return new Set(ids.filter((id) => !names.has(lockOf(id))));
}
