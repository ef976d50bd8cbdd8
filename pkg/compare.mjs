// Comparisons: the same measurements on models trained from several seeds in two or more settings, side by side. For the page's worker
// and for Node. Nothing here decides when or where a run is trained; a caller takes `jobs`, runs `measure` on each, and `summarise`s.

import { Run, ablate, claims } from "tinylens";

/** The two ready comparisons. An arm is a partial experiment; its seeds are added. */
export const COMPARISONS = [
  {
    id: "eos",
    title: "EOS in training or not: what do MID injections do?",
    arms: [
      { name: "no EOS", experiment: {} },
      { name: "EOS", experiment: { task: { eos_token: 67 } } },
    ],
  },
  {
    id: "lengths",
    title: "EOS and lengths 1 to 5: are shorter lists sorted?",
    arms: [
      { name: "length 5", experiment: {} },
      { name: "EOS, lengths 1 to 5", experiment: { task: { eos_token: 67, var_length: true } } },
    ],
  },
];

/** What is measured of every model: batteries at the sites and with the values named, and all claims. */
const BATTERIES = [
  { id: "baseline", label: "nothing changed", experiment: "baseline" },
  { id: "mid_injection", label: "MID at a random site", experiment: "mid_injection", site: "random" },
  { id: "mid_replacement", label: "MID replaced by a random number", experiment: "mid_replacement", value: "random" },
  { id: "mid_deletion", label: "MID deleted", experiment: "mid_deletion" },
  { id: "bos_injection", label: "BOS at a random site", experiment: "bos_injection", site: "random" },
  { id: "bos_replacement", label: "BOS replaced by a random number", experiment: "bos_replacement", value: "random" },
  { id: "bos_deletion", label: "BOS deleted", experiment: "bos_deletion" },
];
const RATES = [
  { id: "exact", label: "the rest sorted" },
  { id: "sortedRestThenLargest", label: "the rest sorted, then the largest again" },
  { id: "lastIsLargest", label: "last is the largest" },
  { id: "specialEmitted", label: "BOS, MID or undue EOS written" },
];

/** One job for every arm and seed: `{ arm, seed, experiment }`. */
export function jobs(arms, seeds) {
  return seeds.flatMap((seed) =>
    arms.map(({ experiment }, arm) => ({
      arm,
      seed,
      experiment: { ...experiment, model: { ...experiment.model, seed }, train: { ...experiment.train, train_seed: seed } },
    })),
  );
}

/** Trains a job's model and measures it: `{ arm, seed, values: { [row]: number }, labels: { [row]: string } }`. */
export async function measure({ arm, seed, experiment }, device, { steps, lists, onProgress, signal }) {
  const run = await Run.create(experiment, device);
  while (run.steps < steps) {
    if (signal?.aborted) throw new Error(`Stopped at step ${run.steps} of ${steps}, as asked.`);
    await run.step(Math.min(10, steps - run.steps));
    onProgress?.(run.steps, steps);
  }
  const model = run.model();
  const { task } = run.experiment;
  const values = {};
  const labels = {};
  const put = (row, label, value) => {
    values[row] = value;
    labels[row] = label;
  };
  const figures = await run.evaluate(lists);
  put("loss", "held-out loss", figures.loss);
  put("tokens", "held-out tokens right", figures.tokenAccuracy);
  put("lists", "held-out lists right", figures.sequenceAccuracy);
  const shorter = Array.from({ length: task.list_length - 1 }, (_, i) => ({ id: `shorter.${i + 1}`, label: `${i + 1} of ${task.list_length} numbers`, experiment: "shorter", site: i + 1 }));
  for (const { id, label, ...options } of [...BATTERIES, ...shorter]) {
    if ((task.bos_token === null && id.startsWith("bos")) || (task.mid_token === null && id.startsWith("mid"))) continue;
    // The same lists for every model.
    const report = await ablate(model, null, { ...options, lists, seed: 1, signal });
    for (const rate of RATES) put(`${id}.${rate.id}`, `${label}: ${rate.label}`, report[rate.id].rate);
  }
  for (const claim of await claims(model, null, { lists: Math.min(lists, 500), seed: 1, signal })) {
    // Without what differs between models: places, heads, numbers.
    put(`claim.${claim.id}`, `claim: ${CLAIMS[claim.id] ?? claim.id}`, claim.value);
  }
  run.free();
  return { arm, seed, values, labels };
}

const CLAIMS = {
  next_larger: "a sorted number attends most to the next larger",
  next_two: "… to one of the next two larger",
  next_larger_weight: "… mean weight on the next larger",
  last_position: "the last position attends most to the largest",
  bos_flat: "attention to BOS is flat",
  ov_copies: "the OV circuit copies",
  mid_injection: "MID injected: rest sorted, then the largest",
  bos_injection: "BOS injected: rest sorted, then the largest",
  mid_replacement: "MID replaced: nothing changes",
  bos_replacement: "BOS replaced: nothing changes",
  bos_only: "BOS alone repeats one number",
};

/** Rows `{ row, label, arms: [{ mean, least, most, values }] }` of what `measure` gave, one number of `arms` for each setting. */
export function summarise(results, arms) {
  const rows = new Map();
  for (const { labels } of results) for (const [row, label] of Object.entries(labels)) rows.set(row, label);
  return [...rows].map(([row, label]) => ({
    row,
    label,
    arms: Array.from({ length: arms }, (_, arm) => {
      const values = results.filter((result) => result.arm === arm && row in result.values).map((result) => result.values[row]);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return { mean, least: Math.min(...values), most: Math.max(...values), values };
    }),
  }));
}
