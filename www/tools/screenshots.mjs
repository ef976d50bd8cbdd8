// Pictures of the page mid-training, and with a checkpoint open: node tools/screenshots.mjs <folder> [steps] [checkpoint]
// Serves TINYLENS_DIST (default ../dist), and looks at it in three widths, light and dark.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { open, setUp, untilStep } from "../tests/helpers.mjs";

const [folder, steps = "250", checkpoint] = process.argv.slice(2);
if (!folder) {
  console.error("Name the folder to write to: node tools/screenshots.mjs <folder> [steps] [checkpoint]");
  process.exit(2);
}
await mkdir(folder, { recursive: true });
const place = await setUp();
for (const colorScheme of ["light", "dark"])
  for (const [width, height] of [[1440, 900], [768, 1024], [390, 844]]) {
    const { page, context } = await open(place, { viewport: { width, height }, colorScheme });
    await untilStep(page, Number(steps), 300_000);
    await page.waitForFunction(() => document.querySelector('[data-figure="sequences"]').textContent !== "–");
    const file = (name) => join(folder, `${width}-${colorScheme}${name}.png`);
    await page.screenshot({ path: file("") });
    await page.screenshot({ path: file("-whole"), fullPage: true });
    await page.getByText("Settings").first().click();
    await page.screenshot({ path: file("-settings"), fullPage: true });
    if (checkpoint) {
      await page.getByText("Settings").first().click();
      await page.locator("input[type=file]").setInputFiles(checkpoint);
      await page.locator("section.file").waitFor();
      await page.waitForFunction(() => document.querySelector('[data-figure="sequences"]').textContent !== "–");
      await page.screenshot({ path: file("-file") });
      for (const name of ["assumptions", "export"]) await page.locator(`details.${name} > summary`).click();
      await page.screenshot({ path: file("-file-whole"), fullPage: true });
    }
    console.log(file(""));
    await context.close();
  }
await place.stop();
