// The pictures of attention: pinning, pointing, walking, what they show against the API, and their twins in numbers and files.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import init, { Model, openDevice, randomLists, Run, settings, taskSequence } from "../../pkg/tinylens.js";
import { button, figure, open, openModule, pause, setUp, until, untilStep } from "./helpers.mjs";
import { serve } from "../serve.mjs";

const SEED = fileURLToPath(new URL("../../crate/tests/checkpoints/seed_format_3000.pkl", import.meta.url));
const LIST = [6, 2, 59, 50, 20];
/** Two layers of four heads, untrained: what the page shows at step 0 is what the API makes of the same settings. */
const SMALL = { model: { n_layers: 2, n_heads: 4, d_model: 32 } };

let place, device, small, notebook;
before(async () => {
  place = await setUp();
  await init();
  device = await openDevice("cpu");
  small = await Run.create(SMALL, device);
  notebook = await Run.fromModel(await Model.fromCheckpoint(await readFile(SEED), device));
});
after(() => place?.stop());

const readout = (page) => page.locator("#attention-reading");
const tile = (page, head) => page.locator(`[data-head="${head}"].tile`);
const view = (page, name) => page.locator(`[data-view="${name}"]`);
const unfold = (page, name) => page.locator(`.attention details.${name} > summary`).click();

/** The small model at step 0, at rest. */
async function untrained(options) {
  const all = await open(place, options);
  const { page } = all;
  await untilStep(page, 1);
  await page.locator("details.settings > summary").click();
  for (const [name, value] of Object.entries(SMALL.model)) await page.locator(`[data-path="model.${name}"]`).fill(String(value));
  await button(page, "Start a new run with these settings").click();
  await page.locator(".tile").nth(7).waitFor();
  await pause(page);
  await button(page, "Reset to step 0").click();
  await until("step 0", async () => (await figure(page, "step")) === 0);
  await page.locator("details.settings > summary").click();
  return all;
}

/** The notebook's model, trained, at rest. */
async function trained() {
  const all = await open(place);
  await untilStep(all.page, 1);
  await all.page.locator("input[type=file]").first().setInputFiles(SEED);
  await all.page.locator("section.file .name").waitFor();
  await until("its predictions", async () => (await all.page.locator(".answer .right").count()) === 5);
  return all;
}

/** What "Save as …" saves. */
async function saved(part, name) {
  const page = typeof part.page === "function" ? part.page() : part;
  const [download] = await Promise.all([page.waitForEvent("download"), button(part, `Save as ${name}`).click()]);
  return readFile(await download.path());
}

/** The cells of an SVG picture: for each panel its heads, and [destination, source, numbers…] of every cell. */
async function cells(page) {
  const svg = String(await saved(page, "SVG"));
  return page.evaluate((text) => {
    const document = new DOMParser().parseFromString(text, "image/svg+xml");
    if (document.querySelector("parsererror")) throw new Error("no well-formed SVG");
    return [...document.querySelectorAll("g[data-heads]")].map((group) => ({
      heads: group.dataset.heads.split(" "),
      cells: [...group.querySelectorAll("rect")].map((cell) => ({ at: [Number(cell.dataset.destination), Number(cell.dataset.source)], values: cell.dataset.value?.split(" ").map(Number) ?? [] })),
    }));
  }, svg);
}

/** The numbers in the table, row by row; null: a masked cell. */
const table = (page) =>
  page.locator(".attention tbody tr").evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll("td")].map((cell) => (cell.textContent === "" ? null : Number(cell.textContent)))));

test("the page's first view is what the table of settings says", async () => {
  const defaults = Object.fromEntries(settings().filter(({ group }) => group === "view").map(({ path, default: value }) => [path.slice(5), value]));
  const source = await readFile(new URL("../src/document.ts", import.meta.url), "utf8");
  const written = Object.fromEntries([...source.match(/VIEW: ViewConfig = \{([^}]*)\}/)[1].matchAll(/(\w+): (\S+),/g)].map(([, name, value]) => [name, JSON.parse(value)]));
  assert.deepEqual(written, defaults);
});

test("a head is previewed by pointing, pinned by a click, and unpinned by another, by Escape or by undo", async () => {
  const { page, context, record } = await untrained();
  await unfold(page, "twin");
  const shown = async () => (await cells(page)).map(({ heads }) => heads);
  const eight = Array.from({ length: 8 }, (_, i) => `${Math.floor(i / 4)}.${i % 4}`);
  assert.deepEqual(await shown(), [eight], "all, laid over one another");

  await tile(page, "1.2").click();
  await page.locator("h1").hover();
  assert.deepEqual(await shown(), [["1.2"]]);
  assert.equal(await tile(page, "1.2").getAttribute("aria-pressed"), "true");
  await tile(page, "0.1").click();
  await page.locator("h1").hover();
  assert.deepEqual(await shown(), [["1.2", "0.1"]], "two in one picture");
  await unfold(page, "view");
  await view(page, "heads").selectOption("panels");
  assert.deepEqual(await shown(), [["1.2"], ["0.1"]], "two side by side");

  // While another is pointed at, only that one is shown.
  const canvas = page.locator('canvas[data-canvas="clean"]');
  const before = await canvas.boundingBox();
  await tile(page, "0.3").hover();
  await until("one picture, larger than one of two", async () => (await canvas.boundingBox()).height !== before.height);
  await page.locator("h1").hover();
  await until("the pinned ones again", async () => (await canvas.boundingBox()).height === before.height);

  await tile(page, "1.2").click();
  await page.locator("h1").hover();
  assert.deepEqual(await shown(), [["0.1"]], "clicked again");
  await tile(page, "0.1").focus();
  await page.keyboard.press("Escape");
  await page.locator("h1").hover();
  assert.equal((await shown()).length, 8, "none is pinned: all");
  await page.locator("h1").click();
  await page.keyboard.press("z");
  assert.deepEqual(await shown(), [["0.1"]], "undone");
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("by keyboard: heads are walked and pinned, cells are walked, read and pinned", async () => {
  const { page, context } = await untrained();
  const look = await small.look(taskSequence(small.experiment.task, LIST));
  const weight = (layer, head, destination, source) => look.pattern.data[((layer * 4 + head) * 12 + destination) * 12 + source];
  await page.locator(".tile").first().focus();
  for (const key of ["ArrowRight", "ArrowRight", "ArrowDown", "Enter"]) await page.keyboard.press(key);
  assert.equal(await tile(page, "1.2").getAttribute("aria-pressed"), "true");
  await page.keyboard.press("Tab"); // to "Show all"
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.canvas), "clean");
  const reads = async (destination, source) => {
    await until(`cell ${destination}, ${source}`, async () => (await readout(page).getAttribute("data-cell")) === `${destination},${source}`, 5000);
    // Which heads are large reaches the worker a moment after.
    await until("one head", async () => (await readout(page).locator("span[data-head]").count()) === 1, 5000);
    const number = Number(await readout(page).locator("span[data-head] b").innerText());
    assert.ok(Math.abs(number - weight(1, 2, destination, source)) < 6e-4, `${number} at ${destination}, ${source}`);
  };
  await reads(0, 0);
  await page.keyboard.press("PageDown");
  await reads(11, 0);
  for (const key of ["ArrowRight", "ArrowRight", "ArrowUp"]) await page.keyboard.press(key);
  await reads(10, 2);
  // It does not walk into what causal attention can't see.
  await page.keyboard.press("End");
  await reads(10, 10);
  await page.keyboard.press("Enter");
  await until("pinned", async () => /pinned/.test(await readout(page).innerText()));
  await page.keyboard.press("Home");
  await reads(10, 0);
  await page.keyboard.press("Escape");
  await page.keyboard.press("End");
  await reads(10, 10);
  assert.doesNotMatch(await readout(page).innerText(), /pinned/);
  await context.close();
});

test("pointing at a token, a label or a cell marks it everywhere, and shades the others by their weights", async () => {
  const { page, context } = await trained();
  const { labels, pattern } = await notebook.look(taskSequence(notebook.experiment.task, LIST));
  const weight = (destination, source) => pattern.data[destination * 12 + source];
  const at = (position) => page.locator(`.token[data-at="${position}"]`);
  const shades = () => page.locator(".token").evaluateAll((all) => all.map((one) => Number(one.style.getPropertyValue("--shade").replace("%", "") || NaN)));
  const pointed = () => page.locator(".token.pointed").evaluateAll((all) => all.map((one) => Number(one.dataset.at)));

  await at(8).hover();
  await until("the others' shades", async () => !Number.isNaN((await shades())[0]));
  (await shades()).forEach((shade, source) => assert.ok(Math.abs(shade / 100 - (source <= 8 ? weight(8, source) : 0)) < 0.006, `${labels[8]} attends to ${source}: ${shade}`));
  assert.deepEqual(await pointed(), [8]);
  assert.match(await readout(page).innerText(), /^Where 6 \(position 8\) attends to/);

  await unfold(page, "view");
  await view(page, "rows").selectOption("source");
  await at(2).hover();
  await until("who attends to it", async () => /^Who attends to 2/.test(await readout(page).innerText()));
  (await shades()).forEach((shade, destination) => assert.ok(Math.abs(shade / 100 - (destination >= 2 ? weight(destination, 2) : 0)) < 0.006, `${destination} attends to 2: ${shade}`));
  await page.locator("h1").click();
  await page.keyboard.press("z");
  await page.locator("h1").hover();
  await until("nothing marked", async () => (await pointed()).length === 0);

  const canvas = page.locator('canvas[data-canvas="clean"]');
  await canvas.scrollIntoViewIfNeeded();
  const box = await canvas.boundingBox();
  const scale = 13 / 11;
  const [left, top] = [box.x + 48 * scale, box.y + 48 * scale];
  const cell = await page.evaluate(() => Math.floor((Math.min(document.querySelector(".canvas-holder").clientWidth / (13 / 11) - 60, 360) * 13) / 11 / 12));
  await page.mouse.move(left + 4.5 * cell, top + 9.5 * cell);
  await until("a cell", async () => (await readout(page).getAttribute("data-cell")) === "9,4");
  assert.ok(Math.abs(Number(await readout(page).locator("span[data-head] b").innerText()) - weight(9, 4)) < 6e-4);
  assert.deepEqual(await pointed(), [4, 9]);
  await page.mouse.move(left - 10, top + 7.5 * cell);
  await until("a row's label", async () => (await readout(page).getAttribute("data-token")) === "7,");
  assert.deepEqual(await pointed(), [7]);
  await page.mouse.move(left + 3.5 * cell, top - 10);
  await until("a column's label", async () => (await readout(page).getAttribute("data-token")) === ",3");

  await view(page, "form=arcs").click();
  const arcs = await canvas.boundingBox();
  await page.mouse.move(arcs.x + 12, arcs.y + (26 + 5.5 * 24) * scale);
  await until("a token of the arcs", async () => (await readout(page).getAttribute("data-token")) === "5,");
  assert.deepEqual(await pointed(), [5]);
  await context.close();
});

test("what is shown is what runWithCache gives: weights, scores, value- and output-weighted", async () => {
  const { page, context } = await trained();
  const tokens = taskSequence(notebook.experiment.task, LIST);
  const model = notebook.model();
  const { cache } = await model.runWithCache([tokens]);
  const { "blocks.0.attn.W_O": w } = await model.stateDict();
  const of = (name) => cache[`blocks.0.attn.hook_${name}`].data;
  const norm = (vector) => Math.hypot(...vector);
  const value = (source) => of("v").slice(source * 128, (source + 1) * 128);
  const output = (source) => Array.from({ length: 128 }, (_, c) => value(source).reduce((sum, x, d) => sum + x * w.data[d * 128 + c], 0));
  const wanted = {
    pattern: (d, s) => of("pattern")[d * 12 + s],
    scores: (d, s) => of("attn_scores")[d * 12 + s],
    value_weighted: (d, s) => of("pattern")[d * 12 + s] * norm(value(s)),
    output_weighted: (d, s) => of("pattern")[d * 12 + s] * norm(output(s)),
  };
  await unfold(page, "twin");
  for (const [show, number] of Object.entries(wanted)) {
    await view(page, "show").selectOption(show);
    await until(`${show} in the table`, async () => Math.abs((await table(page))[11]?.[3] - number(11, 3)) < 6e-4);
    const [{ heads, cells: all }] = await cells(page);
    assert.deepEqual(heads, ["0.0"]);
    assert.equal(all.length, 144);
    for (const { at: [d, s], values } of all) {
      if (s > d) assert.deepEqual(values, [], "masked");
      else assert.ok(Math.abs(values[0] - number(d, s)) < 1e-4 * Math.max(1, Math.abs(number(d, s))), `${show} ${d} ${s}: ${values[0]} and ${number(d, s)}`);
    }
    (await table(page)).forEach((row, d) => row.forEach((cell, s) => assert.ok(s > d ? cell === null : Math.abs(cell - number(d, s)) < 6e-4, `${show} ${d} ${s}: ${cell}`)));
  }
  await context.close();
});

test("the mean over many lists, clean and edited, is the API's", async () => {
  const { page, context } = await trained();
  const { task } = notebook.experiment;
  const lists = randomLists(task, 40, 0, 5);
  const model = notebook.model();
  await unfold(page, "twin");
  await unfold(page, "view");
  await page.getByLabel("Mean over lists").fill("40");
  await page.locator('[data-figure="mean"]').waitFor();
  const mean = (rows) => notebook.meanLook(rows).then(({ values }) => values.data);
  const agrees = async (what, data) => until(what, async () => (await table(page)).every((row, d) => row.every((cell, s) => s > d || Math.abs(cell - data[d * row.length + s]) < 6e-4)), 10_000);
  await agrees("the clean mean", await mean(lists.map((list) => taskSequence(task, list))));
  assert.deepEqual(await page.locator(".attention thead th").allInnerTexts(), ["BOS", "n1", "n2", "n3", "n4", "n5", "MID", "s1", "s2", "s3", "s4", "s5"]);

  await page.locator('[data-position="4"]').focus();
  await page.keyboard.press("m");
  await page.locator("#twin-of").selectOption("edited");
  const edited = lists.map((list) => [task.bos_token, ...list.slice(0, 3), task.mid_token, ...list.slice(4), task.mid_token]);
  await agrees("the edited mean", await mean(await model.generate(edited, { maxNewTokens: 5 })));
  assert.equal((await page.locator(".attention thead th").allInnerTexts())[4], "MID", "what all lists have in common has its name");
  // One list of them is what a look at it alone gives.
  await page.getByLabel("Mean over lists").fill("0");
  await page.locator('[data-figure="mean"]').waitFor({ state: "detached" });
  await context.close();
});

test("pictures leave as JSON and PNG", async () => {
  const { page, context, record } = await trained();
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await unfold(page, "twin");
  await page.locator(".attention .twin").getByRole("button", { name: "Copy as JSON" }).click();
  await page.locator(".attention .twin [role=status]", { hasText: "Copied" }).waitFor();
  const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
  const look = await notebook.look(taskSequence(notebook.experiment.task, LIST));
  assert.deepEqual([copied.name, copied.shape, copied.labels], ["pattern", [1, 1, 12, 12], look.labels]);
  assert.deepEqual(copied.data, Array.from(look.pattern.data));
  const png = await saved(page, "PNG");
  assert.deepEqual([...png.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const box = await page.locator('canvas[data-canvas="clean"]').boundingBox();
  // Cells are whole pixels, so that it is not quite as large.
  assert.ok(Math.abs(height / ((3 * 11 * box.height) / 13) - 1) < 0.03 && width > 900, `${width} by ${height}, three pixels for each of ${box.height}`);
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("the loss curve has its twins: a table, JSON, SVG and PNG of the same numbers", async () => {
  const { page, context } = await open(place);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await untilStep(page, 40);
  await pause(page);
  const loss = page.locator(".loss");
  await loss.locator(".twin > summary").click();
  await button(loss, "Copy as JSON").click();
  await loss.locator("[role=status]", { hasText: "Copied" }).waitFor();
  const { step, mean, heldOut } = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
  assert.ok(step.length >= 20 && step.at(-1) === (await figure(page, "step")));
  const svg = String(await saved(loss, "SVG"));
  const drawn = svg.match(/class="training" d="([^"]*)"/)[1].match(/[ML][^ML]*/g).map((point) => point.slice(1).split(" ").map(Number));
  assert.equal(drawn.length, mean.filter((loss) => loss !== null).length);
  // On a logarithmic axis heights go with the logarithm.
  const [a, b, c] = [0, Math.floor(step.length / 2), step.length - 1];
  const height = (i) => Math.log(mean[i]);
  if (Math.abs(height(a) - height(c)) > 0.05) assert.ok(Math.abs((drawn[b][1] - drawn[a][1]) / (drawn[c][1] - drawn[a][1]) - (height(b) - height(a)) / (height(c) - height(a))) < 0.03);
  assert.equal(svg.match(/<circle/g)?.length ?? 0, heldOut.filter((loss) => loss !== null).length);
  assert.deepEqual([...(await saved(loss, "PNG")).subarray(1, 4)].map((byte) => String.fromCharCode(byte)).join(""), "PNG");
  const last = await loss.locator("tbody tr").last().innerText();
  assert.ok(last.startsWith(String(step.at(-1)).replace(/\B(?=(\d{3})+$)/g, ",")), last);
  await context.close();
});

test("a frame of eight layers of eight heads at 64 positions takes under 8 ms, and a highlight follows the pointer within 50 ms", async (t) => {
  const server = await serve(fileURLToPath(new URL("../../pkg", import.meta.url)), 0);
  const module = await openModule({ browser: place.browser, url: server.url });
  const times = await module.evaluate(() => {
    const n = 64;
    const data = Float32Array.from({ length: 64 * n * n }, (_, i) => ((i * 2654435761) % 1000) / 1000);
    const shown = { labels: Array.from({ length: n }, (_, i) => `${i}`), values: { shape: [8, 8, n, n], data }, causal: true };
    const view = { show: "pattern", form: "heatmap", scale: "log", range: "common", colours: "blue", rows: "destination", heads: "overlay" };
    const drawn = { width: 640, pixelRatio: 1, theme: "light", view, heads: [{ layer: 3, head: 3 }], focus: { destination: 5, source: null }, cell: null };
    const heads = new tinylens.HeadsCanvas(new OffscreenCanvas(1, 1));
    const large = new tinylens.AttentionCanvas(new OffscreenCanvas(1, 1));
    const frames = [];
    for (let i = 0; i < 40; i++) {
      const start = performance.now();
      heads.draw(shown, drawn);
      large.draw(shown, drawn);
      frames.push(performance.now() - start);
    }
    return frames.slice(10).sort((a, b) => a - b);
  });
  await server.close();
  const median = times[15];
  t.diagnostic(`a frame: ${median.toFixed(2)} ms`);
  assert.ok(median < 8, `${median} ms`);

  const { page, context } = await trained();
  const canvas = page.locator('canvas[data-canvas="clean"]');
  await canvas.scrollIntoViewIfNeeded();
  const waits = await page.evaluate(async () => {
    const canvas = document.querySelector('canvas[data-canvas="clean"]');
    const { left, top } = canvas.getBoundingClientRect();
    const waits = [];
    for (let i = 0; i < 15; i++) {
      const start = performance.now();
      const before = document.querySelector("#attention-reading").textContent;
      canvas.dispatchEvent(new PointerEvent("pointermove", { clientX: left + 70 + (i % 2) * 40, clientY: top + 250 + 40 * (i % 3), bubbles: true }));
      while (document.querySelector("#attention-reading").textContent === before && performance.now() - start < 1000) await new Promise((done) => setTimeout(done, 1));
      waits.push(performance.now() - start);
    }
    return waits.sort((a, b) => a - b);
  });
  t.diagnostic(`pointer to highlight: ${waits[7].toFixed(1)} ms`);
  assert.ok(waits[7] < 50, `${waits} ms`);
  await context.close();
});
