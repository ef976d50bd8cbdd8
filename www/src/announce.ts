// What a screen reader is told: changes of state at once, progress at a civil pace. One live region shows it.

import { effect, signal, untracked } from "@preact/signals";
import { count, loss, percent } from "./format";
import * as state from "./state";

const PACE = 10_000;

export const announcement = signal("");

let last = 0;
function say(text: string): void {
  last = performance.now();
  announcement.value = text;
}

function progress(): string {
  const { loss: now, evaluated, step } = state;
  const seen = evaluated.value && `, sequence accuracy ${percent(evaluated.value.evaluation.sequenceAccuracy)}`;
  return `Step ${count(step.value)}${now.value === null ? "" : `, loss ${loss(now.value)}`}${seen ?? ""}`;
}

export function watch(): void {
  let begun = false;
  effect(() => {
    const playing = state.playing.value;
    if (!state.sequence.value) return;
    untracked(() => {
      if (playing !== begun) say(playing ? `Training from step ${count(state.step.value)}` : `Paused. ${progress()}`);
      begun = playing;
    });
  });
  effect(() => {
    const coming = state.arriving.value;
    if (coming) say(`${coming.stage === "reading" ? "Reading" : "Opening"} ${coming.name}`);
  });
  effect(() => {
    void state.step.value;
    untracked(() => {
      if (state.playing.value && performance.now() - last >= PACE) say(progress());
    });
  });
  effect(() => {
    const device = state.device.value;
    if (device) untracked(() => say(`Running on ${device.kind === "cpu" ? "the CPU" : "WebGPU"}`));
  });
  // After the device, which is new with every run: of the two, this is what somebody waits for.
  effect(() => {
    const file = state.file.value;
    if (file) untracked(() => say(`Opened ${file.origin.name}: ${file.facts.format}, ${count(state.parameters.value)} parameters`));
  });
}
