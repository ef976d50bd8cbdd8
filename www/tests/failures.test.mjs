// Devices, and what happens when things go wrong: each failure is forced in a real worker, and each time the page says so in
// one sentence and goes on, on the CPU, from a state at most 100 steps old.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { button, figure, notice, open, pause, reachesBack, setUp, until, untilStep, WASM, WORKER } from "./helpers.mjs";

let place;
before(async () => void (place = await setUp()));
after(() => place?.stop());

const NO_WEBGPU = `Object.defineProperty(navigator, "gpu", { value: undefined })`;
const NO_TIMESTAMPS = `{
  const features = Object.getOwnPropertyDescriptor(GPUAdapter.prototype, "features").get;
  Object.defineProperty(GPUAdapter.prototype, "features", { get() { const set = new Set(features.call(this)); set.delete("timestamp-query"); return set; } });
}`;
const KEEP_DEVICE = `{
  const request = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (...args) { return (globalThis.keptDevice = await request.apply(this, args)); };
}`;
const KEEP_EXPORTS = `{
  const instantiate = WebAssembly.instantiate;
  WebAssembly.instantiate = async (...args) => {
    const result = await instantiate.apply(WebAssembly, args);
    globalThis.keptExports = (result.instance ?? result).exports;
    return result;
  };
}`;

const worker = (page) => page.workers()[0];
const chip = (page) => page.locator(".chip.device");
const why = (page) => page.locator(".devices .why");
const panic = (page) => worker(page).evaluate(() => void setTimeout(() => globalThis.keptExports.__tinylens_panic()));

async function choose(page, kind) {
  await chip(page).click();
  await page.locator(`.devices input[value="${kind}"]`).click();
}

/** The page said one sentence, lost at most 100 steps, and trains on, on the CPU. Returns the step it went on from. */
async function recovered(page, sentence, failedAt) {
  await notice(page).waitFor({ timeout: 60_000 });
  const text = await notice(page).innerText();
  assert.match(text, sentence);
  assert.equal(text.match(/[.!?](\s|$)/g).length, 1, `one sentence: ${text}`);
  const from = Number(text.match(/from step ([\d,]+) on the CPU/)[1].replaceAll(",", ""));
  assert.ok(from >= failedAt - 100, `went on from ${from}, failed after ${failedAt}`);
  await until("the CPU", async () => /CPU/.test(await chip(page).innerText()));
  await until("training to go on", async () => (await figure(page, "step")) > from);
  await until("the canvas to be drawn anew", async () => (await page.locator('canvas[data-canvas="clean"]').boundingBox()).height > 200);
  return from;
}

test("a browser without WebGPU trains on the CPU and says why; asking for WebGPU is refused and loses nothing", async () => {
  const { page, context, record } = await open(place, { patch: NO_WEBGPU });
  await untilStep(page, 3);
  assert.match(await chip(page).innerText(), /CPU/);
  await until("why it is the CPU", async () => /WebGPU/.test(await chip(page).getAttribute("title")));
  await choose(page, "webgpu");
  const error = page.locator(".devices .error");
  await error.waitFor();
  assert.match(await error.innerText(), /WebGPU/);
  const step = await figure(page, "step");
  assert.ok(step >= 3);
  await untilStep(page, step + 2);
  assert.match(await chip(page).innerText(), /CPU/);
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("an adapter without what burn needs is not used, and the page says so", async () => {
  const { page, context } = await open(place, { patch: NO_TIMESTAMPS });
  await untilStep(page, 2);
  await until("why it is the CPU", async () => /timestamp/.test(await chip(page).getAttribute("title")));
  await choose(page, "webgpu");
  const error = page.locator(".devices .error");
  await error.waitFor();
  assert.match(await error.innerText(), /timestamp/);
  assert.match(await chip(page).innerText(), /CPU/);
  await untilStep(page, (await figure(page, "step")) + 2);
  await context.close();
});

test("WebGPU", async (t) => {
  const { page, context } = await open(place, { patch: KEEP_DEVICE });
  await untilStep(page, 10);
  await t.test("auto takes the CPU where the adapter is software, and says so", async () => {
    assert.match(await chip(page).innerText(), /CPU/);
    await chip(page).click();
    assert.match(await why(page).innerText(), /software|slower/i);
    await page.keyboard.press("Escape");
  });

  await t.test("a live run moves to WebGPU with its steps, trains there, and moves back", async () => {
    await choose(page, "webgpu");
    const before = await figure(page, "step");
    await until("WebGPU", async () => /WebGPU/.test(await chip(page).innerText()), 120_000);
    const moved = await figure(page, "step");
    assert.ok(moved >= before, "it kept its steps");
    await untilStep(page, moved + 2, 120_000);
    assert.ok(Number.isFinite(await figure(page, "loss")));
    await page.locator('.devices input[value="cpu"]').click();
    await until("CPU", async () => /CPU/.test(await chip(page).innerText()), 120_000);
    assert.ok((await figure(page, "step")) >= moved + 2);
    assert.equal(await notice(page).count(), 0);
    await page.keyboard.press("Escape");
  });

  await t.test("a lost device", async () => {
    await choose(page, "webgpu");
    await until("WebGPU", async () => /WebGPU/.test(await chip(page).innerText()), 120_000);
    const moved = await figure(page, "step");
    await untilStep(page, moved + 1, 120_000);
    const failedAt = await figure(page, "step");
    await worker(page).evaluate(() => globalThis.keptDevice.destroy());
    await recovered(page, /^The GPU device was lost; going on from step/, failedAt);
  });
  await context.close();
});

test("a Rust panic", async () => {
  const { page, context, record } = await open(place, { patch: KEEP_EXPORTS });
  await untilStep(page, 120, 60_000);
  const failedAt = await figure(page, "step");
  await panic(page);
  const from = await recovered(page, /^The program failed; going on from step/, failedAt);
  assert.ok(from >= 100, "a save was made at step 100 or later");
  assert.ok(record.elsewhere.length === 0);
  // What came back is the same run, with its curve.
  await reachesBack(page);
  await context.close();
});

test("a panic at rest comes back to the very step, at rest", async () => {
  const patch = `${KEEP_EXPORTS}; { const post = self.postMessage.bind(self); self.postMessage = (message, transfer) => { if (message.type === "saved") globalThis.lastSaved = message.step; post(message, transfer); }; }`;
  const { page, context } = await open(place, { patch });
  await untilStep(page, 5);
  const rested = await pause(page);
  await until("a save at rest", async () => (await worker(page).evaluate(() => globalThis.lastSaved)) === rested);
  await panic(page);
  await notice(page).waitFor();
  assert.match(await notice(page).innerText(), new RegExp(`back at step ${rested} on the CPU\\.$`));
  await button(page, "One step").click();
  await until("one more step", async () => (await figure(page, "step")) === rested + 1);
  await context.close();
});

test("a worker that dies without a word", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 20);
  const failedAt = await figure(page, "step");
  void worker(page).evaluate(() => self.close()).catch(() => {});
  await recovered(page, /^The worker died; going on from step/, failedAt);
  await context.close();
});

test("failures without any progress end in a question, not in a loop", async () => {
  // A worker that fails whenever it is given a run.
  const { page, context } = await open(place, { patch: `addEventListener("message", ({ data }) => { if (data.type === "open") setTimeout(() => { throw new Error("forced") }); })` });
  const again = button(page, "Try again");
  await again.waitFor({ timeout: 60_000 });
  assert.match(await notice(page).innerText(), /three times in a row/);
  assert.equal(await button(page, "Dismiss").count(), 0, "the only way on can't be put out of sight");
  await context.unroute(WORKER);
  await again.click();
  await untilStep(page, 2);
  await context.close();
});

test("after it has given up, Play and a new run work as well as Try again", async () => {
  for (const name of ["Play", "Reset to step 0"]) {
    // The first run opens; whatever is to take its place fails.
    const fails = `addEventListener("message", ({ data }) => { if (data.type === "open" && data.run > 1) setTimeout(() => { throw new Error("forced") }); })`;
    const { page, context } = await open(place, { patch: fails });
    await untilStep(page, 5);
    void worker(page).evaluate(() => self.close()).catch(() => {});
    await button(page, "Try again").waitFor({ timeout: 60_000 });
    await context.unroute(WORKER);
    await button(page, name).click();
    if (name !== "Play") await button(page, "Play").click();
    await untilStep(page, 2);
    await context.close();
  }
});

test("a program that can't be downloaded: said, and tried again on request", async () => {
  const context = await place.browser.newContext();
  await context.route(WASM, (route) => route.abort());
  const page = await context.newPage();
  await page.goto(place.url);
  const again = button(page, "Try again");
  await again.waitFor();
  assert.match(await notice(page).innerText(), /could not be downloaded/);
  await context.unroute(WASM);
  await again.click();
  await untilStep(page, 2);
  await context.close();
});
