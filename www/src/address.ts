// The address bar: it holds the link of what is on screen, and what is written or clicked there is opened. A link that is being opened stays
// until the page shows what it says. A run that plays has no step in its link: whoever opens it sees it play; at rest it has.

import { computed, effect, untracked } from "@preact/signals";
import type { PartialRecord } from "tinylens";
import { arrival, broughtBy, openLink, warnOf } from "./arrival";
import { doc } from "./document";
import { places } from "./edit";
import { entries } from "./entry";
import { facts, isExact } from "./facts";
import { DIGITS, recordOf } from "./link";
import { hidden, unfolded } from "./panels";
import { askLink } from "./session/line";
import { experiment, file, opening, playing, step } from "./state";
import { stopOf } from "./tour/stops";
import { at as tourAt } from "./tour/tour";

/** Milliseconds between two writes. Browsers allow some two a second, and then none for a while. */
const PACE = 750;

/** What is on screen, trained `steps` steps; null: nothing is yet. */
export function recordNow(steps: number): PartialRecord | null {
  const now = experiment.value;
  if (!now || opening.value) return null;
  const known = steps > 0 && facts.value?.start === doc.value.start && facts.value.step === steps ? facts.value : null;
  const exact = known !== null && isExact(known.start);
  const opened = file.value;
  const brought = opened && broughtBy(opened);
  return {
    ...now,
    train: { ...now.train, steps },
    ...recordOf(doc.value, now.task, now.model, places.value.length > 0),
    open: unfolded.value,
    hide: hidden.value,
    tour: tourAt.value,
    expect: known ? { fingerprint: exact ? known.fingerprint.slice(0, DIGITS) : null, loss: Number(known.loss.toPrecision(6)), version: known.version } : {},
    weights: brought ? brought.weights : null,
    file: brought ? brought.file : opened ? { name: plain(opened.origin.name), format: plain(opened.facts.format), fingerprint: opened.facts.fingerprint.slice(0, DIGITS) } : {},
  };
}

/** As a link takes it: nothing that can't be seen. */
const plain = (text: string): string => text.replace(/[\p{C}\u2028\u2029]/gu, "").slice(0, 200);

const record = computed(() => (arrival.value && arrival.value.stage !== "done" ? null : recordNow(playing.value ? 0 : step.value)));

/** A link, written as the hash of this page's address. */
export const addressOf = (link: string): string => `${location.href.split("#", 1)[0]}${link && `#${link}`}`;

const here = (): string => location.hash.slice(1);
/** A link, and not a place in the page. */
const isLink = (hash: string): boolean => hash.includes("=");

/** Whether the page was opened by a link. */
export const linked = (): boolean => isLink(here());

/** What was last written, or opened. */
let written = here();
/** As JSON: what the address should say, and what it says. */
let wanted = "";
let said = "";
let entry = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let last = -PACE;

export function watchAddress(): void {
  if (linked()) void openLink(here(), true);
  addEventListener("hashchange", () => {
    const link = here();
    if (link === written || (link !== "" && !isLink(link))) return;
    written = link;
    // Nothing but a stop of the tour: it is about what is on screen.
    const stop = /^tour=([^&]*)$/.exec(link)?.[1];
    if (stop !== undefined && experiment.value) {
      const id = stop === "none" ? null : stopOf(stop)?.id;
      if (id === undefined) void warnOf(link);
      else tourAt.value = id;
      said = "";
      return schedule();
    }
    said = ""; // whatever the page says next, the address says something else
    void openLink(link);
  });
  effect(() => {
    const now = record.value;
    if (!now) return;
    wanted = JSON.stringify(now);
    if (wanted !== said) schedule();
  });
}

function schedule(): void {
  // A page that has nothing to say yet says it as soon as it has.
  if (wanted !== "") timer ??= setTimeout(() => void write(), Math.max(0, last + PACE - performance.now()));
}

async function write(): Promise<void> {
  const mine = wanted;
  const link = await askLink({ kind: "encode", record: JSON.parse(mine) as PartialRecord }).catch(() => null);
  timer = undefined;
  last = performance.now();
  said = mine;
  // While it was asked for, another link may have been opened, or written in the address: `hashchange` comes later than the change.
  const typed = here() !== written && isLink(here());
  const silent = record.peek() === null;
  if (typed || silent) said = "";
  else if (link !== null && link !== written) {
    const fresh = untracked(() => entries.value) !== entry;
    try {
      history[fresh ? "pushState" : "replaceState"](null, "", addressOf(link));
      written = here(); // as the browser spells it
    } catch {
      // A browser that was asked too often, or does not allow it here: the share dialog has the link all the same.
    }
  }
  if (!typed) entry = entries.peek();
  if (!silent && wanted !== said) schedule();
}
