// Light, dark, or as the system has it. The choice is kept where the browser allows it; without storage it lasts as long
// as the page. Colours themselves are CSS's.

import { computed, effect, signal } from "@preact/signals";
import { kept, KEY, type Choice } from "./theme_kept";

const systemDark = matchMedia("(prefers-color-scheme: dark)");
const system = signal(systemDark.matches);
systemDark.addEventListener("change", ({ matches }) => (system.value = matches));

export const choice = signal<Choice>(kept());

/** What is on the screen. */
export const theme = computed<"light" | "dark">(() => (choice.value === "auto" ? (system.value ? "dark" : "light") : choice.value));

export function choose(next: Choice): void {
  choice.value = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Storage is full or forbidden: nothing is lost but the memory of it.
  }
}

effect(() => {
  document.documentElement.dataset["theme"] = choice.value;
});
