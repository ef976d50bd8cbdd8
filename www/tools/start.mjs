// How long it takes from opening the page to the first training step that is seen: node tools/start.mjs [rounds]
// First with nothing in the browser's cache, then again and again with everything in it; TINYLENS_DIST names what is opened. Milliseconds.

import { setUp } from "../tests/helpers.mjs";

const rounds = Number(process.argv[2] ?? 9);

/** Runs in the page ahead of its scripts: notes when the first step is on screen. */
function watch() {
  const look = () => {
    const text = document.querySelector('[data-figure="step"]')?.textContent ?? "";
    if (/[1-9]/.test(text)) globalThis.firstStep = performance.now();
    else requestAnimationFrame(look);
  };
  look();
}

const place = await setUp();
const context = await place.browser.newContext();
await context.addInitScript(watch);

async function visit() {
  const page = await context.newPage();
  await page.goto(place.url, { waitUntil: "commit" });
  await page.waitForFunction(() => globalThis.firstStep);
  const figures = await page.evaluate(() => {
    const entries = performance.getEntriesByType("resource");
    const of = (pattern) => entries.find(({ name }) => pattern.test(name));
    return { "first paint": performance.getEntriesByName("first-contentful-paint")[0]?.startTime, "page script": of(/\/page-\w+\.js/)?.responseEnd, "first step": globalThis.firstStep };
  });
  await page.close();
  return figures;
}

const show = (what, figures) => console.log(`${what.padEnd(16)}${Object.entries(figures).map(([name, value]) => `${name} ${Math.round(value)}`).join(", ")}`);
show("nothing cached", await visit());
const visits = [];
for (let round = 0; round < rounds; round++) visits.push(await visit());
const median = (name) => visits.map((visit) => visit[name]).sort((a, b) => a - b)[rounds >> 1];
show("all cached", Object.fromEntries(Object.keys(visits[0]).map((name) => [name, median(name)])));
await place.stop();
