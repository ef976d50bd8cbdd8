// What the browser tests share: a server, a browser, a page that keeps a record of what went wrong in it, and patches that
// are put in front of the worker's script to force failures. The product itself has no hooks for tests.

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { serve } from "../serve.mjs";

export const DIST = resolve(process.env.TINYLENS_DIST ?? fileURLToPath(new URL("../../dist", import.meta.url)));

/** Names of built files have a hash in them. There are two programs; the one for the CPU alone is what every visit begins with. Either opens
 * files with the third module. */
export const WORKER = "**/worker*-*.js";
export const WASM = "**/tinylens_cpu-*.wasm";
export const WEBGPU_WASM = "**/tinylens_webgpu-*.wasm";
export const READER_WASM = "**/tinylens_reader-*.wasm";
/** The built file that is `name` without its hash; undefined: there is none. */
export const built = (name, folder = DIST) => (existsSync(folder) ? readdirSync(folder).find((file) => file.replace(/-\w{8}(?=\.)/, "") === name) : undefined);

const FLAGS = ["--no-sandbox", "--enable-unsafe-webgpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** The browser that CHROMIUM names, else the first in PATH. */
function executable() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of ["chromium", "chromium-browser", "google-chrome"])
    for (const folder of (process.env.PATH ?? "").split(delimiter)) if (existsSync(join(folder, name))) return join(folder, name);
  throw new Error("No browser: name one in CHROMIUM, or put chromium, chromium-browser or google-chrome in PATH.");
}

export const launch = () => chromium.launch({ executablePath: executable(), args: FLAGS });

/** A server of a folder and a browser; `stop` ends both. */
export async function setUp(folder = DIST) {
  if (folder === DIST && !built("worker.js")) throw new Error(`No page in ${DIST}: build it (node build.mjs), or name another folder in TINYLENS_DIST.`);
  const server = await serve(folder, 0);
  const browser = await launch();
  return {
    url: server.url,
    browser,
    stop: async () => {
      await browser.close();
      await server.close();
    },
  };
}

/** A page with nothing but the module in it, as `tinylens`, from a server of `pkg/`. `init`: runs before it. */
export async function openModule({ browser, url }, { init = "" } = {}) {
  const page = await browser.newPage();
  if (init) await page.addInitScript(init);
  // The folder has no page of its own.
  await page.route("**/blank.html", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>API</title>" }));
  await page.goto(`${url}blank.html`);
  await page.evaluate(async () => {
    globalThis.tinylens = await import("/tinylens.js");
    await tinylens.default();
  });
  return page;
}

/**
 * Opens the page in a context of its own, by a link if one is given. `patch`: script that runs in the worker ahead of its own; `init`: in every page. `record`
 * gathers what no page of ours may do: console errors, violations of the policy (Chromium logs them as errors), requests to elsewhere.
 */
export async function open({ browser, url }, { patch = "", init = "", link = "", viewport = { width: 1280, height: 800 }, colorScheme = "light" } = {}) {
  const context = await browser.newContext({ viewport, colorScheme });
  if (init) await context.addInitScript(init);
  const page = await context.newPage();
  const record = { errors: [], elsewhere: [] };
  page.on("console", (message) => message.type() === "error" && record.errors.push(message.text()));
  page.on("pageerror", (error) => record.errors.push(String(error)));
  context.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(url)) record.elsewhere.push(request.url());
  });
  if (patch) {
    const script = (address) => readFile(join(DIST, basename(new URL(address).pathname)), "utf8");
    await context.route(WORKER, async (route) => route.fulfill({ contentType: "text/javascript", body: `${patch};\n${await script(route.request().url())}` }));
  }
  await page.goto(link ? `${url}#${link}` : url);
  return { page, context, record };
}

const digits = (text) => Number(text.replace(/[^\d.e-]/g, ""));

/** A figure of the page, as a number: step, loss, tokens, sequences. NaN while there is none. */
export const figure = async (page, name) => {
  const text = await page.locator(`[data-figure="${name}"]`).innerText();
  return /\d/.test(text) ? digits(text) : NaN;
};

/** Resolves once `condition` (async) gives something true, which it returns. */
export async function until(what, condition, timeout = 60_000) {
  const end = Date.now() + timeout;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`Waited ${timeout / 1000} s in vain for: ${what}`);
    await new Promise((done) => setTimeout(done, 25));
  }
}

export const untilStep = (page, least, timeout) => until(`step ${least}`, async () => (await figure(page, "step")) >= least, timeout);

/** The curve goes back to the run's first steps: those that share its first point, of which a long one has 300 to 600. */
export async function reachesBack(page) {
  await page.locator(".chart").focus();
  const reading = await until("a reading", async () => {
    await page.keyboard.press("Home");
    return /^step ([\d,]+), training/.exec(await page.locator('[data-figure="reading"]').innerText());
  });
  const step = await figure(page, "step");
  assert.ok(digits(reading[1]) <= Math.max(1, step / 300), `at step ${step} the curve begins with: ${reading[0]}`);
}

export const button = (page, name) => page.getByRole("button", { name, exact: true });

/** Presses pause and waits until the step no longer moves because the worker says that it rests. */
export async function pause(page) {
  await button(page, "Pause").click();
  await button(page, "Play").waitFor();
  // At rest the run is saved and evaluated; the accuracy then says so by its number of lists.
  let last = -1;
  await until("rest", async () => {
    const now = await figure(page, "step");
    const same = now === last;
    last = now;
    if (!same) await new Promise((done) => setTimeout(done, 150));
    return same;
  });
  return last;
}

export const notice = (page) => page.locator(".notice p").first();
