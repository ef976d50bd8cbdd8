// The keyboard. Tables of keys are what listeners look a key up in and what the help lists, so that neither can say what the other
// does not. This file has the page's own, which work everywhere but in a field.

import { signal } from "@preact/signals";
import { trainOne } from "./arrival";
import { pause, play, reset } from "./session";
import { playing } from "./state";
import { redo, undo } from "./undo";

/** Keys that belong together: their names, what they do, and what each (as `KeyboardEvent.key` has it) comes to. */
export type Keys<Do> = { name: string; does: string; on: Record<string, Do> };

/** Whether the help is open. */
export const helping = signal(false);

/** `once`: a key that is held down does it once. */
type PageKeys = Keys<() => void> & { once?: true };

export const PAGE_KEYS: readonly PageKeys[] = [
  { name: "Space", does: "play, or pause; a button that has the focus is pressed instead", once: true, on: { " ": () => (playing.value ? pause : play)() } },
  { name: ".", does: "train one step; while it trains to a link’s step, pause", on: { ".": trainOne } },
  { name: "r", does: "reset: back to step 0, or to the file’s weights", once: true, on: { r: () => reset() } },
  { name: "z", does: "undo", on: { z: undo } },
  { name: "Z", does: "redo (Shift and z)", on: { Z: redo } },
  { name: "?", does: "show this help", once: true, on: { "?": () => (helping.value = true) } },
];

const TYPING = "input, select, textarea, [contenteditable]";
/** While it is open, nothing else on the page is to be changed. */
const MODAL = "dialog:modal";
/** What space presses already. */
const PRESSED_BY_SPACE = "button, summary, a";

export function listen(): void {
  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || helping.value || document.querySelector(MODAL) || target?.closest(TYPING)) return;
    if (event.key === " " && target?.closest(PRESSED_BY_SPACE)) return;
    const keys = PAGE_KEYS.find(({ on }) => event.key in on);
    if (!keys) return;
    if (!(keys.once && event.repeat)) keys.on[event.key]!();
    event.preventDefault(); // space would scroll
  });
}
