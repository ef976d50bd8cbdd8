// Opening, training further and writing files, in Node. What formats and layouts can be read is tested in crate/tests.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { Model, Run } from "../tinylens.js";
import { cpu, refused } from "./helpers.mjs";

const file = (name) => readFile(new URL(`../../crate/tests/checkpoints/${name}`, import.meta.url));
const notebook = await Model.fromCheckpoint(await file("seed_format_3000.pkl"), cpu);
const clean = [65, 6, 2, 59, 50, 20, 66];

test("a checkpoint of the notebook's own format opens with its configuration and task", async () => {
  const { n_layers, d_model, n_ctx, d_vocab, attn_only, normalization_type } = notebook.config;
  assert.deepEqual([n_layers, d_model, n_ctx, d_vocab, attn_only, normalization_type], [1, 128, 12, 67, true, null]);
  const { list_length, bos_token, mid_token, max_value } = notebook.task;
  assert.deepEqual([list_length, bos_token, mid_token, max_value], [5, 65, 66, 64]);
  assert.match(notebook.source.format, /pickle/);
  assert.deepEqual((await notebook.generate([clean], { maxNewTokens: 5 }))[0].slice(7), [2, 6, 20, 50, 59]);
});

test("a file that was written here is the same model, bit for bit, task included", async () => {
  const bytes = await notebook.toSafetensors();
  const again = await Model.fromCheckpoint(bytes, cpu);
  assert.equal(await again.fingerprint(), await notebook.fingerprint());
  assert.deepEqual(again.config, notebook.config);
  assert.deepEqual(again.task, notebook.task);
  const run = await Run.create({ task: { list_length: 3, max_value: 10, bos_token: null, mid_token: 10 }, model: { d_model: 16, n_heads: 2, n_layers: 2, attn_only: false, normalization_type: "RMS", act_fn: "silu" } }, cpu);
  await run.step(7);
  const written = await Model.fromCheckpoint(await run.model().toSafetensors(), cpu);
  assert.equal(await written.fingerprint(), await run.fingerprint());
  assert.deepEqual([written.config, written.task], [run.experiment.model, run.experiment.task]);
  assert.match(run.model().toPython("model.safetensors"), /HookedTransformerConfig\([\s\S]*normalization_type="RMS"[\s\S]*load_file\("model.safetensors"\)/);
});

test("a loaded model is trained further, and itself stays as it is", async () => {
  const fingerprint = await notebook.fingerprint();
  const run = await Run.fromModel(notebook, { train: { lr: 1e-4 } });
  assert.equal(run.steps, 0);
  assert.equal(await run.fingerprint(), fingerprint);
  assert.deepEqual([run.experiment.train.lr, run.experiment.train.num_samples, run.experiment.task], [1e-4, 10000, notebook.task]);
  const { loss, sequenceAccuracy } = await run.evaluate(500);
  assert.ok(loss < 0.1 && sequenceAccuracy > 0.85, `${loss} ${sequenceAccuracy}`);
  const { losses } = await run.step(20);
  assert.ok(losses.every((loss) => loss < 0.2), losses.join());
  assert.notEqual(await run.fingerprint(), fingerprint);
  assert.equal(await notebook.fingerprint(), fingerprint);
  const restored = await Run.restore(await run.save(), cpu);
  assert.equal(await restored.fingerprint(), await run.fingerprint());
  await refused(() => Run.fromModel(notebook, { task: { list_length: 6 } }), /model\.n_ctx is 12; a sequence of 6 numbers takes at least 14/);
});

test("what is given goes before what the file says, and must fit its shapes", async () => {
  const bytes = await file("seed_format_3000.pkl");
  const unscaled = await Model.fromCheckpoint(bytes, cpu, { use_attn_scale: false });
  const [a, b] = [await unscaled.forward([clean]), await notebook.forward([clean])];
  assert.notDeepEqual(a.data, b.data);
  await refused(() => Model.fromCheckpoint(bytes, cpu, { d_head: 64 }), /blocks\.0\.attn\.W_Q has shape \[1, 128, 128\]; with this configuration it must be \[1, 128, 64\]/);
  await refused(() => Model.fromCheckpoint(bytes, cpu, { normalization_type: "LN" }), /has no blocks\.0\.ln1\.w, of shape \[128\]/);
  await refused(() => Model.fromCheckpoint(bytes, cpu, { d_modle: 64 }), /no field d_modle/);
});

test("bytes that are no model are refused with a sentence, and everything goes on", async () => {
  const whole = await file("seed_format_3000.pkl");
  const open = (bytes) => Model.fromCheckpoint(bytes, cpu);
  await refused(() => open(new Uint8Array()), /empty/i);
  await refused(() => open(new TextEncoder().encode("<!doctype html><title>Not found</title>")), /HTML/);
  await refused(() => open(whole.subarray(0, 200_000)), /./);
  await refused(() => open(new TextEncoder().encode('{"state_dict": {}}')), /./);
  const run = await Run.create({}, cpu);
  await refused(async () => open(await run.save()), /saved run/);
  assert.deepEqual((await notebook.generate([clean], { maxNewTokens: 5 }))[0].slice(7), [2, 6, 20, 50, 59]);
});
