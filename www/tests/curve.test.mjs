// The page's plain logic, without a browser: thinning of the curve, and reading and fitting of lists.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

async function load(file) {
  const { outputFiles } = await build({ entryPoints: [fileURLToPath(new URL(`../src/${file}`, import.meta.url))], bundle: true, format: "esm", write: false });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`);
}
const { Curve } = await load("curve.ts");
const { moment } = await load("format.ts");
const { fitNumbers, readNumbers } = await load("prompt.ts");

test("the curve keeps few points and every extreme", () => {
  const curve = new Curve(600);
  const losses = Float64Array.from({ length: 100_000 }, (_, i) => 1 + Math.sin(i) / 2);
  losses[77_777] = 9;
  losses[33_333] = 0.001;
  for (let start = 0; start < losses.length; start += 7) {
    const part = losses.subarray(start, start + 7);
    curve.add(start + part.length, part);
  }
  const { step, mean, least, greatest } = curve.columns();
  assert.ok(step.length > 250 && step.length <= 600, `${step.length} points`);
  assert.equal(step.at(-1), 100_000);
  assert.equal(Math.max(...greatest), 9);
  assert.equal(Math.min(...least), 0.001);
  assert.ok(step.every((s, i) => i === 0 || s > step[i - 1]), "steps rise");
  assert.ok(mean.every((m, i) => m >= least[i] && m <= greatest[i]));
});

test("held-out losses stand at their step, and a cut forgets what comes after", () => {
  const curve = new Curve(8);
  curve.add(4, [4, 3, 2, 1]);
  curve.addHeldOut(0, 5);
  curve.addHeldOut(3, 2.5);
  assert.deepEqual(curve.columns(), { step: [1, 2, 3, 4], mean: [4, 3, 2, 1], least: [4, 3, 2, 1], greatest: [4, 3, 2, 1], heldOut: [null, null, 2.5, null] });
  curve.cutAfter(2);
  assert.deepEqual(curve.columns().step, [1, 2]);
  curve.add(16, Array.from({ length: 14 }, () => 1));
  assert.deepEqual(curve.columns().step, [2, 4, 6, 8, 10, 12, 14, 16]);
  assert.deepEqual(curve.columns().mean.slice(0, 2), [3.5, 1]);
});

test("a loss that is not a number leaves a gap", () => {
  const curve = new Curve(8);
  curve.add(3, [1, NaN, 2]);
  assert.deepEqual(curve.columns().step, [1, 3]);
});

test("a moment is said as people say it", () => {
  const now = new Date(2026, 10, 24, 9, 30).getTime();
  assert.equal(moment(new Date(2026, 10, 24, 0, 5).getTime(), now), "today, 00:05");
  assert.equal(moment(new Date(2026, 10, 23, 23, 5).getTime(), now), "Monday, 23:05");
  assert.equal(moment(new Date(2026, 10, 10, 14, 5).getTime(), now), "10 November, 14:05");
  assert.equal(moment(new Date(2025, 10, 25, 14, 5).getTime(), now), "25 November 2025");
});

test("what a run kept is the same curve again", () => {
  const curve = new Curve(8);
  curve.add(20, Array.from({ length: 20 }, (_, i) => 5 - i / 10));
  curve.addHeldOut(30, 2);
  const again = new Curve(8);
  again.restore(structuredClone(curve.thinned()));
  assert.deepEqual(again.columns(), curve.columns());
  for (const one of [curve, again]) one.add(33, [1, 1, 1]);
  assert.deepEqual(again.columns(), curve.columns());
});

const task = { name: "sort", list_length: 5, min_value: 0, max_value: 64, bos_token: 65, mid_token: 66, repeats: true, var_length: false };

test("lists are read, or refused with what would do", () => {
  assert.deepEqual(readNumbers(" 6,2 59;50, 20,", task), { numbers: [6, 2, 59, 50, 20] });
  for (const wrong of ["", "64", "-1", "1.5", "1 2 3 4 5 6", "<b>"]) assert.match(readNumbers(wrong, task).error, /1 to 5 whole numbers from 0 to 63/);
});

test("a list is kept where it fits, and made anew where it does not", () => {
  assert.deepEqual(fitNumbers([6, 2], task), [6, 2]);
  assert.deepEqual(fitNumbers([], task), [6, 2, 59, 50, 20]);
  const small = fitNumbers([6, 2, 59, 50, 20], { ...task, list_length: 9, min_value: 10, max_value: 20 });
  assert.equal(new Set(small).size, 9);
  assert.ok(small.every((n) => n >= 10 && n < 20));
});
