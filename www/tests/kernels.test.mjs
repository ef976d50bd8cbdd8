// The training step by hand on WebGPU, in Chromium: what it records, and that it computes what the CPU does. Natively
// naga validates the same shaders (crate/tests/kernels.rs), but not that all threads of a workgroup reach each barrier:
// Chromium refuses one that they may not reach. On a software adapter a kernel takes seconds to compile: few models
// here, more where TINYLENS_KERNELS says how many.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { safetensors } from "../../pkg/test/fixtures.mjs";
import { openModule, setUp } from "./helpers.mjs";

const MODELS = Number(process.env.TINYLENS_KERNELS ?? 8);

let chromium, page;
before(async () => {
  chromium = await setUp(fileURLToPath(new URL("../../pkg", import.meta.url)));
  page = await openModule(chromium, { init: countCalls });
});
after(() => chromium.stop());

/** Runs in the page, before the module: counts in `counts` what is asked of the GPU, and how many buffers it has. */
function countCalls() {
  globalThis.counts = { buffers: 0 };
  const count = (prototype, name, also) => {
    const original = prototype?.[name];
    if (!original) return;
    prototype[name] = function (...given) {
      counts[name] = (counts[name] ?? 0) + 1;
      also?.();
      return original.apply(this, given);
    };
  };
  count(globalThis.GPUComputePassEncoder?.prototype, "dispatchWorkgroups");
  count(globalThis.GPUQueue?.prototype, "submit");
  const device = globalThis.GPUDevice?.prototype;
  for (const name of ["createBindGroup", "createComputePipeline", "createShaderModule"]) count(device, name);
  count(device, "createBuffer", () => counts.buffers++);
  count(globalThis.GPUBuffer?.prototype, "destroy", () => counts.buffers--);
}

const small = {
  "one layer of attention": { model: { n_heads: 2, d_model: 16 }, task: { max_value: 12 }, train: { batch_size: 8 } },
  "two layers with norm and MLP": {
    task: { list_length: 4, max_value: 12 },
    model: { n_layers: 2, n_heads: 2, d_model: 16, attn_only: false, act_fn: "gelu", normalization_type: "LN" },
    train: { batch_size: 4 },
  },
  // Batches as wide as their longest list.
  "lists of any length": { task: { max_value: 12, var_length: true }, model: { d_model: 16 }, train: { batch_size: 4 } },
};

test("a step is two dispatches, whatever the model, and creates nothing", async () => {
  for (const [name, experiment] of Object.entries(small)) {
    const counted = await page.evaluate(async (experiment) => {
      const run = await tinylens.Run.create(experiment, await tinylens.openDevice("webgpu"));
      await run.step(5);
      const live = counts.buffers;
      globalThis.counts = { buffers: live };
      await run.step(40);
      return { path: run.path, live, ...counts };
    }, experiment);
    assert.equal(counted.path, "kernels", name);
    assert.equal(counted.dispatchWorkgroups, 2 * 40, name);
    for (const what of ["createBindGroup", "createComputePipeline", "createShaderModule"])
      assert.equal(counted[what] ?? 0, 0, `${name}: ${what}`);
    assert.ok(counted.submit <= 3, `${name}: ${counted.submit} submissions`);
    assert.ok(counted.buffers - counted.live <= 1, `${name}: ${counted.live} buffers, then ${counted.buffers}`);
  }
});

test("losses are the CPU's through the schedule, 20 steps to 1e-5, 300 to 1e-4; no memory is lost", async (t) => {
  const schedule = { num_samples: null, lr: 0.0005, plateau_patience: 0, plateau_threshold: 0.5 };
  for (const [name, experiment] of Object.entries(small)) {
    const { cpu, gpu, buffers } = await page.evaluate(
      async ({ experiment }) => {
        const train = async (kind) => {
          const run = await tinylens.Run.create(experiment, await tinylens.openDevice(kind));
          const losses = [];
          const buffers = [];
          // Chunks of several lengths, with the model looked at in between.
          for (const n of [1, 19, 80, 101, 60, 39]) {
            losses.push(...(await run.step(n)).losses);
            await run.fingerprint();
            buffers.push(counts.buffers);
          }
          return { losses, buffers, rate: run.learningRate, evaluation: await run.evaluate(100) };
        };
        const [cpu, gpu] = [await train("cpu"), await train("webgpu")];
        return { cpu, gpu, buffers: gpu.buffers };
      },
      { experiment: { ...experiment, train: { ...experiment.train, ...schedule } } },
    );
    const apart = cpu.losses.map((loss, step) => Math.abs(loss - gpu.losses[step]));
    const worst = (steps) => Math.max(...apart.slice(0, steps));
    const [early, late] = [20, 300].map((steps) => worst(steps).toExponential(1));
    t.diagnostic(`${name}: largest difference ${early} in 20 steps, ${late} in 300`);
    assert.equal(gpu.losses.length, 300);
    assert.ok(worst(20) <= 1e-5, `${name}: ${worst(20)} in 20 steps`);
    assert.ok(worst(300) <= 1e-4, `${name}: ${worst(300)} in 300 steps`);
    assert.ok(cpu.rate < 0.0005 && gpu.rate === cpu.rate, `${name}: rates ${cpu.rate} and ${gpu.rate}`);
    assert.ok(Math.abs(gpu.evaluation.loss - cpu.evaluation.loss) < 1e-3, name);
    assert.ok(buffers.at(-1) <= buffers.at(-3), `${name}: ${buffers} buffers`);
  }
});

test("every gradient is the CPU's to 1e-4, of models and tasks drawn at random", async (t) => {
  let worst = 0;
  for (let number = 0; number < MODELS; number++) {
    const experiment = drawn(number);
    const [cpu, gpu] = await page.evaluate(async (experiment) => {
      const saved = [];
      for (const kind of ["cpu", "webgpu"]) {
        const run = await tinylens.Run.create(experiment, await tinylens.openDevice(kind));
        // Several, one at a time: an epoch's last batch may be short.
        for (let step = 0; step < 3; step++) await run.step(1);
        saved.push({ path: run.path, bytes: Array.from(await run.save()) });
      }
      return saved;
    }, experiment);
    assert.equal(gpu.path, "kernels", JSON.stringify(experiment));
    // From zero, Adam's mean is the gradients' weighted sum; at this rate all three are those of the initial weights.
    const gradients = ({ bytes }) => {
      const { data } = safetensors(Uint8Array.from(bytes)).tensors["adam.mean"];
      return data.map((mean) => mean / 0.1);
    };
    const [expected, got] = [cpu, gpu].map(gradients);
    const apart = expected.reduce((most, x, i) => Math.max(most, Math.abs(x - got[i]) / Math.max(1, Math.abs(x))), 0);
    worst = Math.max(worst, apart);
    assert.ok(apart <= 1e-4, `${JSON.stringify(experiment)}: ${apart}`);
  }
  t.diagnostic(`${MODELS} models: largest difference ${worst.toExponential(1)}`);
});

/** An experiment that the kernels cover; the same for the same number. */
function drawn(number) {
  let state = number + 1;
  const draw = (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  const one = (...choices) => choices[draw(choices.length)];
  for (let i = 0; i < 5; i++) draw(1);
  const values = 3 + draw(20);
  const var_length = draw(4) === 0;
  const d_head = 2 + draw(12);
  const length = 1 + draw(6);
  const batch_size = 1 + draw(24);
  return {
    task: {
      list_length: length,
      max_value: values,
      bos_token: one(null, values, values),
      mid_token: one(null, values + 1, values + 1),
      eos_token: one(null, values + 2),
      repeats: values < length || draw(3) > 0,
      var_length,
    },
    model: {
      n_layers: 1 + draw(3),
      n_heads: 1 + draw(4),
      d_model: 4 + draw(40),
      d_head,
      d_mlp: 1 + draw(60),
      d_vocab: values + 3,
      d_vocab_out: values + 3,
      attn_only: draw(3) === 0,
      act_fn: one("relu", "gelu", "gelu_new", "silu"),
      normalization_type: one(null, "LN", "LNPre", "RMS", "RMSPre"),
      positional_embedding_type: one("standard", "standard", "shortformer", "rotary"),
      rotary_dim: 2 * draw(1 + (d_head >> 1)),
      rotary_adjacent_pairs: draw(2) === 0,
      attention_dir: one("causal", "causal", "bidirectional"),
      use_attn_scale: draw(4) > 0,
      seed: number,
    },
    train: { batch_size, num_samples: one(null, batch_size + draw(60), 250), train_seed: number, lr: 1e-7 },
  };
}
