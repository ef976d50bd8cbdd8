// The module that opens files, in the page: it is downloaded when the first file is opened, beside the run, and whatever becomes of it
// the run goes on. Without a network: hosting.test.mjs. What it reads: checkpoints.test.mjs.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { failingReader } from "../../pkg/test/failing_reader.mjs";
import { button, figure, notice, open, READER_WASM, setUp, until, untilStep } from "./helpers.mjs";

const SEED = fileURLToPath(new URL("../../crate/tests/checkpoints/seed_format_3000.pkl", import.meta.url));

let place;
before(async () => void (place = await setUp()));
after(() => place?.stop());

const give = (page) => page.locator("input[type=file]").setInputFiles(SEED);
const opened = (page) => page.locator("section.file .name", { hasText: "seed_format_3000.pkl" }).waitFor();
const refused = async (page, sentence) => {
  await notice(page).waitFor();
  assert.match(await notice(page).innerText(), sentence);
  await button(page, "Dismiss").click();
};
const goesOn = async (page) => untilStep(page, (await figure(page, "step")) + 5);

/** How often it was asked for. `answer`: of a request by its number, from 1. */
async function watch(context, answer = (route) => route.continue()) {
  const watched = { asked: 0 };
  await context.route(READER_WASM, (route) => answer(route, ++watched.asked));
  return watched;
}

test("it is downloaded once, when the first file is opened; the laboratory does without it", async () => {
  const { page, context, record } = await open(place);
  const watched = await watch(context);
  await untilStep(page, 20);
  await page.locator(".ablations").getByLabel("Lists").fill("100");
  await page.locator(".ablations").getByRole("button", { name: "Run all" }).click();
  await until("a battery", async () => (await page.locator('.ablations [data-experiment="baseline"] [data-measure="exact"]').getAttribute("data-value")) !== null);
  assert.equal(watched.asked, 0);
  await give(page);
  await opened(page);
  await button(page, "Close seed_format_3000.pkl and go back to the default experiment").click();
  await untilStep(page, 3);
  await give(page);
  await opened(page);
  assert.equal(watched.asked, 1);
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("the run goes on while it is downloaded", async () => {
  const { page, context, record } = await open(place);
  let arrive;
  const held = new Promise((done) => (arrive = done));
  const watched = await watch(context, (route) => held.then(() => route.continue()));
  await untilStep(page, 3);
  await give(page);
  await until("the download", () => watched.asked === 1);
  await goesOn(page);
  await goesOn(page);
  arrive();
  await opened(page);
  assert.equal(await figure(page, "step"), 0);
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("what is opened after a file that waits for it takes its place", async () => {
  const { page, context } = await open(place);
  let arrive;
  const held = new Promise((done) => (arrive = done));
  const watched = await watch(context, (route) => held.then(() => route.continue()));
  await untilStep(page, 30);
  await give(page);
  await until("the download", () => watched.asked === 1);
  await button(page, "Reset to step 0").click();
  await until("a reset", async () => (await figure(page, "step")) < 30);
  arrive();
  await goesOn(page);
  assert.equal(await page.locator("section.file").count(), 0);
  await give(page);
  await opened(page);
  await context.close();
});

test("where it can't be downloaded the page says what to do; the run goes on, and the file opens the next time", async () => {
  const { page, context } = await open(place);
  const watched = await watch(context, (route, number) => (number === 1 ? route.abort() : number === 2 ? route.fulfill({ status: 503 }) : route.continue()));
  await untilStep(page, 3);
  for (const why of ["the server does not answer", "the server answers 503 for \\/tinylens_reader-\\w+\\.wasm"]) {
    await give(page);
    await refused(page, new RegExp(`^seed_format_3000\\.pkl can’t be opened: the reader of files could not be downloaded: ${why}\\. Nothing else is affected; to try again, open the file again\\.$`));
    await goesOn(page);
    assert.equal(await page.locator("#tagline progress").count(), 0);
  }
  await give(page);
  await opened(page);
  assert.equal(watched.asked, 3);
  await context.close();
});

test("where it fails on a file the page says so, and the run does not notice", async () => {
  const { page, context, record } = await open(place);
  const body = await failingReader();
  await watch(context, (route) => route.fulfill({ contentType: "application/wasm", body }));
  await untilStep(page, 3);
  const before = await figure(page, "step");
  const [worker] = page.workers();
  await give(page);
  await refused(page, /^seed_format_3000\.pkl can’t be opened: this file could not be read: the reader failed on it \(panicked at .*asked to panic\)\. Nothing else is affected\.$/);
  await goesOn(page);
  assert.ok((await figure(page, "step")) > before);
  assert.deepEqual(page.workers(), [worker], "the same worker");
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});
