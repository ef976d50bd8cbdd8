// Checkpoints: dropped or chosen they open at rest, with the API's numbers; what is wrong is said, and what was on screen goes
// on; what is assumed can be changed; what goes out comes in again; a failure leads back to the file.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, open as openOnDisk, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import init, { Model, Run, openDevice, taskSequence } from "../../pkg/tinylens.js";
import { button, figure, notice, open, pause, setUp, until, untilStep, WORKER } from "./helpers.mjs";

const SEED = fileURLToPath(new URL("../../crate/tests/checkpoints/seed_format_3000.pkl", import.meta.url));
const NANOGPT = fileURLToPath(new URL("../../crate/tests/layouts/nanogpt_bare.pt", import.meta.url));
const ARENA = fileURLToPath(new URL("../../../shared/checkpoints/arena_sorted_list_model.pt", import.meta.url));
const LIST = [6, 2, 59, 50, 20];

let place, device, folder;
before(async () => {
  place = await setUp();
  await init();
  device = await openDevice("cpu");
  folder = await mkdtemp(join(tmpdir(), "tinylens-"));
});
after(async () => {
  await place?.stop();
  if (folder) await rm(folder, { recursive: true });
});

/** Drags something over the page, as the browser says it, and lets go of it. */
async function drop(page, things) {
  const handle = await page.evaluateHandle((things) => {
    const transfer = new DataTransfer();
    for (const { name, base64, text } of things)
      if (name === undefined) transfer.setData("text/plain", text);
      else transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    return transfer;
  }, things);
  await page.dispatchEvent("main", "dragenter", { dataTransfer: handle });
  await page.dispatchEvent("main", "dragover", { dataTransfer: handle });
  const hovering = await page.locator(".drop").count();
  await page.dispatchEvent("main", "drop", { dataTransfer: handle });
  return hovering === 1;
}
const thing = (name, bytes) => ({ name, base64: Buffer.from(bytes).toString("base64") });

const panel = (page) => page.locator("section.file");
const opened = (page, path) => panel(page).locator(".name", { hasText: basename(path) }).waitFor();
async function choose(page, path) {
  await page.locator("input[type=file]").setInputFiles(path);
  await opened(page, path);
}
const assumed = (page, path) => page.locator(`[data-assumed="${path}"]`);
const openDetails = (page, name) => page.locator(`details.${name} > summary`).click();

/** What stands under the tokens from MID on, as "2 0.998…": the bar under a prediction has its whole probability. */
const predictions = (page) => page.locator(".answer .prediction").evaluateAll((all) => all.map((one) => `${one.querySelector(".guess").textContent} ${one.querySelector(".bar").value}`));
/** The same by the API. */
async function predicted(run, list) {
  const look = await run.look(taskSequence(run.experiment.task, list));
  return look.predictions.slice(look.labels.indexOf("MID"), -1).map(({ label, probability }) => `${label} ${probability}`);
}
/** Waits until these are the predictions: the look comes a moment after the file. */
const shows = (page, expected) => until(`the predictions ${expected}`, async () => (await predictions(page)).join() === expected.join(), 20_000);
const runOf = async (path, model, experiment) => Run.fromModel(await Model.fromCheckpoint(await readFile(path), device, model), experiment);

/** What a click downloads. */
async function downloaded(page, name) {
  const [download] = await Promise.all([page.waitForEvent("download"), button(page, name).click()]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}
async function savedJson(page, what) {
  await page.getByLabel("What to export as JSON").selectOption({ label: what });
  return JSON.parse((await downloaded(page, "Save as JSON")).bytes);
}
const fingerprintOf = async (bytes) => (await Model.fromCheckpoint(bytes, device)).fingerprint();

test("dropped on the page, a checkpoint opens at rest, and shows what the API says", async () => {
  const { page, context, record } = await open(place);
  await untilStep(page, 3);
  const bytes = await readFile(SEED);
  assert.ok(await drop(page, [thing("seed_format_3000.pkl", bytes)]), "the page shows that it can be dropped");
  await opened(page, SEED);
  assert.equal(await page.locator(".drop").count(), 0);
  await button(page, "Play").waitFor();
  assert.equal(await figure(page, "step"), 0);

  const run = await runOf(SEED);
  const fingerprint = await run.fingerprint();
  const text = await panel(page).innerText();
  for (const fact of ["seed_format_3000.pkl", "347 KB", "84,803 parameters", "pickle", fingerprint.slice(0, 12)]) assert.ok(text.replaceAll("\u00a0", " ").includes(fact), `${fact} in ${text}`);
  assert.equal(await panel(page).locator("code").locator("..").getAttribute("title"), fingerprint);
  assert.match(await page.locator("#tagline").innerText(), /seed_format_3000\.pkl/);

  await shows(page, await predicted(run, LIST));
  assert.deepEqual(await page.locator(".answer .guess").allInnerTexts(), ["2", "6", "20", "50", "59"]);
  await page.locator(".attention .twin > summary").click();
  await page.locator(".attention tbody tr").first().waitFor();
  const cells = await page.locator(".attention tbody tr").evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll("td")].map((td) => td.textContent)));
  const { pattern } = await run.look(taskSequence(run.experiment.task, LIST));
  assert.deepEqual(cells, Array.from({ length: 12 }, (_, i) => Array.from({ length: 12 }, (_, j) => (j > i ? "" : pattern.data[12 * i + j].toFixed(3)))));
  assert.equal(await figure(page, "step"), 0, "nothing trains until it is told to");
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("chosen by keyboard it opens too; trained further it goes back to the file; it is closed", async () => {
  const { page, context, record } = await open(place);
  await untilStep(page, 1);
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), button(page, "Open a checkpoint…").press("Enter")]);
  await chooser.setFiles(SEED);
  await opened(page, SEED);
  const run = await runOf(SEED);
  const before = await predicted(run, LIST);
  await shows(page, before);
  const fingerprint = await run.fingerprint();
  await openDetails(page, "export");

  await page.getByLabel(/^Number of steps/).fill("7");
  await button(page, "steps").click();
  await until("seven steps", async () => (await figure(page, "step")) === 7);
  assert.match(await panel(page).innerText(), /Trained 7 steps further/);
  const trained = await downloaded(page, "Save as safetensors");
  assert.equal(trained.name, "seed_format_3000-step-7.safetensors");
  assert.notEqual(await fingerprintOf(trained.bytes), fingerprint);
  const same = await runOf(SEED);
  await same.step(7);
  assert.equal(await fingerprintOf(trained.bytes), await same.fingerprint(), "trained as the API trains it");

  await button(page, "Reset to the file’s weights").click();
  await until("step 0", async () => (await figure(page, "step")) === 0);
  const { name, bytes } = await downloaded(page, "Save as safetensors");
  assert.equal(name, "seed_format_3000.safetensors");
  assert.equal(await fingerprintOf(bytes), fingerprint);

  // What went out comes in again, as the same model for the same task.
  await drop(page, [thing(name, bytes)]);
  await opened(page, name);
  assert.equal(await panel(page).locator("code").innerText(), fingerprint.slice(0, 12));
  await shows(page, before);
  assert.match(await panel(page).innerText(), /safetensors/);

  await button(page, `Close ${name} and go back to the default experiment`).click();
  await panel(page).waitFor({ state: "detached" });
  await untilStep(page, 2);

  // A new run closes the file too, and its button says so.
  await choose(page, SEED);
  await openDetails(page, "settings");
  assert.match(await page.locator(".apply").innerText(), /closes seed_format_3000\.pkl/);
  await button(page, "Start a new run with these settings").click();
  await panel(page).waitFor({ state: "detached" });
  await untilStep(page, 2);
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("what can't be opened is refused in a sentence, and the run on screen goes on", async () => {
  const { page, context, record } = await open(place);
  await untilStep(page, 2);
  const bytes = await readFile(SEED);
  const huge = join(folder, "huge.pt");
  const file = await openOnDisk(huge, "w");
  await file.truncate(257 * 1024 * 1024);
  await file.close();
  const cases = [
    [() => drop(page, [thing("page.html", "<!doctype html><title>x</title>")]), /^page\.html can’t be opened: .*HTML/],
    [() => drop(page, [thing("half.pkl", bytes.subarray(0, bytes.length / 2))]), /^half\.pkl can’t be opened: .*pickle/],
    [() => drop(page, [thing("empty.pt", "")]), /^empty\.pt can’t be opened: it is empty/],
    [() => drop(page, [thing("a.pt", "x"), thing("b.pt", "y")]), /^2 files were dropped/],
    [() => drop(page, [{ text: "embed.W_E" }]), /text/],
    [() => page.locator("input[type=file]").setInputFiles(huge), /^huge\.pt can’t be opened: it has 257 MB.* 256 MB/],
  ];
  for (const [act, sentence] of cases) {
    await act();
    await notice(page).waitFor();
    const text = await notice(page).innerText();
    assert.match(text, sentence);
    assert.match(text, /[.!?]$/);
    await untilStep(page, (await figure(page, "step")) + 2);
    assert.equal(await panel(page).count(), 0);
    assert.equal(await page.locator("#tagline progress").count(), 0);
    await button(page, "Dismiss").click();
  }
  // What was said to the run while a file was on its way in is not lost.
  await drop(page, [thing("half.pkl", bytes.subarray(0, bytes.length / 2))]);
  await pause(page);

  // A file on screen stays, trained as it is.
  await choose(page, SEED);
  await button(page, "One step").click();
  await until("a step", async () => (await figure(page, "step")) === 1);
  await drop(page, [thing("page.html", "<html>")]);
  await notice(page).waitFor();
  assert.equal(await figure(page, "step"), 1);
  assert.match(await panel(page).innerText(), /seed_format_3000\.pkl/);
  await button(page, "One step").click();
  await until("another step", async () => (await figure(page, "step")) === 2);
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("what was assumed can be changed: at once, or refused beside its control", async () => {
  const { page, context, record } = await open(place);
  await untilStep(page, 1);
  await choose(page, SEED);
  await openDetails(page, "assumptions");
  const asItSays = await predicted(await runOf(SEED), LIST);
  await shows(page, asItSays);

  await assumed(page, "model.use_attn_scale").click();
  const unscaled = await predicted(await runOf(SEED, { use_attn_scale: false }), LIST);
  assert.notDeepEqual(unscaled, asItSays);
  await shows(page, unscaled);
  assert.equal(await assumed(page, "model.attn_scale").count(), 0, "what has no effect is not offered");

  const back = button(page, "Back to what the file says");
  await back.click();
  await shows(page, asItSays);
  assert.ok(await assumed(page, "model.use_attn_scale").isChecked());
  assert.ok(await back.isDisabled());

  // A number is taken when typing pauses. Half the scale makes attention sharper.
  await assumed(page, "model.attn_scale").fill("5.5");
  const sharper = await predicted(await runOf(SEED, { attn_scale: 5.5 }), LIST);
  await shows(page, sharper);
  await assumed(page, "model.attn_scale").fill("");
  await shows(page, asItSays);

  // The task: lists without BOS.
  await page.locator(".control", { has: assumed(page, "task.bos_token") }).getByLabel("none").check();
  const bare = await predicted(await runOf(SEED, {}, { task: { bos_token: null } }), LIST);
  await until("a sequence without BOS", async () => (await page.locator(".token").count()) === 11);
  await shows(page, bare);
  await back.click();
  await until("BOS again", async () => (await page.locator(".token").count()) === 12);

  for (const [path, value, sentence] of [["model.n_heads", "3", /3/], ["task.max_value", "2000", /1000/], ["task.mid_token", "12", /also a number/], ["model.attn_scale", "lots", /number/]]) {
    const field = assumed(page, path);
    await field.fill(value);
    const error = page.locator(".control", { has: field }).locator(".error");
    await error.waitFor();
    assert.match(await error.innerText(), sentence);
    assert.equal(await field.getAttribute("aria-invalid"), "true");
    assert.equal(await page.locator(".assumptions .error").count(), 1);
    assert.deepEqual(await predictions(page), asItSays, "the model on screen stays");
    assert.equal(await notice(page).count(), 0);
    await back.click();
    await error.waitFor({ state: "detached" });
  }
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("how many heads share a fused matrix is for a person to say", async () => {
  const { page, context, record } = await open(place);
  await untilStep(page, 1);
  await choose(page, NANOGPT);
  assert.match(await panel(page).innerText(), /n_heads was taken to be 1/);
  await openDetails(page, "assumptions");
  await assumed(page, "model.n_heads").fill("2");
  await page.locator(".attention .twin > summary").click();
  await until("two heads", async () => (await page.locator("#twin-head option").count()) === 2);
  const run = await runOf(NANOGPT, { n_heads: 2 });
  const list = (await page.locator("#list").inputValue()).split(", ").map(Number);
  await shows(page, await predicted(run, list));
  assert.doesNotMatch(await panel(page).innerText(), /n_heads was taken to be/);
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("JSON holds runWithCache's numbers; Python is copied, or shown where copying is refused", async () => {
  const { page, context, record } = await open(place);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await untilStep(page, 1);
  await choose(page, SEED);
  await openDetails(page, "export");
  const model = await Model.fromCheckpoint(await readFile(SEED), device);
  const tokens = taskSequence(model.task, LIST);
  const { logits, cache } = await model.runWithCache([tokens]);
  const numbers = ({ shape, data }) => ({ shape, data: Array.from(data, (x) => (Number.isFinite(x) ? x : x > 0 ? "inf" : "-inf")) });
  const only = ({ shape, data }) => ({ shape, data });
  await until("the names", async () => (await page.locator(".export option").count()) > 20);

  const pattern = await savedJson(page, "Attention patterns");
  assert.deepEqual(only(pattern), numbers(cache["blocks.0.attn.hook_pattern"]));
  assert.deepEqual(pattern.labels, ["BOS", "6", "2", "59", "50", "20", "MID", "2", "6", "20", "50", "59"]);
  assert.deepEqual([pattern.layers, pattern.heads, pattern.step], [["blocks.0.attn.hook_pattern"], ["head 0"], 0]);
  for (const name of ["blocks.0.attn.hook_pattern", "blocks.0.attn.hook_attn_scores", "blocks.0.hook_resid_post"]) assert.deepEqual(only(await savedJson(page, name)), numbers(cache[name]), name);
  assert.deepEqual(only(await savedJson(page, "logits")), numbers(logits));
  assert.deepEqual(only(await savedJson(page, "blocks.0.attn.W_Q")), numbers((await model.stateDict())["blocks.0.attn.W_Q"]));

  await page.getByLabel("What to export as JSON").selectOption({ label: "Predictions" });
  await button(page, "Copy as JSON").click();
  await page.locator(".export [role=status]", { hasText: "Copied" }).waitFor();
  const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
  const run = await Run.fromModel(model);
  assert.deepEqual(copied.predictions, (await run.look(tokens)).predictions);

  await button(page, "Copy as Python").click();
  const python = await until("Python", async () => {
    const text = await page.evaluate(() => navigator.clipboard.readText());
    return text.includes("HookedTransformer") && text;
  });
  assert.equal(python, model.toPython("seed_format_3000.safetensors"));

  await page.evaluate(() => (navigator.clipboard.writeText = () => Promise.reject(new Error("no"))));
  await button(page, "Copy as Python").click();
  const text = page.locator(".export textarea");
  await text.waitFor();
  assert.equal(await text.inputValue(), python);
  await text.focus();
  assert.equal(await text.evaluate((field) => field.selectionEnd - field.selectionStart), python.length);

  // A model trained here goes out as well.
  await button(page, "Close seed_format_3000.pkl and go back to the default experiment").click();
  await untilStep(page, 3);
  const rested = await pause(page);
  const { name, bytes } = await downloaded(page, "Save as safetensors");
  assert.equal(name, `tinylens-step-${rested}.safetensors`);
  const here = await Run.create({}, device);
  await here.step(rested);
  assert.equal(await fingerprintOf(bytes), await here.fingerprint());
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("how a link trains a file's model is how it is trained once the file is given, also after a reset and from a kept run's file", async () => {
  const steps = 20;
  const train = { batch_size: 16, lr: 0.01 };
  const run = await runOf(SEED, {}, { task: { repeats: false }, train });
  await run.step(steps);
  const fingerprint = await run.fingerprint();

  const author = await open(place);
  await choose(author.page, SEED);
  const bare = await until("the file's link", () => /#(.*file\.fingerprint=\w+)$/.exec(author.page.url())?.[1]);
  await author.context.close();
  const given = async (link) => {
    const reader = await open(place, { link });
    await reader.page.getByLabel("The link’s file").setInputFiles(SEED);
    await reader.page.locator('[data-figure="verdict"]').waitFor();
    assert.equal(await figure(reader.page, "step"), steps);
    return reader;
  };
  const said = (page, expected) => until(`${expected} in the address`, () => page.url().includes(expected));
  const all = `train.batch_size=16&train.lr=0.01&train.steps=${steps}`;
  const wanted = `expect.fingerprint=${fingerprint.slice(0, 16)}`;

  const { page, context, record } = await given(`${bare}&${all}&task.repeats=false`);
  await said(page, wanted);
  assert.ok(page.url().includes(all), page.url());
  const link = new URL(page.url()).hash.slice(1);
  await button(page, "Reset to the file’s weights").click();
  await until("step 0", async () => (await figure(page, "step")) === 0);
  await page.getByLabel(/^Number of steps/).fill(String(steps));
  await button(page, "steps").click();
  await said(page, wanted);
  await page.locator(".runs > summary").click();
  const kept = (await downloaded(page, "Save as a file")).bytes;
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();

  const second = await given(link);
  assert.match(await second.page.locator('[data-figure="verdict"]').innerText(), /^Reproduced bit for bit/);
  await second.context.close();

  const third = await open(place);
  await third.page.locator("input[type=file]").first().setInputFiles({ name: "kept.tinylens", mimeType: "", buffer: kept });
  await until("the kept run", async () => (await figure(third.page, "step")) === steps);
  await button(third.page, "Reset to the file’s weights").click();
  await until("step 0", async () => (await figure(third.page, "step")) === 0);
  await said(third.page, "train.batch_size=16&train.lr=0.01&");
  assert.deepEqual(third.record, { errors: [], elsewhere: [] });
  await third.context.close();
});

test("after a failure it is the file's model again, or as far as it was trained", async () => {
  const patch = `{
    const instantiate = WebAssembly.instantiate;
    WebAssembly.instantiate = async (...args) => {
      const result = await instantiate.apply(WebAssembly, args);
      const { exports } = result.instance ?? result;
      if ("__tinylens_panic" in exports) globalThis.keptExports = exports; // what reads files has an instance of its own
      return result;
    };
  }`;
  const { page, context } = await open(place, { patch });
  const panic = () => page.workers()[0].evaluate(() => void setTimeout(() => globalThis.keptExports.__tinylens_panic()));
  await untilStep(page, 1);
  await choose(page, SEED);
  await openDetails(page, "assumptions");
  await assumed(page, "model.use_attn_scale").click();
  const unscaled = await predicted(await runOf(SEED, { use_attn_scale: false }), LIST);
  await shows(page, unscaled);

  await panic();
  await notice(page).waitFor();
  assert.match(await notice(page).innerText(), /^The program failed; back at step 0 on the CPU\.$/);
  await until("the canvas to be drawn anew", async () => (await page.locator('canvas[data-canvas="clean"]').boundingBox()).height > 200);
  await openDetails(page, "export");
  const run = await runOf(SEED, { use_attn_scale: false });
  assert.equal(await fingerprintOf((await downloaded(page, "Save as safetensors")).bytes), await run.fingerprint());
  await shows(page, unscaled);

  await button(page, "Dismiss").click();
  await button(page, "steps").click();
  await until("a hundred steps", async () => (await figure(page, "step")) === 100);
  await until("an evaluation at rest", async () => (await figure(page, "tokens")) > 0);
  await panic();
  await notice(page).waitFor();
  assert.match(await notice(page).innerText(), /back at step 100 on the CPU\.$/);
  assert.match(await panel(page).innerText(), /Trained 100 steps further/);
  await button(page, "Reset to the file’s weights").click();
  await until("the file's weights", async () => (await figure(page, "step")) === 0);
  await shows(page, unscaled);
  await context.close();
});

test("a file that the program fails on is named, and the run goes on without it", async () => {
  const patch = `addEventListener("message", ({ data }) => { if (data.type === "open" && data.origin.kind === "file") setTimeout(() => { throw new Error("forced") }); })`;
  const { page, context } = await open(place, { patch });
  await untilStep(page, 5);
  await page.locator("input[type=file]").setInputFiles(SEED);
  await notice(page).waitFor();
  assert.match(await notice(page).innerText(), /^Training failed on opening seed_format_3000\.pkl; going on from step \d+ on the CPU\.$/);
  await untilStep(page, 8);
  assert.equal(await panel(page).count(), 0);
  assert.equal(await page.locator("#tagline progress").count(), 0);
  await context.close();
});

test("after the page has given up, a file opens all the same, and a wrong one leaves the run where it was", async () => {
  for (const right of [true, false]) {
    // The first run opens; whatever is to take its place fails.
    const patch = `addEventListener("message", ({ data }) => { if (data.type === "open" && data.run > 1) setTimeout(() => { throw new Error("forced") }); })`;
    const { page, context } = await open(place, { patch });
    await untilStep(page, 2);
    void page.workers()[0].evaluate(() => self.close()).catch(() => {});
    await button(page, "Try again").waitFor({ timeout: 60_000 });
    await context.unroute(WORKER);
    if (right) await choose(page, SEED);
    else {
      await drop(page, [thing("page.html", "<html>")]);
      await page.locator(".notice p", { hasText: "page.html can’t be opened" }).waitFor();
      await button(page, "Play").click();
      await untilStep(page, 2);
    }
    await until("the canvas to be drawn anew", async () => (await page.locator('canvas[data-canvas="clean"]').boundingBox()).height > 200);
    await context.close();
  }
});

test("a file without BOS and with two heads: its own list, both patterns; a typed list that fits stays", async (t) => {
  if (!existsSync(ARENA)) return t.skip(`no ${ARENA}`);
  const { page, context, record } = await open(place);
  await untilStep(page, 1);
  await choose(page, ARENA);
  const list = (await page.locator("#list").inputValue()).split(", ").map(Number);
  assert.equal(list.length, 10);
  const run = await runOf(ARENA);
  await shows(page, await predicted(run, list));
  const labels = () => page.locator(".token .label").allInnerTexts();
  assert.deepEqual(await labels(), [...list.map(String), "MID", ...[...list].sort((a, b) => a - b).map(String)]);
  assert.equal(await panel(page).locator("li").count(), (await Model.fromCheckpoint(await readFile(ARENA), device)).source.notes.length);
  await page.locator(".attention .twin > summary").click();
  await until("two heads to choose from", async () => (await page.locator("#twin-head option").count()) === 2);

  await page.locator("#list").fill("9, 3, 40, 1, 8, 22, 7, 5, 44, 50");
  await until("the typed list", async () => (await labels())[0] === "9");
  await openDetails(page, "assumptions");
  await assumed(page, "task.repeats").click();
  await button(page, "Back to what the file says").click();
  await until("the file as it was", () => button(page, "Back to what the file says").isDisabled());
  assert.equal((await labels())[0], "9");
  // The example of the other file is its own again.
  await choose(page, SEED);
  await until("a list of five", async () => (await labels()).length === 12);
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("with a file open nothing is wider than the window, and everything can be pressed with a thumb", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 1);
  await choose(page, SEED);
  for (const name of ["assumptions", "export"]) await openDetails(page, name);
  for (const width of [360, 390, 768, 1440, 2560]) {
    await page.setViewportSize({ width, height: 900 });
    await until(`the canvas to fit ${width}`, async () => (await page.locator('canvas[data-canvas="clean"]').boundingBox()).width <= width);
    assert.ok(await page.evaluate(() => document.scrollingElement.scrollWidth <= innerWidth), `${width}`);
    if (width > 400) continue;
    const small = await page.locator("button:visible, select:visible, input[type=text]:visible, summary:visible, label.check:visible").evaluateAll((all) => all.filter((one) => one.getBoundingClientRect().height < 43.9).map((one) => one.outerHTML.slice(0, 80)));
    assert.deepEqual(small, []);
  }
  await context.close();
});
