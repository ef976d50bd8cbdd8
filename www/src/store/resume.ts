// What this tab is doing, written down every few seconds, and what a tab that is gone left behind, offered again. Runs that are kept by
// name are runs.ts's.

import { batch, computed, effect, signal } from "@preact/signals";
import { doc, undoable } from "../document";
import type { Start } from "../protocol";
import { lastSaved } from "../session/register";
import { asked, evaluated, experiment, file, notice, playing, saves } from "../state";
import { gather, goOn } from "./gather";
import { kept } from "./kept";
import { headOf, type Head, type Shelf } from "./shelf";
import { before, leftBehind, mine, remember } from "./tab";
import { Writer } from "./writer";

/** Milliseconds between two writes while it trains. */
const PACE = 4000;
/** The run that every visit begins with is worth keeping only when it has come this far. */
const FEW_STEPS = 1000;
/** Sessions of tabs that are gone: so many are kept, the newest. */
const MOST_LEFT = 3;

/** A session that can be gone on with. `quietly`: the address bar asks for something else, which goes first. */
export const offer = signal<{ head: Head; quietly: boolean } | null>(null);

const byLink = location.hash.length > 1;
const reloaded = performance.getEntriesByType("navigation").some((entry) => (entry as PerformanceNavigationTiming).type !== "navigate");

let shelf: Shelf | null = null;
/** The last write failed; said once. */
let failing = false;
/** The session that was taken up: forgotten as soon as this one stands in its place. */
let taken: { id: string; start: Start } | null = null;

/** Somebody chose something, opened something or changed something. */
const touched = computed(() => undoable.value !== null || file.value !== null || Object.values(asked.value).some((group) => Object.keys(group ?? {}).length > 0));

function worthKeeping(): boolean {
  const step = lastSaved().snapshot?.step ?? 0;
  if (touched.value) return step > 0 || file.value !== null;
  // While an older session is on offer, the run that nobody asked for must not come before it at the next visit.
  return step >= FEW_STEPS && offer.value === null;
}

async function write(): Promise<void> {
  const now = shelf && worthKeeping() && gather("", null);
  if (!shelf || !now) return;
  try {
    await shelf.write(headOf(mine, "session", now), now);
    failing = false;
    remember();
    if (taken?.start !== lastSaved().start) return; // not yet there, or refused
    await shelf.remove(taken.id);
    taken = null;
  } catch (error) {
    if (!failing) notice.value = { text: `This run is not being saved, and a reload would lose it: ${(error as Error).message}. Runs below can be saved as files.` };
    failing = true;
  }
}

const writer = new Writer(write);

/** From now on the session is written to `on`. What was left behind there is offered. */
export async function keepSession(on: Shelf): Promise<void> {
  shelf = on;
  effect(() => {
    void [saves.value, doc.value, evaluated.value, experiment.value, offer.value];
    writer.ask(playing.value ? PACE : 0);
  });
  // Browsers end a large write when the page goes: this is for what they let through.
  addEventListener("pagehide", () => void writer.now());
  document.addEventListener("visibilitychange", () => void (document.visibilityState === "hidden" && writer.now()));
  await find(on);
}

async function find(on: Shelf): Promise<void> {
  const sessions = (await on.heads()).filter(({ kind, id }) => kind === "session" && id !== mine);
  const alone = await leftBehind(sessions.map(({ id }) => id));
  const left = sessions.filter(({ id }) => alone.has(id)).sort((a, b) => Number(b.id === before) - Number(a.id === before) || b.saved - a.saved);
  const [first] = left;
  if (first) offer.value = { head: first, quietly: byLink && !(reloaded && first.id === before) };
  for (const { id } of left.slice(MOST_LEFT)) await on.remove(id);
}

/** Goes on with the session on offer. */
export async function takeOffer(): Promise<void> {
  const { value: now } = offer;
  if (!now || !shelf) return;
  offer.value = null;
  try {
    const content = await shelf.read(now.head.id);
    if (!content) throw new Error("it is not there any more");
    const session = kept(content.record, content.parts);
    taken = { id: now.head.id, start: batch(() => goOn(session, session.record.playing)) };
  } catch (error) {
    notice.value = { text: `The last session can’t be opened: ${(error as Error).message}.` };
  }
}

/** It is not wanted any more. */
export async function declineOffer(): Promise<void> {
  const { value: now } = offer;
  offer.value = null;
  if (now) await shelf?.remove(now.head.id).catch(() => {});
}
