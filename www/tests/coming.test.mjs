// The page that `cargo xtask serve` shows while it is still building the program with WebGPU: it says so, and takes the
// program when it is built, without being loaded again.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { open, setUp, until, untilStep } from "./helpers.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const build = (folder, pkg, option) => execFileSync(process.execPath, [here("../build.mjs"), "--pkg", pkg, "--out", folder, option]);
const chip = (page) => page.locator(".chip.device");

let folder, place;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tinylens-"));
  // A package without the module that is still being built.
  const pkg = join(folder, "pkg");
  await mkdir(pkg);
  for (const part of ["cpu", "reader"]) await symlink(here(`../../pkg/${part}`), join(pkg, part));
  build(folder, pkg, "--without-webgpu");
  place = await setUp(folder);
});
after(async () => {
  await place?.stop();
  await rm(folder, { recursive: true });
});

test("a page without WebGPU trains on the CPU, says that WebGPU is coming, and moves there once it has come", async () => {
  const { page, context, record } = await open(place);
  await untilStep(page, 20);
  assert.match(await chip(page).innerText(), /^CPU.*WebGPU is coming$/s);

  await chip(page).click();
  await page.locator('.devices input[value="webgpu"]').click();
  await until("what is waited for", async () => /WebGPU is still being built; the run moves there/.test(await page.locator(".devices .why").first().innerText()));
  // Until then the choice can be changed, and changed again.
  await page.locator('.devices input[value="cpu"]').click();
  await until("the CPU again", async () => /the page takes it when it is done/.test(await page.locator(".devices .why").first().innerText()));
  await page.locator('.devices input[value="webgpu"]').click();
  await untilStep(page, 40);
  assert.match(await chip(page).innerText(), /^CPU/);

  build(folder, here("../../pkg"), "--awaited-webgpu");
  await until("WebGPU", async () => (await chip(page).innerText()).trim() === "WebGPU", 120_000);
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("a page that is opened later has it from the start", async () => {
  const { page, context, record } = await open(place, { link: "v=1&device=webgpu&train.steps=2" });
  await until("WebGPU", async () => (await chip(page).innerText()).trim() === "WebGPU", 120_000);
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});
