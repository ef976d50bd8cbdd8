// What the API says of TransformerLens, in Node: generation, masks, interventions, weight processing. The oracle fixtures themselves
// are compared in crate/tests; here they come through JavaScript.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { Model } from "../tinylens.js";
import { close, fixture } from "./fixtures.mjs";
import { cpu, refused } from "./helpers.mjs";

const open = async (name) => {
  const { tensors, metadata } = await fixture(name);
  return { model: await Model.fromCheckpoint(await metadata.checkpoint(), cpu, metadata.config), tensors };
};

test("logits and every activation of a two-layer model equal TransformerLens's", async () => {
  const { model, tensors } = await open("ln_relu");
  const { logits, cache } = await model.runWithCache(tensors.tokens.rows());
  close(logits.data, tensors.logits.data, 1e-5, "logits");
  const hooks = Object.keys(tensors).filter((name) => name.startsWith("cache."));
  assert.deepEqual(Object.keys(cache).sort(), hooks.map((name) => name.slice(6)).sort());
  assert.deepEqual(Object.keys(cache), model.hookNames());
  for (const name of hooks) {
    const { shape, data } = cache[name.slice(6)];
    assert.deepEqual(shape, tensors[name].shape, name);
    close(data, tensors[name].data, 1e-5, name);
  }
  assert.equal((await model.runWithCache(tensors.tokens.rows(), ["blocks.1.attn.hook_pattern"])).cache["blocks.1.attn.hook_pattern"].shape.length, 4);
});

test("a padding mask does what TransformerLens's attention_mask does", async () => {
  const { model, tensors } = await open("left_padding");
  const mask = tensors.attention_mask.rows();
  close((await model.forward(tensors.tokens.rows(), { mask })).data, tensors.logits.data, 1e-5, "logits");
  await refused(() => model.forward(tensors.tokens.rows(), { mask: mask.slice(1) }), /mask has 1 rows and tokens has 2/);
  await refused(() => model.forward(tensors.tokens.rows(), { mask: [[1], [1]] }), /mask\[0\] has 1 values/);
  await refused(() => model.forward(tensors.tokens.rows(), { masks: mask }), /no field masks; it has mask, interventions/);
});

test("interventions replace, zero, average and add", async () => {
  const { model } = await open("ln_relu");
  const { tensors } = await fixture("interventions");
  const tokens = tensors.tokens.rows();
  const { shape, data } = tensors.values;
  const values = new Float32Array(tokens[0].length * shape[1]);
  values.set(data, shape[1]);
  const interventions = [
    { hook: "blocks.0.attn.hook_z", edit: "replace", value: { shape: [tokens[0].length, 1, shape[1]], data: values }, heads: [1], positions: [1, 2] },
    { hook: "blocks.1.attn.hook_pattern", edit: "zero", heads: [0] },
    { hook: "blocks.0.attn.hook_z", edit: "mean", heads: [0] },
    { hook: "blocks.1.hook_resid_pre", edit: "add", value: tensors.vector, positions: [2] },
  ];
  for (const [number, name] of ["replace", "zero", "mean", "add"].entries()) {
    const { data: logits } = await model.forward(tokens, { interventions: [interventions[number]] });
    close(logits, tensors[`logits.${name}`].data, 1e-5, name);
  }
  close((await model.forward(tokens, { interventions })).data, tensors["logits.all"].data, 1e-5, "all");
  const wrong = (change, pattern) => refused(() => model.forward(tokens, { interventions: [{ ...interventions[1], ...change }] }), pattern);
  await wrong({ hook: "blocks.7.hook_z" }, /interventions\[0\]\.hook is blocks\.7\.hook_z; this model has the hooks hook_embed/);
  await wrong({ heads: [2] }, /heads names 2; in blocks\.1\.attn\.hook_pattern they are 0 to 1/);
  await wrong({ hook: "hook_embed" }, /heads is given; hook_embed, of shape \[2, 6, 8\], has no such axis/);
  await wrong({ edit: "delete" }, /edit must be "zero", "mean", "resample", "replace" or "add"/);
  await wrong({ edit: "add" }, /value must be a number or a tensor/);
  await wrong({ edit: "add", value: { shape: [3, 3], data: new Float32Array(9) } }, /shape \[3, 3\]; it must broadcast to that of blocks\.1\.attn\.hook_pattern, \[2, 2, 6, 6\]/);
  close((await model.forward(tokens)).data, (await model.forward(tokens, {})).data, 0, "nothing is left behind");
});

test("generation: greedy and stopped as TransformerLens, sampled by seed", async () => {
  const { greedy } = JSON.parse(await readFile(new URL("../../crate/tests/oracle/generation.json", import.meta.url)));
  for (const { case: name, prompts, max_new_tokens: maxNewTokens, eos_token_id, tokens } of greedy) {
    if (Array.isArray(eos_token_id)) continue; // our API has one stop token
    const { model } = await open(name);
    // TransformerLens writes one token beyond the context, which it need not read any more.
    const room = Math.min(maxNewTokens, model.config.n_ctx - prompts[0].length);
    const expected = tokens.map((row) => row.slice(0, prompts[0].length + room));
    assert.deepEqual(await model.generate(prompts, { maxNewTokens: room, stopToken: eos_token_id ?? undefined }), expected);
  }
  const { model } = await open("notebook");
  const draw = (options) => model.generate([[4, 9]], { maxNewTokens: 4, temperature: 1, ...options });
  assert.deepEqual(await draw({ seed: 3 }), await draw({ seed: 3 }));
  assert.deepEqual(await draw({ topK: 1 }), await model.generate([[4, 9]], { maxNewTokens: 4 }));
  const seen = new Set();
  for (let seed = 0; seed < 20; seed++) seen.add((await draw({ seed })).join());
  assert.ok(seen.size > 5, `${seen.size} different continuations`);
  // A row is what it is alone.
  const both = await model.generate([[4, 9], [3, 0, 2]], { maxNewTokens: 3, temperature: 1, seed: 5 });
  assert.deepEqual(both[0], (await model.generate([[4, 9]], { maxNewTokens: 3, temperature: 1, seed: 5 }))[0]);
  await refused(() => model.generate([[4, 9]], { maxNewTokens: 5 }), /prompts\[0\] has 2 tokens and 5 more are asked for; this model has 6 positions/);
  await refused(() => model.generate([[4]], { maxNewTokens: 1, temperature: -1 }), /temperature is -1; it must be/);
  await refused(() => model.generate([[4]], { maxNewTokens: 1, topP: 2 }), /topP is 2; it must be/);
  await refused(() => model.generate([[4]], { maxNewTokens: 1, topk: 2 }), /no field topk/);
  await refused(() => model.generate([[4]], {}), /maxNewTokens must be a whole number/);
});

test("weight processing keeps the log probabilities and says what it left out", async () => {
  const { model, tensors } = await open("ln_solu_ln");
  const tokens = tensors.tokens.rows();
  const processed = await model.processWeights();
  assert.equal(processed.config.normalization_type, "LNPre");
  const logSoftmax = ({ shape, data }) => {
    const width = shape.at(-1);
    return data.map((x, i) => {
      const row = data.subarray(i - (i % width), i - (i % width) + width);
      return x - Math.log(row.reduce((sum, y) => sum + Math.exp(y), 0));
    });
  };
  close(logSoftmax(await processed.forward(tokens)), logSoftmax(await model.forward(tokens)), 1e-5, "log probabilities");
  const partly = await model.processWeights({ foldLn: false });
  assert.equal(partly.config.normalization_type, "LN");
  const { model: plain } = await open("notebook");
  assert.match((await plain.processWeights()).source.notes.join(" "), /writing weights were not centered/);
  await refused(() => model.processWeights({ fold_ln: true }), /no field fold_ln; it has foldLn/);
});
