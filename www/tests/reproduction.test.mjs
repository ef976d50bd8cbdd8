// The module's CPU device in Chromium comes to the bits that it comes to in Node (pkg/test/reproduction.test.mjs).

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { RUNS, STEPS } from "../../pkg/test/reproduction.mjs";
import { openModule, setUp } from "./helpers.mjs";

let chromium, page;
before(async () => {
  chromium = await setUp(fileURLToPath(new URL("../../pkg", import.meta.url)));
  page = await openModule(chromium);
});
after(() => chromium?.stop());

for (const { name, experiment, fingerprint } of RUNS)
  test(`${name}: in one call, in chunks, saved and resumed, it comes to the known bits`, async () => {
    const ways = await page.evaluate(
      async ({ experiment, steps }) => {
        const { trainThreeWays } = await import("/test/reproduction.mjs");
        return trainThreeWays(tinylens.Run, await tinylens.openDevice("cpu"), experiment, steps);
      },
      { experiment, steps: STEPS },
    );
    const { losses } = ways["in one call"];
    for (const [way, answer] of Object.entries(ways)) assert.deepEqual(answer, { steps: STEPS, losses, fingerprint }, way);
  });
