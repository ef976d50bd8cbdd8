// The keyboard's shortcuts: space plays and pauses, "." trains one step, "r" resets, "z" and "Z" undo and redo. Not while somebody types.

import { pause, play, reset, train } from "./session";
import { playing } from "./state";
import { redo, undo } from "./undo";

const TYPING = "input, select, textarea, [contenteditable]";
/** What space presses already. */
const PRESSED_BY_SPACE = "button, summary, a";

export function listen(): void {
  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || target?.closest(TYPING)) return;
    if (event.key === " " && !target?.closest(PRESSED_BY_SPACE)) {
      if (!event.repeat) (playing.value ? pause : play)();
    } else if (event.key === ".") train(1);
    else if (event.key === "z") undo();
    else if (event.key === "Z") redo();
    else if (event.key === "r") {
      if (!event.repeat) reset();
    } else return;
    event.preventDefault(); // space would scroll
  });
}
