// A run on the CPU is a function of its experiment and its number of steps: these bits, here and in Chromium (www/tests/reproduction.test.mjs).
import assert from "node:assert/strict";
import { test } from "node:test";

import { Run } from "../tinylens.js";
import { cpu } from "./helpers.mjs";
import { RUNS, STEPS, trainThreeWays } from "./reproduction.mjs";

for (const { name, experiment, fingerprint } of RUNS)
  test(`${name}: in one call, in chunks, saved and resumed, it comes to the known bits`, async () => {
    const ways = await trainThreeWays(Run, cpu, experiment, STEPS);
    const { losses } = ways["in one call"];
    assert.equal(losses.length, STEPS);
    assert.ok(losses.at(-1) < losses[0], "it learns");
    for (const [way, answer] of Object.entries(ways)) assert.deepEqual(answer, { steps: STEPS, losses, fingerprint }, way);
  });
