// Token ablations and claims in Node, on the notebook's own checkpoint and on models trained here.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { COMPARISONS, jobs, measure, summarise } from "../compare.mjs";
import { Model, Run, ablate, claims } from "../tinylens.js";
import { cpu, refused } from "./helpers.mjs";

const notebook = await Model.fromCheckpoint(await readFile(new URL("../../crate/tests/checkpoints/seed_format_3000.pkl", import.meta.url)), cpu);
const EXPERIMENTS = ["baseline", "mid_injection", "mid_replacement", "mid_deletion", "shorter", "bos_injection", "bos_replacement", "bos_deletion", "bos_only"];

test("every experiment reports rates with intervals, and the same ones again", async () => {
  for (const experiment of EXPERIMENTS) {
    const report = await ablate(notebook, notebook.task, { experiment, lists: 200, seed: 5 });
    assert.equal(report.lists, experiment === "bos_only" ? 1 : 200);
    for (const name of ["exact", "sortedRestThenLargest", "lastIsLargest", "specialEmitted", "tokenAccuracy"]) {
      const { rate, low, high } = report[name];
      assert.ok(0 <= low && low <= rate && rate <= high && high <= 1, `${experiment}, ${name}: ${low} ${rate} ${high}`);
    }
    assert.deepEqual(await ablate(notebook, undefined, { experiment, lists: 200, seed: 5 }), report, experiment);
  }
  const clean = await ablate(notebook, null, { experiment: "baseline", lists: 2000 });
  assert.ok(clean.exact.rate > 0.9, `${clean.exact.rate}`);
  assert.equal(clean.failures.length, Math.min(100, Math.round(2000 * (1 - clean.exact.rate))));
  for (const { list, prompt, answer } of clean.failed.slice(0, 5)) {
    assert.deepEqual((await notebook.generate([prompt], { maxNewTokens: 5 }))[0].slice(7), answer);
    assert.notDeepEqual(answer, [...list].sort((a, b) => a - b));
  }
});

test("an ablated head sorts nothing, and interventions act in every pass", async () => {
  const broken = await ablate(notebook, null, { experiment: "baseline", lists: 100, interventions: [{ hook: "blocks.0.attn.hook_z", edit: "zero" }] });
  assert.equal(broken.exact.rate, 0);
  const untouched = await ablate(notebook, null, { experiment: "baseline", lists: 100, interventions: [{ hook: "blocks.0.attn.hook_z", edit: "add", value: 0 }] });
  assert.deepEqual(untouched, await ablate(notebook, null, { experiment: "baseline", lists: 100 }));
});

test("claims are numbers with intervals and verdicts", async () => {
  const said = await claims(notebook, null, { lists: 200 });
  const ids = said.map(({ id }) => id);
  for (const id of ["next_larger", "next_two", "ov_copies", "mid_injection", "bos_injection", "mid_replacement", "bos_replacement", "bos_flat", "bos_only"]) assert.ok(ids.includes(id), id);
  for (const { id, text, value, low, high, verdict } of said) {
    assert.ok(text.length > 20 && 0 <= low && low <= value && value <= high && high <= 1, id);
    assert.equal(verdict, low >= 0.9 ? "holds" : high <= 0.5 ? "fails" : "mixed", id);
  }
  const fresh = await claims(await Model.create({}, cpu), null, { lists: 20 });
  assert.equal(fresh.find(({ id }) => id === "next_larger").verdict, "fails");
});

test("what makes no sense is refused in a sentence", async () => {
  const say = (options, task = null) => ablate(notebook, task, { lists: 10, ...options });
  await refused(() => say({ experiment: "mid" }), /experiment is "mid"; it must be one of "baseline", "mid_injection"/);
  await refused(() => say({ experiment: "baseline", lists: 0 }), /lists is 0; it must be a whole number from 1 to 100000/);
  await refused(() => say({ experiment: "mid_injection", site: 5 }), /site is 5; here it is an index of the list, 0 to 4/);
  await refused(() => say({ experiment: "mid_replacement", value: 67 }), /value is 67; tokens of this model are 0 to 66/);
  await refused(() => say({ experiment: "mid_replacement", value: "any" }), /value must be a whole number from 0 or "random"/);
  await refused(() => say({ experiment: "bos_only" }, { bos_token: null }), /This task has no BOS/);
  await refused(() => say({ experiment: "baseline" }, { list_length: 9 }), /model\.n_ctx is 12; a sequence of 9 numbers takes at least 20/);
  await refused(() => say({ experiment: "baseline", signal: { aborted: true }, lists: 1000 }), /Stopped after \d+ of 1000 lists/);
  await refused(() => claims(notebook, null, { lists: 0 }), /lists is 0/);
});

test("progress is told, and a battery can be stopped on the way", async () => {
  const seen = [];
  const signal = { aborted: false };
  const onProgress = (done, lists) => {
    seen.push([done, lists]);
    signal.aborted = done >= 400;
  };
  await refused(() => ablate(notebook, null, { experiment: "mid_deletion", lists: 2000, onProgress, signal }), /Stopped after/);
  assert.ok(seen.length > 2 && seen.every(([done, lists], i) => lists === 2000 && (i === 0 || done >= seen[i - 1][0])), JSON.stringify(seen));
});

test("EOS and lengths of their own can be trained on", async () => {
  const task = { list_length: 3, max_value: 8, eos_token: 11, var_length: true };
  const run = await Run.create({ task, model: { d_model: 32 }, train: { batch_size: 64 } }, cpu);
  assert.deepEqual([run.experiment.model.n_ctx, run.experiment.model.d_vocab], [9, 12]);
  const { losses } = await run.step(300);
  assert.ok(losses.at(-1) < 0.6 * losses[0], `${losses[0]} to ${losses.at(-1)}`);
  const model = run.model();
  // A shorter list, and then EOS: it has learnt to stop.
  const answers = await model.generate([[9, 5, 10]], { maxNewTokens: 5, stopToken: 11 });
  assert.deepEqual(answers[0].slice(3, 5), [5, 11]);
  const shorter = await ablate(model, null, { experiment: "shorter", site: 1, lists: 100 });
  assert.ok(shorter.exact.rate > 0.5, `${shorter.exact.rate}`);
  await refused(() => Run.create({ task: { eos_token: 66 } }, cpu), /eos_token is 66, as is BOS or MID/);
  await refused(() => Run.create({ task: { eos_token: 5 } }, cpu), /eos_token is 5, which is also a number/);
});

test("a comparison measures every seed of every arm", async () => {
  const arms = COMPARISONS[1].arms.map(({ name, experiment }) => ({ name, experiment: { ...experiment, model: { d_model: 16 } } }));
  const list = jobs(arms, [1, 2]);
  assert.equal(list.length, 4);
  const results = [];
  for (const job of list) results.push(await measure(job, cpu, { steps: 5, lists: 20 }));
  const rows = summarise(results, 2);
  const exact = rows.find(({ row }) => row === "baseline.exact");
  assert.deepEqual(exact.arms.map(({ values }) => values.length), [2, 2]);
  assert.ok(rows.some(({ row }) => row === "claim.next_larger") && rows.some(({ row }) => row === "shorter.2.exact"));
  for (const { arms } of rows) for (const { mean, least, most } of arms) assert.ok(least <= mean + 1e-12 && mean <= most + 1e-12);
});

test("a task without MID trains, and has no experiments on it", async () => {
  const run = await Run.create({ task: { list_length: 2, max_value: 6, mid_token: null }, model: { d_model: 32 }, train: { batch_size: 64 } }, cpu);
  assert.deepEqual([run.experiment.model.n_ctx, run.experiment.task.mid_token], [5, null]);
  await run.step(200);
  const model = run.model();
  const clean = await ablate(model, null, { experiment: "baseline", lists: 200 });
  assert.ok(clean.exact.rate > 0.7, `${clean.exact.rate}`);
  await refused(() => ablate(model, null, { experiment: "mid_injection", lists: 10 }), /This task has no MID/);
  const ids = (await claims(model, null, { lists: 20 })).map(({ id }) => id);
  assert.ok(!ids.includes("mid_injection") && ids.includes("bos_injection"), ids.join());
});
