// Everything that burn computes on WebGPU, against the same on the CPU.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { MODELS, OPTIONS, SIZES, TOKENS } from "../../pkg/test/kinds.mjs";
import { openModule, setUp } from "./helpers.mjs";

const TASK = { list_length: 3, max_value: 10, bos_token: 10, mid_token: 11 };

let chromium, page;
/** A trap leaves promises pending: the test is to end with its reason. */
let trapped;
before(async () => {
  chromium = await setUp(fileURLToPath(new URL("../../pkg", import.meta.url)));
  page = await openModule(chromium);
  await page.evaluate(WORST);
  trapped = new Promise((_, reject) => page.on("pageerror", reject));
  trapped.catch(() => {});
});
after(() => chromium?.stop());

const inPage = (work, given) => Promise.race([page.evaluate(work, given), trapped]);

/** The largest difference of two lists of numbers, beside 1 or the numbers themselves; the same infinities differ by nothing, and no number (NaN) from
 * everything else by infinity. */
const WORST = `globalThis.worst = (a, b) => {
  if (a.length !== b.length) return Infinity;
  let worst = 0;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) worst = Math.max(worst, Math.abs(a[i] - b[i]) / (1 + Math.abs(b[i])));
  return Number.isNaN(worst) ? Infinity : worst;
};`;

/** Every edit, of activations of three and four axes. */
const EDITS = ["zero", "mean", "resample", "replace", "add"].map((edit) => ({
  interventions: ["blocks.0.attn.hook_q", "blocks.0.attn.hook_pattern", "blocks.0.hook_resid_pre"].map((hook, i) => ({
    hook,
    edit,
    ...(edit === "replace" || edit === "add" ? { value: 0.25 } : {}),
    ...[{ heads: [0] }, { batch: [1] }, { positions: [1, 2] }][i],
  })),
}));

test("every activation of every kind of layer, also with interventions and padding", async () => {
  for (const model of MODELS) {
    const worst = await inPage(
      async ({ config, tokens, options }) => {
        const [gpu, cpu] = await Promise.all(["webgpu", "cpu"].map(async (kind) => tinylens.Model.create(config, await tinylens.openDevice(kind))));
        const found = [];
        for (const option of options) {
          const [one, other] = [await gpu.runWithCache(tokens, undefined, option), await cpu.runWithCache(tokens, undefined, option)];
          found.push(Math.max(worst(one.logits.data, other.logits.data), ...Object.keys(other.cache).map((name) => worst(one.cache[name].data, other.cache[name].data))));
        }
        const greedy = { maxNewTokens: 3 };
        const prompts = tokens.map((row) => row.slice(0, 5));
        if (String(await gpu.generate(prompts, greedy)) !== String(await cpu.generate(prompts, greedy))) found.push(Infinity);
        await gpu.generate(prompts, { maxNewTokens: 3, temperature: 0.9, topK: 5, topP: 0.9, freqPenalty: 0.5, seed: 3 });
        return found;
      },
      { config: { ...SIZES, ...model }, tokens: TOKENS, options: [...OPTIONS, ...EDITS] },
    );
    assert.ok(Math.max(...worst) < 1e-4, `${JSON.stringify(model)}: ${worst}`);
  }
});

/** [batch, positions], and a model: burn takes other kernels for other sizes. */
const SHAPES = [
  [[1, 1], { d_vocab: 5, d_model: 3, n_heads: 1 }],
  [[1, 64], { d_vocab: 67, d_model: 128, n_heads: 8 }],
  [[7, 13], { d_vocab: 1000, d_model: 48, n_heads: 3, d_mlp: 300, attn_only: false }],
  [[100, 12], { d_vocab: 67, d_model: 128, n_heads: 1 }],
  [[300, 5], { d_vocab: 33, d_model: 256, n_heads: 4, attn_only: false, normalization_type: "LN" }],
];

test("models and batches of every size", async () => {
  for (const [[batch, positions], model] of SHAPES) {
    const config = { n_ctx: positions, d_vocab_out: model.d_vocab, d_head: Math.ceil(model.d_model / model.n_heads), ...model };
    const tokens = Array.from({ length: batch }, (_, row) => Array.from({ length: positions }, (_, i) => (row * 7 + i * 3) % model.d_vocab));
    const found = await inPage(
      async ({ config, tokens }) => {
        const [gpu, cpu] = await Promise.all(["webgpu", "cpu"].map(async (kind) => tinylens.Model.create(config, await tinylens.openDevice(kind))));
        return worst((await gpu.forward(tokens)).data, (await cpu.forward(tokens)).data);
      },
      { config, tokens },
    );
    assert.ok(found < 1e-4, `${JSON.stringify([[batch, positions], model])}: ${found}`);
  }
});

test("pictures, means, batteries and claims of a run", async () => {
  const worst = await inPage(
    async ({ task, model }) => {
      const experiment = { task, model: { d_model: 16, ...model }, train: { batch_size: 8 } };
      const [gpu, cpu] = await Promise.all(["webgpu", "cpu"].map(async (kind) => tinylens.Run.create(experiment, await tinylens.openDevice(kind))));
      const found = {};
      const interventions = [{ hook: "blocks.0.attn.hook_z", edit: "mean", heads: [1] }];
      for (const show of ["pattern", "scores", "value_weighted", "output_weighted"]) {
        const [one, other] = await Promise.all([gpu, cpu].map((run) => run.look([10, 3, 1, 2, 11, 1], { show, interventions })));
        found[show] = worst(one.values.data, other.values.data);
        const lists = tinylens.randomLists(task, 30, 1).map((list) => tinylens.taskSequence(task, list));
        const means = await Promise.all([gpu, cpu].map((run) => run.meanLook(lists, { show })));
        found[`mean ${show}`] = worst(means[0].values.data, means[1].values.data);
      }
      for (const name of ["evaluate", "ablate", "claims"]) {
        const of = (run) => (name === "evaluate" ? run.evaluate(60) : name === "ablate" ? tinylens.ablate(run.model(), task, { experiment: "mid_injection", site: "random", lists: 60 }) : tinylens.claims(run.model(), task, { lists: 40 }));
        const [one, other] = [await of(gpu), await of(cpu)].map((given) => (JSON.stringify(given).match(/-?\d+\.?\d*(e-?\d+)?/g) ?? []).map(Number));
        found[name] = worst(one, other);
      }
      const copy = await gpu.model().copyTo(await tinylens.openDevice("cpu"));
      found.copy = (await copy.fingerprint()) === (await gpu.fingerprint()) ? 0 : Infinity;
      await gpu.model().processWeights({});
      return found;
    },
    { task: TASK, model: MODELS[1] },
  );
  for (const [name, value] of Object.entries(worst)) assert.ok(value < 1e-3, `${name}: ${value}`);
});

/** SoLU, which the kernels do not cover, in every kind of model. */
const UNCOVERED = [{}, { normalization_type: "LN", n_layers: 2 }, { normalization_type: "RMSPre", positional_embedding_type: "rotary" }];

test("what no kernel covers trains on the CPU, bit for bit, and says so", async () => {
  for (const model of UNCOVERED) {
    const experiment = { task: TASK, model: { d_model: 16, attn_only: false, act_fn: "solu_ln", ...model }, train: { batch_size: 8 } };
    const { path, description, gpu, cpu } = await inPage(async (experiment) => {
      const [gpu, cpu] = await Promise.all(["webgpu", "cpu"].map(async (kind) => tinylens.Run.create(experiment, await tinylens.openDevice(kind))));
      const losses = async (run) => [...(await run.step(4)).losses];
      return { path: gpu.path, description: gpu.device.description, gpu: await losses(gpu), cpu: await losses(cpu) };
    }, experiment);
    const where = JSON.stringify(model);
    assert.match(path, /^rows, on the CPU: .*SoLU/, where);
    assert.match(description, /^WebGPU .* Steps are computed on the CPU: .*SoLU/, where);
    assert.deepEqual(gpu, cpu, where);
  }
});
