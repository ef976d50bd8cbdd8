// The program comes twice, small for the CPU and large with WebGPU: a visit downloads the former, and the latter when something takes it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { button, built, figure, open, pause, reachesBack, setUp, until, untilStep, WEBGPU_WASM } from "./helpers.mjs";

let place;
before(async () => void (place = await setUp()));
after(() => place?.stop());

const chip = (page) => page.locator(".chip.device");
const on = (page, name) => until(name, async () => new RegExp(name).test(await chip(page).innerText()), 120_000);
const LARGE = [built("worker_webgpu.js"), built("tinylens_webgpu.wasm")];

async function choose(page, kind) {
  await chip(page).click();
  await page.locator(`.devices input[value="${kind}"]`).click();
  await page.keyboard.press("Escape");
}

/** The large program's files that a page has asked for. */
function watched(context) {
  const asked = [];
  context.on("request", (request) => LARGE.some((name) => request.url().endsWith(name)) && asked.push(request.url()));
  return asked;
}

test("a visit without a GPU downloads the small program; WebGPU fetches the other, while the run goes on, and the choice can be undone", async () => {
  const { page, context, record } = await open(place);
  const asked = watched(context);
  let arrive;
  const held = new Promise((done) => (arrive = done));
  await context.route(WEBGPU_WASM, (route) => held.then(() => route.continue()));
  await untilStep(page, 20);
  await until("why it is the CPU", async () => /software/.test(await chip(page).getAttribute("title")));
  assert.deepEqual(asked, []);

  await choose(page, "webgpu");
  await until("the download", async () => asked.length === 2);
  const before = await figure(page, "step");
  await untilStep(page, before + 50);
  assert.match(await chip(page).innerText(), /moving/);
  arrive();
  await on(page, "WebGPU");
  const moved = await figure(page, "step");
  assert.ok(moved >= before + 50, `at step ${moved}, after ${before}`);
  await untilStep(page, moved + 1, 120_000);
  await until("the canvas to be drawn anew", async () => (await page.locator('canvas[data-canvas="clean"]').boundingBox()).height > 200);
  assert.equal(page.workers().length, 1);

  await pause(page);
  // A step that was under way ends; here one takes seconds, and longer when others want the cores too.
  let rested = NaN;
  await until("rest", async () => {
    const before = await figure(page, "step");
    await new Promise((done) => setTimeout(done, 9000));
    return (rested = await figure(page, "step")) === before;
  });
  await reachesBack(page);
  await page.locator('button[title^="Undo"]').first().click();
  await on(page, "CPU");
  assert.equal(await figure(page, "step"), rested);
  await page.locator('button[title^="Redo"]').first().click();
  await on(page, "WebGPU");
  assert.equal(asked.length, 2, "it is fetched once");
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("a link that asks for WebGPU gets it", async () => {
  const { page, context, record } = await open(place, { link: "v=1&device=webgpu&train.steps=2" });
  await on(page, "WebGPU");
  await untilStep(page, 2, 120_000);
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("a program that can't be fetched: said, and the run stays where it is", async () => {
  const { page, context } = await open(place);
  await context.route(WEBGPU_WASM, (route) => route.abort());
  await untilStep(page, 5);
  await choose(page, "webgpu");
  await chip(page).click();
  await page.locator(".devices .error").waitFor();
  assert.match(await page.locator(".devices .error").innerText(), /^The run stays where it is: The program could not be downloaded/);
  assert.match(await chip(page).innerText(), /CPU/);
  assert.ok(await page.locator('.devices input[value="auto"]').isChecked());
  await untilStep(page, (await figure(page, "step")) + 5);
  // Another try may find the network again.
  await context.unroute(WEBGPU_WASM);
  await page.locator('.devices input[value="webgpu"]').click();
  await on(page, "WebGPU");
  await context.close();
});

test("with a GPU auto measures it in a worker of its own, while the run has begun on the CPU", async () => {
  const hardware = `Object.defineProperty(GPUAdapter.prototype, "info", { get: () => ({ vendor: "some", architecture: "hardware", device: "", description: "", subgroupMinSize: 4, subgroupMaxSize: 4, isFallbackAdapter: false }) })`;
  const { page, context, record } = await open(place, { patch: hardware });
  const asked = watched(context);
  await untilStep(page, 3);
  await until("the other program", async () => asked.length === 2);
  await until("a choice", async () => /a step of this model takes [\d.]+ ms on/.test(await chip(page).getAttribute("title")), 120_000);
  await until("one worker", async () => page.workers().length === 1);
  const step = await figure(page, "step");
  await untilStep(page, step + 2, 120_000);
  // What was measured is not measured again for a model of the same size.
  if (/CPU/.test(await chip(page).innerText())) {
    const before = asked.length;
    await button(page, "Reset to step 0").click();
    await untilStep(page, 2);
    await until("the same choice", async () => /a step of this model takes/.test(await chip(page).getAttribute("title")));
    assert.equal(asked.length, before);
  }
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});
