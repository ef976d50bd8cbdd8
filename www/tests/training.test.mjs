// The page trains by itself, obeys its transport, answers while it trains, and goes on in the background.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { button, figure, open, pause, setUp, until, untilStep } from "./helpers.mjs";

/** In a cell of the first column, well below the diagonal, of a lone head's pattern. */
const CELL = { x: 80, y: 400 };

let place;
before(async () => void (place = await setUp()));
after(() => place?.stop());

/** Different colours on the attention canvas, as a picture of it shows them. */
const colours = async (page) => {
  const png = await page.locator('canvas[data-canvas="clean"]').screenshot();
  return page.evaluate(async (base64) => {
    const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], { type: "image/png" }));
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    context.drawImage(bitmap, 0, 0);
    return new Set(new Uint32Array(context.getImageData(0, 0, bitmap.width, bitmap.height).data.buffer)).size;
  }, png.toString("base64"));
};

test("opened, it trains: the loss falls, attention and predictions appear, nothing leaves the origin", async () => {
  const { page, context, record } = await open(place);
  await untilStep(page, 5);
  const first = await until("a loss", () => figure(page, "loss"));
  assert.ok(first > 2, `an untrained model's loss is about ln 67, not ${first}`);
  assert.equal(await page.locator(".answer .prediction").count(), 5, "a prediction under MID and the four that follow");
  assert.deepEqual(await page.locator(".token .label").allInnerTexts(), ["BOS", "6", "2", "59", "50", "20", "MID", "2", "6", "20", "50", "59"]);
  assert.ok((await colours(page)) > 10, "the pattern has many shades");
  await untilStep(page, 220, 120_000);
  const later = await figure(page, "loss");
  assert.ok(later < first / 1.5, `loss ${first} fell to ${later}`);
  await until("an accuracy on held-out lists", async () => (await figure(page, "tokens")) > 10);
  assert.match(await page.locator('[data-figure="lists"]').innerText(), /on \d[\d,]* held-out lists/);
  assert.match(await page.locator(".chip.device").innerText(), /CPU/);
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  assert.deepEqual(await page.evaluate(() => Object.keys(window).filter((key) => /tiny|preact|plot/i.test(key))), [], "nothing on window");
  await context.close();
});

test("pause, one step, N steps, reset", async () => {
  const { page, context, record } = await open(place);
  await untilStep(page, 3);
  const rested = await pause(page);
  await button(page, "One step").click();
  await until("one more step", async () => (await figure(page, "step")) === rested + 1);

  await page.getByLabel(/^Number of steps/).fill("7");
  await button(page, "steps").click();
  await until("seven more steps", async () => (await figure(page, "step")) === rested + 8);
  await button(page, "Play").waitFor();

  // At rest it is evaluated once more, on more lists.
  await until("an evaluation at rest", async () => /on [\d,]+ held-out/.test(await page.locator('[data-figure="lists"]').innerText()));
  assert.equal(await figure(page, "step"), rested + 8, "it stays where it was");

  const losses = async () => {
    await button(page, "Reset to step 0").click();
    await until("step 0", async () => (await figure(page, "step")) === 0);
    const list = [];
    for (let i = 1; i <= 3; i++) {
      await page.keyboard.press(".");
      await until(`step ${i}`, async () => (await figure(page, "step")) === i);
      list.push(await figure(page, "loss"));
    }
    return list;
  };
  const once = await losses();
  assert.deepEqual(await losses(), once, "the same seed gives the same losses");

  await page.locator("#seed").fill("43");
  await page.keyboard.press("Enter");
  await until("step 0", async () => (await figure(page, "step")) === 0);
  await page.locator("h1").click(); // out of the field: shortcuts do not work in fields
  await page.keyboard.press(".");
  await until("step 1", async () => (await figure(page, "step")) === 1);
  assert.notEqual(await figure(page, "loss"), once[0], "another seed gives another loss");

  await page.keyboard.press(" ");
  await untilStep(page, 4);
  await page.keyboard.press(" ");
  await button(page, "Play").waitFor();
  await page.locator("#list").focus();
  await page.keyboard.press("r");
  assert.notEqual(await figure(page, "step"), 0, "r in a field is a letter");
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("while it trains at full speed, a click and a pointer are answered within 50 ms", async (t) => {
  const { page, context } = await open(place);
  await untilStep(page, 5);
  // From the time stamp of the event to the first frame after the answer.
  await page.evaluate(() => {
    const waits = (document.body.waits = []);
    let since = null;
    const start = (event) => (since ??= event.timeStamp);
    document.addEventListener("click", (event) => event.target.matches(".sequence input") && start(event), true);
    document.querySelector("canvas[data-canvas=clean]").addEventListener("pointermove", start, true);
    const answered = () => {
      if (since === null) return;
      const from = since;
      since = null;
      requestAnimationFrame(() => waits.push(performance.now() - from));
    };
    new MutationObserver(answered).observe(document.querySelector(".prompt"), { childList: true, subtree: true });
    new MutationObserver(answered).observe(document.querySelector(".attention"), { childList: true, subtree: true, attributes: true, attributeFilter: ["data-cell"] });
  });
  const waits = () => page.evaluate(() => document.body.waits);
  const judge = async (what, times, act) => {
    await page.evaluate(() => (document.body.waits.length = 0));
    for (let i = 0; i < times; i++) {
      await act(i);
      await until("an answer", async () => (await waits()).length > i, 5000);
    }
    const sorted = (await waits()).sort((a, b) => a - b);
    const [median, ninth] = [0.5, 0.9].map((share) => sorted[Math.floor(share * (sorted.length - 1))]);
    t.diagnostic(`${what}: median ${median.toFixed(0)} ms, 90th percentile ${ninth.toFixed(0)} ms of ${times}`);
    return { median, ninth };
  };

  const toggle = page.getByLabel("every position’s prediction");
  const click = await judge("click", 40, () => toggle.click());
  const box = await page.locator('canvas[data-canvas="clean"]').boundingBox();
  // Two cells of the first column, in turn.
  const hover = await judge("pointer on the canvas", 40, (i) => page.mouse.move(box.x + CELL.x, box.y + CELL.y - (i % 2 ? 100 : 0)));
  assert.ok(click.median <= 50 && click.ninth <= 50, "clicks");
  // This one is the worker's answer, which waits for the step under way: on the CPU that may be most of the time allowed.
  assert.ok(hover.median <= 50, "pointer");
  const before = await figure(page, "step");
  await untilStep(page, before + 1);
  await context.close();
});

test("the cell under the pointer is read out, and stands in the table", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 3);
  await pause(page);
  const box = await page.locator('canvas[data-canvas="clean"]').boundingBox();
  await page.mouse.move(box.x + CELL.x, box.y + CELL.y);
  const readout = page.locator(".attention .readout");
  await until("a cell", () => readout.getAttribute("data-cell"));
  const [destination, source] = (await readout.getAttribute("data-cell")).split(",").map(Number);
  const value = (await readout.innerText()).match(/\d\.\d{3}/)[0];
  await page.locator(".attention .twin > summary").click();
  const cell = page.locator(".attention tbody tr").nth(destination).locator("td").nth(source);
  assert.equal(await cell.innerText(), value);
  const rows = await page.locator(".attention tbody tr").evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll("td")].reduce((sum, td) => sum + Number(td.textContent), 0)));
  assert.equal(rows.length, 12);
  for (const sum of rows) assert.ok(Math.abs(sum - 1) < 0.01, `a row of the pattern sums to 1, not ${sum}`);
  await context.close();
});

test("the curve is read by pointer and by keyboard, on either axis", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 1);
  await pause(page);
  // So many steps and no more: a longer curve has several steps in a point.
  await button(page, "Reset to step 0").click();
  await until("step 0", async () => (await figure(page, "step")) === 0);
  await page.getByLabel(/^Number of steps/).fill("60");
  await button(page, "steps").click();
  await until("step 60", async () => (await figure(page, "step")) === 60);
  await button(page, "Play").waitFor();
  const reading = page.locator('[data-figure="reading"]');
  const over = await page.locator(".chart .u-over").boundingBox();
  await page.mouse.move(over.x + over.width * 0.2, over.y + over.height / 2);
  await until("a reading", async () => /^step \d+, training \d\.\d+/.test(await reading.innerText()));
  // Another axis is another chart, made a frame later.
  const old = await page.locator(".chart .u-over").elementHandle();
  await page.getByLabel("log axis").click();
  await until("the new chart", () => old.evaluate((element) => !element.isConnected));
  await page.locator(".chart").focus();
  await page.keyboard.press("Home");
  assert.match(await reading.innerText(), /^step 1, training/);
  await page.keyboard.press("ArrowRight");
  assert.match(await reading.innerText(), /^step 2, training/);
  await context.close();
});

test("answers from a run that has been replaced are dropped", async () => {
  const patch = `{
    const post = self.postMessage.bind(self);
    self.postMessage = (message, transfer) => {
      post(message, transfer);
      if (message.type === "opened" && message.run > 1) post({ type: "trained", run: message.run - 1, step: 99999, losses: new Float32Array([1]), stepsPerSecond: 1, learningRate: 0.5 });
    };
  }`;
  const { page, context } = await open(place, { patch });
  await untilStep(page, 2);
  await pause(page);
  await button(page, "Reset to step 0").click();
  await until("step 0", async () => (await figure(page, "step")) === 0);
  await button(page, "One step").click();
  await until("one step", async () => (await figure(page, "step")) === 1);
  assert.equal(await page.locator('[data-figure="rate"]').innerText(), "0.001");
  await page.locator(".chart").focus();
  // The chart has a new point a frame later than the figures.
  const last = async () => (await page.keyboard.press("End"), page.locator('[data-figure="reading"]').innerText());
  assert.match(await until("a reading", async () => (/^step/.exec(await last()) ? last() : null)), /^step 1, /);
  await context.close();
});

test("a model that takes thousands of steps a second is looked at and evaluated like any other", async () => {
  const { page, context, record } = await open(place, { link: "v=1&task.list_length=2&task.max_value=8&model.d_model=8&train.batch_size=4" });
  // It learns all of its 64 lists, and the page says so while it trains.
  await until("every list right", async () => (await figure(page, "sequences")) === 100, 30_000);
  await until("predictions of the model as it is", async () => /100\s%/.test(await page.locator(".answer .prediction").first().innerText()), 10_000);
  assert.equal(await button(page, "Pause").count(), 1, "it still trains");
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("in the background it goes on training", async () => {
  // Headless Chromium calls every page visible and throttles nothing, so this does to the worker what a hidden tab does to it: a
  // timer takes a second at least, and no frame ever comes.
  const patch = `{
    const later = self.setTimeout;
    self.setTimeout = (work, wait, ...args) => later(work, Math.max(1000, wait ?? 0), ...args);
    self.requestAnimationFrame = () => 0;
  }`;
  const { page, context } = await open(place, { patch });
  await untilStep(page, 3);
  const front = await context.newPage();
  await front.bringToFront();
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { get: () => true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  const from = await figure(page, "step");
  const start = Date.now();
  await untilStep(page, from + 40);
  const seconds = (Date.now() - start) / 1000;
  assert.ok(seconds < 30, `40 steps took ${seconds} s: a timer between two steps would take 40`);
  await context.close();
});
