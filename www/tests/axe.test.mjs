// axe-core finds no violation, in light and dark, on a desktop and on a phone, with everything opened that can be opened: on the run
// that trains, in the tour, in the help, and with a checkpoint.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { button, open, pause, setUp, untilStep } from "./helpers.mjs";

const AXE = await readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
const CHECKPOINT = fileURLToPath(new URL("../../crate/tests/checkpoints/lens.pt", import.meta.url));

let place;
before(async () => void (place = await setUp()));
after(() => place?.stop());

/** What axe finds, a line for each place. The page's policy forbids inline scripts; evaluating is the debugger's, and is allowed. */
async function violations(page) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(AXE);
  const { violations, passes } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  assert.ok(passes.length > 10, "axe has looked");
  return violations.map(({ id, nodes }) => `${id}, ${nodes.length} times: ${nodes.slice(0, 3).map(({ target, failureSummary }) => `${target.join(" ")}: ${failureSummary.replace(/\s+/g, " ")}`).join(" | ")}`);
}

async function openEverything(page) {
  for (let again = 0; again < 3; again++) await page.locator("details:not([open]) > summary:visible").evaluateAll((all) => all.forEach((one) => one.click()));
  const rows = page.locator(".batteries .expand[aria-expanded=false]:enabled");
  while ((await rows.count()) > 0) await rows.first().click();
}

for (const colorScheme of ["light", "dark"])
  for (const [name, viewport] of [["desktop", { width: 1440, height: 900 }], ["phone", { width: 390, height: 844 }]])
    test(`no violation: ${colorScheme}, ${name}`, async () => {
      const { page, context, record } = await open(place, { viewport, colorScheme });
      await page.emulateMedia({ reducedMotion: "reduce" }); // nothing is half transparent while axe looks
      const clean = async (what) => assert.deepEqual(await violations(page), [], what);
      await untilStep(page, 100);
      await clean("as it opens");
      await pause(page); // axe is quicker then
      await page.locator(".term:visible").first().click();
      await page.locator(".term-help:popover-open").waitFor();
      await page.locator(".chip.device").click();
      await page.locator("#devices:popover-open").waitFor();
      await clean("the devices");
      await page.keyboard.press("Escape");
      await page.locator("#help-button").click();
      await page.locator("dialog.help[open]").waitFor();
      await clean("the help");
      await button(page, "Take the tour").click();
      for (const stop of [1, 2, 3, 6, 7]) {
        await page.locator(".tour ol a").nth(stop - 1).click();
        await page.locator(".tour").getByText(`${stop} of 8`).waitFor();
        await page.locator(".tour .term:visible").first().waitFor();
        await clean(`stop ${stop} of the tour`);
      }
      await page.locator(".tour .term:visible").first().click();
      await clean("a word explained");
      await page.keyboard.press("Escape");
      await button(page, "Leave the tour").click();

      await openEverything(page);
      // Rows with results, a sweep among them, and forms with everything in them.
      await page.getByLabel("Lists", { exact: true }).fill("50");
      await page.getByLabel("Shorter list: how many numbers stay").selectOption("every");
      await button(page, "Run Shorter list").click();
      await page.locator("[data-sweep=shorter][data-done='4']").waitFor();
      await button(page, "Run MID injection").click();
      await page.locator("[data-experiment=mid_injection] [data-measure=exact][data-value]").waitFor();
      await openEverything(page);
      await page.locator('[data-preset="mid_injection"] > button').click();
      await page.getByLabel("What", { exact: true }).selectOption("head");
      await button(page, "Take out").click();
      await page.getByLabel("Temperature").fill("1");
      await page.locator('[data-position="2"]').click();
      await page.locator(".token-menu").waitFor();
      await clean("with everything opened");

      await page.locator("input[type=file]").setInputFiles(CHECKPOINT);
      await page.locator("section.file").waitFor();
      await openEverything(page);
      await clean("with a checkpoint");
      assert.deepEqual(record, { errors: [], elsewhere: [] });
      await context.close();
    });
