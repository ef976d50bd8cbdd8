// A worker thread of published.test.mjs: trains the default experiment from some seeds and posts the figures of each.
import { parentPort, workerData } from "node:worker_threads";

import { Run } from "../tinylens.js";
import { cpu } from "./helpers.mjs";

for (const seed of workerData.seeds) {
  const run = await Run.create({ model: { seed }, train: { train_seed: seed } }, cpu);
  const figures = [];
  for (const steps of workerData.steps) {
    await run.step(steps - run.steps);
    figures.push(await run.evaluate(2000));
  }
  parentPort.postMessage({ seed, figures });
}
