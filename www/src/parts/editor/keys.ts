// The keyboard on a row of tokens: arrows go from one to the next, a number or a letter replaces, and so on. "z" and "Z" are
// the page's, for they work everywhere.

import { clean, cursor, edited, endTyping, goTo, insert, menu, move, remove, replace, type } from "../../edit";
import type { Keys } from "../../keys";
import type { Name } from "../../slots";

/** `alt`: together with the Alt key. */
type TokenKeys = Keys<(position: number) => void> & { alt?: true };

const last = (): number => (edited.value ?? clean.value).length - 1;

function step(by: -1 | 1): (position: number) => void {
  return (position) => {
    endTyping();
    goTo(Math.max(0, Math.min(last(), position + by)));
  };
}

function carry(by: -1 | 1): (position: number) => void {
  return (position) => {
    endTyping();
    move(position, by);
  };
}

const digits = Object.fromEntries([..."0123456789"].map((digit) => [digit, (position: number) => type(position, digit)]));

const LETTERS: [string, Name][] = [
  ["b", "BOS"],
  ["m", "MID"],
  ["e", "EOS"],
];
const letters = Object.fromEntries(LETTERS.flatMap(([letter, name]) => [letter, letter.toUpperCase()].map((key) => [key, (position: number) => void replace(position, name)])));

const after = (position: number) => insert(position, "after");

export const TOKEN_KEYS: readonly TokenKeys[] = [
  { name: "←, →", does: "go from token to token", on: { ArrowLeft: step(-1), ArrowRight: step(1) } },
  { name: "Home, End", does: "go to the first, to the last", on: { Home: () => goTo(0), End: () => goTo(last()) } },
  { name: "0 to 9", does: "replace it by the number that is typed", on: digits },
  { name: "B, M, E", does: "replace it by BOS, MID or EOS", on: letters },
  { name: "Delete", does: "delete it", on: { Delete: remove, Backspace: remove } },
  { name: "Insert, +", does: "insert a token after it", on: { Insert: after, "+": after } },
  { name: "Alt ←, Alt →", does: "move it", alt: true, on: { ArrowLeft: carry(-1), ArrowRight: carry(1) } },
  // A button is pressed by the browser.
  { name: "Enter", does: "show all that can be done with it", on: {} },
  { name: "Escape", does: "close that", on: { Escape: close } },
];

/** For screen readers, on every token. */
export const HELP = TOKEN_KEYS.map(({ name, does }) => `${name}: ${does}.`).join(" ");

function close(): void {
  menu.value = false;
  endTyping();
  goTo(cursor.value);
}

export function pressed(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || !(event.target instanceof HTMLElement)) return;
  const { key, target } = event;
  const { position } = target.dataset;
  if (key === "Escape" && !menu.value && !target.closest(".token-menu")) return endTyping(); // there is nothing to close
  if (key !== "Escape" && position === undefined) return;
  const keys = TOKEN_KEYS.find(({ on, alt = false }) => key in on && (alt === event.altKey || key === "Escape"));
  if (!keys) return;
  keys.on[key]!(Number(position));
  event.preventDefault();
}
