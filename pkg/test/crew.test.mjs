// Several workers to one run: whatever their number, and whatever becomes of them, it comes to the same bits.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Crew, workersFor } from "../crew.mjs";
import { crewFor, hire } from "../crew_node.mjs";
import { Helper, Run } from "../tinylens.js";
import { EXPERIMENT, FINGERPRINT, STEPS } from "./crew.mjs";
import { cpu, refused } from "./helpers.mjs";

/** Trains `STEPS` steps in chunks of `chunk`, once all `helpers` are there; what a crew does between is `between`. */
async function train(crew, helpers, chunk, between = () => {}) {
  const run = await Run.create(EXPERIMENT, cpu);
  for (const late = performance.now() + 20_000; crew && crew.workers <= helpers; ) {
    assert.ok(performance.now() < late, "the helpers come");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const losses = [];
  while (run.steps < STEPS) {
    const n = Math.min(chunk, STEPS - run.steps);
    const work = crew ? crew.step(run, n) : run.step(n);
    between(run.steps);
    const answer = await work;
    assert.equal(answer.step, run.steps);
    losses.push(...answer.losses);
  }
  crew?.end();
  return { losses, fingerprint: await run.fingerprint() };
}

const alone = await train(null, 0, STEPS);

test("one worker comes to the known bits", async () => {
  assert.equal((await Run.create(EXPERIMENT, cpu)).shards, 4);
  assert.ok(alone.losses.at(-1) < alone.losses[0], "it learns");
  assert.equal(alone.fingerprint, FINGERPRINT);
});

for (const [helpers, chunk] of [[1, 5], [2, 1], [3, 24]])
  test(`${helpers + 1} workers, ${chunk} steps at a time, come to the same`, async () => {
    const run = await Run.create(EXPERIMENT, cpu);
    assert.deepEqual(await train(crewFor(run, helpers), helpers, chunk), alone);
  });

test("a helper that dies in the middle of a step is done without", async () => {
  const run = await Run.create(EXPERIMENT, cpu);
  const threads = [];
  const asked = [];
  const crew = new Crew(
    2,
    (receive, gone) => {
      const hired = hire(receive, gone);
      threads.push(hired.thread);
      // The shards of one step never come: its thread is ended as they are asked for.
      return { ...hired, post: (message, transfer) => (message.step === 4 && asked.push(message.first), message.step === 4 && asked.length === 1 ? void hired.thread.terminate() : hired.post(message, transfer)) };
    },
    { experiment: run.experiment },
  );
  assert.deepEqual(await train(crew, 2, 1), alone);
  assert.ok(asked.length > 0, "it was asked in that step");
});

test("a browser that starts no worker trains alone", async () => {
  const run = await Run.create(EXPERIMENT, cpu);
  const crew = new Crew(3, () => { throw new Error("no worker"); }, { experiment: run.experiment });
  assert.equal(crew.workers, 1);
  assert.deepEqual(await train(crew, 0, 7), alone);
});

test("as many workers as share the shards evenly, and never more than cores", () => {
  assert.deepEqual([1, 2, 3, 4, 64].map((cores) => workersFor(4, cores)), [1, 2, 2, 4, 4]);
  assert.equal(workersFor(1, 8), 1);
});

test("what a helper can't compute is refused in a sentence", async () => {
  const helper = new Helper(EXPERIMENT);
  await refused(() => helper.part(0, 4, new Float32Array(3)), /has .* shards/);
  assert.equal(new Helper({}).shards, 1);
  await refused(() => new Helper({ model: { n_layers: -1 } }), /n_layers/);
});
