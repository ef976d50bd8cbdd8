// A kept run's file, without a browser: it comes back as it was, and whatever is damaged, foreign or hostile is refused in a sentence.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

async function load(file) {
  const { outputFiles } = await build({ entryPoints: [fileURLToPath(new URL(`../src/store/${file}`, import.meta.url))], bundle: true, format: "esm", write: false });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`);
}
const { isRunFile, readRun, written } = await load("runfile.ts");
const { crc32 } = await load("crc.ts");
const { apart, defaultName } = await load("names.ts");

const judged = { value: 0.5, low: 0.4, high: 0.6, verdict: "mixed" };
const record = {
  name: "what <b>happens</b>",
  saved: 1_700_000_000_000,
  step: 12,
  fingerprint: "ab".repeat(32),
  parameters: 1234,
  device: "cpu",
  playing: true,
  loss: 0.5,
  evaluated: { step: 12, evaluation: { loss: NaN, tokenAccuracy: 0.5, sequenceAccuracy: 0.25, lists: 100, heldOut: true } },
  asked: { task: { list_length: 3 }, model: { d_model: 16, normalization_type: null } },
  experiment: { task: { list_length: 3, repeats: false }, model: { d_model: 16 }, train: { lr: 0.001 } },
  file: { name: "mine.pt", model: {}, task: { repeats: true }, train: { lr: 0.01 }, facts: { format: "pickle", notes: ["assumed"], fingerprint: "cd" }, said: { task: {}, model: {}, train: {} } },
  shown: {
    numbers: [3, 1, 2],
    scene: {
      slots: [{ source: "BOS", value: null, gone: true, moved: false }, { source: 0, value: "MID", gone: false, moved: true }, { source: null, value: 7, gone: false, moved: false }],
      newTokens: null,
      ablations: [{ kind: "head", layer: 0, head: 1, edit: "zero" }, { kind: "edge", layer: 0, head: 0, destination: 3, source: 1, renormalise: true }, { kind: "position", position: 2 }, { kind: "mlp", layer: 1 }],
      sampling: { temperature: 0.5, topK: 3, topP: null, seed: 1 },
      own: false,
    },
    view: { show: "pattern", everywhere: true },
    pins: [{ layer: 0, head: 1 }],
    cell: { destination: 2, source: 1 },
    draft: { "model.d_model": "16", "task.repeats": true },
    assumed: { "task.repeats": "on" },
    presets: { mid_injection: { site: 2, randomSite: true, value: "BOS" }, shorter: {} },
    batteries: { lists: "300", seed: "not yet a num", choices: { mid_injection: { site: "every", value: "17" }, bos_injection: { site: "random", value: "" } } },
  },
  curve: {
    width: 2,
    buckets: [
      { last: 2, least: 1, sum: 3, greatest: 2, count: 2, heldOut: null },
      { last: 4, least: Infinity, sum: 0, greatest: -Infinity, count: 0, heldOut: 1.5 },
    ],
  },
  claims: { texts: { a: "Every claim" }, points: [{ step: 10, lists: 60, claims: { a: judged } }] },
  attention: { step: 12, labels: ["BOS", "<i>"], layers: 1, heads: 2, causal: true },
};
const kept = () => ({
  record: structuredClone(record),
  parts: { state: new Uint8Array([1, 2, 3, 4, 5]), pattern: Float32Array.from([1, 0, 0.25, 0.75, 1, 0, 0.5, 0.5]), file: new Blob([new Uint8Array([9, 8, 7])]) },
});
const bytesOf = async (blob) => new Uint8Array(await blob.arrayBuffer());

/** A file with this header, whatever it says, and a checksum that fits. */
function sealed(header, body = new Uint8Array(), { version = 1, length, magic = "TINYLENS" } = {}) {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const content = Buffer.concat([json, body]);
  const prefix = Buffer.alloc(20);
  prefix.write(magic);
  prefix.writeUInt32LE(version, 8);
  prefix.writeUInt32LE(length ?? json.length, 12);
  prefix.writeUInt32LE(crc32(content, crc32(prefix.subarray(8, 16))), 16);
  return new Blob([prefix, content]);
}

test("the checksum is zip's", () => {
  for (const text of ["", "123456789", "Tinylens ".repeat(1000)]) {
    const bytes = Buffer.from(text);
    assert.equal(crc32(bytes.subarray(4), crc32(bytes.subarray(0, 4))), crc32(bytes), "in pieces");
  }
  assert.equal(crc32(Buffer.from("123456789")), 0xcbf43926);
});

test("a run comes back as it was, and is written again as the same bytes", async () => {
  const file = await written(kept());
  assert.ok(await isRunFile(file));
  const back = await readRun(file);
  const { view, ...shown } = back.record.shown;
  assert.equal(view.everywhere, true);
  assert.equal(view.log_loss, true, "what the file does not say of the view is the default");
  const { view: _, ...wanted } = record.shown;
  assert.deepEqual({ ...back.record, shown }, { ...record, shown: wanted });
  assert.deepEqual(Array.from(back.parts.state), [1, 2, 3, 4, 5]);
  assert.deepEqual(Array.from(back.parts.pattern), Array.from(kept().parts.pattern));
  assert.deepEqual(Array.from(await bytesOf(back.parts.file)), [9, 8, 7]);
  assert.deepEqual(await bytesOf(await written(back)), await bytesOf(file));
});

test("a run of an earlier page, which wrote less, comes back as it was", async () => {
  const run = JSON.parse(JSON.stringify({ ...record, attention: null, step: 0 }));
  for (const part of ["presets", "batteries"]) delete run.shown[part];
  delete run.file.train;
  const back = await readRun(sealed({ parts: [{ name: "file", bytes: 1 }], run }, Buffer.alloc(1)));
  const { view: _, ...shown } = back.record.shown;
  const { view: __, ...wanted } = run.shown;
  assert.deepEqual(shown, wanted);
  assert.deepEqual(back.record.file, run.file);
});

test("a run at its start, with nothing beside it, comes back too", async () => {
  const bare = { record: { ...record, step: 0, file: null, attention: null, evaluated: null }, parts: { state: null, pattern: null, file: null } };
  const back = await readRun(await written(bare));
  assert.deepEqual(back.parts, bare.parts);
});

test("any damage is noticed", async () => {
  const bytes = await bytesOf(await written(kept()));
  for (let at = 0; at < bytes.length; at++) {
    const wrong = bytes.slice();
    wrong[at] ^= 1 << (at % 8);
    await assert.rejects(readRun(new Blob([wrong])), (error) => /^it (is not a run|is a kept run of version|is cut short or damaged).*\.$/.test(error.message), `byte ${at}`);
  }
  for (let length = 0; length < bytes.length; length += 7) await assert.rejects(readRun(new Blob([bytes.slice(0, length)])), /^Error: it is (not a run that Tinylens has saved|cut short or damaged)/);
  await assert.rejects(readRun(new Blob([bytes, "x"])), /damaged/);
});

test("what is foreign or hostile is refused in a sentence that says where", async () => {
  const run = JSON.parse(JSON.stringify({ ...record, attention: null, file: null, step: 0 }));
  assert.equal((await readRun(sealed({ parts: [], run }))).record.name, record.name, "the file that the others are made of is right");
  const refused = async (file, pattern) => assert.rejects(readRun(file), (error) => error.constructor === Error && pattern.test(error.message) && error.message.endsWith("."), String(pattern));
  await refused(new Blob(["PK\x03\x04 and so on, a zip file of some length"]), /not a run that Tinylens has saved/);
  await refused(new Blob([]), /not a run/);
  await refused(sealed({ parts: [], run }, undefined, { version: 2 }), /version 2, and this page reads up to version 1/);
  await refused(sealed({ parts: [], run }, undefined, { version: 0 }), /version 0/);
  await refused(sealed({ parts: [], run }, undefined, { length: 2 ** 32 - 1 }), /header is longer than the file/);
  await refused(sealed("{"), /not JSON/);
  await refused(sealed("[]"), /header must be an object/);
  await refused(sealed({ parts: [{ name: "state", bytes: 2 ** 40 }], run }), /parts\[0\]\.bytes must be a whole number/);
  await refused(sealed({ parts: [{ name: "state", bytes: 10 }], run }, Buffer.alloc(9)), /parts must fill the file/);
  await refused(sealed({ parts: [], run }, Buffer.alloc(9)), /parts must fill the file/);
  await refused(sealed({ parts: [{ name: "evil", bytes: 0 }], run }), /one of state, pattern, file/);
  await refused(sealed({ parts: [{ name: "state", bytes: 1 }, { name: "state", bytes: 1 }], run }, Buffer.alloc(2)), /name state once/);
  await refused(sealed({ parts: [{ name: "pattern", bytes: 3 }], run }, Buffer.alloc(3)), /four bytes a weight/);
  await refused(sealed({ parts: [{ name: "pattern", bytes: 4 }], run }, Buffer.alloc(4)), /as many weights/);
  await refused(sealed({ parts: [], run: { ...run, step: 5 } }), /must be 0 where there is no saved state/);
  await refused(sealed({ parts: [], run: { ...run, file: record.file } }), /must come with its bytes/);
  await refused(sealed({ parts: [], run: { ...run, attention: { ...record.attention, layers: 1e9 } } }), /as many weights/);
  for (const [path, value] of Object.entries({ name: 5, step: -1, device: "abacus", "curve.width": 0, "shown.numbers": "1,2", "shown.scene.slots": [{}], "shown.scene.ablations": [{ kind: "boo" }], "shown.presets": { shorter: { site: -1 } }, "shown.batteries.choices": { shorter: { site: "everywhere", value: "" } }, "claims.points": {}, "experiment.task": [], "evaluated.evaluation.lists": 1.5 })) {
    const wrong = structuredClone(run);
    const names = path.split(".");
    const last = names.pop();
    names.reduce((part, name) => part[name], wrong)[last] = value;
    await refused(sealed({ parts: [], run: wrong }), new RegExp(`run\\.${path.replaceAll(".", "\\.")}`));
  }
});

test("a record with any value in the place of any other is read in shape, or refused", async () => {
  const run = JSON.parse(JSON.stringify({ ...record, attention: null, file: null, step: 0 }));
  const values = [null, true, -1, 1.5, 1e300, "", "__proto__", [], {}, [[]], { a: 1 }, "x".repeat(20_000), [null]];
  const paths = [];
  const walk = (part, path) => Object.keys(part).forEach((name) => (paths.push([...path, name]), typeof part[name] === "object" && part[name] && walk(part[name], [...path, name])));
  walk(run, []);
  let read = 0;
  for (const path of paths)
    for (const value of [undefined, ...values]) {
      const wrong = structuredClone(run);
      path.slice(0, -1).reduce((part, name) => part[name], wrong)[path.at(-1)] = value;
      try {
        const back = await readRun(sealed({ parts: [], run: wrong }));
        assert.equal(typeof back.record.name, "string");
        assert.ok(back.record.shown.numbers.every(Number.isInteger) && back.record.curve.buckets.every(({ sum }) => Number.isFinite(sum)));
        await written(back);
        read++;
      } catch (error) {
        assert.match(error.message, /^its record makes no sense here: .*\.$/s, `${path.join(".")} = ${JSON.stringify(value)?.slice(0, 50)}`);
      }
    }
  assert.ok(paths.length > 80 && read > 0 && read < paths.length * values.length, `${read} of ${paths.length * values.length}`);
  assert.equal({}.a, undefined, "no prototype was touched");
});

test("a run is named by what sets it apart", () => {
  assert.equal(defaultName({}, null, []), "the default run");
  assert.equal(defaultName({}, null, ["the default run"]), "the default run (2)");
  assert.equal(defaultName({ task: { list_length: 7, mid_token: null }, train: { lr: 0.0001 } }, null, []), "list_length 7, no MID, lr 1e-4");
  assert.equal(defaultName({ model: { seed: 43 }, train: { train_seed: 43 } }, null, []), "seed 43");
  assert.equal(defaultName({ model: { normalization_type: null, attn_only: false } }, null, []), "no normalization_type, not attn_only");
  assert.equal(defaultName({}, "mine.pt", []), "mine.pt");
  assert.equal(apart("a", ["a", "a (2)"]), "a (3)");
});
