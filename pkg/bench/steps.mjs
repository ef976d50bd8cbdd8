// Steps per second of the training step on the CPU device, in Node: three rounds of each model, interleaved; the median of each.
import init, { openDevice, Run } from "../tinylens.js";

const models = {
  "W1: the notebook's model": {},
  "W2: 2 heads, d_model 64": { model: { n_heads: 2, d_model: 64 }, train: { batch_size: 100 } },
  "W3: 2 layers, 4 heads, LN, MLP 512, L = 10": {
    task: { list_length: 10 },
    model: { n_layers: 2, n_heads: 4, d_model: 128, d_mlp: 512, attn_only: false, normalization_type: "LN" },
    train: { batch_size: 128 },
  },
  "W0: W2 with d_model 8, batch 4": { model: { n_heads: 2, d_model: 8 }, train: { batch_size: 4 } },
};
const steps = { W0: 400, W1: 60, W2: 120, W3: 6 };
const rounds = 3;

await init();
const device = await openDevice("cpu");
const runs = Object.entries(models).map(([name, experiment]) => ({ name, experiment, rates: [] }));
for (const entry of runs) {
  entry.run = await Run.create({ ...entry.experiment, train: { ...entry.experiment.train, plateau: false } }, device);
  await entry.run.step(2);
}
for (let round = 0; round < rounds; round++) {
  for (const { name, run, rates } of runs) {
    const n = steps[name.slice(0, 2)];
    const start = performance.now();
    await run.step(n);
    rates.push((1000 * n) / (performance.now() - start));
  }
}
for (const { name, rates } of runs) {
  rates.sort((a, b) => a - b);
  console.log(`${name.padEnd(46)} ${rates[rounds >> 1].toFixed(1).padStart(8)} steps/s  (${rates.map((r) => r.toFixed(1)).join(", ")})`);
}
