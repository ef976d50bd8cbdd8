// Asking the worker for batteries: from what is chosen in the table to the experiments themselves.

import { computed } from "@preact/signals";
import { change, doc, type Choice, type Choices } from "./document";
import { interventions } from "./edit";
import { EXPERIMENTS, impossible, sites, sweepValues, type Experiment } from "./experiments";
import { count } from "./format";
import { ended, results, sweeps, underWay, USUAL, type Sweep, type Task } from "./lab";
import type { Battery } from "./protocol";
import { send } from "./session/line";
import { shownRun } from "./session/register";
import { experiment, opening } from "./state";

const MOST_LISTS = 100_000;
const MOST_SEED = 2 ** 32 - 1;

/** As typed. */
export const lists = computed(() => doc.value.batteries.lists);
export const seed = computed(() => doc.value.batteries.seed);
const choices = computed(() => doc.value.batteries.choices);

export const setLists = (text: string): void => change({ batteries: { ...doc.value.batteries, lists: text } }, `${text} lists in a battery`, "batteries.lists");
export const setSeed = (text: string): void => change({ batteries: { ...doc.value.batteries, seed: text } }, `Seed ${text} of the batteries`, "batteries.seed");

const whole = (text: string): number => (/^\d+$/.test(text.trim()) ? Number(text) : NaN);

/** Why the number of lists, or the seed, is refused; null: it isn't. */
export const listsError = computed(() => {
  const n = whole(lists.value);
  return n >= 1 && n <= MOST_LISTS ? null : `A battery takes a whole number of lists, 1 to ${count(MOST_LISTS)}.`;
});
export const seedError = computed(() => (whole(seed.value) <= MOST_SEED ? null : `A seed is a whole number, 0 to ${count(MOST_SEED)}.`));

/** There is a model, and numbers that can be understood. */
export const able = computed(() => experiment.value !== null && !opening.value && listsError.value === null && seedError.value === null);

export const chosen = ({ id }: Experiment): Choices => choices.value[id] ?? USUAL;

export function choose({ id, name }: Experiment, choice: Partial<Choices>): void {
  const next = { ...choices.value, [id]: { ...USUAL, ...choices.value[id], ...choice } };
  change({ batteries: { ...doc.value.batteries, choices: next } }, `What the battery ${name} does`);
}

export const sweeping = ({ site, value }: Choices): boolean => site === "every" || value === "every";

let last = 0;

export function run(which: readonly Experiment[]): void {
  const task = experiment.value?.task;
  if (!task || !able.value) return;
  const mine = which.filter((one) => impossible(one, task) === null);
  const tasks = mine.flatMap(tasksOf);
  if (tasks.length === 0) return;
  for (const { id } of mine) {
    const { [id]: _, ...rest } = sweeps.value;
    sweeps.value = rest;
  }
  for (const one of mine) {
    const swept = sweepOf(one);
    if (swept) sweeps.value = { ...sweeps.value, [one.id]: swept };
  }
  ended.value = null;
  underWay.value = { request: ++last, tasks, index: 0, done: 0, lists: Number(lists.value) };
  send({ type: "measure", run: shownRun(), request: last, batteries: tasks.map(({ battery }) => battery) });
}

export const runAll = (): void => run(EXPERIMENTS);

export const stop = (): void => send({ type: "measureNoMore" });

/** The row's own battery, and one for every cell of its sweep. */
function tasksOf(one: Experiment): Task[] {
  const cells = sweepOf(one)?.batteries ?? [];
  return [{ experiment: one.id, cell: null, battery: rowBattery(one) }, ...cells.map((battery, cell) => ({ experiment: one.id, cell, battery }))];
}

/** What stands in the row beside a sweep is the mean over what is swept: chosen at random for every list. */
export function rowBattery(one: Experiment): Battery {
  const { site, value } = chosen(one);
  return battery(one, site === "every" ? "random" : site, value === "every" ? "random" : value);
}

function sweepOf(one: Experiment): Sweep | null {
  const task = experiment.value?.task;
  const { site, value } = chosen(one);
  if (!task || !sweeping({ site, value })) return null;
  const [everySite, everyValue] = [site === "every" ? sites(one, task) : null, value === "every" ? sweepValues(task) : null];
  const places: Choice[] = everySite ? everySite.map((place) => `${place}` as const) : [site];
  const tokens: Choice[] = everyValue ? everyValue.map((token) => `${token}` as const) : [value];
  const batteries = places.flatMap((place) => tokens.map((token) => battery(one, place, token)));
  return { step: null, sites: everySite, values: everyValue, batteries, cells: batteries.map(() => null) };
}

function battery({ id, site, value }: Experiment, place: Choice, token: Choice): Battery {
  const given = (choice: Choice) => (choice === "random" ? "random" : Number(choice));
  return {
    experiment: id,
    ...(site && place !== "" ? { site: given(place) } : {}),
    ...(value && token !== "" ? { value: given(token) } : {}),
    ...(interventions.value.length > 0 ? { interventions: interventions.value } : {}),
    lists: Number(lists.value),
    seed: Number(seed.value),
  };
}

/** The row's result is of another step, or of other choices than those that are set now. */
export function isStale(one: Experiment, step: number): boolean {
  const result = results.value[one.id];
  return result !== undefined && (result.step !== step || JSON.stringify(result.battery) !== JSON.stringify(rowBattery(one)));
}
