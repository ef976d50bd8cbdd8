// The button that goes from auto to light to dark and round again.

import { choice, choose } from "../theme";
import { CHOICES, type Choice } from "../theme_kept";

const SPOKEN: Record<Choice, string> = { auto: "as the system", light: "light", dark: "dark" };

export function ThemeChoice() {
  const next = CHOICES[(CHOICES.indexOf(choice.value) + 1) % CHOICES.length]!;
  return (
    <button class="chip theme" type="button" onClick={() => choose(next)} aria-label={`Colours: ${SPOKEN[choice.value]}. Change to ${SPOKEN[next]}`} title={`Colours: ${SPOKEN[choice.value]}`}>
      <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
        <circle cx="10" cy="10" r="7" fill="none" stroke="currentColor" stroke-width="1.75" />
        {choice.value !== "light" && <path d={choice.value === "dark" ? "M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14" : "M10 3a7 7 0 0 1 0 14z"} fill="currentColor" />}
      </svg>
    </button>
  );
}
