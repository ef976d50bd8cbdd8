// The mean of what is shown over many random lists: of the clean sequences, and of what the page's edits make of each list.

import { randomLists, taskSequence, type Run, type Shown, type ViewConfig } from "tinylens";
import type { Generation, Wish } from "../protocol";
import { filled, placed, slotsOf, type Slot } from "../slots";
import type { Shows } from "./picture";
import { experimentOf, type TaskConfig } from "../sorter";

const SEED = 0;

/** Throws a sentence where an edit makes no sense. */
export async function meanOver(lists: number, length: number, run: Run, wish: Wish, show: ViewConfig["show"]): Promise<Shows> {
  const { task, model } = experimentOf(run);
  const all = randomLists(task, lists, SEED, length);
  const { generation, many } = wish;
  const prompts = (slots: Slot[] | null) => all.map((list) => placesOf(task, list, slots));
  const plain = prompts(null);
  if (!generation) {
    const rows = all.map((list) => taskSequence(task, list).slice(0, model.n_ctx));
    return { clean: named(await run.meanLook(rows, { show }), plain[0]!), edited: null };
  }
  const shown = async (places: Place[][], interventions: Wish["interventions"]): Promise<Shown> => {
    const rows = await written(run, places.map((row) => row.map(({ token }) => token)), generation, interventions);
    return named(await run.meanLook(rows, { show, interventions }), places[0]!);
  };
  const clean = await shown(plain, []);
  return { clean, edited: wish.edited ? await shown(prompts(many.slots), many.interventions) : null };
}

type Place = { token: number; source: Slot["source"] };

/** What is left of an edited prompt, for one list. */
function placesOf(task: TaskConfig, list: readonly number[], slots: Slot[] | null): Place[] {
  const row = filled(slots ?? slotsOf(task, list.length), task, list.length);
  const places = placed(row, task, list);
  if ("error" in places) throw new Error(places.error);
  return places.filter(({ gone }) => !gone).map(({ slot, token }) => ({ token, source: row[slot]!.source }));
}

async function written(run: Run, prompts: number[][], generation: Generation, interventions: Wish["interventions"]): Promise<number[][]> {
  const { newTokens, temperature, topK, topP, seed, stopToken } = generation;
  const maxNewTokens = Math.min(newTokens, run.experiment.model.n_ctx - prompts[0]!.length);
  if (maxNewTokens <= 0) return prompts;
  const model = run.model();
  try {
    return await model.generate(prompts, {
      maxNewTokens,
      temperature,
      seed,
      interventions,
      ...(topK === null ? {} : { topK }),
      ...(topP === null ? {} : { topP }),
      ...(stopToken === null ? {} : { stopToken }),
    });
  } finally {
    model.free();
  }
}

/** Where lists have different tokens: "n1" is the list's first number, "s1" the answer's first token. */
function named(shown: Shown, prompt: readonly Place[]): Shown {
  const role = (position: number) => {
    const source = prompt[position]?.source;
    return typeof source === "number" ? `n${source + 1}` : `s${position - prompt.length + 1}`;
  };
  return { ...shown, labels: shown.labels.map((label, position) => label || role(position)) };
}
