// What a machine can judge of the page's look: widths, targets, first paint, themes; and that labels are text.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { button, open, setUp, until, untilStep, WASM } from "./helpers.mjs";

let place;
before(async () => void (place = await setUp()));
after(() => place?.stop());

test("no sideways scroll from 360 to 2560 pixels, and everything can be pressed with a thumb", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 1);
  await page.locator("details.settings > summary").click();
  await page.locator(".attention .twin > summary").click();
  await page.locator(".attention table").waitFor();
  for (const width of [360, 390, 768, 1440, 2560]) {
    await page.setViewportSize({ width, height: 900 });
    await until(`the canvas to fit ${width}`, async () => {
      const box = await page.locator('canvas[data-canvas="clean"]').boundingBox();
      return box.width <= width && box.height > 100;
    });
    const [scroll, inner] = await page.evaluate(() => [document.scrollingElement.scrollWidth, innerWidth]);
    assert.ok(scroll <= inner, `${scroll} pixels wide in a window of ${inner}`);
    if (width > 400) continue;
    const small = await page.locator("button:visible, select:visible, input[type=text]:visible, summary:visible, label.check:visible").evaluateAll((all) =>
      all.filter((one) => one.getBoundingClientRect().height < 43.9).map((one) => one.outerHTML.slice(0, 80)),
    );
    assert.deepEqual(small, [], "targets of at least 44 pixels");
  }
  await context.close();
});

test("the frame is painted before the program is there, and says how far it is", async () => {
  const context = await place.browser.newContext();
  let release;
  const held = new Promise((done) => (release = done));
  await context.route(WASM, async (route) => {
    await held;
    await route.continue();
  });
  const page = await context.newPage();
  await page.goto(place.url);
  await page.getByText("A tiny transformer learns to sort").waitFor();
  await page.locator(".loading", { hasText: "Downloading" }).waitFor();
  assert.ok(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint").length > 0 || new Promise((done) => new PerformanceObserver(() => done(true)).observe({ type: "paint", buffered: true }))));
  // It can be stopped, and tried again.
  await button(page, "Stop").click();
  await page.locator(".notice", { hasText: "Loading was stopped." }).waitFor();
  release();
  await button(page, "Try again").click();
  await untilStep(page, 1);
  assert.equal(await page.locator(".loading").count(), 0);
  await context.close();
});

test("labels are text, whatever they hold", async () => {
  const label = `<img src=x onerror="document.title='broken'"><BOS>`;
  const patch = `{
    const post = self.postMessage.bind(self);
    self.postMessage = (message, transfer) => {
      if (message.type === "looked") {
        message.sequence.labels[0] = ${JSON.stringify(label)};
        for (const prediction of message.sequence.predictions) prediction.label = ${JSON.stringify(label)};
      }
      post(message, transfer);
    };
  }`;
  const { page, context, record } = await open(place, { patch });
  await untilStep(page, 1);
  await page.locator(".attention .twin > summary").click();
  await page.locator(".attention table").waitFor();
  assert.equal(await page.locator(".token .label").first().textContent(), label);
  assert.equal(await page.locator(".guess").first().textContent(), label);
  assert.equal(await page.locator(".attention tbody th").first().textContent(), label);
  assert.equal(await page.locator("img").count(), 0);
  assert.equal(await page.title(), "Tinylens");
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("light and dark: by the system, by choice, and kept", async () => {
  const { page, context } = await open(place, { colorScheme: "dark" });
  const bright = () => page.evaluate(() => Number(getComputedStyle(document.body).backgroundColor.match(/\d+/)[0]) > 128);
  assert.equal(await bright(), false);
  await page.getByLabel(/^Colours:/).click();
  await until("light", bright);
  await page.reload();
  assert.equal(await bright(), true);
  await untilStep(page, 1);
  await context.close();
});

test("the keyboard reaches every control, and focus shows", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 1);
  await button(page, "Pause").click();
  const reached = new Set();
  const all = ["list", "seed", "Reset to step 0", "One step"];
  for (let i = 0; i < 150 && !all.every((wanted) => reached.has(wanted)); i++) {
    await page.keyboard.press("Tab");
    const now = await page.evaluate(() => {
      const one = document.activeElement;
      if (one === document.body) return null;
      return { name: one.getAttribute("aria-label") ?? one.id ?? one.textContent, outlined: getComputedStyle(one).outlineStyle !== "none", tag: one.className };
    });
    if (!now) continue;
    assert.ok(now.outlined, `no outline on ${JSON.stringify(now)}`);
    reached.add(now.name || now.tag);
  }
  for (const wanted of all) assert.ok(reached.has(wanted), `${wanted} in ${[...reached]}`);
  await context.close();
});
