// Meters (measure.mjs) in headless Chromium, each on a page of its own.

import { fileURLToPath } from "node:url";
import { PATIENCE } from "./measure.mjs";
import { setUp } from "../../www/tests/helpers.mjs";

// Isolated, a page's clock counts in steps of 5 µs, not 100.
const BLANK = {
  contentType: "text/html",
  headers: { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" },
  body: "<!doctype html><title>Benchmark</title>",
};

export class Chromium {
  static async open() {
    return new Chromium(await setUp(fileURLToPath(new URL("..", import.meta.url))));
  }

  constructor(place) {
    this.place = place;
    this.name = `Chromium ${place.browser.version().split(".")[0]}`;
  }

  async #page() {
    const page = await this.place.browser.newPage();
    await page.route("**/blank.html", (route) => route.fulfill(BLANK));
    await page.goto(`${this.place.url}blank.html`);
    await page.evaluate(async () => {
      globalThis.tinylens = await import("/tinylens.js");
      globalThis.bench = await import("/bench/measure.mjs");
      await tinylens.default();
    });
    return page;
  }

  /** The browser as the page sees it. */
  async machine() {
    const page = await this.#page();
    const found = await page.evaluate(async () => ({ ...bench.machine(), adapter: await bench.adapter() }));
    await page.close();
    return found;
  }

  /** A page with a `meter` of a device in it, and that device's description. */
  async #meter(device) {
    const page = await this.#page();
    const description = await page.evaluate(async (device) => {
      const opened = await tinylens.openDevice(device);
      globalThis.meter = new bench.Meter(tinylens, opened);
      return opened.description;
    }, device);
    return { page, description };
  }

  /** Calls to WebGPU, counted in a browser that is thrown away, with all that a slow device has not done of it. */
  static async #calls(id) {
    const other = await Chromium.open();
    const late = setTimeout(() => void other.close(), PATIENCE);
    try {
      const { page } = await other.#meter("webgpu");
      return await page.evaluate((id) => meter.calls(id, true), id);
    } finally {
      clearTimeout(late);
      await other.close();
    }
  }

  /** An entrant: "cpu" or "webgpu". */
  async entrant(device, adapter) {
    const { page, description } = await this.#meter(device);
    const gpu = device === "webgpu";
    return {
      id: `chromium ${device}`,
      name: `Tinylens, ${this.name}, ${gpu ? "WebGPU" : "CPU"}`,
      device,
      description,
      software: gpu && adapter.software,
      ...(gpu && adapter.software && { patience: PATIENCE }),
      ...(gpu && { calls: Chromium.#calls }),
      sample: (...given) => page.evaluate((given) => meter.sample(...given), given),
      take: (id, state) => page.evaluate(({ id, state }) => meter.take(id, state), { id, state }),
      stop: () => void page.close(),
    };
  }

  close() {
    return this.place.stop();
  }
}
