// The benchmark page: it measures, says why where it can't, can be stopped, fits, and is kept for when there is no network. With few
// steps (#quick): what comes out is looked at, not how fast it is.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { button, open, setUp, until } from "./helpers.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const NOTHING = { errors: [], elsewhere: [] };

let place;
before(async () => {
  place = await setUp();
  place = { ...place, url: `${place.url}bench.html` };
});
after(() => place?.stop());

const saved = async (page) => {
  const [download] = await Promise.all([page.waitForEvent("download"), button(page, "Save JSON").click()]);
  return JSON.parse(await readFile(await download.path(), "utf8"));
};
const elsewhere = (record) => ({ ...record, elsewhere: record.elsewhere.filter((url) => !url.startsWith(new URL("./", place.url).href)) });

test("both devices are measured, and the result is copied and saved", async () => {
  const { page, context, record } = await open(place, { link: "quick" });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await button(page, "Start").click();
  await button(page, "Measure again").waitFor({ timeout: 120_000 });
  const found = await saved(page);
  await button(page, "Copy as JSON").click();
  await page.getByText(/^Copied \(/).waitFor();
  assert.deepEqual(JSON.parse(await page.evaluate(() => navigator.clipboard.readText())).rows, found.rows);

  assert.equal(found.complete, true);
  assert.deepEqual(found.machine.userAgent, await page.evaluate(() => navigator.userAgent));
  const [cpu, gpu] = found.rows;
  for (const phase of ["first", "trained"]) {
    const { median, low, high, rates } = cpu.models.W0[phase];
    assert.equal(rates.length, found.plan.rounds);
    assert.ok(low > 0 && low <= median && median <= high && high < 1e6, JSON.stringify(rates));
  }
  assert.match(await page.locator("[data-model=W0] [data-device=cpu] .median").innerText(), /\d/);
  assert.ok(gpu.models.W0.trained.median > 0, JSON.stringify(gpu));
  assert.equal(gpu.software, /swiftshader/i.test(found.machine.adapter.name));
  assert.deepEqual([gpu.models.W0.gpu.dispatches, gpu.models.W0.gpu.submits], [2, 0], "a step adds two dispatches to its submission");
  assert.deepEqual(elsewhere(record), NOTHING);
  await context.close();
});

test("without WebGPU its column says why, and the CPU is measured", async () => {
  const { page, context, record } = await open(place, { link: "quick", init: "delete Navigator.prototype.gpu" });
  await button(page, "Start").click();
  await button(page, "Measure again").waitFor({ timeout: 60_000 });
  await page.getByText("WebGPU: There is no WebGPU here.").waitFor();
  const { rows } = await saved(page);
  assert.equal(rows[1].why, "There is no WebGPU here.");
  assert.ok(rows[0].models.W0.trained.median > 0);
  assert.deepEqual(elsewhere(record), NOTHING);
  await context.close();
});

test("it can be stopped, and keeps what it has; a program that can't be loaded is said", async () => {
  const { page, context } = await open(place, { init: "delete Navigator.prototype.gpu" });
  await button(page, "Start").click();
  await page.getByText(/^[4-9] of \d+ measurements/).waitFor({ timeout: 200_000 });
  await button(page, "Stop").click();
  await button(page, "Measure again").waitFor({ timeout: 5000 });
  const stopped = await saved(page);
  assert.equal(stopped.complete, false);
  assert.equal(stopped.rows[0].why, null);

  await context.route("**/tinylens*.wasm", (route) => route.fulfill({ status: 404, body: "" }));
  await button(page, "Measure again").click();
  await page.getByRole("alert").filter({ hasText: "The program could not be downloaded: the server answers 404" }).waitFor();
  await button(page, "Start").waitFor();
  await context.close();
});

for (const colorScheme of ["light", "dark"])
  for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }])
    test(`it fits and has no violation: ${colorScheme}, ${viewport.width} pixels`, async () => {
      const { page, context } = await open(place, { link: "quick", viewport, colorScheme, init: "delete Navigator.prototype.gpu" });
      const clean = async () => {
        const { violations, passes } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
        assert.ok(passes.length > 10, "axe has looked");
        assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].failureSummary}`), []);
      };
      await page.evaluate(AXE);
      await clean();
      await page.keyboard.press("Tab");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter"); // after the link back, Start
      await button(page, "Measure again").waitFor({ timeout: 60_000 });
      await clean();
      assert.ok(await page.evaluate(() => document.scrollingElement.scrollWidth <= innerWidth), "no sideways scroll");
      const small = await page.locator("button:visible").evaluateAll((all) => all.filter((one) => one.getBoundingClientRect().height < 43.9).map((one) => one.textContent));
      assert.deepEqual(small, []);
      if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/bench-${colorScheme}-${viewport.width}.png`, fullPage: true });
      await context.close();
    });
