// The laboratory: batteries that agree with the API, sweeps, claims that follow training, failed lists that open in the
// editor, and comparisons in workers of their own.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ablate, claims, Run } from "../../pkg/tinylens.js";
import { cpu } from "../../pkg/test/helpers.mjs";
import { button, figure, open, pause, setUp, until, untilStep } from "./helpers.mjs";

let place;
before(async () => void (place = await setUp()));
after(() => place?.stop());

const EXPERIMENTS = ["baseline", "mid_injection", "mid_replacement", "mid_deletion", "shorter", "bos_injection", "bos_replacement", "bos_deletion", "bos_only"];
const MEASURES = ["exact", "sortedRestThenLargest", "lastIsLargest", "specialEmitted", "tokenAccuracy"];

const lab = (page) => page.locator(".ablations");
const row = (page, id) => lab(page).locator(`[data-experiment="${id}"]`);
const rate = async (page, id, measure) => {
  const value = await row(page, id).locator(`[data-measure="${measure}"]`).getAttribute("data-value");
  return value === null ? null : Number(value);
};
const idle = (page) => lab(page).getByRole("button", { name: "Run all" }).waitFor({ timeout: 120_000 });

/** A run of so many steps as Node trains it: the CPU gives the same numbers everywhere. */
async function trained(steps, experiment = {}) {
  const run = await Run.create(experiment, cpu);
  await run.step(steps);
  return run.model();
}

/** Trains so many steps in all, and rests. */
async function trainTo(page, steps) {
  await untilStep(page, 1);
  await pause(page);
  await button(page, "Reset to step 0").click();
  await until("step 0", async () => (await figure(page, "step")) === 0);
  await page.getByLabel(/^Number of steps/).fill(String(steps));
  await button(page, "steps").click();
  await until(`step ${steps}`, async () => (await figure(page, "step")) === steps, 120_000);
  await button(page, "Play").waitFor();
}

test("all batteries: the API’s numbers, and stale once the model moves on", async () => {
  const { page, context, record } = await open(place);
  await trainTo(page, 40);
  await lab(page).getByLabel("Lists").fill("300");
  await lab(page).getByLabel("Seed").fill("5");
  await button(page, "Run all").click();
  await idle(page);
  const model = await trained(40);
  for (const experiment of EXPERIMENTS) {
    const report = await ablate(model, null, { experiment, lists: 300, seed: 5 });
    assert.equal(await row(page, experiment).getAttribute("data-step"), "40");
    if (experiment === "bos_only") assert.match(await row(page, experiment).innerText(), /answers \d+/);
    else for (const measure of MEASURES) assert.equal(await rate(page, experiment, measure), report[measure].rate, `${experiment}, ${measure}`);
  }
  assert.equal(await lab(page).locator(".stale").count(), 0);
  await button(page, "One step").click();
  await until("pale rows", async () => (await lab(page).locator(".stale").count()) === 9);
  assert.match(await row(page, "baseline").innerText(), /step 40/);

  // Another site and value, alone.
  await row(page, "mid_injection").getByLabel(/site/).selectOption("random");
  await row(page, "mid_injection").getByLabel(/value/).selectOption("7");
  await button(page, "Run MID injection").click();
  await idle(page);
  const report = await ablate(await trained(41), null, { experiment: "mid_injection", site: "random", value: 7, lists: 300, seed: 5 });
  assert.equal(await rate(page, "mid_injection", "exact"), report.exact.rate);
  assert.equal(await rate(page, "mid_injection", "tokenAccuracy"), report.tokenAccuracy.rate);

  // A new run is another model.
  await button(page, "Reset to step 0").click();
  await until("no results", async () => (await rate(page, "baseline", "exact")) === null);
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("a bad number of lists is refused with a sentence; a battery can be stopped, and training goes on beside it", async () => {
  const { page, context, record } = await open(place);
  await untilStep(page, 3);
  for (const bad of ["0", "100001", "two", "-5", "1.5", ""]) {
    await lab(page).getByLabel("Lists").fill(bad);
    await lab(page).getByText("A battery takes a whole number of lists, 1 to 100,000.").waitFor();
    assert.ok(await button(page, "Run all").isDisabled());
  }
  await lab(page).getByLabel("Lists").fill("100000");
  const before = await figure(page, "step");
  await button(page, "Run all").click();
  await until("progress", async () => /[1-9][\d,]* of 100,000 lists; battery 1 of 9/.test(await lab(page).locator(".lab-progress").innerText()));
  await untilStep(page, before + 5);
  const pressed = Date.now();
  await lab(page).getByRole("button", { name: "Stop" }).click();
  await idle(page);
  assert.ok(Date.now() - pressed < 1000, `stopping took ${Date.now() - pressed} ms`);
  assert.match(await lab(page).locator(".lab-progress").innerText(), /Stopped/);

  // A new run ends a battery as well, and nothing of the old one appears.
  await button(page, "Run all").click();
  await until("progress", async () => /[1-9][\d,]* of 100,000/.test(await lab(page).locator(".lab-progress").innerText()));
  await button(page, "Reset to step 0").click();
  await idle(page);
  assert.equal(await rate(page, "baseline", "exact"), null);
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("an opened row says what the notebook claims and what this model does, and its failed lists open in the editor", async () => {
  const { page, context, record } = await open(place);
  await trainTo(page, 60);
  await lab(page).getByLabel("Lists").fill("200");
  await button(page, "Run Baseline").click();
  await idle(page);
  await row(page, "baseline").getByRole("button", { name: "Baseline", exact: true }).click();
  const detail = row(page, "baseline").locator(".detail");
  assert.match(await detail.locator("[data-figure=sentence]").innerText(), /of lists come out sorted/);
  const rows = await detail.locator(".confusion tbody tr").count();
  assert.equal(rows, 5, "five places");
  const report = await ablate(await trained(60), null, { experiment: "baseline", lists: 200, seed: 0 });
  const failed = detail.locator(".failed button");
  assert.equal(await failed.count(), report.failed.length);
  const { prompt } = report.failed[3];
  const names = prompt.map((token) => ({ 65: "BOS", 66: "MID" })[token] ?? String(token));
  assert.equal(await failed.nth(3).locator("span").first().innerText(), names.join(" "));
  await failed.nth(3).click();
  await until("the list in the editor", async () => {
    const labels = await page.locator(".sequence .label").allInnerTexts();
    return labels.slice(0, names.length).join(" ") === names.join(" ");
  });
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("sweeps: every site, every value, with the API’s numbers in a table", async () => {
  const { page, context, record } = await open(place);
  await trainTo(page, 20);
  await lab(page).getByLabel("Lists").fill("100");
  await row(page, "mid_injection").getByLabel(/site/).selectOption("every");
  await button(page, "Run MID injection").click();
  await idle(page);
  const sweep = page.locator('[data-sweep="mid_injection"]');
  assert.equal(await sweep.getAttribute("data-done"), "5");
  await sweep.getByText("As a table").click();
  const model = await trained(20);
  const { tokenAccuracy } = await ablate(model, null, { experiment: "mid_injection", site: 2, lists: 100, seed: 0 });
  const text = await sweep.locator("table tbody tr").nth(2).locator("td").last().innerText();
  assert.equal(text.split(/\s/)[0], (100 * tokenAccuracy.rate).toFixed(0));
  await sweep.locator(".map [data-cell]").nth(7).hover();
  assert.match(await sweep.locator("[data-figure=sweep-reading]").innerText(), /^list\[2\], rest, then largest: \d/);

  await row(page, "mid_replacement").getByLabel(/value/).selectOption("every");
  await button(page, "Run MID replaced").click();
  await idle(page);
  assert.equal(await page.locator('[data-sweep="mid_replacement"]').getAttribute("data-done"), "66", "64 numbers, BOS and MID");
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("claims follow training, and are the API’s", async () => {
  const { page, context, record } = await open(place);
  const step = async () => Number(await page.locator("[data-figure=claims-step]").getAttribute("data-step"));
  await until("claims", async () => (await page.locator(".claim").count()) === 11);
  const first = await step();
  await until("later claims", async () => (await step()) > first);
  await trainTo(page, 30);
  const shown = page.locator("[data-figure=claims-step]");
  await until("claims at rest", async () => (await step()) === 30 && (await shown.getAttribute("data-lists")) === "500");
  const said = await claims(await trained(30), null, { lists: 500 });
  for (const { id, value, verdict, text } of said) {
    const claim = page.locator(`[data-claim="${id}"]`);
    assert.equal(Number(await claim.getAttribute("data-value")), value, id);
    assert.equal(await claim.getAttribute("data-verdict"), verdict, id);
    assert.equal((await claim.locator(".verdict").innerText()).trim(), verdict);
    assert.ok((await claim.locator(".text").innerText()).replaceAll("\u00a0", " ").startsWith(text), id);
  }
  // The history is that of this run: its chart ends at step 30, and can be read before it.
  const reader = page.locator(".reader input");
  await reader.focus();
  await page.keyboard.press("Home");
  await until("an earlier step", async () => (await step()) < 30);
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("a comparison of one seed and five steps, and one that is cancelled", async () => {
  const { page, context, record } = await open(place);
  await untilStep(page, 2);
  await page.locator(".comparison > summary").click();
  const panel = page.locator(".comparison");
  await panel.getByLabel("Seeds").fill("0");
  await panel.getByText("A comparison takes a whole number of seeds, 1 to 32.").waitFor();
  await panel.getByLabel("Seeds").fill("1");
  await panel.getByLabel("Steps").fill("5");
  const before = await figure(page, "step");
  await button(page, "Compare").click();
  await panel.getByText("Done: 2 models, 5 steps each.").waitFor({ timeout: 120_000 });
  assert.ok((await figure(page, "step")) > before, "the page’s own run goes on");
  assert.deepEqual((await panel.locator("thead th").allInnerTexts()).map((text) => text.replace(/\s+/g, " ")), ["no EOS 1 seed", "EOS 1 seed"]);
  const exact = panel.locator('[data-row="baseline.exact"] td');
  assert.equal(await exact.count(), 2);
  // Nothing is sorted after five steps; what is written then is the largest number or not.
  const model = await trained(5, { model: { seed: 1 }, train: { train_seed: 1 } });
  const { lastIsLargest } = await ablate(model, null, { experiment: "baseline", lists: 2000, seed: 1 });
  const text = await panel.locator('[data-row="baseline.lastIsLargest"] td').first().innerText();
  assert.equal(Number(text.split(/\s/)[0]), Number((100 * lastIsLargest.rate).toFixed(1)));
  assert.ok((await panel.locator("[data-row]").count()) > 40);

  await panel.getByLabel("Seeds").fill("4");
  await panel.getByLabel("Steps").fill("3000");
  await button(page, "Compare").click();
  await panel.getByText(/step [1-9][\d,]* of 3,000/).first().waitFor({ timeout: 60_000 });
  await button(page, "Cancel").click();
  await panel.getByText("Cancelled after 0 of 8 models.").waitFor();
  const at = await figure(page, "step");
  await untilStep(page, at + 3);
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("a task without BOS: its experiments are off, and say why", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 1);
  await page.locator("details.settings > summary").click();
  await page.locator('[data-path="task.bos_token"]').locator("..").getByLabel("none").check();
  await button(page, "Start a new run with these settings").click();
  await until("the reason", async () => /This task has no BOS/.test(await row(page, "bos_injection").innerText()));
  assert.ok(await button(page, "Run BOS injection").isDisabled());
  await lab(page).getByLabel("Lists").fill("50");
  await button(page, "Run all").click();
  await idle(page);
  assert.ok((await rate(page, "mid_deletion", "exact")) !== null);
  await context.close();
});

test("360 pixels wide: no sideways scroll, and targets for thumbs", async () => {
  const { page, context } = await open(place, { viewport: { width: 360, height: 800 } });
  await untilStep(page, 2);
  await lab(page).getByLabel("Lists").fill("100");
  await row(page, "mid_injection").getByLabel(/site/).selectOption("every");
  await button(page, "Run all").click();
  await idle(page);
  for (const name of ["Baseline", "Shorter list"]) await lab(page).getByRole("button", { name, exact: true }).click();
  await page.locator(".comparison > summary").click();
  await page.locator(".comparison").getByLabel("Seeds").fill("1");
  await page.locator(".comparison").getByLabel("Steps").fill("2");
  await button(page, "Compare").click();
  await page.getByText("Done: 2 models").waitFor({ timeout: 120_000 });
  for (const width of [360, 390, 768, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    const [scroll, inner] = await page.evaluate(() => [document.scrollingElement.scrollWidth, innerWidth]);
    assert.ok(scroll <= inner, `${scroll} pixels wide in a window of ${inner}`);
    if (width > 400) continue;
    const small = await page.locator(".lab :is(button, select, input, summary, label.check):visible").evaluateAll((all) => all.filter((one) => !one.matches("[type=checkbox]") && one.getBoundingClientRect().height < 43.9).map((one) => one.outerHTML.slice(0, 90)));
    assert.deepEqual(small, [], "targets of at least 44 pixels");
  }
  await context.close();
});
