// TransformerLens's figures in Chromium: a few of the fixtures of crate/tests/oracle, on WebGPU (1e-4) and on the CPU device (1e-5).

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { close, fixture } from "../../pkg/test/fixtures.mjs";
import { openModule, setUp } from "./helpers.mjs";

// Fewer on WebGPU: a software adapter takes seconds to compile each kernel.
const DEVICES = [
  { device: "cpu", tolerance: 1e-5, cases: ["notebook", "ln_solu_ln", "rotary_partial", "shortformer_ln", "left_padding"] },
  { device: "webgpu", tolerance: 1e-4, cases: ["notebook", "ln_solu_ln", "rotary_partial"] },
];

let chromium, page;
before(async () => {
  chromium = await setUp(fileURLToPath(new URL("../../pkg", import.meta.url)));
  page = await openModule(chromium);
});
after(() => chromium.stop());

for (const { device, tolerance, cases } of DEVICES) {
  test(`logits and every activation on ${device} are TransformerLens's to ${tolerance}`, async () => {
    for (const name of cases) {
      const { tensors, metadata } = await fixture(name);
      const bytes = Array.from(await metadata.checkpoint());
      const mask = tensors.attention_mask?.rows();
      const { logits, cache } = await page.evaluate(
        async ({ device, bytes, config, tokens, mask }) => {
          const model = await tinylens.Model.fromCheckpoint(new Uint8Array(bytes), await tinylens.openDevice(device), config);
          const { logits, cache } = await model.runWithCache(tokens, null, mask && { mask });
          // JSON, which carries what evaluate gives, has no -inf.
          const plain = ({ data }) => Array.from(data, (x) => (x === -Infinity ? "-inf" : x));
          return { logits: plain(logits), cache: Object.fromEntries(Object.entries(cache).map(([hook, tensor]) => [hook, plain(tensor)])) };
        },
        { device, bytes, config: metadata.config, tokens: tensors.tokens.rows(), mask },
      );
      const numbers = (values) => values.map((x) => (x === "-inf" ? -Infinity : x));
      close(numbers(logits), tensors.logits.data, tolerance, `${name}: logits`);
      for (const [hook, values] of Object.entries(cache)) close(numbers(values), tensors[`cache.${hook}`].data, tolerance, `${name}: ${hook}`);
      assert.equal(Object.keys(cache).length, Object.keys(tensors).filter((key) => key.startsWith("cache.")).length, name);
    }
  });
}
