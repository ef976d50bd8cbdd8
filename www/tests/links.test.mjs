// Links in the browser: the address follows the page, the page follows the address, and what comes out is compared with what was promised.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { button, figure, open, pause, setUp, until, untilStep } from "./helpers.mjs";

/** A task so small that steps cost nothing. */
const SMALL = "v=1&task.list_length=3&task.max_value=10&model.d_model=16&train.num_samples=160&train.batch_size=16";

let setup;
before(async () => (setup = await setUp()));
after(() => setup.stop());

const hash = (page) => new URL(page.url()).hash.slice(1);
const untilHash = (page, pattern, timeout = 20_000) => until(`an address like ${pattern}`, async () => pattern.test(hash(page)) && hash(page), timeout);
const verdict = (page) => page.locator('[data-figure="verdict"]');

/** Opens a link in a page of its own. */
const openAt = (link, options) => open(setup, { ...options, link });

const clean = ({ record }) => {
  assert.deepEqual(record.errors, []);
  assert.deepEqual(record.elsewhere, []);
};

test("a link that is written in the address just as the page writes its own is opened all the same", async () => {
  // The page asks its worker for the link that it will write. As the answer comes, somebody else has written the address: no event of that has been seen yet.
  const init = `{
    const Real = Worker;
    globalThis.Worker = class extends Real {
      constructor(...names) {
        super(...names);
        this.addEventListener("message", ({ data }) => {
          if (!globalThis.typed || !JSON.stringify(data)?.includes("v=1")) return;
          location.hash = globalThis.typed;
          globalThis.typed = null;
        });
      }
    };
  }`;
  for (const [typed, arrived] of [
    ["tour=read_pattern", (page) => page.locator(".tour").count()],
    [`${SMALL.replace("list_length=3", "list_length=4")}&train.steps=5&device=cpu`, async (page) => (await figure(page, "step")) === 5 && /list_length=4/.test(hash(page))],
  ]) {
    const opened = await openAt(`${SMALL}&device=cpu`, { init });
    const { page, context } = opened;
    await untilStep(page, 1);
    await pause(page);
    await page.evaluate((typed) => (globalThis.typed = typed), typed);
    await page.locator("#list").fill("1, 2, 3"); // Something to write.
    await until("the page to be asked", () => page.evaluate(() => globalThis.typed === null));
    await until("what was typed", () => arrived(page), 10_000);
    clean(opened);
    await context.close();
  }
});

test("a link of a task that the page does not show says so, and the page shows its usual run", async () => {
  const opened = await openAt("v=1&task.name=max_of_list&task.list_length=3&train.steps=20&device=cpu");
  const { page, context } = opened;
  await page.locator(".warnings summary").click();
  assert.match(await page.locator(".warnings").innerText(), /The task is max_of_list; this page shows sort only so far/);
  await untilStep(page, 1);
  await pause(page);
  assert.match(await page.locator("#list").inputValue(), /6.*2.*59.*50.*20/);
  clean(opened);
  await context.close();
});

test("a run is reproduced bit for bit from the address of another page", async () => {
  const first = await openAt(`${SMALL}&device=cpu`);
  await untilStep(first.page, 30);
  assert.ok(!/steps/.test(hash(first.page)), "a run that plays has no step in its link");
  const step = await pause(first.page);
  const link = await untilHash(first.page, /expect\.fingerprint=[0-9a-f]{16}&expect\.loss=[\d.]+&expect\.version=/);
  assert.ok(link.startsWith(`${SMALL}&train.steps=${step}&device=cpu`), link);
  clean(first);
  await first.context.close();

  const second = await openAt(link);
  await verdict(second.page).waitFor();
  assert.match(await verdict(second.page).innerText(), /^Reproduced bit for bit/);
  assert.equal(await figure(second.page, "step"), step);
  await button(second.page, "Play").waitFor();
  assert.equal(hash(second.page), link);
  clean(second);

  // Another fingerprint, of another version: said.
  const other = link.replace(/fingerprint=(.)/, (_, digit) => `fingerprint=${digit === "0" ? 1 : 0}`).replace(/version=.*/, "version=0.0.1");
  await second.page.evaluate((link) => (location.hash = link), other);
  await until("another verdict", async () => /^This link was made by version 0\.0\.1 .*they are the same\./.test(await verdict(second.page).innerText().catch(() => "")));
  assert.equal(await figure(second.page, "step"), step);
  await second.context.close();
});

test("edits, view and pins are in the address, and a page that opens it has them", async () => {
  const link = `${SMALL}&model.n_heads=2&device=cpu&prompt=3,1,2&edit=replace:2:MID&edit=delete:0&ablate=position:2&view.scale=sqrt&pin=0.1&cell=3:1&open=presets`;
  const opened = await openAt(link);
  const { page } = opened;
  await page.locator(".sequence h3", { hasText: "Edited" }).waitFor();
  assert.equal(await page.locator("#list").inputValue(), "3, 1, 2");
  assert.ok(await page.locator("details.presets").evaluate((fold) => fold.open));
  assert.equal(await page.locator('[data-view="scale"]').inputValue(), "sqrt");
  await page.waitForTimeout(1000);
  assert.equal(hash(page), link.replace("model.d_model=16", "model.n_heads=2&model.d_model=16").replace("&model.n_heads=2&device", "&device"));
  // A change is in the address soon after, and back without an entry of its own.
  const entries = await page.evaluate(() => history.length);
  await page.locator(".changes").getByRole("button", { name: "Discard all edits" }).click();
  await untilHash(page, /^(?!.*edit=)(?!.*ablate=)/);
  assert.equal(await page.evaluate(() => history.length), entries);
  clean(opened);
  await opened.context.close();
});

test("back and forward go from run to run and preset to preset", async () => {
  const opened = await openAt(`${SMALL}&device=cpu&train.steps=20`);
  const { page } = opened;
  await untilHash(page, /expect/);
  await page.locator("details.presets > summary").click();
  await page.locator("details.presets").getByRole("button", { name: /MID deleted/ }).click();
  await untilHash(page, /edit=delete:4/);
  await page.goBack();
  await page.locator(".sequence h3", { hasText: "Edited" }).waitFor({ state: "detached" });
  assert.ok(!/edit/.test(hash(page)));
  assert.equal(await figure(page, "step"), 20, "the run was not begun again");
  await page.goForward();
  await page.locator(".sequence h3", { hasText: "Edited" }).waitFor();
  // Another run by a link that is clicked in the page, and back to the first.
  await page.evaluate((link) => (location.hash = link), `${SMALL.replace("list_length=3", "list_length=4")}&train.steps=5&device=cpu`);
  await until("the other run", async () => (await figure(page, "step")) === 5 && /list_length=4/.test(hash(page)));
  await page.goBack();
  await until("the first run", async () => (await figure(page, "step")) === 20 && /list_length=3/.test(hash(page)));
  clean(opened);
  await opened.context.close();
});

test("what is wrong in a link is one note, and the rest stands", async () => {
  const opened = await openAt(`${SMALL}&device=cpu&train.lr=7&nonsense=%3Cscript%3E&edit=delete:99`);
  const { page } = opened;
  const note = page.locator(".warnings");
  await note.locator("summary").click();
  assert.equal(await note.locator("li").count(), 3);
  assert.match(await note.innerText(), /train\.lr is 7/);
  await untilStep(page, 5);
  assert.equal(await page.locator("#list").inputValue().then((text) => text.split(",").length), 3);
  await button(page, "Dismiss").click();
  await note.waitFor({ state: "detached" });
  clean(opened);
  await opened.context.close();
});

test("training to a link's step can be cancelled", async () => {
  const opened = await openAt(`${SMALL}&device=cpu&train.steps=3000000`);
  const { page } = opened;
  const progress = page.locator(".arrival progress");
  await progress.waitFor();
  assert.equal(await progress.getAttribute("max"), "3000000");
  await until("progress", async () => (await progress.evaluate((bar) => bar.value)) > 0);
  await button(page, "Cancel").click();
  await verdict(page).waitFor();
  assert.match(await verdict(page).innerText(), /^Stopped at step [\d,]+; the link says 3,000,000\.$/);
  const step = await figure(page, "step");
  await untilHash(page, new RegExp(`train\\.steps=${step}&`));
  clean(opened);
  await opened.context.close();
});

test("one step, while it trains to a link's step, is a pause: it says at which step, and nothing is trained beyond the link's", async () => {
  for (const press of [(page) => page.locator("body").press("."), (page) => button(page, "One step").click()]) {
    const opened = await openAt(`${SMALL}&device=cpu&train.steps=3000000`);
    const { page } = opened;
    await untilStep(page, 50);
    await press(page);
    await verdict(page).waitFor();
    const [, said, wanted] = /^Stopped at step ([\d,]+); the link says ([\d,]+)\.$/.exec(await verdict(page).innerText());
    assert.equal(wanted, "3,000,000");
    const step = Number(said.replaceAll(",", ""));
    await untilHash(page, new RegExp(`train\\.steps=${step}&`));
    assert.equal(await figure(page, "step"), step, "it rests where it said");
    // From there it is one step again.
    await press(page);
    await until("one more step", async () => (await figure(page, "step")) === step + 1);
    clean(opened);
    await opened.context.close();
  }
});

test("what a link hides is not there, also in an iframe", async () => {
  const opened = await openAt(`${SMALL}&device=cpu&hide=export,theme,share,claims,task.list_length`);
  const { page } = opened;
  await untilStep(page, 1);
  await page.locator("details.settings > summary").click();
  await page.locator('[data-path="task.max_value"]').waitFor();
  for (const gone of ["details.export", ".chip.theme", "button.share", "section.claims", '[data-path="task.list_length"]']) assert.equal(await page.locator(gone).isVisible(), false, gone);
  assert.ok(await page.locator("section.ablations").isVisible());
  // A teacher's page.
  await page.route("**/lesson.html", (route) => route.fulfill({ contentType: "text/html", body: `<!doctype html><title>Lesson</title><iframe src="./#${SMALL}&amp;hide=settings,loss" title="Tinylens" width="900" height="700"></iframe>` }));
  await page.goto(`${setup.url}lesson.html`);
  const inner = page.frameLocator("iframe");
  await until("the page in the page", async () => Number((await inner.locator('[data-figure="step"]').innerText()).replace(/\D/g, "")) > 0);
  assert.ok(await inner.locator("section.ablations").isVisible());
  for (const gone of ["details.settings", "section.loss"]) assert.equal(await inner.locator(gone).isVisible(), false, gone);
  await opened.context.close();
});

test("every name that a link can hide is somewhere on the page or marked", async () => {
  const opened = await openAt(SMALL);
  const { page } = opened;
  await untilStep(page, 1);
  for (const name of ["sequence", "list", "predictions", "undo", "presets", "generation", "ablate", "attention", "numbers", "transport", "readouts", "loss", "export", "ablations", "claims", "comparison", "settings", "open", "device", "share", "theme"]) {
    await page.evaluate((name) => (location.hash = `v=1&task.list_length=3&task.max_value=10&hide=${name}`), name);
    await until(`${name} hidden`, () => page.evaluate(() => [...document.adoptedStyleSheets].some((sheet) => [...sheet.cssRules].some((rule) => document.querySelector(rule.selectorText) !== null))), 5000);
  }
  await opened.context.close();
});

test("the share dialog: link, Markdown, iframe with parts hidden, QR code, weights", async () => {
  const opened = await openAt(`${SMALL}&device=cpu&train.steps=10`, { viewport: { width: 390, height: 800 } });
  const { page } = opened;
  await untilHash(page, /expect/);
  await button(page, "Share").click();
  const dialog = page.getByRole("dialog");
  const text = dialog.locator("#share-text");
  await until("the link", async () => (await text.inputValue()) === page.url());
  await dialog.getByRole("button", { name: "Markdown" }).click();
  await until("Markdown", async () => (await text.inputValue()) === `[Tinylens, step 10](${page.url()})`);
  await dialog.getByRole("button", { name: /iframe/ }).click();
  await until("an iframe", async () => /^<iframe src="[^"]*hide=share,open,export,settings[^"]*"/.test(await text.inputValue()));
  await dialog.getByLabel("Claims").check();
  await until("another part hidden", async () => /hide=share,open,export,settings,claims/.test(await text.inputValue()));
  await dialog.getByRole("button", { name: "Link", exact: true }).click();
  await dialog.getByText("QR code").click();
  assert.ok((await dialog.locator(".code path").getAttribute("d")).length > 1000);
  await dialog.getByLabel(/weights in it/).check();
  const long = await until("weights", async () => /weights=[\w-]{1000,}/.test(await text.inputValue()) && (await text.inputValue()));
  assert.ok(long.length < 32_768);
  assert.doesNotMatch(long, /train\.steps|expect\./, "what is trained already is not trained again");
  await dialog.getByRole("button", { name: "Copy" }).click();
  await dialog.getByRole("status").filter({ hasText: /Copied|selected/ }).waitFor();
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "no sideways scroll");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  clean(opened);
  await opened.context.close();

  const other = await openAt(new URL(long).hash.slice(1));
  await other.page.locator("section.file").waitFor();
  assert.match(await other.page.locator("section.file").innerText(), /a model in a link/);
  assert.equal(await figure(other.page, "step"), 0);
  await until("the weights in the address", async () => hash(other.page).endsWith(long.slice(long.indexOf("&weights="))));
  assert.doesNotMatch(hash(other.page), /file\./, "a reload asks for no file");
  clean(other);
  await other.context.close();
});

test("a link to a file's model asks for the file, and tells a wrong one apart", async () => {
  const files = new URL("../../crate/tests/layouts/", import.meta.url);
  const [right, wrong] = await Promise.all(["hooked.pt", "nanogpt.pt"].map(async (name) => ({ name, mimeType: "application/octet-stream", buffer: await readFile(new URL(name, files)) })));
  const author = await open(setup);
  await author.page.locator('input[type="file"]').first().setInputFiles(right);
  const link = await untilHash(author.page, /file\.name=hooked\.pt&file\.format=.*&file\.fingerprint=[0-9a-f]{16}/);
  clean(author);
  await author.context.close();

  const reader = await openAt(link);
  const { page } = reader;
  const line = page.locator(".arrival");
  await line.getByText("hooked.pt").waitFor();
  assert.equal(hash(page), link, "a reload asks again");
  const field = page.getByLabel("The link’s file");
  await field.setInputFiles(wrong);
  await line.getByText(/holds another model/).waitFor();
  await line.getByRole("button", { name: "Use it anyway" }).waitFor();
  await field.setInputFiles(right);
  await line.waitFor({ state: "detached" });
  await until("the file's link again", async () => hash(page) === link);
  clean(reader);
  await reader.context.close();
});

test("a link of more than a megabyte, and the empty one, are a page like any other", async () => {
  for (const link of ["edit=delete:0&".repeat(80_000), "v=1", "main"]) {
    const opened = await openAt(link);
    await untilStep(opened.page, 1);
    if (link.length > 1000) assert.match(await opened.page.locator(".warnings").innerText(), /One thing in the link was ignored/);
    clean(opened);
    await opened.context.close();
  }
});

test("the run on screen is trained on where a link says more of it", async () => {
  const opened = await openAt(`${SMALL}&device=cpu&train.steps=10`);
  const { page } = opened;
  await untilHash(page, /expect/);
  await page.evaluate((link) => (location.hash = link), `${SMALL}&device=cpu&train.steps=400`);
  await until("the verdict", async () => (await figure(page, "step")) === 400 && (await verdict(page).innerText().catch(() => "")) !== "");
  await until("no word of a stop", async () => /^Trained as far as the link says/.test(await verdict(page).innerText()));
  clean(opened);
  await opened.context.close();
});

test("a link's list and edits stay at a stop of the tour; an experiment of the stop is done to the link's run", async () => {
  const link = `${SMALL}&train.steps=10&device=cpu&prompt=3,1,2&edit=replace:2:MID&tour=your_turn`;
  const opened = await openAt(link);
  const { page } = opened;
  const address = await untilHash(page, /expect/);
  assert.ok(address.startsWith(link), address);
  await page.evaluate((link) => (location.hash = link), `${SMALL.replace("list_length=3", "list_length=4")}&train.steps=5&device=cpu&tour=inject_mid`);
  await untilHash(page, /list_length=4.*edit=replace:\d:MID&tour=inject_mid/);
  // The same stop again, with another run.
  await page.evaluate((link) => (location.hash = link), `${SMALL}&train.steps=5&device=cpu&tour=inject_mid`);
  await untilHash(page, /list_length=3.*edit=replace:\d:MID&tour=inject_mid/);
  clean(opened);
  await opened.context.close();
});

test("undone, a link that was opened is no longer in the address", async () => {
  const opened = await openAt(`${SMALL}&device=cpu&train.steps=10`);
  const { page } = opened;
  const before = await untilHash(page, /expect/);
  await page.evaluate((link) => (location.hash = link), `${SMALL}&device=cpu&train.steps=3000000&model.seed=2`);
  await page.locator(".arrival progress").waitFor();
  await page.locator("body").press("z");
  await until("the first link", async () => hash(page) === before);
  clean(opened);
  await opened.context.close();
});

test("keys of the page do nothing behind the share dialog", async () => {
  const opened = await openAt(`${SMALL}&device=cpu&train.steps=10`);
  const { page } = opened;
  await untilHash(page, /expect/);
  await button(page, "Share").click();
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  for (const key of ["r", ".", "?"]) await page.keyboard.press(key);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.equal(await figure(page, "step"), 10);
  assert.equal(await button(page, "Share").evaluate((share) => share === document.activeElement), true);
  clean(opened);
  await opened.context.close();
});

test("a link that asks for WebGPU where there is none is trained on the CPU, and that is said", async () => {
  const link = `${SMALL}&train.steps=5&device=webgpu&expect.loss=999`;
  const opened = await openAt(link, { patch: `Object.defineProperty(navigator, "gpu", { value: undefined })` });
  const { page } = opened;
  await verdict(page).waitFor();
  assert.match(await verdict(page).innerText(), /^The link was made on WebGPU, this run on the CPU/);
  await page.locator(".warnings summary").click();
  assert.match(await page.locator(".warnings").innerText(), /asks for WebGPU/);
  assert.equal(await figure(page, "step"), 5);
  clean(opened);
  await opened.context.close();
});

test("whoever begins a run instead of choosing a link's file is asked for it no longer", async () => {
  const opened = await openAt(`${SMALL}&device=cpu&file.name=${"long".repeat(40)}model.pt&file.fingerprint=0123456789abcdef`, { viewport: { width: 360, height: 780 } });
  const { page } = opened;
  await page.locator(".arrival").getByText("model.pt").waitFor();
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 360), "no sideways scroll");
  await untilStep(page, 1);
  await page.locator("body").press("r");
  await page.locator(".arrival").waitFor({ state: "detached" });
  await until("the run in the address", async () => !/file/.test(hash(page)));
  clean(opened);
  await opened.context.close();
});
