// The page's worker on WebGPU, going on for many steps: what it has of GPU buffers, and the module of memory, stays bounded.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { open, setUp, untilStep } from "./helpers.mjs";

let place;
before(async () => void (place = await setUp()));
after(() => place?.stop());

/** Ahead of the worker's own script: counts buffers that are made and not destroyed, and keeps hold of the module's memory. */
const COUNT = `{
  let live = 0;
  const wrap = (prototype, name, by) => {
    const original = prototype[name];
    prototype[name] = function (...given) { live += by; return original.apply(this, given); };
  };
  wrap(GPUDevice.prototype, "createBuffer", 1);
  wrap(GPUBuffer.prototype, "destroy", -1);
  let memory = null;
  const instantiate = WebAssembly.instantiate;
  WebAssembly.instantiate = async (...given) => {
    const made = await instantiate(...given);
    memory = (made.instance ?? made).exports.memory;
    return made;
  };
  self.taken = () => ({ live, bytes: memory?.buffer.byteLength ?? null });
}`;

/** Small enough for a software adapter to get somewhere. */
const LINK = "v=1&device=webgpu&task.list_length=2&task.max_value=8&task.bos_token=8&task.mid_token=9&model.d_model=8&train.batch_size=4&train.num_samples=null";

test("GPU buffers and memory are bounded over many steps", async (t) => {
  const { page, context, record } = await open(place, { patch: COUNT, link: LINK });
  const taken = () => page.workers()[0].evaluate(() => self.taken());
  await untilStep(page, 100, 120_000);
  const early = await taken();
  const seen = [];
  for (const step of [200, 300, 400, 500]) {
    await untilStep(page, step, 120_000);
    seen.push(await taken());
  }
  t.diagnostic(`live buffers and bytes: ${JSON.stringify([early, ...seen])}`);
  assert.ok(early.live > 0, "it computes on WebGPU");
  // burn's pool grows in leaps while the page evaluates and looks (to some 530 after 2,000 steps, where it stays); one buffer that leaked in
  // every step would be 400 in the end.
  for (const { live, bytes } of seen) {
    assert.ok(live <= early.live + 200, `${live} buffers, ${early.live} at first`);
    assert.ok(bytes <= early.bytes + 2 ** 21, `${bytes} bytes, ${early.bytes} at first`);
  }
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});
