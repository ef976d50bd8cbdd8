// "auto" with an adapter that passes for hardware: both devices are measured on the model at hand.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openModule, setUp } from "./helpers.mjs";

let chromium, page;
before(async () => {
  chromium = await setUp(fileURLToPath(new URL("../../pkg", import.meta.url)));
  page = await openModule(chromium, { init: passForHardware });
});
after(() => chromium.stop());

/** Runs in the page, before the module. */
function passForHardware() {
  Object.defineProperty(GPUAdapter.prototype, "info", { get: () => ({ vendor: "acme", architecture: "", device: "", description: "", isFallbackAdapter: false }) });
}

test("a run on auto takes the faster device for its own model, and says how fast both are", async () => {
  const found = await page.evaluate(async () => {
    const device = await tinylens.openDevice("auto");
    const said = ({ kind, description }) => ({ kind, description });
    const tiny = { task: { list_length: 2, max_value: 8 }, model: { d_model: 8 }, train: { batch_size: 2 } };
    const run = await tinylens.Run.create(tiny, device);
    const [first, again] = [said(run.device), said((await tinylens.Run.create({ ...tiny, model: { d_model: 8, seed: 3 } }, device)).device)];
    const larger = said((await tinylens.Run.create({ ...tiny, model: { d_model: 16 } }, device)).device);
    const { losses } = await run.step(3);
    return { device: said(device), first, again, larger, path: run.path, losses: Array.from(losses) };
  });
  assert.equal(found.device.kind, "webgpu");
  assert.match(found.device.description, /^WebGPU \(acme\): a run takes it or the CPU/);
  // Under a software adapter the CPU is faster by far.
  assert.equal(found.first.kind, "cpu");
  assert.match(found.first.description, /a step of this model takes [\d.]+ ms on it and [\d.]+ ms on WebGPU\.$/);
  assert.deepEqual(found.again, found.first, "one of the same size is not measured again");
  assert.notDeepEqual(found.larger, found.first, "one of another size is");
  assert.equal(found.path, "tables");
  assert.equal(found.losses.length, 3);
});
