// The editor: a prompt's tokens replaced, deleted, inserted and moved, by keyboard, mouse and thumb; the notebook's experiments at
// a click; parts taken out of the model; and beside the clean sequence what comes of it, with the API's numbers.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import init, { Model, Run, openDevice } from "../../pkg/tinylens.js";
import { button, open, pause, setUp, until, untilStep } from "./helpers.mjs";

const SEED = fileURLToPath(new URL("../../crate/tests/checkpoints/seed_format_3000.pkl", import.meta.url));
const FIGURES = fileURLToPath(new URL("../../../shared/checkpoints/seed_format_3000.json", import.meta.url));
const CLEAN = [65, 6, 2, 59, 50, 20, 66];
const NAMES = { BOS: 65, MID: 66 };

let place, model, run;
before(async () => {
  place = await setUp();
  await init();
  model = await Model.fromCheckpoint(await readFile(SEED), await openDevice("cpu"));
  run = await Run.fromModel(model);
});
after(() => place?.stop());

/** The notebook's model, on the page. */
async function opened(options) {
  const all = await open(place, options);
  await untilStep(all.page, 1);
  await all.page.locator("input[type=file]").setInputFiles(SEED);
  await all.page.locator("section.file .name").waitFor();
  await until("its predictions", async () => (await all.page.locator(".answer .right").count()) === 5);
  return all;
}
const edited = (page) => page.locator('.row-holder[data-side="edited"]');
const label = (token) => Object.keys(NAMES).find((name) => NAMES[name] === token) ?? String(token);
const tokens = async (row) => (await row.locator(".token:not(.ghost) .label").allInnerTexts()).map((text) => NAMES[text] ?? Number(text));
const editor = (page) => page.locator(".row-holder:has([data-position])");
const prompt = async (page) => (await editor(page).locator("[data-position]").allInnerTexts()).map((text) => NAMES[text] ?? Number(text));
const token = (page, position) => editor(page).locator(`[data-position="${position}"]`);
const shows = async (page, expected) => {
  let last;
  await until(`the prompt ${expected}`, async () => (last = await prompt(page)).join() === expected.join(), 5000).catch((error) => {
    throw new Error(`${error.message}; it is ${last}`);
  });
};
/** The whole edited sequence, once it is what the API gives. */
async function becomes(page, expected) {
  let last;
  await until(`the edited sequence ${expected}`, async () => (last = await tokens(edited(page))).join() === expected.join(), 10_000).catch((error) => {
    throw new Error(`${error.message}; it is ${last}`);
  });
}
const generated = async (tokens, options) => (await model.generate([tokens], { maxNewTokens: 5, ...options }))[0];
const fold = (page, name) => page.locator(`details.${name} > summary`).click();
const refusal = (page) => page.locator(".sequence > .error");

test("each of the notebook's experiments gives the notebook's tokens, and says what came out", async () => {
  const published = existsSync(FIGURES) ? JSON.parse(await readFile(FIGURES)).experiments : {};
  const { page, context, record } = await opened();
  await fold(page, "presets");
  const experiments = [
    ["mid_injection", [65, 6, 2, 59, 66, 20, 66], 5, "mid_injection"],
    ["mid_replacement", [65, 6, 2, 59, 50, 20, 27], 5, "mid_removal"],
    ["mid_deletion", [65, 6, 2, 59, 50, 20], 5],
    ["shorter", [65, 6, 2, 59, 66], 7, "shorter"],
    ["bos_injection", [65, 6, 2, 59, 50, 65, 66], 5, "bos_injection"],
    ["bos_replacement", [12, 6, 2, 59, 50, 20, 66], 5, "bos_removal"],
    ["bos_deletion", [6, 2, 59, 50, 20, 66], 5],
    ["bos_only", [65], 11, "bos_only"],
  ];
  for (const [id, given, maxNewTokens, name] of experiments) {
    const expected = published[name]?.greedy ?? (await generated(given, { maxNewTokens }));
    await page.locator(`[data-preset="${id}"] > button`).click();
    await becomes(page, expected);
    const answer = expected.slice(given.length).map(label).join(" ");
    await until(`${id} says ${answer}`, async () => (await page.locator(`[data-preset="${id}"] .now b`).innerText()) === answer, 10_000);
    const guesses = await edited(page).locator(".answer .prediction .guess").allInnerTexts();
    assert.deepEqual(guesses.map((text) => text.replace(/\s*≠/, "")), expected.slice(given.length).map(label));
  }
  await page.locator('[data-preset="baseline"] > button').click();
  await edited(page).waitFor({ state: "detached" });
  assert.deepEqual(await tokens(editor(page)), published.clean?.greedy ?? (await generated(CLEAN)));
  // All nine can be taken back, one by one.
  await button(page, "Undo").click();
  await becomes(page, published.bos_only?.greedy ?? (await generated([65], { maxNewTokens: 11 })));
  await button(page, "Undo").click();
  await shows(page, [6, 2, 59, 50, 20, 66]);

  // Another site, another value, and random ones.
  const injection = page.locator('[data-preset="mid_injection"]');
  await injection.locator("select").nth(0).selectOption("0");
  await injection.locator("select").nth(1).selectOption("41");
  await injection.locator("button").click();
  await becomes(page, await generated([65, 41, 2, 59, 50, 20, 66]));
  await injection.locator("select").nth(0).selectOption("random");
  await injection.locator("select").nth(1).selectOption("random");
  await injection.locator("button").click();
  await until("one number replaced", async () => (await prompt(page)).filter((token, i) => token !== CLEAN[i]).length <= 1);
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("by keyboard: tokens are walked, replaced, deleted, inserted and moved, and every change is undone and redone", async () => {
  const { page, context } = await opened();
  await token(page, 0).focus();
  assert.equal(await page.locator('.sequence [data-position][tabindex="0"]').count(), 1, "one stop for Tab");
  const at = () => page.evaluate(() => document.activeElement.getAttribute("aria-label"));
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  assert.equal(await at(), "position 3, 59");
  const states = [CLEAN];
  const did = async (expected) => {
    await shows(page, expected);
    states.push(expected);
  };
  await page.keyboard.type("27");
  await did([65, 6, 2, 27, 50, 20, 66]);
  assert.equal(await at(), "position 3, 27, was 59");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("m");
  await did([65, 6, 2, 27, 66, 20, 66]);
  await page.keyboard.press("Delete");
  await did([65, 6, 2, 27, 20, 66]);
  assert.equal(await at(), "position 4, 20");
  await becomes(page, await generated([65, 6, 2, 27, 20, 66]));
  assert.match(await page.locator(".sequence h3", { hasText: "Edited" }).innerText(), /really shorter by 1 token/);
  await page.keyboard.press("Alt+ArrowLeft");
  await did([65, 6, 2, 20, 27, 66]);
  assert.equal(await at(), "position 3, 20, moved");
  await page.keyboard.press("Home");
  await page.keyboard.press("+");
  await did([65, 0, 6, 2, 20, 27, 66]);
  await page.keyboard.type("63");
  await did([65, 63, 6, 2, 20, 27, 66]);
  assert.equal(await at(), "position 1, 63, new");
  await becomes(page, await generated([65, 63, 6, 2, 20, 27, 66]));

  for (const state of states.slice(0, -1).reverse()) {
    await page.keyboard.press("z");
    await shows(page, state);
  }
  assert.equal(await edited(page).count(), 0);
  for (const state of states.slice(1)) {
    await page.keyboard.press("Z");
    await shows(page, state);
  }
  await button(page, "Discard all edits").click();
  await shows(page, CLEAN);
  await page.locator("h1").click();
  await page.keyboard.press("z");
  await shows(page, states.at(-1));

  // Enter shows what can be done, Escape closes it, and the focus stays where it was.
  await token(page, 2).focus();
  await page.keyboard.press("Enter");
  await page.locator(".token-menu").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Escape");
  await page.locator(".token-menu").waitFor({ state: "detached" });
  assert.equal(await at(), "position 2, 6");
  await context.close();
});

test("by mouse: the menu of a token replaces, moves, inserts and deletes", async () => {
  const { page, context } = await opened();
  const menu = page.locator(".token-menu");
  const press = (name) => menu.getByRole("button", { name, exact: true }).click();
  await token(page, 4).click();
  await menu.getByLabel("Replace by", { exact: true }).pressSequentially("27");
  await shows(page, [65, 6, 2, 59, 27, 20, 66]);
  assert.equal(await edited(page).locator(".changed .was").innerText(), "was 50");
  await press("MID");
  await shows(page, [65, 6, 2, 59, 66, 20, 66]);
  await becomes(page, await generated([65, 6, 2, 59, 66, 20, 66]));
  await menu.getByLabel("Replace by a token of the vocabulary").selectOption("BOS");
  await shows(page, [65, 6, 2, 59, 65, 20, 66]);
  await press("Move earlier");
  await shows(page, [65, 6, 2, 65, 59, 20, 66]);
  await press("Delete");
  await shows(page, [65, 6, 2, 59, 20, 66]);
  assert.equal(await edited(page).locator(".ghost .label").innerText(), "50");
  await press("Insert before");
  await shows(page, [65, 6, 2, 0, 59, 20, 66]);
  await page.locator("h1").click();
  await menu.waitFor({ state: "detached" });
  for (let i = 0; i < 6; i++) await button(page, "Undo").click();
  await shows(page, CLEAN);
  assert.match(await button(page, "Undo").getAttribute("title"), /opened/, "the edits are all undone");
  await button(page, "Redo").click();
  await shows(page, [65, 6, 2, 59, 27, 20, 66]);
  await context.close();
});

test("what differs is marked, and the difference is the patterns' difference", async () => {
  const { page, context } = await opened();
  const given = [65, 6, 2, 59, 66, 20, 66];
  await token(page, 4).focus();
  await page.keyboard.press("m");
  const whole = await generated(given);
  await becomes(page, whole);
  assert.deepEqual(await edited(page).locator(".prediction").evaluateAll((all) => all.map((one) => one.classList.contains("differs"))), [false, false, false, true, false], "50 came out as 59");
  const [after, before] = [await run.look(whole), await run.look(await generated(CLEAN))];
  const names = { clean: before.pattern.data, edited: after.pattern.data, difference: after.pattern.data.map((weight, i) => weight - before.pattern.data[i]) };
  const readout = page.locator(".attention .readout");
  for (const [name, weights] of Object.entries(names)) {
    const canvas = page.locator(`canvas[data-canvas="${name}"]`);
    await canvas.scrollIntoViewIfNeeded();
    const box = await canvas.boundingBox();
    let read = 0;
    for (const [x, y] of [[0.3, 0.5], [0.35, 0.7], [0.45, 0.75], [0.32, 0.72]]) {
      await page.mouse.move(box.x + 1, box.y + 1);
      await until("no cell", async () => (await readout.getAttribute("data-cell")) === null);
      await page.mouse.move(box.x + x * Math.min(box.width, box.height), box.y + y * box.height);
      await until("a cell", async () => (await readout.getAttribute("data-canvas")) === name);
      const [destination, source] = (await readout.getAttribute("data-cell")).split(",").map(Number);
      if (source > destination) continue;
      const text = (await readout.locator("b").last().innerText()).replace("−", "-");
      assert.ok(Math.abs(Number(text) - weights[destination * whole.length + source]) < 6e-4, `${name} ${destination},${source}: ${text}`);
      read++;
    }
    assert.ok(read >= 2, `cells of ${name}`);
  }
  // A shorter one has no difference to draw, and the page says so.
  await token(page, 0).focus();
  await page.keyboard.press("Delete");
  await page.locator('[data-pattern="difference"] p', { hasText: "11 tokens and the clean one 12" }).waitFor();
  await page.keyboard.press("z");
  await page.locator('canvas[data-canvas="difference"]').waitFor();
  await button(page, "Discard all edits").click();
  await page.locator('canvas[data-canvas="edited"]').waitFor({ state: "detached" });
  assert.equal(await page.locator(".attention canvas").count(), 1);
  await context.close();
});

test("a prompt that can't be is refused with a sentence, and the last good one stays", async () => {
  const { page, context } = await opened();
  const says = async (pattern) => until(`${pattern}`, async () => pattern.test((await refusal(page).allInnerTexts()).join()), 5000);
  await token(page, 3).focus();
  await page.keyboard.type("99");
  await says(/99 is not in the vocabulary: numbers 0 to 63, BOS, MID/);
  await shows(page, CLEAN);
  assert.match(await button(page, "Undo").getAttribute("title"), /opened/, "nothing was done since");
  await page.keyboard.press("e");
  await says(/This task has no EOS/);
  await page.keyboard.press("End");
  for (let i = 0; i < 5; i++) await page.keyboard.press("Insert");
  await until("twelve tokens", async () => (await prompt(page)).length === 12);
  await page.keyboard.press("Insert");
  await says(/would have 13 tokens: this model reads 1 to 12 tokens \(n_ctx\)/);
  assert.equal((await prompt(page)).length, 12);
  await button(page, "Discard all edits").click();
  await shows(page, CLEAN);
  await token(page, 0).focus();
  for (let i = 0; i < 6; i++) await page.keyboard.press("Delete");
  await shows(page, [66]);
  await page.keyboard.press("Delete");
  await says(/needs at least one token/);
  await shows(page, [66]);
  await page.keyboard.type("7");
  await shows(page, [7]);
  assert.equal(await refusal(page).count(), 0);
  await context.close();
});

test("sequences go on greedily or by drawing, for as many tokens as are asked for", async () => {
  const { page, context } = await opened();
  await fold(page, "generation");
  const field = (name) => page.locator("details.generation").getByLabel(name, { exact: true });
  await token(page, 1).focus();
  await page.keyboard.type("44");
  const given = [65, 44, 2, 59, 50, 20, 66];
  await field("New tokens").fill("2");
  await becomes(page, await generated(given, { maxNewTokens: 2 }));
  await field("New tokens").fill("50");
  await page.locator("details.generation .error").waitFor();
  await field("New tokens").fill("5");
  await field("Temperature").fill("3");
  await field("Top-k").fill("20");
  await field("Seed").fill("5");
  const drawn = await generated(given, { temperature: 3, topK: 20, seed: 5 });
  await becomes(page, drawn);
  await field("Top-k").fill("");
  await field("Top-p").fill("0.9");
  await becomes(page, await generated(given, { temperature: 3, topP: 0.9, seed: 5 }));
  await page.locator("h1").click();
  await page.keyboard.press("z");
  await page.keyboard.press("z");
  await becomes(page, drawn);
  await context.close();
});

test("parts are taken out of the model that reads the edited sequence", async () => {
  const { page, context } = await opened();
  await fold(page, "ablate");
  const panel = page.locator("details.ablate");
  const choose = (name, value) => panel.getByLabel(name, { exact: true }).selectOption(value);
  const out = () => panel.getByRole("button", { name: "Take out", exact: true }).click();
  const back = () => panel.locator("ul button").first().click();
  const gives = async (...interventions) => becomes(page, await generated(CLEAN, { interventions }));

  await choose("Its output becomes", "mean");
  await out();
  await panel.getByText("Over one list there is nothing to average").waitFor();
  assert.equal(await edited(page).count(), 0, "over one list it changes nothing");
  await back();
  await choose("Its output becomes", "zero");
  await out();
  await gives({ hook: "blocks.0.attn.hook_z", edit: "zero", heads: [0] });
  await back();
  await edited(page).waitFor({ state: "detached" });

  await choose("What", "edge");
  await choose("Destination", "6");
  await choose("Source", "2");
  await out();
  const cut = { positions: [6], sources: [2] };
  await gives({ hook: "blocks.0.attn.hook_attn_scores", edit: "replace", value: -1e9, ...cut });
  await panel.getByLabel("renormalise the row").uncheck();
  await back();
  await choose("Destination", "9");
  await out();
  await gives({ hook: "blocks.0.attn.hook_pattern", edit: "zero", positions: [9], sources: [2] });
  await back();
  await choose("What", "position");
  await choose("Position", "9");
  await out();
  await gives({ hook: "hook_pos_embed", edit: "zero", positions: [9] });
  assert.ok(!(await panel.getByLabel("What", { exact: true }).innerText()).includes("MLP"), "this model has none");

  // A shorter sequence never gets there.
  await fold(page, "presets");
  await page.locator('[data-preset="mid_deletion"] > button').click();
  await fold(page, "generation");
  await page.getByLabel("New tokens").fill("2");
  await becomes(page, await generated(CLEAN.slice(0, 6), { maxNewTokens: 2 }));
  await page.locator("h1").click();
  await page.keyboard.press("z");
  await page.keyboard.press("z");
  await page.keyboard.press("z");
  await edited(page).waitFor({ state: "detached" });
  await context.close();
});

test("edits follow the list and the model, and what is shown follows training", async () => {
  const { page, context, record } = await open(place);
  await untilStep(page, 3);
  await token(page, 4).focus();
  await page.keyboard.press("m");
  await edited(page).waitFor();
  await page.locator("#list").fill("1, 2, 3");
  await until("a shorter list", async () => (await page.locator('.row-holder[data-side="clean"]').count()) === 1 && (await editor(page).locator("[data-position]").count()) === 5);
  await page.locator("#list").fill("6, 2, 59, 50, 20");
  const now = async () => (await edited(page).locator("[data-position]").allInnerTexts()).join();
  await until("the edit again", async () => (await now().catch(() => "")) === "BOS,6,2,59,MID,20,MID");
  const probabilities = () => edited(page).locator(".bar").evaluateAll((all) => all.map((one) => one.value).join());
  const first = await probabilities();
  await until("other predictions while it trains", async () => (await probabilities()) !== first);
  await pause(page);
  // Another model, whose MID is another number.
  await page.locator("input[type=file]").setInputFiles(SEED);
  await page.locator("section.file .name").waitFor();
  await becomes(page, await generated([65, 6, 2, 59, 66, 20, 66]));
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("a task without BOS has no experiments on it, and the page says why", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 1);
  await page.locator("details.settings > summary").click();
  const bos = page.locator('[data-path="task.bos_token"]');
  await page.locator(".control", { has: bos }).getByLabel("none").check();
  await until("the start to be offered", () => button(page, "Start a new run with these settings").isEnabled());
  await button(page, "Start a new run with these settings").click();
  await until("no BOS", async () => (await page.locator(".token .label").first().innerText()) === "6");
  await fold(page, "presets");
  for (const id of ["bos_injection", "bos_replacement", "bos_deletion", "bos_only"]) {
    assert.equal(await page.locator(`[data-preset="${id}"] > button`).isDisabled(), true);
    assert.match(await page.locator(`[data-preset="${id}"]`).innerText(), /This task has no BOS/);
  }
  await context.close();
});

test("on a phone everything is there, under a thumb, with no sideways scroll; labels are text", async () => {
  const label = `<img src=x onerror="document.title='broken'">`;
  const patch = `{
    const post = self.postMessage.bind(self);
    self.postMessage = (message, transfer) => {
      if (message.type === "looked" && message.edited) {
        message.edited.labels[1] = ${JSON.stringify(label)};
        for (const prediction of message.edited.predictions) prediction.label = ${JSON.stringify(label)};
      }
      post(message, transfer);
    };
  }`;
  const { page, context, record } = await opened({ viewport: { width: 360, height: 800 }, patch });
  await fold(page, "presets");
  await fold(page, "generation");
  await fold(page, "ablate");
  await page.locator('[data-preset="mid_injection"] > button').click();
  await until("the label", async () => (await edited(page).locator(".label").nth(1).textContent()) === label);
  for (const name of ["Clean", "Edited", "Difference"]) {
    await page.locator(".tabs").getByRole("button", { name }).click();
    assert.equal(await page.locator(".attention canvas:visible").count(), 1);
    await until("a canvas of a size", async () => (await page.locator(".attention canvas:visible").boundingBox()).height > 100);
  }
  await token(page, 2).click();
  await page.locator(".token-menu").waitFor();
  const [scroll, inner] = await page.evaluate(() => [document.scrollingElement.scrollWidth, innerWidth]);
  assert.ok(scroll <= inner, `${scroll} pixels wide in a window of ${inner}`);
  const small = await page.locator(".sequence, .attention").locator("button:visible, select:visible, input[type=text]:visible, summary:visible, label.check:visible").evaluateAll((all) =>
    all.filter((one) => one.getBoundingClientRect().height < 43.9).map((one) => one.outerHTML.slice(0, 120)),
  );
  assert.deepEqual(small, [], "targets of at least 44 pixels");
  assert.equal(await page.locator("img").count(), 0);
  assert.equal(await page.title(), "Tinylens");
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});
