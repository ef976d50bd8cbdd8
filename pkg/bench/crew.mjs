// One worker beside two, four where there are cores: steps per second of W3 in Node, interleaved in one run; medians.
import { availableParallelism } from "node:os";

import { workersFor } from "../crew.mjs";
import { crewFor } from "../crew_node.mjs";
import init, { openDevice, Run } from "../tinylens.js";

const W3 = {
  task: { list_length: 10 },
  model: { n_layers: 2, n_heads: 4, d_model: 128, d_mlp: 512, attn_only: false, normalization_type: "LN" },
  train: { batch_size: 128, plateau: false },
};
const rounds = 9;
const steps = 5;

await init();
const run = await Run.create(W3, await openDevice("cpu"));
const crew = crewFor(run, workersFor(run.shards, availableParallelism()) - 1);
while (crew.workers < workersFor(run.shards, availableParallelism())) await new Promise((resolve) => setTimeout(resolve, 20));
await run.step(2);
await run.step(2, crew);
const rates = { alone: [], shared: [] };
for (let round = 0; round < rounds; round++)
  for (const [name, list] of Object.entries(rates)) {
    const start = performance.now();
    await run.step(steps, name === "shared" ? crew : undefined);
    list.push((1000 * steps) / (performance.now() - start));
  }
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
const [alone, shared] = [median(rates.alone), median(rates.shared)];
console.log(`W3: one worker ${alone.toFixed(1)} steps/s, ${crew.workers} workers ${shared.toFixed(1)}: ${(shared / alone).toFixed(2)} times as fast`);
crew.end();
