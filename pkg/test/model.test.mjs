// A model in Node, on the CPU: shapes, hooks, generation, what an experiment's settings say.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Model, Run, checkExperiment, settings, taskSequence, tokenLabel } from "../tinylens.js";
import { cpu, refused } from "./helpers.mjs";

const clean = [65, 6, 2, 59, 50, 20, 66];

test("the state dict has TransformerLens's names and shapes", async () => {
  const dict = await (await Model.create({}, cpu)).stateDict();
  const shapes = Object.fromEntries(Object.entries(dict).map(([name, { shape }]) => [name, shape]));
  assert.deepEqual(shapes, {
    "embed.W_E": [67, 128], "pos_embed.W_pos": [12, 128],
    "blocks.0.attn.W_Q": [1, 128, 128], "blocks.0.attn.W_K": [1, 128, 128], "blocks.0.attn.W_V": [1, 128, 128], "blocks.0.attn.W_O": [1, 128, 128],
    "blocks.0.attn.b_Q": [1, 128], "blocks.0.attn.b_K": [1, 128], "blocks.0.attn.b_V": [1, 128], "blocks.0.attn.b_O": [128],
    "unembed.W_U": [128, 67], "unembed.b_U": [67],
  });
  const parameters = Object.values(dict).reduce((sum, { data }) => sum + data.length, 0);
  assert.equal(parameters, 84803);
  assert.equal(checkExperiment({}).parameters, 84803);
});

/** The notebook's forward pass written out in plain numbers, from the state dict: an oracle that shares no code with the crate. */
function logitsByHand(dict, tokens, d) {
  const at = (name, ...index) => {
    const { shape, data } = dict[name];
    return data[index.reduce((sum, i, axis) => sum * shape[axis] + i, 0)];
  };
  const range = (n) => Array.from({ length: n }, (_, i) => i);
  const dot = (n, f) => range(n).reduce((sum, i) => sum + f(i), 0);
  const resid = tokens.map((token, p) => range(d).map((c) => at("embed.W_E", token, c) + at("pos_embed.W_pos", p, c)));
  const project = (x, m) => range(d).map((j) => at(`blocks.0.attn.b_${m}`, 0, j) + dot(d, (c) => x[c] * at(`blocks.0.attn.W_${m}`, 0, c, j)));
  const [q, k, v] = ["Q", "K", "V"].map((m) => resid.map((x) => project(x, m)));
  const pattern = tokens.map((_, to) => {
    const e = range(to + 1).map((from) => Math.exp(dot(d, (c) => q[to][c] * k[from][c]) / Math.sqrt(d)));
    const sum = e.reduce((a, b) => a + b);
    return e.map((x) => x / sum);
  });
  const logits = resid.map((x, to) => {
    const z = range(d).map((c) => dot(to + 1, (from) => pattern[to][from] * v[from][c]));
    const out = x.map((value, c) => value + at("blocks.0.attn.b_O", c) + dot(d, (j) => z[j] * at("blocks.0.attn.W_O", 0, j, c)));
    return range(dict["unembed.b_U"].data.length).map((t) => at("unembed.b_U", t) + dot(d, (c) => out[c] * at("unembed.W_U", c, t)));
  });
  return { logits, pattern };
}

test("logits and pattern equal the same sums written out by hand, also after training", async () => {
  const experiment = { task: { list_length: 3, max_value: 10 }, model: { d_model: 16 }, train: { batch_size: 32 } };
  const run = await Run.create(experiment, cpu);
  for (const steps of [0, 100]) {
    await run.step(steps);
    const model = run.model();
    const tokens = taskSequence(run.experiment.task, [7, 0, 3]);
    const expected = logitsByHand(await model.stateDict(), tokens, 16);
    const { logits, cache } = await model.runWithCache([tokens, tokens]);
    const pattern = cache["blocks.0.attn.hook_pattern"];
    const n = tokens.length;
    assert.deepEqual(logits.shape, [2, n, 13]);
    assert.deepEqual(pattern.shape, [2, 1, n, n]);
    for (let row = 0; row < 2; row++) {
      expected.logits.flat().forEach((value, i) => assert.ok(Math.abs(value - logits.data[row * n * 13 + i]) < 1e-4));
      for (let to = 0; to < n; to++)
        for (let from = 0; from < n; from++)
          assert.ok(Math.abs((expected.pattern[to][from] ?? 0) - pattern.data[(row * n + to) * n + from]) < 1e-5);
    }
    const look = await run.look(tokens);
    assert.deepEqual(look.pattern.shape, [1, 1, n, n]);
    assert.deepEqual(look.pattern.data, pattern.data.slice(0, n * n));
    assert.deepEqual(look.labels, ["BOS", "7", "0", "3", "MID", "0", "3", "7"]);
    expected.logits.forEach((row, p) => {
      const best = row.indexOf(Math.max(...row));
      const probability = 1 / row.reduce((sum, x) => sum + Math.exp(x - row[best]), 0);
      assert.equal(look.predictions[p].token, best);
      assert.ok(Math.abs(look.predictions[p].probability - probability) < 1e-4);
    });
  }
});

test("hooks have TransformerLens's names and order", async () => {
  const plain = await Model.create({}, cpu);
  assert.deepEqual(plain.hookNames(), [
    "hook_embed", "hook_pos_embed", "blocks.0.hook_resid_pre",
    "blocks.0.attn.hook_q", "blocks.0.attn.hook_k", "blocks.0.attn.hook_v", "blocks.0.attn.hook_attn_scores", "blocks.0.attn.hook_pattern",
    "blocks.0.attn.hook_z", "blocks.0.hook_attn_out", "blocks.0.hook_resid_post",
    "unembed.hook_in", "unembed.hook_out",
  ]);
  const whole = await Model.create({ n_layers: 2, n_heads: 4, d_model: 32, attn_only: false, normalization_type: "LN" }, cpu);
  const { cache } = await whole.runWithCache([clean]);
  assert.deepEqual(Object.keys(cache), whole.hookNames());
  assert.deepEqual(cache["blocks.1.attn.hook_q"].shape, [1, 7, 4, 8]);
  assert.deepEqual(cache["blocks.1.mlp.hook_post"].shape, [1, 7, 128]);
  assert.deepEqual(cache["ln_final.hook_scale"].shape, [1, 7, 1]);
  const some = await whole.runWithCache([clean], ["blocks.0.hook_resid_mid"]);
  assert.deepEqual(Object.keys(some.cache), ["blocks.0.hook_resid_mid"]);
});

test("generation is the argmax of the last logits, again and again", async () => {
  const model = await Model.create({ seed: 5 }, cpu);
  const [out, short] = await model.generate([clean, [65]], { maxNewTokens: 5 });
  assert.equal(out.length, 12);
  assert.equal(short.length, 6);
  for (let length = 7; length < 12; length++) {
    const { shape, data } = await model.forward([out.slice(0, length)]);
    const last = Array.from(data.slice((length - 1) * shape[2]));
    assert.equal(out[length], last.indexOf(Math.max(...last)));
  }
});

test("input that a model can't read is refused in a sentence, and the model goes on", async () => {
  const model = await Model.create({}, cpu);
  await refused(() => model.forward([]), /at least one/);
  await refused(() => model.forward([[]]), /1 to 12 \(n_ctx\)/);
  await refused(() => model.forward([new Array(13).fill(1)]), /has 13 tokens; this model reads 1 to 12/);
  await refused(() => model.forward([[1, 67]]), /tokens\[0\]\[1\] is 67; tokens of this model are 0 to 66/);
  await refused(() => model.forward([[1], [1, 2]]), /equally long/);
  await refused(() => model.forward([[1.5]]), /tokens\[0\]\[0\] is not a token number/);
  await refused(() => model.forward(new Array(400_000).fill(clean)), /has 400000 sequences; of this length this model reads at most \d+ at once/);
  await refused(() => model.generate([[65], [65, 99]], { maxNewTokens: 1 }), /prompts\[1\]\[1\] is 99/);
  await refused(() => model.forward("abc"), /array of arrays/);
  await refused(() => model.forward(), /array of arrays/);
  await refused(() => model.generate([clean], { maxNewTokens: 6 }), /12 positions \(n_ctx\)/);
  await refused(() => model.generate([clean], {}), /options\.maxNewTokens must be/);
  await refused(() => model.runWithCache([clean], ["hook_nothing"]), /no hook hook_nothing; it has hook_embed/);
  await refused(() => Model.create({ d_model: 0 }, cpu), /model\.d_model is 0/);
  await refused(() => Model.create({ n_layers: 16, d_model: 1024, d_head: 512, n_heads: 32 }, cpu), /at most 64000000/);
  assert.deepEqual((await model.forward([clean])).shape, [1, 7, 67]);
});

test("a model by itself may be smaller than any task", async () => {
  const model = await Model.create({ n_ctx: 1, d_vocab: 2, d_model: 1 }, cpu);
  assert.deepEqual((await model.forward([[1]])).shape, [1, 1, 2]);
});

test("the table of settings describes every field, and its defaults are the default experiment", () => {
  const { experiment, errors } = checkExperiment({});
  assert.deepEqual(errors, []);
  // Of a link's other fields (the steps trained, the list, the view) a run is no function.
  const own = settings().filter(({ group, path }) => group in experiment && path !== "train.steps");
  for (const setting of own) {
    assert.deepEqual(experiment[setting.group][setting.label], setting.default, setting.path);
    assert.ok(setting.help.endsWith("."), setting.path);
  }
  const fields = Object.values(experiment).reduce((sum, group) => sum + Object.keys(group).length, 0);
  assert.equal(own.length, fields);
  const wrong = checkExperiment({ task: { list_length: 99 }, model: { n_heads: "two" } });
  assert.equal(wrong.experiment, null);
  assert.deepEqual(wrong.errors.map((error) => error.path), ["task.list_length", "model.n_heads"]);
});

test("sequences and labels of the task", async () => {
  const { task } = checkExperiment({}).experiment;
  assert.deepEqual(taskSequence(task, [6, 2, 59, 50, 20]), [65, 6, 2, 59, 50, 20, 66, 2, 6, 20, 50, 59]);
  await refused(() => tokenLabel(task, -1), /token must be a whole number/);
  assert.deepEqual([65, 66, 7].map((token) => tokenLabel(task, token)), ["BOS", "MID", "7"]);
  await refused(() => taskSequence(task, []), /has 0 numbers; it can have 1 to 5/);
  await refused(() => taskSequence(task, [64]), /has the number 64; it can have 1 to 5 numbers from 0 to 63/);
});

test("a model of more parameters than wasm can count is refused", async () => {
  const model = { n_heads: 64, d_model: 4096, d_head: 4096 }; // each matrix has 2 to the power of 32 values in its heads
  const { errors } = checkExperiment({ model, train: { batch_size: 1 } });
  assert.deepEqual(errors.map(({ path }) => path), ["model.d_model"]);
  await refused(() => Run.create({ model, train: { batch_size: 1 } }, cpu), /parameters; at most 20000000 are allowed here/);
  await refused(() => Model.create(model, cpu), /parameters; at most 64000000 are allowed here/);
});

test("a run of a run's model has its task, unless another is named", async () => {
  for (const task of [{ name: "max_of_list", list_length: 4 }, { list_length: 4, max_value: 20 }]) {
    const model = (await Run.create({ task }, cpu)).model();
    const run = await Run.fromModel(model);
    assert.deepEqual(run.experiment.task, model.task);
  }
  const sorter = (await Run.create({}, cpu)).model();
  const run = await Run.fromModel(sorter, { task: { name: "max_of_list", max_value: 64 } });
  assert.equal(run.experiment.task.name, "max_of_list");
});
