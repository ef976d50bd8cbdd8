// The keyboard on a row of tokens: arrows go from one to the next, a number or a letter replaces, and so on. "z" and "Z" are
// the page's, for they work everywhere.

import { clean, cursor, edited, endTyping, goTo, insert, menu, move, remove, replace, type } from "../../edit";
import type { Name } from "../../slots";

export const HELP =
  "Arrow keys go from token to token. Type a number to replace it; B, M or E for BOS, MID or EOS. Delete deletes, Insert or plus inserts after it, Alt with an arrow moves it. Enter shows all that can be done, Escape closes that. Z takes back, Shift Z does again.";

const LETTERS: Record<string, Name> = { b: "BOS", m: "MID", e: "EOS" };

export function pressed(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || !(event.target instanceof HTMLElement)) return;
  const { key } = event;
  if (key === "Escape") {
    if (!menu.value && event.target.closest(".token-menu") === null) return endTyping();
    menu.value = false;
    endTyping();
    goTo(cursor.value);
  } else if (event.target.dataset.position === undefined) return;
  else if (!onToken(key, Number(event.target.dataset.position), event.altKey)) return;
  event.preventDefault();
}

/** Whether the key means something on a token. */
function onToken(key: string, position: number, alt: boolean): boolean {
  const last = (edited.value ?? clean.value).length - 1;
  const by = key === "ArrowLeft" ? -1 : key === "ArrowRight" ? 1 : 0;
  if (by !== 0) {
    endTyping();
    if (alt) move(position, by);
    else goTo(Math.max(0, Math.min(last, position + by)));
  } else if (alt) return false;
  else if (key === "Home" || key === "End") goTo(key === "Home" ? 0 : last);
  else if (key === "Delete" || key === "Backspace") remove(position);
  else if (key === "Insert" || key === "+") insert(position, "after");
  else if (/^\d$/.test(key)) type(position, key);
  else if (key.toLowerCase() in LETTERS) replace(position, LETTERS[key.toLowerCase()]!);
  else return false;
  return true;
}
