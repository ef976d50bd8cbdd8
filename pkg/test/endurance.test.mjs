// A run of 5,000 steps keeps to the memory that it had after the first 1,000. `cargo xtask bench --endurance` goes to 100,000.
import assert from "node:assert/strict";
import { test } from "node:test";

import { endure } from "../bench/endurance.mjs";
import { experimentOf } from "../bench/measure.mjs";
import init, { Run } from "../tinylens.js";
import { cpu } from "./helpers.mjs";

test("5,000 steps of a model of two heads, d_model 64: memory is flat after the first 1,000", async (t) => {
  const { memory } = await init(); // is there already: gives the same module
  const run = await Run.create(experimentOf("W2"), cpu);
  const curve = await endure(run, memory, { steps: 5000, bins: 5 });
  for (const { steps, stepsPerSecond, memory } of curve) t.diagnostic(`step ${steps}: ${stepsPerSecond.toFixed(0)} steps a second, ${memory} bytes`);
  assert.deepEqual(curve.map(({ steps }) => steps), [1000, 2000, 3000, 4000, 5000]);
  assert.deepEqual(new Set(curve.map(({ memory }) => memory)).size, 1, "bytes of the module's memory");
});
