// The module that reads files: no part of the two others, fetched when the first file is opened, and a failure of it is a sentence and no more.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { afterEach, test } from "node:test";

import initSmall, * as small from "../cpu/tinylens.js";
import { setReader } from "../checkpoint.mjs";
import { Model, onFatal, Run } from "../tinylens.js";
import { failingReader } from "./failing_reader.mjs";
import { cpu, refused } from "./helpers.mjs";

await initSmall();

const wasm = (path) => readFile(new URL(`../${path}_bg.wasm`, import.meta.url));
const seed = await readFile(new URL("../../crate/tests/checkpoints/seed_format_3000.pkl", import.meta.url));
const open = () => Model.fromCheckpoint(seed, cpu);
const fingerprint = await (await open()).fingerprint();
const opens = async () => assert.equal(await (await open()).fingerprint(), fingerprint);

afterEach(() => setReader());

/** Serves the reader, if `answers` says so, and counts who asks. */
async function server(t, answers = () => true) {
  const bytes = await wasm("reader/tinylens_reader");
  const served = { asked: 0 };
  const server = createServer((_, response) => {
    const ok = answers(++served.asked);
    response.writeHead(ok ? 200 : 503, { Connection: "close" }).end(ok ? bytes : "");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  served.url = `http://127.0.0.1:${server.address().port}/reader.wasm`;
  served.stop = () => new Promise((done) => server.close(done));
  t.after(served.stop);
  return served;
}

test("it is in neither of the two modules", async () => {
  for (const text of ["This is no checkpoint", "This pickle cannot be read", "is taken for a sorter", "activation_function"]) {
    assert.ok((await wasm("reader/tinylens_reader")).includes(text), `${text} in the reader`);
    for (const module of ["tinylens", "cpu/tinylens"]) assert.ok(!(await wasm(module)).includes(text), `${text} in ${module}`);
  }
});

test("it is fetched once, when the first file is opened", async (t) => {
  const place = await server(t);
  setReader(place.url);
  const run = await Run.create({}, cpu);
  await run.step(1);
  await run.model().toSafetensors();
  assert.equal(place.asked, 0);
  await opens();
  await opens();
  assert.equal(place.asked, 1);
});

test("where it can't be fetched the file is refused with what to do, and opens the next time", async (t) => {
  const place = await server(t, (asked) => asked > 1);
  setReader(new URL(place.url));
  await refused(open, /^The reader of files could not be downloaded: the server answers 503 for \/reader\.wasm\. Nothing else is affected; to try again, open the file again\.$/);
  await opens();
  await place.stop();
  await opens();
  setReader(place.url);
  await refused(open, /could not be downloaded: the server does not answer/);
  setReader(new URL("no.wasm", import.meta.url));
  await refused(open, /could not be downloaded: .*no\.wasm/);
  setReader(new TextEncoder().encode("<!doctype html>"));
  await refused(open, /^The reader of files could not be started: .*Nothing else is affected\.$/);
  setReader();
  await opens();
});

test("it is taken as an address, as bytes, or compiled", async () => {
  const bytes = await wasm("reader/tinylens_reader");
  for (const given of [new URL("../reader/tinylens_reader_bg.wasm", import.meta.url), bytes, await WebAssembly.compile(bytes), undefined]) {
    setReader(given);
    await opens();
  }
});

test("a panic in it is a sentence, and the run and the next file do not notice", async () => {
  const fatal = [];
  onFatal((...what) => fatal.push(what));
  const run = await Run.create({}, cpu);
  await run.step(5);
  setReader(await failingReader());
  await refused(open, /^This file could not be read: the reader failed on it \(panicked at .*asked to panic\)\. Nothing else is affected\.$/);
  await run.step(5);
  await refused(open, /asked to panic/);
  setReader();
  await opens();
  assert.equal(run.steps, 10);
  assert.deepEqual(fatal, []);
});

test("files that are opened at once are read one after the other, the wrong ones among them too", async () => {
  const answers = await Promise.allSettled([open(), Model.fromCheckpoint(seed.subarray(0, 999), cpu), open(), Model.fromCheckpoint([], cpu), small.Model.fromCheckpoint([...seed], await small.openDevice("cpu"))]);
  assert.deepEqual(answers.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled", "rejected", "fulfilled"]);
  for (const { value } of answers) if (value) assert.equal(await value.fingerprint(), fingerprint);
  await refused(() => Model.fromCheckpoint(undefined, cpu), /must be a Uint8Array/);
  await refused(() => Model.fromCheckpoint(seed.buffer, cpu), /must be a Uint8Array/);
  await refused(() => Model.fromCheckpoint(seed, cpu, 3), /^config must be a plain object/);
});

test("a copy of a run's model needs no file, and stays as it was", async () => {
  setReader(await failingReader());
  const run = await Run.create({ task: { list_length: 3, max_value: 10 }, model: { d_model: 16 }, train: { batch_size: 16 } }, cpu);
  await run.step(5);
  const before = await run.fingerprint();
  const live = run.model();
  const copy = await live.copyTo(cpu);
  await run.step(5);
  assert.equal(await copy.fingerprint(), before);
  assert.equal(await live.fingerprint(), await run.fingerprint());
  assert.notEqual(await run.fingerprint(), before);
  assert.deepEqual([copy.config, copy.task, copy.source], [live.config, live.task, live.source]);
  live.free();
  run.free();
  assert.equal(await copy.fingerprint(), before);
});
