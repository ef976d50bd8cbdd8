// The page on a host that does nothing for it, and on none: below a folder, under a policy, with the network cut, with a newer build
// taking its place, and as one file from the disk. The hosts here have names of their own: on 127.0.0.1 the page keeps nothing.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { report } from "../build/sizes.mjs";
import { built, button, DIST, figure, launch, notice, open, pause, until, untilStep } from "./helpers.mjs";

const SEED = fileURLToPath(new URL("../../crate/tests/checkpoints/seed_format_3000.pkl", import.meta.url));
const NEWER = await mkdtemp(join(tmpdir(), "tinylens-newer-"));
const POLICY = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(await readFile(join(DIST, "index.html"), "utf8"))[1];

let browser;
before(async () => {
  // Another build: not minified, its scripts have other hashes, and its module the same.
  const { status, stderr } = spawnSync(process.execPath, [fileURLToPath(new URL("../build.mjs", import.meta.url)), "--dev", "--out", NEWER], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await rm(NEWER, { recursive: true });
});

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

/** Serves a folder at /a/b/ and knows little: not what wasm is, nothing of caches. `pick` says from which folder a file comes. */
async function host(t, { headers = {}, pick = () => DIST } = {}) {
  const asked = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://host");
    asked.push(pathname);
    const name = pathname.startsWith("/a/b/") ? pathname.slice(5) || "index.html" : "";
    const contents = name && !name.includes("/") ? await readFile(join(served.pick(name), name)).catch(() => null) : null;
    response.writeHead(contents ? 200 : 404, { "Content-Type": TYPES[extname(name)] ?? "application/octet-stream", ...headers });
    response.end(contents ?? "");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const served = {
    url: `http://tinylens.localhost:${server.address().port}/a/b/`,
    asked,
    pick,
    stop: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(() => done()));
    },
  };
  t.after(served.stop);
  return served;
}

const ready = (page) => page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
const caches = (page) => page.evaluate(() => caches.keys());
const script = (page) => page.locator("head script[type=module]").getAttribute("src");
const update = (page) => page.locator('.notice-place[role="status"] .notice');
const NOTHING = { errors: [], elsewhere: [] };

for (const [how, headers] of [["its own policy", {}], ["the same policy as a header", { "Content-Security-Policy": POLICY }]])
  test(`below a folder, under ${how}; then the host is gone, and it opens and trains`, async (t) => {
    const place = await host(t, { headers });
    const { page, context, record } = await open({ browser, url: place.url });
    await untilStep(page, 3);
    await ready(page);
    assert.deepEqual(place.asked.filter((path) => !path.startsWith("/a/b/")), []);
    await place.stop();
    await context.setOffline(true);

    await page.reload();
    await untilStep(page, 20);
    for (const other of ["index.html", "?from=a-mail", "#v=1&view.form=arcs"]) {
      await page.goto("about:blank");
      await page.goto(place.url + other);
      await untilStep(page, 3);
    }
    // What is loaded late is there too: another worker, and those of a comparison.
    void page.workers()[0].evaluate(() => self.close()).catch(() => {});
    await notice(page).waitFor();
    assert.match(await notice(page).innerText(), /^The worker died; going on from step/);
    await untilStep(page, 3);
    await compare(page);
    assert.deepEqual(record, NOTHING);
    await context.close();
  });

test("the benchmark below a folder, under the policy as a header; then the host is gone, and it measures", async (t) => {
  const place = await host(t, { headers: { "Content-Security-Policy": POLICY } });
  const { page, context, record } = await open({ browser, url: place.url }, { init: "delete Navigator.prototype.gpu" });
  await untilStep(page, 3);
  await ready(page);
  await place.stop();
  await context.setOffline(true);
  await page.locator("#help-button").click();
  await page.getByRole("link", { name: "Benchmark" }).click();
  await page.waitForURL("**/a/b/bench.html");
  await page.goto(`${place.url}bench.html#quick`);
  await page.reload();
  await button(page, "Start").click();
  await button(page, "Copy as JSON").waitFor();
  assert.deepEqual(place.asked.filter((path) => !path.startsWith("/a/b/")), []);
  assert.deepEqual(record, NOTHING);
  await context.close();
});

/** A comparison is begun, and gets somewhere. */
async function compare(page) {
  await pause(page);
  await page.locator(".comparison > summary").click();
  await page.locator(".comparison").getByLabel("Seeds").fill("1");
  await page.locator(".comparison").getByLabel("Steps").fill("5000");
  await button(page, "Compare").click();
  await page.locator(".comparison li", { hasText: /step [1-9]/ }).first().waitFor();
  await button(page, "Cancel").click();
}

/** A checkpoint is opened. */
async function openFile(page) {
  await page.locator("input[type=file]").setInputFiles(SEED);
  await page.locator("section.file .name", { hasText: "seed_format_3000.pkl" }).waitFor();
  assert.equal(await figure(page, "step"), 0);
}

test("a file opens without the host, though none was opened while it was there", async (t) => {
  const place = await host(t);
  const { page, context, record } = await open({ browser, url: place.url });
  await untilStep(page, 3);
  await ready(page);
  await place.stop();
  await context.setOffline(true);
  await page.reload();
  await untilStep(page, 3);
  await openFile(page);
  assert.deepEqual(record, NOTHING);
  await context.close();
});

test("the program with WebGPU is not fetched before somebody wants it; then it is kept, and opens without the host", async (t) => {
  const place = await host(t);
  const { page, context, record } = await open({ browser, url: place.url });
  const webgpu = async () => {
    await page.locator(".chip.device").click();
    await page.locator('.devices input[value="webgpu"]').click();
    await page.keyboard.press("Escape");
    await until("WebGPU", async () => /WebGPU/.test(await page.locator(".chip.device").innerText()), 120_000);
  };
  await untilStep(page, 3);
  await ready(page);
  await until("the service worker's rule", () => page.evaluate(() => !!navigator.serviceWorker.controller));
  const kept = () => page.evaluate(async () => (await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => url)))).flat());
  const large = [built("worker_webgpu.js"), built("tinylens_webgpu.wasm")];
  const among = (urls) => large.filter((name) => urls.some((url) => url.endsWith(name)));
  assert.deepEqual(among(await kept()), []);
  assert.deepEqual(among(place.asked), []);
  await webgpu();
  await until("it to be kept", async () => among(await kept()).length === 2);
  await place.stop();
  await context.setOffline(true);
  await page.reload();
  await untilStep(page, 3);
  await webgpu();
  assert.deepEqual(record, NOTHING);
  await context.close();
});

test("a newer build is offered beside an error, and takes over when it is asked to; other caches stay", async (t) => {
  const place = await host(t);
  const { page, context, record } = await open({ browser, url: place.url });
  await untilStep(page, 3);
  await ready(page);
  const first = await script(page);
  assert.equal(first, built("page.js"));
  const others = [`tinylens ${place.url}c/ 123`, "somebody else's"];
  await page.evaluate((names) => Promise.all(names.map((name) => caches.open(name))), others);
  const kept = (await caches(page)).filter((name) => !others.includes(name));
  assert.equal(kept.length, 1);
  place.asked.length = 0;

  place.pick = () => NEWER;
  await page.reload();
  await untilStep(page, 3);
  await update(page).waitFor();
  assert.equal(await script(page), first, "it goes on with what it was");
  assert.ok(!place.asked.some((path) => path.endsWith(".wasm")), "what is the same is not fetched again");
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File([], "empty.pt"));
    dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true, bubbles: true }));
  });
  await notice(page).filter({ hasText: "empty.pt can’t be opened" }).waitFor();
  assert.ok(await update(page).isVisible());

  const step = await figure(page, "step");
  await untilStep(page, step + 5);
  await button(page, "Reload").click();
  await until("the newer page", async () => (await script(page).catch(() => null)) === built("page.js", NEWER));
  await untilStep(page, 3);
  assert.equal(await update(page).count(), 0);
  assert.ok((await page.evaluate(() => fetch("bench.html").then((answer) => answer.text()))).includes(built("bench.js", NEWER)), "the benchmark is the newer one too");
  const now = await caches(page);
  assert.deepEqual(now.filter((name) => others.includes(name)).sort(), others.sort());
  assert.equal(now.length, 3);
  assert.ok(!now.includes(kept[0]), "what the last build kept is gone");
  await place.stop();
  await page.reload();
  await untilStep(page, 3);
  assert.deepEqual(record, NOTHING);
  await context.close();
});

test("a tab that stays with the build before has all its files", async (t) => {
  const place = await host(t);
  const { page: stays, context } = await open({ browser, url: place.url });
  await untilStep(stays, 3);
  await ready(stays);
  place.pick = () => NEWER;
  const goes = await context.newPage();
  await goes.goto(place.url);
  await update(goes).waitFor();
  await button(goes, "Reload").click();
  await until("the newer page", async () => (await script(goes).catch(() => null)) === built("page.js", NEWER));
  assert.equal(await script(stays), built("page.js"));
  await compare(stays);
  // It was told as well, and its service worker has been replaced already.
  await button(stays, "Reload").click();
  await until("the newer page", async () => (await script(stays).catch(() => null)) === built("page.js", NEWER));
  await place.stop();
  await context.close();
});

test("a host caught halfway between two builds: nothing is kept, and the page works", async (t) => {
  const place = await host(t, { pick: (name) => (name === "sw.js" ? NEWER : DIST) });
  const { page, context } = await open({ browser, url: place.url });
  await untilStep(page, 3);
  await until("the service worker to give up", () => page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length === 0 && (await caches.keys()).length === 0));
  await untilStep(page, (await figure(page, "step")) + 3);
  assert.equal(await page.locator(".notice").count(), 0);
  // The rest has arrived.
  place.pick = () => NEWER;
  await page.reload();
  await untilStep(page, 3);
  await ready(page);
  assert.equal((await caches(page)).length, 1);
  await place.stop();
  await context.close();
});

test("on the machine of whoever works on the page nothing is kept", async (t) => {
  const place = await host(t);
  const { page, context } = await open({ browser, url: place.url.replace("tinylens.localhost", "127.0.0.1") });
  await untilStep(page, 20);
  assert.deepEqual(await page.evaluate(() => navigator.serviceWorker.getRegistrations()), []);
  assert.ok(!place.asked.includes("/a/b/sw.js"));
  await place.stop();
  await context.close();
});

test("one file from the disk: it trains, recovers, compares, opens a checkpoint and asks for nothing", async () => {
  const url = pathToFileURL(join(DIST, "tinylens.html")).href;
  const { page, context, record } = await open({ browser, url });
  await untilStep(page, 20);
  assert.equal(await page.locator(".notice").count(), 0);
  assert.ok((await page.locator(".attention canvas").boundingBox()).height > 200);
  await page.getByLabel(/^Colours/).click();
  void page.workers()[0].evaluate(() => void setTimeout(() => { throw new Error("forced"); })).catch(() => {});
  await notice(page).waitFor();
  assert.match(await notice(page).innerText(), /going on from step/);
  await untilStep(page, (await figure(page, "step")) + 3);
  await compare(page);
  await openFile(page);
  assert.deepEqual(record, NOTHING);
  const policy = await page.locator("meta[http-equiv]").getAttribute("content");
  assert.ok(!/connect-src|unsafe-inline|'unsafe-eval'|https?:/.test(policy), policy);
  await context.close();
});

test("one file in a sandbox, where storage and locks are forbidden", async (t) => {
  const place = await host(t);
  const { page, context, record } = await open({ browser, url: place.url });
  // In Chromium there are no locks there; where there are, asking for one is refused.
  const forbid = `Object.defineProperty(navigator, "locks", { value: { request: () => Promise.reject(new DOMException("denied", "SecurityError")) } });`;
  const file = (await readFile(join(DIST, "tinylens.html"), "utf8")).replace(/id="worker-\w+\.js">/, `$&${forbid}`);
  await page.route("**/tinylens.html", (route) => route.fulfill({ contentType: "text/html", body: file }));
  await page.route("**/frame.html", (route) => route.fulfill({ contentType: "text/html", body: `<!doctype html><iframe sandbox="allow-scripts" src="tinylens.html" width="900" height="700"></iframe>` }));
  await page.goto(`${place.url}frame.html`);
  const frame = page.frameLocator("iframe");
  const step = async () => Number((await frame.locator('[data-figure="step"]').innerText()).replace(/\D/g, ""));
  await until("20 steps", async () => (await step()) >= 20);
  assert.equal(await frame.locator(".notice").count(), 0);
  assert.deepEqual(record, NOTHING);
  await place.stop();
  await context.close();
});

test("a file above its budget is named with its size, and with where the budget is", async (t) => {
  t.mock.method(console, "log", () => {});
  const files = new Map([["page-12345678.js", Buffer.from("abc".repeat(1000))], ["page-12345678.css", Buffer.alloc(10)]]);
  const budget = { "page.js": { gzip: 20, brotli: 100 }, "page.css": { gzip: 100 } };
  const [said, ...more] = await report(files, { published: false, budget });
  assert.match(said, /^page\.js is too large: \d+ bytes with gzip, and the budget is 20\. .*www\/budget\.json/);
  assert.deepEqual(more, []);
});
