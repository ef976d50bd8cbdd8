// Run.look and Run.meanLook: what they show against the activations that runWithCache gives.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Run, randomLists, taskSequence } from "../tinylens.js";
import { cpu, refused } from "./helpers.mjs";

const KINDS = ["pattern", "scores", "value_weighted", "output_weighted"];
const CONFIGS = [
  { n_layers: 2, n_heads: 3, d_model: 24, d_head: 5, normalization_type: "LN", attn_only: false },
  { n_layers: 1, n_heads: 2, d_model: 16, positional_embedding_type: "rotary", attention_dir: "bidirectional" },
];

/** Every quantity of sequence `b` of a cache, [layer][head][destination][source], by its definition. */
function quantities(cache, state, { n_layers, n_heads, d_head, d_model }, b, n) {
  const at = (name, layer, ...index) => {
    const { shape, data } = cache[`blocks.${layer}.attn.hook_${name}`];
    return data[[b, ...index].reduce((sum, i, k) => sum * shape[k] + i, 0)];
  };
  const norm = (vector) => Math.hypot(...vector);
  const v = (l, s, h) => Array.from({ length: d_head }, (_, d) => at("v", l, s, h, d));
  const written = (l, s, h) => {
    const w = state[`blocks.${l}.attn.W_O`].data;
    return Array.from({ length: d_model }, (_, c) => v(l, s, h).reduce((sum, x, d) => sum + x * w[(h * d_head + d) * d_model + c], 0));
  };
  const out = Object.fromEntries(KINDS.map((kind) => [kind, []]));
  for (let l = 0; l < n_layers; l++)
    for (let h = 0; h < n_heads; h++) {
      const norms = { value_weighted: [], output_weighted: [] };
      for (let s = 0; s < n; s++) {
        norms.value_weighted.push(norm(v(l, s, h)));
        norms.output_weighted.push(norm(written(l, s, h)));
      }
      for (let d = 0; d < n; d++)
        for (let s = 0; s < n; s++) {
          const pattern = at("pattern", l, h, d, s);
          out.pattern.push(pattern);
          out.scores.push(at("attn_scores", l, h, d, s));
          for (const kind of ["value_weighted", "output_weighted"]) out[kind].push(pattern * norms[kind][s]);
        }
    }
  return out;
}

const close = (a, b) => a === b || Math.abs(a - b) < 1e-5 * Math.max(1, Math.abs(b));

test("weights, scores, value- and output-weighted: of one sequence, and their mean over several", async () => {
  const rest = await Run.create({}, cpu);
  const many = randomLists(rest.experiment.task, 450, 1).map((list) => taskSequence(rest.experiment.task, list));
  const [whole, ...halves] = await Promise.all([many, many.slice(0, 200), many.slice(200)].map((rows) => rest.meanLook(rows)));
  whole.values.data.forEach((value, i) => assert.ok(close(value, (200 * halves[0].values.data[i] + 250 * halves[1].values.data[i]) / 450), "in several passes"));
  for (const model of CONFIGS) {
    const run = await Run.create({ task: { list_length: 3, max_value: 10 }, model }, cpu);
    await run.step(5);
    const { task, model: config } = run.experiment;
    const rows = randomLists(task, 7, 3).map((list) => taskSequence(task, list));
    const n = rows[0].length;
    const { cache } = await run.model().runWithCache(rows);
    const state = await run.model().stateDict();
    const all = rows.map((_, b) => quantities(cache, state, config, b, n));
    for (const show of KINDS) {
      const look = await run.look(rows[2], { show });
      assert.deepEqual(look.values.shape, [config.n_layers, config.n_heads, n, n]);
      look.values.data.forEach((value, i) => assert.ok(close(value, all[2][show][i]), `${show} ${i}: ${value} and ${all[2][show][i]}`));
      const mean = await run.meanLook(rows, { show });
      mean.values.data.forEach((value, i) => {
        const wanted = all.reduce((sum, one) => sum + one[show][i] / all.length, 0);
        assert.ok(close(value, wanted), `mean ${show} ${i}: ${value} and ${wanted}`);
      });
      assert.equal(mean.labels[0], "BOS");
      assert.equal(mean.labels[1], "", "lists differ there");
    }
  }
});

test("interventions act on what is shown, and over many sequences those that need several", async () => {
  const run = await Run.create({ model: { n_heads: 2, d_model: 16 } }, cpu);
  const { task } = run.experiment;
  const rows = randomLists(task, 5, 0).map((list) => taskSequence(task, list));
  const zeroed = { hook: "blocks.0.attn.hook_v", edit: "zero", heads: [1] };
  const { values } = await run.look(rows[0], { show: "output_weighted", interventions: [zeroed] });
  const [first, second] = [values.data.slice(0, 144), values.data.slice(144)];
  assert.ok(first.some((value) => value > 0) && second.every((value) => value === 0));
  const same = { hook: "blocks.0.attn.hook_v", edit: "mean" };
  const [mean, plain] = [await run.meanLook(rows, { show: "value_weighted", interventions: [same] }), await run.meanLook(rows, { show: "value_weighted" })];
  assert.ok(mean.values.data.some((value, i) => Math.abs(value - plain.values.data[i]) > 1e-4));
});

test("random lists are the task's, as long as asked for, and the same for the same seed", async () => {
  const task = { list_length: 6, min_value: 3, max_value: 12, repeats: false };
  const lists = randomLists(task, 20, 9, 4);
  assert.deepEqual(lists, randomLists(task, 20, 9, 4));
  assert.notDeepEqual(lists, randomLists(task, 20, 10, 4));
  for (const list of lists) {
    assert.equal(list.length, 4);
    assert.equal(new Set(list).size, 4);
    assert.ok(list.every((number) => number >= 3 && number < 12));
  }
  await refused(() => randomLists(task, 1, 0, 7), /length must be a whole number from 1 to 6/);
  const run = await Run.create({}, cpu);
  await refused(() => run.look([65], { show: "colours" }), /options.show must be "pattern", "scores"/);
  await refused(() => run.meanLook([]), /token/);
  await refused(() => run.meanLook([[65, 1], [65]]), /have 2 and 1 tokens; all must be equally long/);
});
