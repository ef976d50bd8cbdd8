// The module itself in Chromium, without the page: its two devices agree with each other, and its CPU device with Node's.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import init, { Run, openDevice } from "../../pkg/tinylens.js";
import { openModule, setUp } from "./helpers.mjs";

let chromium, page;
before(async () => {
  chromium = await setUp(fileURLToPath(new URL("../../pkg", import.meta.url)));
  page = await openModule(chromium);
  await init();
});
after(() => chromium.stop());

/** Losses and fingerprint of a run in Chromium. */
const inChromium = (device, experiment, chunks) =>
  page.evaluate(
    async ({ device, experiment, chunks }) => {
      const run = await tinylens.Run.create(experiment, await tinylens.openDevice(device));
      const losses = [];
      for (const n of chunks) losses.push(...(await run.step(n)).losses);
      return { losses, fingerprint: await run.fingerprint() };
    },
    { device, experiment, chunks },
  );

const experiments = {
  "the notebook's": {},
  "two small layers with MLP and LN": {
    task: { list_length: 3, max_value: 10 },
    model: { n_layers: 2, n_heads: 2, d_model: 16, attn_only: false, act_fn: "gelu", normalization_type: "LN" },
    train: { batch_size: 16 },
  },
};

test("the CPU device gives the same bits in Node and in Chromium", async () => {
  for (const [name, experiment] of Object.entries(experiments)) {
    const run = await Run.create(experiment, await openDevice("cpu"));
    const { losses } = await run.step(105);
    const there = await inChromium("cpu", experiment, [1, 4, 100]);
    assert.deepEqual(there.losses, Array.from(losses), name);
    assert.equal(there.fingerprint, await run.fingerprint(), name);
  }
});

test("WebGPU's first 20 losses agree with the CPU's to 1e-5", async (t) => {
  for (const [name, experiment] of Object.entries(experiments)) {
    const cpu = await inChromium("cpu", experiment, [20]);
    const gpu = await inChromium("webgpu", experiment, [20]);
    const worst = Math.max(...cpu.losses.map((loss, i) => Math.abs(loss - gpu.losses[i])));
    t.diagnostic(`${name}: largest difference ${worst.toExponential(1)}`);
    assert.equal(gpu.losses.length, 20);
    assert.ok(cpu.losses[19] < cpu.losses[0] && worst <= 1e-5, `${name}: ${worst}`);
  }
});

test("a run moves between the devices with its optimiser", async () => {
  const [moved, stayed] = await page.evaluate(async () => {
    const [cpu, gpu] = [await tinylens.openDevice("cpu"), await tinylens.openDevice("webgpu")];
    const experiment = { model: { d_model: 32 }, train: { batch_size: 16 } };
    const moved = await tinylens.Run.create(experiment, cpu);
    const stayed = await tinylens.Run.create(experiment, cpu);
    const losses = [[], []];
    for (const device of [cpu, gpu, cpu]) {
      await moved.useDevice(device);
      losses[0].push(...(await moved.step(5)).losses);
      losses[1].push(...(await stayed.step(5)).losses);
    }
    return losses;
  });
  moved.forEach((loss, i) => assert.ok(Math.abs(loss - stayed[i]) < 1e-3, `step ${i}: ${loss} and ${stayed[i]}`));
});
