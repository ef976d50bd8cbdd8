// A run in Node, on the CPU: figures, reproducibility, saving.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Run, openDevice } from "../tinylens.js";
import { cpu, refused } from "./helpers.mjs";

/** Small, so that a test that needs no figures takes no time. */
const small = { task: { list_length: 3, max_value: 10 }, model: { d_model: 16 }, train: { batch_size: 16, num_samples: 160 } };

test("the notebook's run learns as well as TransformerLens's did", async (t) => {
  const run = await Run.create({}, cpu);
  const { step, losses } = await run.step(300);
  assert.equal(step, 300);
  assert.equal(losses.length, 300);
  assert.ok(Math.abs(losses[0] - Math.log(67)) < 0.1, `an untrained model knows nothing: ${losses[0]}`);
  const figures = await run.evaluate(2000);
  t.diagnostic(`after 300 steps: ${JSON.stringify(figures)}`);
  assert.equal(figures.lists, 2000);
  assert.ok(figures.heldOut);
  assert.ok(figures.loss <= 0.32 && figures.tokenAccuracy >= 0.87 && figures.sequenceAccuracy >= 0.62, JSON.stringify(figures));
});

test("two runs of one experiment are equal bit for bit, however they are chunked, saved and moved", async () => {
  const whole = await Run.create(small, cpu);
  const { losses } = await whole.step(40);
  const parts = await Run.create(small, cpu);
  const pieces = [];
  for (const n of [1, 9, 10, 3]) pieces.push(...(await parts.step(n)).losses);
  const restored = await Run.restore(await parts.save(), cpu);
  assert.equal(restored.steps, 23);
  await restored.useDevice(await openDevice("cpu"));
  pieces.push(...(await restored.step(17)).losses);
  assert.deepEqual(Array.from(losses), pieces);
  assert.equal(await whole.fingerprint(), await restored.fingerprint());
  assert.equal(whole.learningRate, restored.learningRate);
  assert.match(await whole.fingerprint(), /^[0-9a-f]{64}$/);
});

test("another seed gives another model", async () => {
  const fingerprints = new Set();
  for (const seed of [1, 2]) fingerprints.add(await (await Run.create({ ...small, model: { d_model: 16, seed } }, cpu)).fingerprint());
  assert.equal(fingerprints.size, 2);
});

test("calls queue: none is lost when they are not awaited one by one", async () => {
  const run = await Run.create(small, cpu);
  const done = await Promise.all([run.step(3), run.evaluate(50), run.step(4), run.save()]);
  assert.equal(done[0].step, 3);
  assert.equal(done[2].step, 7);
  assert.equal(run.steps, 7);
});

test("every kind of layer trains", async () => {
  for (const normalization_type of [null, "LN", "LNPre", "RMS", "RMSPre"]) {
    for (const act_fn of ["relu", "gelu", "gelu_new", "silu"]) {
      const model = { d_model: 32, n_heads: 2, n_layers: 2, attn_only: false, act_fn, normalization_type };
      const run = await Run.create({ ...small, model }, cpu);
      const { losses } = await run.step(60);
      const mean = (from) => losses.slice(from, from + 10).reduce((a, b) => a + b) / 10;
      assert.ok(mean(50) < mean(0) * 0.9, `${normalization_type} ${act_fn}: from ${mean(0)} to ${mean(50)}`);
    }
  }
});

test("endless data and lengths that vary train", async () => {
  const run = await Run.create({ ...small, task: { ...small.task, var_length: true }, train: { batch_size: 16, num_samples: null } }, cpu);
  const { losses } = await run.step(120);
  assert.ok(losses.every(Number.isFinite));
  assert.ok((await run.evaluate(100)).loss < 2.6);
});

test("a run that diverges says so with NaN, and its snapshot restores", async () => {
  const run = await Run.create({ ...small, model: { n_layers: 16, d_model: 32, n_heads: 2 }, train: { batch_size: 4, lr: 1, beta1: 0, beta2: 0 } }, cpu);
  await run.step(110);
  const figures = await run.evaluate(20);
  assert.equal(typeof figures.loss, "number");
  const restored = await Run.restore(await run.save(), cpu);
  assert.equal(await restored.fingerprint(), await run.fingerprint());
});

test("what the caller does with its objects afterwards changes nothing", async () => {
  const experiment = structuredClone(small);
  const creating = Run.create(experiment, cpu);
  experiment.model.d_model = 8;
  const run = await creating;
  assert.equal(run.experiment.model.d_model, 16);
  const tokens = [1, 2, 3];
  const looking = run.look(tokens);
  tokens.length = 0;
  assert.equal((await looking).labels.length, 3);
});

test("what is wrong is refused in a sentence, and the run goes on", async () => {
  const run = await Run.create(small, cpu);
  await refused(() => Run.create({ task: { list_length: 0 } }, cpu), /task\.list_length is 0; it must be a whole number from 1 to 50/);
  await refused(() => Run.create({ model: { n_ctx: 4 } }, cpu), /n_ctx is 4; a sequence of 5 numbers takes at least 12/);
  await refused(() => Run.create({ mode: {} }, cpu), /no field mode; it has task, model and train/);
  await refused(() => Run.create({ train: { lr: NaN } }, cpu), /train\.lr is null; it must be a number/);
  await refused(() => Run.create(3, cpu), /must be/);
  await refused(() => run.step(-1), /n must be a whole number from 0/);
  await refused(() => run.step(), /n must be a whole number/);
  await refused(() => run.evaluate(0), /lists must be a whole number from 1/);
  await refused(() => run.look([]), /has 0 tokens; this model reads 1 to 8/);
  await refused(() => run.look([99]), /is 99; tokens of this model are 0 to 12/);
  await refused(() => openDevice("gpu"), /"cpu", "webgpu" or "auto"/);
  await refused(() => openDevice("webgpu"), /no WebGPU/);
  await refused(() => Run.restore(new Uint8Array(100), cpu), /not a saved run/);
  const bytes = await run.save();
  await refused(() => Run.restore(bytes.slice(0, bytes.length - 8), cpu), /not a saved run/);
  await refused(() => run.step(5_000_000), /n must be a whole number from 0 to 1000000/);
  assert.equal((await run.step(2)).step, 2);
  // The same length, so that the file stays whole.
  const text = Buffer.from(bytes).toString("latin1");
  const wrong = Buffer.from(text.replace('\\"plateau\\":{\\"lr\\":0.001', '\\"plateau\\":{\\"lr\\":9e100'), "latin1");
  assert.notEqual(Buffer.compare(wrong, bytes), 0);
  assert.equal(wrong.length, bytes.length);
  await refused(() => Run.restore(wrong, cpu), /step count or the learning rate is out of range/);
});

test("auto is the CPU where there is no WebGPU, and says why", async () => {
  const device = await openDevice("auto");
  assert.equal(device.kind, "cpu");
  assert.match(device.description, /no WebGPU/);
});
