// What the model at rest is, by its fingerprint and its loss over a few held-out lists: what a link says should come out, and what whoever
// opens one is told. Asked for once training rests.

import { effect, signal, untracked } from "@preact/signals";
import { doc } from "./document";
import type { Facts } from "./link";
import type { Start } from "./protocol";
import { askLink } from "./session/line";
import { device, experiment, opening, playing, step } from "./state";

/** Milliseconds of rest: single steps in a row are not a rest. */
const REST = 300;

/** `start`: what the run began with. */
export const facts = signal<(Facts & { start: Start; step: number }) | null>(null);

/** Runs that were on WebGPU for a while. */
const inexact = new WeakSet<Start>();

/** Computed on the CPU from its first step: equal steps then give equal bits, everywhere. */
export const isExact = (start: Start): boolean => !inexact.has(start);

/** A run that is taken up again from where it was kept: what it was on until then is known from there only. */
export const markInexact = (start: Start): void => void inexact.add(start);

let timer: ReturnType<typeof setTimeout> | undefined;

export function watchFacts(): void {
  effect(() => {
    if (!opening.value && device.value?.kind === "webgpu") inexact.add(doc.value.start);
  });
  effect(() => {
    clearTimeout(timer);
    if (!experiment.value || opening.value || playing.value || step.value === 0) return;
    const known = untracked(() => facts.value);
    const { start } = doc.value;
    if (known?.start !== start || known.step !== step.value) timer = setTimeout(() => void ask(start), REST);
  });
}

async function ask(start: Start): Promise<void> {
  const now = await askLink({ kind: "facts" }).catch(() => null); // the worker failed: another one will be asked
  if (now && now.step === step.value && start === doc.value.start && !playing.value) facts.value = { ...now, start };
}
