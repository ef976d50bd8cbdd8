// The two modules of the package: the one for the CPU alone is smaller, has the same API, and gives the same numbers, bit for bit.
import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { test } from "node:test";

import initSmall, * as small from "../cpu/tinylens.js";
import * as whole from "../tinylens.js";
import { cpu, refused } from "./helpers.mjs";
import { MODELS, OPTIONS, SIZES, TOKENS } from "./kinds.mjs";

await initSmall();

/** What is no part of the API: wasm-bindgen's own. */
const names = (module) => Object.keys(module).filter((name) => !["default", "initSync"].includes(name)).sort();

test("both export the same", () => assert.deepEqual(names(small), names(whole)));

test("a run is the same bit for bit in both, and goes over from one to the other", async () => {
  // Every kind of layer; and the model that trains through tables.
  for (const model of [{ d_model: 16 }, { d_model: 16, n_layers: 2, n_heads: 2, attn_only: false, normalization_type: "LN" }]) {
    const experiment = { task: { list_length: 3, max_value: 10 }, model, train: { batch_size: 16, num_samples: 160 } };
    const here = await small.Run.create(experiment, await small.openDevice("cpu"));
    const there = await whole.Run.create(experiment, cpu);
    assert.deepEqual(await here.step(30), await there.step(30));
    assert.equal(await here.fingerprint(), await there.fingerprint());
    const moved = await whole.Run.restore(await here.save(), cpu);
    assert.deepEqual(await moved.step(10), await here.step(10));
    assert.equal(await moved.fingerprint(), await here.fingerprint());
  }
});

/** The same shape and values. */
function same(small, whole, where) {
  assert.deepEqual(small.shape, whole.shape, where);
  const at = small.data.findIndex((value, i) => !Object.is(value, whole.data[i]));
  assert.equal(at, -1, `${where}[${at}] is ${small.data[at]}, in the whole module ${whole.data[at]}`);
}

test("every activation of every kind of layer is the same, also with interventions and padding", async () => {
  const device = await small.openDevice("cpu");
  for (const model of MODELS) {
    const config = { ...SIZES, ...model };
    const here = await small.Model.create(config, device);
    const there = await whole.Model.create(config, cpu);
    for (const options of OPTIONS) {
      const where = JSON.stringify([model, options]);
      const [one, other] = [await here.runWithCache(TOKENS, undefined, options), await there.runWithCache(TOKENS, undefined, options)];
      same(one.logits, other.logits, `${where} logits`);
      assert.deepEqual(Object.keys(one.cache), Object.keys(other.cache));
      for (const [name, value] of Object.entries(one.cache)) same(value, other.cache[name], `${where} ${name}`);
    }
    const greedy = { maxNewTokens: 3 };
    assert.deepEqual(await here.generate(TOKENS.map((row) => row.slice(0, 5)), greedy), await there.generate(TOKENS.map((row) => row.slice(0, 5)), greedy));
  }
});

test("figures over lists are the same", async () => {
  const experiment = { task: { list_length: 3, max_value: 10 }, model: { d_model: 32 }, train: { batch_size: 32 } };
  const here = await small.Run.create(experiment, await small.openDevice("cpu"));
  const there = await whole.Run.create(experiment, cpu);
  await Promise.all([here.step(150), there.step(150)]);
  const [one, other] = [await here.evaluate(500), await there.evaluate(500)];
  assert.deepEqual(one, other);
  const battery = { experiment: "mid_injection", site: "random", lists: 300 };
  assert.deepEqual(await small.ablate(here.model(), experiment.task, battery), await whole.ablate(there.model(), experiment.task, battery));
  for (const show of ["pattern", "scores", "value_weighted", "output_weighted"]) {
    const [a, b] = [await here.look([10, 3, 1, 2, 11, 1], { show }), await there.look([10, 3, 1, 2, 11, 1], { show })];
    same(a.values, b.values, show);
    a.predictions.forEach((one, i) => assert.equal(one.token, b.predictions[i].token));
  }
});

test("without WebGPU the smaller module says so, and what to load where there is some", async (t) => {
  // Node has none.
  await refused(() => small.openDevice("webgpu"), /WebGPU/);
  await refused(() => small.findAdapter(), /no WebGPU/);
  assert.match((await small.openDevice("auto")).description, /^CPU .*no WebGPU/);

  const adapter = { info: { vendor: "a vendor" }, features: new Set(["timestamp-query"]) };
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { gpu: { requestAdapter: async () => adapter } }, configurable: true });
  t.after(() => (before ? Object.defineProperty(globalThis, "navigator", before) : delete globalThis.navigator));
  assert.deepEqual(await small.findAdapter(), { name: "a vendor", software: false });
  await refused(() => small.openDevice("webgpu"), /a vendor.*load tinylens\.js/);
  const device = await small.openDevice("auto");
  assert.equal(device.kind, "cpu");
  assert.match(device.description, /a vendor.*tinylens\.js/);
  adapter.info = { vendor: "Google", architecture: "SwiftShader" };
  assert.deepEqual(await small.findAdapter(), { name: "Google SwiftShader", software: true });
  assert.match((await small.openDevice("auto")).description, /software/);
});

test("it is a fraction of the other's size", async () => {
  const size = async (path) => (await stat(new URL(path, import.meta.url))).size;
  assert.ok((await size("../cpu/tinylens_bg.wasm")) * 3 < (await size("../tinylens_bg.wasm")));
});
