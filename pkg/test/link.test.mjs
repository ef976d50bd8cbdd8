// Links in Node: records to links and back, runs from links, edits and ablations, weights in a link.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { Model, Run, applyEdits, decodeLink, encodeLink, interventionsOf, settings, taskSequence, version } from "../tinylens.js";
import { cpu, refused } from "./helpers.mjs";

const small = { task: { list_length: 3, max_value: 10 }, model: { d_model: 16 }, train: { batch_size: 16, num_samples: 160, steps: 25 } };

test("an experiment becomes a link that says what differs, and comes back", () => {
  const link = encodeLink({ task: { list_length: 7 }, train: { steps: 300 }, edit: ["replace:4:MID"] });
  assert.equal(link, "v=1&task.list_length=7&train.steps=300&edit=replace:4:MID");
  const { experiment, warnings } = decodeLink(`https://example.org/tinylens/#${link}`);
  assert.deepEqual(warnings, []);
  assert.equal(experiment.train.steps, 300);
  assert.equal(experiment.model.n_ctx, 16);
  assert.deepEqual(experiment.edit, ["replace:4:MID"]);
  assert.equal(encodeLink(experiment), link);
  assert.equal(encodeLink({}), "");
  assert.equal(encodeLink(decodeLink("").experiment), "");
});

test("every field of the table is in a record", () => {
  const { experiment } = decodeLink("");
  for (const { path, default: expected } of settings()) {
    const value = path.split(".").reduce((at, name) => at[name], experiment);
    assert.deepEqual(value, expected, path);
  }
});

test("what is wrong in a link is ignored with a sentence, and in an experiment refused", async () => {
  const { experiment, warnings } = decodeLink("v=1&task.list_length=99&train.lr=1e-2&nonsense&edit=delete:70");
  assert.equal(experiment.train.lr, 0.01);
  assert.equal(experiment.task.list_length, 5);
  assert.equal(warnings.length, 3);
  for (const warning of warnings) assert.match(warning, /ignored/);
  await refused(() => encodeLink({ edit: ["delete:70"] }), /positions of the prompt are then 0 to 6/);
  await refused(() => encodeLink({ devise: "cpu" }), /no field devise/);
  await refused(() => decodeLink(3), /must be a text/);
  const start = performance.now();
  const long = decodeLink("edit=delete:0&".repeat(4_000_000)); // 56 MB
  assert.equal(long.warnings.length, 1);
  assert.ok(performance.now() - start < 200, "refused without being read");
});

test("a run of a link is the run of its experiment", async () => {
  const link = encodeLink(small);
  const [a, b, c] = await Promise.all([small, link, decodeLink(link).experiment].map((from) => Run.create(from, cpu)));
  for (const run of [a, b, c]) await run.step(25);
  assert.equal(await b.fingerprint(), await a.fingerprint());
  assert.equal(await c.fingerprint(), await a.fingerprint());
  await refused(() => Run.create("v=1&train.lr=7", cpu), /does not hold as it is: train\.lr is 7/);
  await refused(() => Run.create("v=2", cpu), /version/);
});

test("edits are applied one after the other", async () => {
  const { experiment } = decodeLink("edit=delete:0&edit=insert:3:BOS&edit=move:6:0&edit=replace:1:27");
  assert.deepEqual(applyEdits(experiment.task, experiment.prompt, []), taskSequence(experiment.task, experiment.prompt).slice(0, 7));
  assert.deepEqual(applyEdits(experiment.task, experiment.prompt, experiment.edit), [66, 27, 2, 59, 65, 50, 20]);
  await refused(() => applyEdits({}, [1, 2], ["replace:4:1"]), /edit\[0\] is replace:4:1/);
  await refused(() => applyEdits({}, [1, 2], ["swap:0:1"]), /edits\[0\] is "swap:0:1"; it must be replace/);
});

test("ablations are interventions", async () => {
  const run = await Run.create({ ...small, model: { ...small.model, n_heads: 2 } }, cpu);
  const link = "model.n_heads=2&ablate=head:0.1:zero&ablate=edge:0.0:4:1&ablate=edge:0.0:4:2:zero&ablate=position:2";
  const interventions = interventionsOf(decodeLink(link).experiment);
  const model = run.model();
  const [tokens] = [taskSequence(run.experiment.task, [3, 1, 2])];
  const { cache } = await model.runWithCache([tokens], undefined, { interventions });
  const head = cache["blocks.0.attn.hook_z"];
  assert.ok(head.data.slice(8, 16).every((x) => x === 0) && head.data.slice(0, 8).some((x) => x !== 0), "head 1 alone is zero");
  const row = Array.from(cache["blocks.0.attn.hook_pattern"].data.slice(4 * tokens.length, 5 * tokens.length));
  assert.equal(row[1], 0);
  assert.equal(row[2], 0);
  const sum = row.reduce((a, b) => a + b);
  assert.ok(sum < 1 && sum > 0.5, `without renormalising only one of the two: ${sum}`);
  assert.deepEqual(interventionsOf({}), []);
});

test("a small model travels in its link", async (t) => {
  const run = await Run.create(small, cpu);
  await run.step(100);
  const model = run.model();
  const link = encodeLink({ ...small, weights: await model.packWeights() });
  t.diagnostic(`a link with its weights: ${link.length} characters`);
  assert.ok(link.length < 32_768);
  const there = await Model.fromLink(link, cpu);
  assert.deepEqual(there.config, model.config);
  assert.deepEqual(there.task, run.experiment.task);
  const [a, b] = await Promise.all([model, there].map((each) => each.forward([[11, 3, 1, 2, 12]])));
  const furthest = Math.max(...a.data.map((x, i) => Math.abs(x - b.data[i])));
  assert.ok(furthest > 0 && furthest < 0.02, `rounded, and little: ${furthest}`);
  const further = await Run.fromModel(there);
  await further.step(1);
  await refused(async () => (await Run.create({}, cpu)).model().packWeights(), /KB of a link; it can hold 32 KB/);
  await refused(() => Model.fromLink("v=1", cpu), /no weights in it/);
  await refused(() => Model.fromLink(link.replace("d_model=16", "d_model=8"), cpu), /weights/);
});

test("the module says its version", async () => {
  assert.equal(version(), JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")).version);
});
