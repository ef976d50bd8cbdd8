// What the page shows, as signals. Only session.ts writes them, and, of files on their way in and their refusals, incoming.ts
// and assumed.ts.

import { computed, signal } from "@preact/signals";
import type { Evaluation, Head, PartialExperiment, Setting, Tiles } from "tinylens";
import { Curve } from "./curve";
import type { CanvasName, DeviceInfo, FileFacts, FileOrigin, FromWorker, HeadTable, Pointed, Sequence } from "./protocol";
import type { Experiment } from "./sorter";

export type Loading = { stage: "download"; received: number; total: number } | { stage: "compile" | "device" | "start" };
/** How far the first worker is with its start. Of interest until there is a sequence; null: it failed. */
export const loading = signal<Loading | null>({ stage: "download", received: 0, total: 0 });

/** A sentence about something that went wrong. `retry` is offered as a button; `detail` is for whoever wants to report it. */
export type Notice = { text: string; detail?: string; retry?: () => void };
export const notice = signal<Notice | null>(null);

/** Counts workers: a canvas can be handed to one worker only, so each gets a new one. */
export const generation = signal(0);

/** The compiled module for the CPU, for a worker beside the session's. */
export const program = signal<WebAssembly.Module | null>(null);

export const settings = signal<Setting[]>([]);
/** As asked for: without what was left at its default. */
export const asked = signal<PartialExperiment>({});
export const experiment = signal<Experiment | null>(null);
export const parameters = signal(0);
/** A new run has been asked for and is not there yet. */
export const opening = signal(false);

/** `said`: the experiment with nothing put before what the file says. */
export type OpenedFile = { origin: FileOrigin; facts: FileFacts; said: Experiment };
/** The file whose model is shown; null: it was trained here from the start. */
export const file = signal<OpenedFile | null>(null);
/** A file on its way in. */
export const arriving = signal<{ name: string; size: number; stage: "reading" | "opening" } | null>(null);
/** Why the file on screen could not be read in the way that was asked for; it stays as it was. */
export const fileError = signal<string | null>(null);
/** The tensors that can be exported by name; null: not asked for yet. */
export const names = signal<{ parameters: string[]; activations: string[] } | null>(null);

export const step = signal(0);
/** The step to train to: Infinity while playing, at or below `step` at rest. `PAUSING`: it shall rest, but the worker, which is some steps
 * further by now, has not said where. */
export const goal = signal(0);
export const PAUSING = -1;
export const playing = computed(() => goal.value > step.value);
export const stepsPerSecond = signal<number | null>(null);
export const learningRate = signal<number | null>(null);
/** Mean over the last report's steps. */
export const loss = signal<number | null>(null);
export const evaluated = signal<{ step: number; evaluation: Evaluation } | null>(null);

export const curve = new Curve(600);
/** Counts changes of `curve`. */
export const curveVersion = signal(0);

/** Counts saved states of runs on screen. */
export const saves = signal(0);

export const device = signal<DeviceInfo | null>(null);
/** That compute the run's steps. */
export const workers = signal(1);
export const deviceBusy = signal(false);
/** How far the program for WebGPU is on its way, while it is. */
export const fetching = signal<{ received: number; total: number } | null>(null);
export const deviceError = signal<string | null>(null);

export const numbersError = signal<string | null>(null);
export const sequence = signal<Sequence | null>(null);
/** What edits and ablations make of it; null: there are none, or the worker has not looked yet. */
export const edited = signal<Sequence | null>(null);
/** Why the worker can't show what was asked for; it shows the last that it could. */
export const wishError = signal<string | null>(null);
/** What the model writes after the prompts that were asked about, by their numbers. */
export const answers = signal<Record<number, number[]>>({});

/** What each canvas needs for the width it was given, in the crate's pixels. */
export const canvasHeights = signal<Record<CanvasName, number>>({ clean: 0, edited: 0, difference: 0, heads: 0 });
/** What is pointed at, as the worker sees it. */
export const pointed = signal<Pointed | null>(null);
/** Where the thumbnails of the heads are. */
export const tiles = signal<Tiles | null>(null);
/** Over how many lists the canvases show a mean; 0: they show the one list. */
export const meanOf = signal(0);
/** Why the view that was asked for can't be shown. */
export const viewError = signal<string | null>(null);
/** Whose numbers the table shows; null: it is closed. */
export const tableOf = signal<(Head & { canvas: CanvasName }) | null>(null);
export const table = signal<HeadTable | null>(null);

/** The module's answer about the settings being edited. */
export const checked = signal<Extract<FromWorker, { type: "checked" }> | null>(null);
