// What outlives the page: a session is offered again after a reload or a crash, and goes on with the same bits; runs are kept, renamed,
// compared, deleted and brought back, saved as files and imported; and where the browser stores nothing, the page says so and works.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import init, { Run, openDevice } from "../../pkg/tinylens.js";
import { button, figure, notice, open, pause, setUp, until, untilStep } from "./helpers.mjs";

const SEED = fileURLToPath(new URL("../../crate/tests/checkpoints/seed_format_3000.pkl", import.meta.url));

let place, cpu, folder;
before(async () => {
  place = await setUp();
  await init();
  cpu = await openDevice("cpu");
  folder = await mkdtemp(join(tmpdir(), "tinylens-"));
});
after(async () => {
  await place?.stop();
  if (folder) await rm(folder, { recursive: true });
});

const offer = (page) => page.locator(".offer");
const goOn = (page) => offer(page).getByRole("button", { name: /^Go on from step/ });
/** Also where the link, which may be read a moment later, opens it. */
const openRuns = (page) => until("the panel of runs", async () => (await page.locator(".runs").evaluate((panel) => panel.open)) || (await page.locator(".runs > summary").click()));
const row = (page, name) => page.locator(`[data-run="${name}"]`);
const names = (page) => page.locator(".run:not(.gone) b.name").allInnerTexts();
const said = (page) => page.locator('[data-runs="said"]').innerText();

/** From step 0, that many steps, and rest. */
async function train(page, steps) {
  const from = await figure(page, "step");
  await page.getByLabel(/^Number of steps/).fill(String(steps));
  await button(page, "steps").click();
  await until(`step ${from + steps}`, async () => (await figure(page, "step")) === from + steps);
  await button(page, "Play").waitFor();
}
async function reset(page) {
  await button(page, "Reset to step 0").click();
  await until("step 0", async () => (await figure(page, "step")) === 0);
}
async function keep(page, name) {
  if (name) await page.locator("#run-name").fill(name);
  await button(page, "Keep this run").click();
  await until("a run that is kept", async () => /^Kept/.test(await said(page)));
}
/** The loss curve's points, as it reads them. */
async function curve(page, keys = ["Home", "End"]) {
  await page.locator(".side .chart").focus();
  const readings = [];
  for (const key of keys) {
    // A chart whose size changes is no longer read.
    const reading = async () => (await page.keyboard.press(key), page.locator('[data-figure="reading"]').innerText());
    readings.push(await until("a reading", async () => /^step/.test(await reading()) && reading()));
  }
  return readings;
}
/** What a click saves, and what is in it. */
async function saved(page, name) {
  const [download] = await Promise.all([page.waitForEvent("download"), button(page, name).click()]);
  const path = join(folder, `${Math.random()} ${download.suggestedFilename()}`);
  await download.saveAs(path);
  const bytes = await readFile(path);
  assert.equal(bytes.toString("latin1", 0, 8), "TINYLENS");
  return { path, bytes, name: download.suggestedFilename(), ...JSON.parse(bytes.toString("utf8", 20, 20 + bytes.readUInt32LE(12))) };
}
const inNode = async (experiment, steps) => {
  const run = await Run.create(experiment, cpu);
  await run.step(steps);
  return run.fingerprint();
};
/** Sessions as they lie in the database. */
const sessions = (page) =>
  page.evaluate(
    () =>
      new Promise((done) => {
        const request = indexedDB.open("tinylens /");
        request.onsuccess = () => {
          const all = request.result.transaction("heads").objectStore("heads").getAll();
          all.onsuccess = () => (request.result.close(), done(all.result.filter(({ kind }) => kind === "session")));
        };
      }),
  );

test("after a reload the session goes on: same step, list, edits and curve, and then the same bits", async () => {
  const { page, context, record } = await open(place);
  await untilStep(page, 3);
  await pause(page);
  await reset(page);
  await page.locator("#list").fill("9, 8, 7, 30, 1");
  await train(page, 130);
  await page.locator(".token .label").nth(1).click();
  await page.keyboard.press("Delete");
  await until("an edited row", async () => (await page.locator(".token.ghost").count()) === 1);
  await page.getByLabel("log axis").uncheck();
  const withoutHeldOut = async () => (await curve(page)).map((reading) => reading.replace(/, held out.*/, "")); // that is measured again at rest
  const before = await withoutHeldOut();
  assert.match(before[1], /^step 130, training/);
  await until("the list in the address", () => page.url().includes("prompt=9,8,7,30,1"));

  await page.reload();
  await goOn(page).waitFor();
  assert.match(await offer(page).innerText(), /^Go on from step 130 \(today, \d\d:\d\d\)\s+Start anew$/);
  // Meanwhile the address's run is there.
  await until("the address's list", async () => (await page.locator("#list").inputValue()) === "9, 8, 7, 30, 1");
  await untilStep(page, 3);
  await goOn(page).click();
  await until("the session's step", async () => (await figure(page, "step")) === 130);
  assert.equal(await offer(page).count(), 0);
  await button(page, "Play").waitFor();
  assert.equal(await page.locator("#list").inputValue(), "9, 8, 7, 30, 1");
  await until("the edit", async () => (await page.locator(".token.ghost").count()) === 1);
  assert.ok(!(await page.getByLabel("log axis").first().isChecked()), "the view too");
  assert.deepEqual(await withoutHeldOut(), before);

  await train(page, 30);
  await openRuns(page);
  const { run } = await saved(page, "Save as a file");
  assert.equal(run.step, 160);
  assert.equal(run.fingerprint, await inNode({}, 160), "as if it had never been interrupted");
  assert.deepEqual(run.shown.numbers, [9, 8, 7, 30, 1]);

  // What was taken up is this tab's session now, and no other is left.
  await until("a write", async () => (await sessions(page)).some(({ step }) => step === 160));
  assert.equal((await sessions(page)).length, 1);
  await page.reload();
  await goOn(page).waitFor();
  assert.match(await offer(page).innerText(), /step 160/);
  await button(page, "Start anew").click();
  await until("no session", async () => (await sessions(page)).length === 0);
  await page.reload();
  await untilStep(page, 20);
  assert.equal(await offer(page).count(), 0, "what was declined is not offered again");
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("the run that every visit begins with is nothing to go on with, unless it has come far", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 150);
  await pause(page);
  await until("the step in the address", () => page.url().includes("train.steps="));
  await page.reload();
  await untilStep(page, 150); // where the address says that it rested
  assert.equal(await offer(page).count(), 0);
  await button(page, "Play").click();
  await untilStep(page, 1100, 120_000);
  await until("a write", async () => (await sessions(page)).length === 1);
  await page.reload();
  await goOn(page).waitFor();
  // While that one is on offer, the next run that nobody asked for is not put before it.
  await untilStep(page, 1100, 120_000);
  await page.reload();
  await goOn(page).waitFor();
  assert.equal((await sessions(page)).length, 1);
  await goOn(page).click();
  await untilStep(page, 1100);
  await button(page, "Pause").waitFor();
  await context.close();
});

test("after a dead worker and after a crash of the page, the session is offered", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 3);
  await page.locator("#seed").fill("5");
  await page.keyboard.press("Enter");
  await untilStep(page, 150);
  void page.workers()[0].evaluate(() => self.close()).catch(() => {});
  await notice(page).waitFor({ timeout: 60_000 });
  await untilStep(page, 320, 60_000);
  const stored = await until("a write on the way", async () => (await sessions(page))[0]);
  assert.ok(stored.step >= 100, `saved at ${stored.step}`);

  // No last words: what was written on the way is what there is.
  const client = await context.newCDPSession(page);
  void client.send("Page.crash").catch(() => {});
  await page.waitForEvent("crash");
  const next = await context.newPage();
  await next.goto(place.url);
  await goOn(next).waitFor();
  await goOn(next).click();
  await until("the step", async () => (await figure(next, "step")) >= stored.step);
  await pause(next);
  await openRuns(next);
  const { run } = await saved(next, "Save as a file");
  assert.equal(run.fingerprint, await inNode({ model: { seed: 5 }, train: { train_seed: 5 } }, run.step));
  await context.close();
});

test("an opened file is a session too: its weights, what was assumed, and the way back to it", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 3);
  await page.locator("input[type=file]").setInputFiles(SEED);
  await page.locator("section.file .name").waitFor();
  await until("its accuracy", async () => (await figure(page, "tokens")) > 0);
  const assumed = page.locator('[data-assumed="model.use_attn_scale"]');
  await page.locator("details.assumptions > summary").click();
  const asItSays = await assumed.isChecked();
  await assumed.click();
  await until("what is assumed", async () => (await assumed.isChecked()) !== asItSays && (await page.locator(".assumptions .control.edited").count()) === 1);
  await train(page, 110);
  await until("a write", async () => (await sessions(page))[0]?.step === 110);
  await page.reload();
  await goOn(page).waitFor();
  assert.match(await goOn(page).innerText(), /step 110 of seed_format_3000\.pkl/);
  await goOn(page).click();
  await until("the file", async () => (await page.locator("section.file .name").innerText()) === "seed_format_3000.pkl");
  await until("the step", async () => (await figure(page, "step")) === 110);
  assert.match(await page.locator("section.file").innerText(), /pickle/i);
  await page.locator("details.assumptions > summary").click();
  assert.equal(await assumed.isChecked(), !asItSays);
  assert.equal(await page.locator(".assumptions .control.edited").count(), 1, "and it is still told from what the file says");
  await button(page, "Reset to the file’s weights").click();
  await until("step 0", async () => (await figure(page, "step")) === 0);
  await assumed.click();
  await until("its accuracy, read as the file says", async () => (await figure(page, "sequences")) > 50);
  await context.close();
});

test("a link in the address bar goes first: the session is a line", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 3);
  await page.locator("#seed").fill("6");
  await page.keyboard.press("Enter");
  await untilStep(page, 120);
  await until("a write", async () => (await sessions(page)).length === 1);
  await page.close();
  const next = await context.newPage();
  await next.goto(`${place.url}#v=1&train.lr=0.002`);
  await offer(next).waitFor();
  assert.match(await offer(next).innerText(), /^An earlier run was left at step [\d,]+\./);
  assert.ok(await offer(next).evaluate((element) => element.classList.contains("quietly")));
  await context.close();
});

test("two tabs: neither is offered the other's session, nor writes over it", async () => {
  const { page: first, context } = await open(place);
  await untilStep(first, 3);
  await pause(first);
  await reset(first);
  await first.locator("#list").fill("1, 2, 3");
  await train(first, 110);
  await until("the first's write", async () => (await sessions(first)).length === 1);
  const second = await context.newPage();
  await second.goto(place.url);
  await untilStep(second, 20);
  assert.equal(await offer(second).count(), 0, "the other tab is alive");
  await pause(second);
  await reset(second);
  await second.locator("#list").fill("4, 5, 6");
  await train(second, 105);
  await until("both", async () => (await sessions(second)).map(({ step }) => step).sort().join() === "105,110");
  await first.close();
  await second.reload();
  await goOn(second).waitFor();
  assert.match(await goOn(second).innerText(), /step 105/, "its own goes first");
  await button(second, "Start anew").click();
  await until("one session less", async () => (await sessions(second)).length === 1);
  await second.reload();
  await goOn(second).waitFor();
  assert.match(await goOn(second).innerText(), /step 110/, "then what the other left");
  await context.close();
});

test("kept runs: named, listed, opened, renamed, compared, deleted and brought back", async () => {
  const { page, context, record } = await open(place);
  await untilStep(page, 3);
  await pause(page);
  await reset(page);
  await train(page, 60);
  await openRuns(page);
  assert.equal(await page.locator("#run-name").getAttribute("placeholder"), "the default run");
  await keep(page);
  await until("its figures", async () => /step 60\s+loss \d\.\d{4}/.test(await row(page, "the default run").innerText()));

  // Another seed, longer.
  await page.locator("#seed").fill("43");
  await page.keyboard.press("Enter");
  await until("step 0", async () => (await figure(page, "step")) === 0);
  await train(page, 100);
  assert.equal(await page.locator("#run-name").getAttribute("placeholder"), "seed 43");
  await keep(page);
  await train(page, 5);
  await keep(page, "seed 43");
  assert.deepEqual((await names(page)).sort(), ["seed 43", "seed 43 (2)", "the default run"], "no two of one name");

  await button(page, "Rename seed 43 (2)").click();
  await page.getByLabel("New name of seed 43 (2)").fill("  <b>five more</b> ");
  await page.keyboard.press("Enter");
  await row(page, "<b>five more</b>").waitFor();

  await test("side by side", async () => {
    await button(page, "Compare the default run").click();
    await page.locator(".run-comparison select").first().selectOption({ label: "seed 43" });
    const values = (name) => page.locator(`.run-comparison [data-row="${name}"] td`).allInnerTexts();
    await until("both", async () => (await page.locator('[data-row="Step"]').count()) === 1);
    assert.deepEqual(await values("Step"), ["100", "60"]);
    assert.deepEqual(await values("model.seed"), ["43", "42"]);
    assert.deepEqual(await values("train.train_seed"), ["43", "42"]);
    assert.equal(await page.locator("[data-differences] tr:not(.title)").count(), 2, "nothing else differs");
    const fingerprints = [await inNode({ model: { seed: 43 }, train: { train_seed: 43 } }, 100), await inNode({}, 60)];
    assert.deepEqual(await values("Fingerprint"), fingerprints.map((one) => one.slice(0, 12)));

    await page.locator(".run-comparison .chart").focus();
    await page.keyboard.press("Home");
    const read = async () => (await page.locator('[data-figure="reading-both"]').innerText()).match(/^step (\d+): seed 43 ([\d.–]+), the default run ([\d.–]+)$/).slice(1);
    for (const [i, experiment] of [{ model: { seed: 43 }, train: { train_seed: 43 } }, {}].entries()) {
      const { losses } = await (await Run.create(experiment, cpu)).step(1);
      assert.equal((await read())[1 + i], losses[0].toFixed(4));
    }
    await page.keyboard.press("End");
    assert.deepEqual((await read()).filter((_, i) => i !== 1), ["100", "–"], "the shorter one has no loss there");

    // Attention: the tables hold the model's own numbers.
    const run = await Run.create({}, cpu);
    await run.step(60);
    const { pattern, labels } = await run.look([64, 6, 2, 59, 50, 20, 65, 2, 6, 20, 50, 59].map((token, i) => (i === 0 ? run.experiment.task.bos_token : i === 6 ? run.experiment.task.mid_token : token)));
    const side = page.locator('[data-side="1"]');
    await side.getByText("As a table").click();
    const cells = await side.locator("tbody td").allInnerTexts();
    assert.equal(cells.length, labels.length ** 2);
    cells.forEach((text, i) => text && assert.equal(text, pattern.data[i].toFixed(3), `cell ${i}`));
    // And the picture their shades: the strongest weight is the accent's own colour, a later position is paper.
    const shades = await side.locator("canvas").evaluate((canvas) => [...canvas.getContext("2d").getImageData(0, 0, 2, 1).data]);
    assert.equal(shades[3], 255, "BOS attends to itself alone");
    await side.locator(".squares").focus();
    await page.keyboard.press("ArrowRight");
    assert.match(await page.locator("[data-cell-both]").innerText(), /Position 0 to 0\..*the default run: BOS → BOS 1\.000/);
    await until("claims of both, or why not", async () => /Claims|claims/.test(await page.locator(".run-comparison").innerText()));

    // The run on screen is a side too, and is followed.
    await page.locator(".run-comparison select").first().selectOption({ label: "This run" });
    await until("this run", async () => (await values("Step"))[0] === "105");
    await train(page, 5);
    await until("this run, five steps on", async () => (await values("Step"))[0] === "110");
    await page.locator(".run-comparison").getByRole("button", { name: "Close" }).click();
  });

  await button(page, "Open the default run").click();
  await until("the run", async () => (await figure(page, "step")) === 60);
  assert.equal(await page.locator("#seed").inputValue(), "42");
  assert.equal((await curve(page))[1].match(/^step (\d+)/)[1], "60");
  await page.locator("h1").click();
  await page.keyboard.press("z");
  await until("the run before, by undo", async () => (await figure(page, "step")) === 110);

  await button(page, "Delete the default run").click();
  await page.locator(".run.gone").waitFor();
  assert.match(await page.locator(".run.gone").innerText(), /^“the default run” is deleted\./);
  await page.getByRole("button", { name: "Undo: bring the default run back" }).click();
  await row(page, "the default run").waitFor();
  assert.equal(await page.locator(".run.gone").count(), 0);
  await button(page, "Delete seed 43").click();
  await page.locator(".run.gone").waitFor();
  await page.reload();
  await openRuns(page);
  await row(page, "the default run").waitFor();
  assert.deepEqual((await names(page)).sort(), ["<b>five more</b>", "the default run"]);
  await button(page, "Open <b>five more</b>").click();
  await until("the run", async () => (await figure(page, "step")) === 105);
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("what is chosen for the experiments is kept with a run, by name, in its file and in the session", async () => {
  const { page, context, record } = await open(place, { link: "v=1&device=cpu&train.steps=5" });
  await untilStep(page, 5);
  const table = page.locator(".ablations");
  const site = table.getByLabel("MID injection: site");
  const value = table.getByLabel("MID replaced: value");
  const index = (page) => page.locator('[data-preset="mid_injection"] select').first();
  await page.locator("details.presets > summary").click();
  await table.getByLabel("Lists").fill("300");
  await table.getByLabel("Seed").fill("7");
  await site.selectOption("every");
  await value.selectOption("12");
  await index(page).selectOption("1");
  const chosen = async (page) => {
    const table = page.locator(".ablations");
    const fields = [table.getByLabel("Lists"), table.getByLabel("Seed"), table.getByLabel("MID injection: site"), table.getByLabel("MID replaced: value"), index(page)];
    return (await Promise.all(fields.map((field) => field.inputValue()))).join(" ");
  };
  assert.equal(await chosen(page), "300 7 every 12 1");
  await openRuns(page);
  await keep(page, "chosen");
  const file = await saved(page, "Save as a file");
  await table.getByLabel("Lists").fill("2000");
  await site.selectOption("");
  await index(page).selectOption("3");
  await row(page, "chosen").getByRole("button", { name: /^Open/ }).click();
  await until("the kept choices", async () => (await chosen(page)) === "300 7 every 12 1");
  await page.locator("body").press("z");
  await until("those before them", async () => (await chosen(page)) === "2000 7  12 3");

  // A session too, and a file in another browser.
  const before = Date.now();
  await table.getByLabel("Lists").fill("400");
  await until("a write", async () => (await sessions(page)).some(({ saved }) => saved >= before));
  await page.reload();
  await goOn(page).click();
  await page.locator(".presets").evaluate((fold) => (fold.open = true));
  await until("the session's choices", async () => (await chosen(page)) === "400 7  12 3");
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();

  const other = await open(place);
  await untilStep(other.page, 1);
  await other.page.locator("input[type=file]").first().setInputFiles(file.path);
  await other.page.locator(".presets").evaluate((fold) => (fold.open = true));
  await until("the file's choices", async () => (await chosen(other.page)) === "300 7 every 12 1");
  assert.deepEqual(other.record, { errors: [], elsewhere: [] });
  await other.context.close();
});

test("a file out and in again is the same bytes, and trains on to the same losses", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 3);
  await pause(page);
  await reset(page);
  await train(page, 70);
  await openRuns(page);
  await keep(page, "out: and / in");
  const out = await saved(page, "Save out: and / in as a file");
  assert.equal(out.name, "out_ and _ in.tinylens");
  await page.getByRole("button", { name: "Delete out: and / in" }).click();
  await page.locator(".run.gone").waitFor();

  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), button(page, "Import…").click()]);
  await chooser.setFiles(out.path);
  await row(page, "out: and / in").waitFor();
  assert.match(await said(page), /^Kept “out: and \/ in”, from .*\.tinylens\.$/);
  const again = await saved(page, "Save out: and / in as a file");
  assert.ok(out.bytes.equals(again.bytes), "the same bytes");

  const losses = async (page) => {
    const list = [];
    for (let i = 1; i <= 3; i++) {
      await button(page, "One step").click();
      await until("a step", async () => (await figure(page, "step")) === 70 + i);
      list.push(await figure(page, "loss"));
    }
    return list;
  };
  const here = await losses(page);

  // Somebody else opens it, by dropping it on the page.
  const { page: other, context: elsewhere } = await open(place);
  await untilStep(other, 3);
  const handle = await other.evaluateHandle(
    (base64) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], "sent to me.bin"));
      return transfer;
    },
    out.bytes.toString("base64"),
  );
  await other.dispatchEvent("main", "drop", { dataTransfer: handle });
  await until("the run", async () => (await figure(other, "step")) === 70);
  await openRuns(other);
  await row(other, "out: and / in").waitFor();
  assert.deepEqual(await losses(other), here);
  const node = await Run.create({}, cpu);
  await node.step(70);
  assert.deepEqual(here, Array.from((await node.step(3)).losses, (loss) => Number(loss.toFixed(4))));

  // Damaged, it is refused, and nothing changes.
  const damaged = join(folder, "damaged.tinylens");
  const bytes = Buffer.from(out.bytes);
  bytes[bytes.length - 100] ^= 1;
  await writeFile(damaged, bytes);
  const [chooser2] = await Promise.all([other.waitForEvent("filechooser"), button(other, "Import…").click()]);
  await chooser2.setFiles(damaged);
  await notice(other).waitFor();
  assert.equal(await notice(other).innerText(), "damaged.tinylens can’t be opened: it is cut short or damaged: its checksum does not fit.");
  assert.deepEqual(await names(other), ["out: and / in"]);
  assert.equal(await figure(other, "step"), 73);
  await elsewhere.close();
  await context.close();
});

const FORBIDDEN = {
  "no IndexedDB": [`Object.defineProperty(window, "indexedDB", { value: undefined })`, "this browser lets the page store nothing"],
  "opening throws": [`IDBFactory.prototype.open = () => { throw new DOMException("The operation is insecure.", "SecurityError"); }`, "this browser lets the page store nothing"],
  "opening fails": [`IDBFactory.prototype.open = () => { const request = new EventTarget(); request.error = new DOMException("", "UnknownError"); setTimeout(() => request.onerror(new Event("error"))); return request; }`, "the browser gives no reason"],
  "opening never ends": [`IDBFactory.prototype.open = () => new EventTarget()`, "the browser does not answer"],
  "a newer page was here": [`{ const open = IDBFactory.prototype.open; IDBFactory.prototype.open = function (name) { return open.call(this, name, 1e6) && open.call(this, name, 1); } }`, "a newer version of this page has changed what is stored"],
};
test("storage that is forbidden or broken is said quietly, and the page works without it", async () => {
  for (const [what, [init, sentence]] of Object.entries(FORBIDDEN)) {
    const { page, context, record } = await open(place, { init });
    await until(`the sentence (${what})`, async () => (await page.locator(".runs > summary").innerText()).endsWith(`not stored: ${sentence}`), 20_000);
    await untilStep(page, 5);
    if (what === "opening throws") {
      await pause(page);
      const rested = await figure(page, "step");
      await openRuns(page);
      await keep(page, "while it lasts");
      await row(page, "while it lasts").waitFor();
      await train(page, 5);
      await button(page, "Open while it lasts").click();
      await until("the run", async () => (await figure(page, "step")) === rested);
      const { run } = await saved(page, "Save while it lasts as a file");
      assert.equal(run.step, rested);
      assert.equal(run.fingerprint, await inNode({}, rested));
    }
    assert.equal(await notice(page).count(), 0, "no alarm");
    assert.deepEqual(record, { errors: [], elsewhere: [] });
    await context.close();
  }
});

test("storage that is full is said once, and the run goes on", async () => {
  const full = `{ let full = true; window.addEventListener("make-room", () => (full = false)); const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (...args) { if (full) throw new DOMException("", "QuotaExceededError"); return put.apply(this, args); } }`;
  const { page, context, record } = await open(place, { init: full });
  await untilStep(page, 3);
  await page.locator("#seed").fill("9");
  await page.keyboard.press("Enter");
  await notice(page).waitFor({ timeout: 30_000 });
  const text = await notice(page).innerText();
  assert.match(text, /^This run is not being saved, and a reload would lose it: the browser’s storage is full\./);
  await button(page, "Dismiss").click();
  const step = await figure(page, "step");
  await openRuns(page);
  await button(page, "Keep this run").click();
  await until("the refusal", async () => /can’t be kept: the browser’s storage is full\.$/.test(await said(page)));
  assert.deepEqual(await names(page), []);
  await untilStep(page, step + 5);
  await new Promise((done) => setTimeout(done, 5000));
  assert.equal(await notice(page).count(), 0, "said once");
  await page.evaluate(() => window.dispatchEvent(new Event("make-room")));
  await keep(page, "now");
  await row(page, "now").waitFor();
  await until("a write", async () => (await sessions(page)).length === 1);
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("a session that can't be read is said so, and the fresh run goes on", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 3);
  await page.locator("#seed").fill("8");
  await page.keyboard.press("Enter");
  await untilStep(page, 110);
  await until("a write", async () => (await sessions(page)).length === 1);
  await page.close();
  const other = await context.newPage();
  await other.goto(place.url);
  await goOn(other).waitFor();
  const spoil = (change) =>
    other.evaluate(
      (change) =>
        new Promise((done) => {
          const request = indexedDB.open("tinylens /");
          request.onsuccess = () => {
            const transaction = request.result.transaction("bodies", "readwrite");
            const store = transaction.objectStore("bodies");
            store.getAll().onsuccess = ({ target }) => target.result.forEach((body) => store.put({ ...body, ...change, ...(change.curve ? { record: { ...body.record, curve: change.curve } } : {}) }));
            transaction.oncomplete = () => (request.result.close(), done());
          };
        }),
      change,
    );
  await spoil({ state: new Uint8Array([1, 2, 3]) }); // crosses as an object with keys 0, 1, 2: no bytes at all
  await goOn(other).click();
  await notice(other).waitFor();
  assert.match(await notice(other).innerText(), /can’t be opened/);
  await untilStep(other, 20);
  await context.close();
});

test("nothing is wider than a phone, and everything can be pressed with a thumb", async () => {
  const { page, context } = await open(place, { viewport: { width: 360, height: 780 } });
  await untilStep(page, 30);
  await openRuns(page);
  await keep(page, `a name that is long enough to need more than one line on a phone ${"x".repeat(60)}`);
  await page.getByRole("button", { name: /^Compare a name/ }).click();
  await page.locator(".kept-map").nth(1).waitFor();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 360, `${wide} pixels`);
  const small = await page.locator(".runs button, .runs select, .runs input").evaluateAll((all) => all.map((one) => [one.textContent || one.getAttribute("aria-label"), one.getBoundingClientRect()]).filter(([, box]) => box.height > 0 && box.height < 43.5).map(([name, box]) => `${name}: ${box.height}`));
  assert.deepEqual(small, []);
  await context.close();
});
