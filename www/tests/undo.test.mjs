// Undo and redo of everything a person changes: the list, settings, and the run itself.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { button, figure, open, pause, setUp, until, untilStep } from "./helpers.mjs";

let place;
before(async () => void (place = await setUp()));
after(() => place?.stop());

const list = (page) => page.locator("#list").inputValue();
const says = (page) => button(page, "Undo").getAttribute("title");

test("a list that was typed is one change, and comes back with its predictions", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 1);
  assert.equal(await button(page, "Undo").isDisabled(), true);
  await page.locator("#list").fill("");
  await page.locator("#list").pressSequentially("9, 8, 7");
  await page.locator("h1").click();
  const label = (at) => page.locator(".token .label").nth(at).innerText();
  await until("the typed list", async () => (await label(1)) === "9");
  await page.keyboard.press("z");
  await until("the list as it was", async () => (await label(1)) === "6");
  assert.equal(await list(page), "6, 2, 59, 50, 20");
  await page.keyboard.press("Z");
  await until("the typed list again", async () => (await label(1)) === "9");
  assert.equal(await list(page), "9, 8, 7");
  await context.close();
});

test("a new run and a reset are undone: the run that was trained is back where it was, with its curve", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 30);
  const step = await pause(page);
  const reads = async () => {
    await page.getByRole("slider", { name: /Loss curve/ }).focus();
    await page.keyboard.press("Home");
    return page.locator('[data-figure="reading"]').innerText();
  };
  const first = await reads();
  await page.locator("details.settings > summary").click();
  await page.locator('[data-path="task.list_length"]').fill("3");
  await button(page, "Start a new run with these settings").click();
  await until("lists of three", async () => (await list(page)).split(",").length === 3);
  await untilStep(page, 2);
  await page.locator("h1").click();
  assert.match(await says(page), /A new run/);
  await page.keyboard.press("z");
  await until("the first run", async () => (await figure(page, "step")) === step);
  assert.equal(await list(page), "6, 2, 59, 50, 20");
  assert.equal(await button(page, "Play").count(), 1, "at rest");
  assert.equal(await reads(), first, "with its curve");
  await page.locator("h1").click();
  await page.keyboard.press("Z");
  await until("lists of three again", async () => (await list(page)).split(",").length === 3);
  await page.keyboard.press("z");
  await until("the first run again", async () => (await figure(page, "step")) === step);

  await page.keyboard.press("r");
  await until("step 0", async () => (await figure(page, "step")) === 0);
  await page.keyboard.press("z");
  await until("not reset", async () => (await figure(page, "step")) === step);
  await context.close();
});

test("settings as they are typed, and those of the ablation table", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 1);
  await page.locator("details.settings > summary").click();
  const field = page.locator('[data-path="train.batch_size"]');
  await field.fill("64");
  const lists = page.locator(".ablations").getByLabel("Lists");
  await lists.fill("500");
  await page.locator(".loss").getByLabel("log axis").uncheck();
  await page.locator("h1").click();
  await page.keyboard.press("z");
  assert.equal(await page.locator(".loss").getByLabel("log axis").isChecked(), true);
  await page.keyboard.press("z");
  assert.equal(await lists.inputValue(), "2000");
  assert.equal(await field.inputValue(), "64");
  await page.keyboard.press("z");
  assert.equal(await field.inputValue(), "100");
  await page.keyboard.press("Z");
  assert.equal(await field.inputValue(), "64");
  await context.close();
});
