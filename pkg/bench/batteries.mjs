// How long ten thousand lists through the notebook's experiments take, and the claims. `node batteries.mjs [rounds [tinylens.js of another
// build]]`: with another build, both are timed in turn, round by round. Not here: what the answers are worth (pkg/test).
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

/** The notebook's experiments, as it has them: a baseline and seven edits. */
export const EXPERIMENTS = [
  { experiment: "baseline" },
  { experiment: "mid_injection", site: "random" },
  { experiment: "mid_replacement", value: "random" },
  { experiment: "mid_deletion" },
  { experiment: "shorter", site: "random" },
  { experiment: "bos_injection", site: "random" },
  { experiment: "bos_replacement", value: "random" },
  { experiment: "bos_only" },
];

/** A larger model, of the kind that goes through rows. */
export const LARGER = { task: { list_length: 10 }, model: { n_layers: 2, n_heads: 4, d_model: 128, d_mlp: 512, attn_only: false, normalization_type: "LN" } };

/** Milliseconds of every experiment and of the claims, and the longest time that anything else had to wait. */
export async function batteries({ ablate, claims }, model, { lists = 10_000, claimLists = 2000, experiments = EXPERIMENTS } = {}) {
  const rows = [];
  for (const options of experiments) {
    rows.push(await timed(options.experiment, lists, (watch) => ablate(model, null, { ...options, lists, ...watch })));
  }
  rows.push(await timed("claims", claimLists, (watch) => claims(model, null, { lists: claimLists, ...watch })));
  return rows;
}

async function timed(id, lists, work) {
  const start = performance.now();
  let [last, longest] = [start, 0];
  const onProgress = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  await work({ onProgress });
  onProgress();
  return { id, lists, ms: last - start, longest };
}

/** Milliseconds of `run.evaluate`. */
export async function evaluation(run, lists = 2000) {
  const start = performance.now();
  await run.evaluate(lists);
  return { id: "evaluate", lists, ms: performance.now() - start };
}

async function main([rounds = 3, other]) {
  const builds = [];
  for (const path of [other, new URL("../tinylens.js", import.meta.url).href].filter(Boolean)) {
    const api = await import(path.startsWith("file:") ? path : pathToFileURL(path).href);
    await api.default();
    builds.push({ api, device: await api.openDevice("cpu") });
  }
  const file = new URL("../../../shared/checkpoints/baggins_model_1.pkl", import.meta.url);
  const checkpoint = [process.env.TINYLENS_CHECKPOINT, file].find((path) => path && existsSync(path));
  const cases = [
    ["trained", async ({ Run, Model }, device) => {
      const run = await Run.create({}, device);
      await run.step(checkpoint ? 1 : 300);
      return [run, checkpoint ? await Model.fromCheckpoint(await readFile(checkpoint), device) : run.model()];
    }, {}],
    ["untrained", async ({ Run }, device) => {
      const run = await Run.create({}, device);
      return [run, run.model()];
    }, {}],
    ["2 layers, 4 heads, LN, MLP 512; untrained", async ({ Run }, device) => {
      const run = await Run.create(LARGER, device);
      return [run, run.model()];
    }, { lists: 500, claimLists: 200, experiments: EXPERIMENTS.slice(0, 2) }],
  ];
  for (const [name, make, options] of cases) {
    const made = [];
    for (const { api, device } of builds) made.push(await make(api, device));
    const times = builds.map(() => new Map());
    for (let round = 0; round < Number(rounds); round++) {
      for (const [index, { api }] of builds.entries()) {
        const rows = await batteries(api, made[index][1], options);
        rows.push(await evaluation(made[index][0], options.lists ? 200 : 2000));
        for (const row of rows) times[index].set(row.id, [...(times[index].get(row.id) ?? []), row]);
      }
    }
    console.log(`\n${name}${name === "trained" ? (checkpoint ? " (checkpoint)" : " (300 steps)") : ""}`);
    for (const id of times[0].keys()) {
      const cells = times.map((of) => {
        const rows = of.get(id).sort((a, b) => a.ms - b.ms);
        const { ms, lists, longest } = rows[rows.length >> 1];
        return `${ms.toFixed(0).padStart(7)} ms${longest ? ` (longest wait ${longest.toFixed(0)} ms)` : ""} for ${lists}`;
      });
      console.log(`${id.padEnd(18)} ${cells.join("   |   ")}`);
    }
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main(process.argv.slice(2));
