// Several workers to one run in Chromium: the bits that Node comes to (pkg/test/crew.test.mjs), and the page that says how many there are.

import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { EXPERIMENT, FINGERPRINT, STEPS } from "../../pkg/test/crew.mjs";
import { open, openModule, pause, setUp, until, untilStep } from "./helpers.mjs";

test("with two helpers the module comes to the bits that it comes to in Node", async () => {
  const chromium = await setUp(fileURLToPath(new URL("../../pkg", import.meta.url)));
  try {
    const page = await openModule(chromium);
    const fingerprint = await page.evaluate(
      async ({ experiment, steps }) => {
        const { Crew } = await import("/crew.mjs");
        const script = `
          import init, { Helper } from "${location.origin}/tinylens.js";
          import { serve } from "${location.origin}/crew.mjs";
          const answer = serve(async ({ experiment }) => (await init(), new Helper(experiment)), (message, transfer) => postMessage(message, transfer));
          onmessage = ({ data }) => answer(data);`;
        const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
        const run = await tinylens.Run.create(experiment, await tinylens.openDevice("cpu"));
        let crew;
        const hire = (receive, gone) => {
          const worker = new Worker(address, { type: "module" });
          worker.onmessage = ({ data }) => receive(data);
          worker.onerror = gone;
          return { post: (message, transfer) => worker.postMessage(message, transfer), end: () => worker.terminate() };
        };
        crew = new Crew(2, hire, { experiment: run.experiment });
        while (crew.workers < 3) await new Promise((resolve) => setTimeout(resolve, 20));
        // Not through the crew's own trial: every step is shared.
        await run.step(steps, crew);
        crew.end();
        return run.fingerprint();
      },
      { experiment: EXPERIMENT, steps: STEPS },
    );
    assert.equal(fingerprint, FINGERPRINT);
  } finally {
    await chromium.stop();
  }
});

test("the page trains a dear model with helpers of its own", { skip: availableParallelism() < 2 && "one core" }, async () => {
  const chromium = await setUp();
  try {
    const { task, model, train } = EXPERIMENT;
    const fields = Object.entries({ task, model, train }).flatMap(([group, values]) => Object.entries(values).map(([name, value]) => `${group}.${name}=${value}`));
    const { page, record } = await open(chromium, { link: `${fields.join("&")}&device=cpu` });
    await untilStep(page, STEPS, 60_000);
    await pause(page);
    // Whether they go on being used depends on what was measured here; the page says nothing else than what is so.
    assert.match(await page.locator(".chip.device").innerText(), /^CPU(\s× [24])?$/);
    await until("helpers of the page's worker", async () => page.workers().length > 0);
    assert.deepEqual(record, { errors: [], elsewhere: [] });
  } finally {
    await chromium.stop();
  }
});
