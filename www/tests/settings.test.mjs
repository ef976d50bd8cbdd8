// Settings and the list: what is wrong is refused beside its control and touches nothing, what is right starts a new run.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { button, figure, open, setUp, until, untilStep } from "./helpers.mjs";

let place;
before(async () => void (place = await setUp()));
after(() => place?.stop());

const START = "Start a new run with these settings";
const control = (page, path) => page.locator(`[data-path="${path}"]`);
const parameters = async (page) => Number((await page.locator("details.settings > summary").innerText()).match(/([\d,]+) parameters/)[1].replaceAll(",", ""));

test("every setting has a control with its range, default and help", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 1);
  await page.locator("details.settings > summary").click();
  const controls = page.locator(".control");
  assert.ok((await controls.count()) >= 25);
  for (const text of await controls.allInnerTexts()) {
    assert.match(text, /default|left empty/, text);
    assert.ok(text.split("\n").length >= 2, text);
  }
  assert.equal(await control(page, "train.lr").inputValue(), "0.001");
  assert.equal(await control(page, "model.n_ctx").getAttribute("placeholder"), "12");
  await context.close();
});

test("a value out of range is refused beside its control, and the run goes on", async () => {
  const { page, context, record } = await open(place);
  await untilStep(page, 2);
  await page.locator("details.settings > summary").click();
  const before = await parameters(page);
  for (const [path, value] of [["model.d_model", "-3"], ["train.lr", "fast"], ["task.list_length", "100000"]]) {
    const field = control(page, path);
    await field.fill(value);
    const error = page.locator(".control", { has: field }).locator(".error");
    await error.waitFor();
    assert.match(await error.innerText(), /\d/, "it says what would be accepted");
    assert.equal(await field.getAttribute("aria-invalid"), "true");
    assert.ok((await field.getAttribute("aria-describedby")).split(" ").includes(await error.getAttribute("id")));
    assert.ok(await button(page, START).isDisabled());
    await untilStep(page, (await figure(page, "step")) + 2);
    await field.fill("");
    await error.waitFor({ state: "detached" });
  }
  assert.equal(await parameters(page), before);
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("a valid change starts a new run with its own number of parameters, and the defaults come back", async () => {
  const { page, context, record } = await open(place);
  await untilStep(page, 2);
  await page.locator("details.settings > summary").click();
  assert.equal(await parameters(page), 84803);
  await control(page, "model.d_model").fill("32");
  await control(page, "task.list_length").fill("3");
  await until("n_ctx to follow", async () => (await control(page, "model.n_ctx").getAttribute("placeholder")) === "8");
  assert.equal(await parameters(page), 84803, "nothing has changed yet");
  await button(page, START).click();
  await until("the new run", async () => (await parameters(page)) !== 84803);
  assert.ok((await parameters(page)) < 40_000);
  await until("the new sequence", async () => (await page.locator(".token").count()) === 8);
  await untilStep(page, 2);

  await button(page, "Back to defaults").click();
  await until("the start to be offered", () => button(page, START).isEnabled());
  await button(page, START).click();
  await until("the default run", async () => (await parameters(page)) === 84803);
  await until("the default sequence", async () => (await page.locator(".token").count()) === 12);
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("several heads and layers: the canvas, the table and the readout know them all", async () => {
  const { page, context, record } = await open(place);
  await untilStep(page, 1);
  await page.locator("details.settings > summary").click();
  await control(page, "model.d_model").fill("32");
  await control(page, "model.n_layers").fill("2");
  await control(page, "model.n_heads").fill("2");
  await until("the start to be offered", () => button(page, START).isEnabled());
  await button(page, START).click();
  await page.locator(".attention .twin > summary").click();
  await until("four heads", async () => (await page.locator("#twin-head option").count()) === 4);
  await page.locator("#twin-head").selectOption("3");
  await until("the last head", async () => /Layer 1, head 1/.test(await page.locator("caption").innerText()));
  await untilStep(page, 3);
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("a list that does not fit is refused beside its field, and the old sequence stays", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 1);
  const labels = () => page.locator(".token .label").allInnerTexts();
  const old = await labels();
  const field = page.locator("#list");
  for (const wrong of ["6, 2, 64", "six", "", "1 2 3 4 5 6 7"]) {
    await field.fill(wrong);
    await page.locator("#list-error").waitFor();
    assert.match(await page.locator("#list-error").innerText(), /0 to 63/);
    assert.equal(await field.getAttribute("aria-invalid"), "true");
    assert.deepEqual(await labels(), old);
  }
  await field.fill("9, 3, 40");
  await until("the new sequence", async () => (await labels()).join(" ") === "BOS 9 3 40 MID 3 9 40");
  assert.equal(await page.locator("#list-error").count(), 0);
  await context.close();
});
