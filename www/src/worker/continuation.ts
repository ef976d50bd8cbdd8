// How a sequence goes on after its prompt, as the model would write it.
//
// Greedily this needs no pass a token: what it wrote last time is tried in one pass, and mended from the first token that the
// model would not have written. A trained model needs one or two passes, which at the same time are what is to be shown.

import type { Intervention, Look, Run, ViewConfig } from "tinylens";
import type { Generation } from "../protocol";

type Show = ViewConfig["show"];
export type Written = { tokens: number[]; look: Look };

/** `guess`: what may come, for instance what came last time. The prompt must leave room for `generation.newTokens`. */
export async function written(run: Run, prompt: number[], generation: Generation, interventions: Intervention[], guess: number[], show: Show = "pattern"): Promise<Written> {
  const { temperature, newTokens, stopToken } = generation;
  // Where positions see what follows them, one pass over a guess tells nothing of a shorter sequence.
  const causal = run.experiment.model.attention_dir === "causal";
  if (temperature > 0 || !causal || newTokens === 0) {
    const tokens = newTokens === 0 ? prompt : await drawn(run, prompt, generation, interventions);
    return { tokens, look: await looked(run, tokens, interventions, show) };
  }
  const last = prompt.length - 1;
  let answer = Array.from({ length: newTokens }, (_, k) => guess[k] ?? prompt[last]!);
  for (;;) {
    const tokens = [...prompt, ...answer];
    const look = await looked(run, tokens, interventions, show);
    const says = answer.map((_, k) => look.predictions[last + k]!.token);
    const wrong = answer.findIndex((token, k) => token !== says[k]);
    const right = wrong < 0 ? answer : answer.slice(0, wrong);
    const end = stopToken === null ? -1 : right.indexOf(stopToken);
    if (end >= 0 && end < answer.length - 1) {
      const ended = tokens.slice(0, prompt.length + end + 1);
      return { tokens: ended, look: await looked(run, ended, interventions, show) };
    }
    if (wrong < 0) return { tokens, look };
    answer = [...right, ...says.slice(wrong)]; // one more is right with every pass
  }
}

export function looked(run: Run, tokens: number[], interventions: Intervention[], show: Show): Promise<Look> {
  return run.look(tokens, { show, interventions: within(interventions, tokens.length) });
}

async function drawn(run: Run, prompt: number[], generation: Generation, interventions: Intervention[]): Promise<number[]> {
  const { newTokens: maxNewTokens, temperature, topK, topP, seed, stopToken } = generation;
  const model = run.model();
  try {
    const [tokens] = await model.generate([prompt], {
      maxNewTokens,
      temperature,
      seed,
      interventions: within(interventions, prompt.length + maxNewTokens),
      ...(topK === null ? {} : { topK }),
      ...(topP === null ? {} : { topP }),
      ...(stopToken === null ? {} : { stopToken }),
    });
    return tokens!;
  } finally {
    model.free();
  }
}

/** An ablation at a position that a shorter sequence has not is none for it. */
function within(interventions: Intervention[], length: number): Intervention[] {
  return interventions.flatMap((one) => {
    const cut = (places: number[] | undefined) => places?.filter((place) => place < length);
    const positions = cut(one.positions);
    const sources = cut(one.sources);
    if (positions?.length === 0 || sources?.length === 0) return [];
    return [{ ...one, ...(positions && { positions }), ...(sources && { sources }) }];
  });
}
