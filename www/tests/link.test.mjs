// The page's half of links, without a browser: the editor's slots as edits and back, judged by the module's own applyEdits.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import init, { applyEdits, decodeLink, encodeLink, interventionsOf } from "../../pkg/tinylens.js";

await init();

async function load(file) {
  const { outputFiles } = await build({ entryPoints: [fileURLToPath(new URL(`../src/${file}`, import.meta.url))], bundle: true, format: "esm", write: false });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`);
}
const { ablationFrom, askedIn, documentOf, editsOf, knockoutOf, recordOf, slotsFrom, verdict } = await load("link.ts");
const { aligned, filled, placed, slotsOf } = await load("slots.ts");
const { interventionsOf: ofThePage } = await load("ablation.ts");
const { fitNumbers } = await load("prompt.ts");

/** Numbers that look random and are the same every time. */
let seed = 1;
const below = (n) => ((seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) >>> 8) % n;

const { experiment: plain } = decodeLink("task.eos_token=67&model.n_ctx=40");
const { task } = plain;

/** What the editor does to a row (edit.ts), without its questions. */
function change(row, list) {
  const visible = [...row.keys()].filter((i) => !row[i].gone);
  const at = visible[below(visible.length)];
  const values = [below(64), "BOS", "MID", "EOS"];
  const value = values[below(4)];
  const next = [...row];
  switch (below(5)) {
    case 0:
      next[at] = { ...row[at], value };
      return next;
    case 1:
      if (visible.length === 1) return row;
      if (row[at].source === null) next.splice(at, 1);
      else next[at] = { ...row[at], value: null, gone: true };
      return next;
    case 2:
      next.splice(at + below(2), 0, { source: null, value, gone: false, moved: false });
      return next;
    default: {
      const other = visible[visible.indexOf(at) + (below(2) ? 1 : -1)];
      if (other === undefined) return row;
      const [slot] = next.splice(at, 1);
      next.splice(other, 0, { ...slot, moved: true });
      return next;
    }
  }
}

const tokens = (row, list, now = task) => placed(filled(row, now, list.length), now, list).filter(({ gone }) => !gone).map(({ token }) => token);
const shown = (row, list) => placed(row, task, list).map(({ token, clean, gone, moved }) => ({ token, clean, gone, moved }));

test("every row of slots that the editor reaches is a list of edits, and comes back as it looks", () => {
  for (let round = 0; round < 2000; round++) {
    const list = Array.from({ length: 1 + below(5) }, () => below(64));
    let row = slotsOf(task, list.length);
    for (let i = 0; i < 1 + below(8); i++) row = change(row, list);
    const edits = editsOf(row, task, list.length);
    assert.deepEqual(applyEdits(task, list, edits), tokens(row, list), JSON.stringify({ row, edits }));
    const back = slotsFrom(edits, task, list);
    if (back) assert.deepEqual(shown(back, list), shown(row, list), JSON.stringify({ row, edits, back }));
    else assert.deepEqual(shown(row, list), shown(slotsOf(task, list.length), list));
    // And they follow another list.
    const other = list.map((n) => 63 - n);
    if (back) assert.deepEqual(tokens(back, other).length, tokens(row, other).length);
  }
});

test("edits by hand mean on the page what they mean in scripts", () => {
  const list = [6, 2, 59, 50, 20];
  for (const edits of [["delete:0", "insert:0:12", "insert:7:BOS"], ["move:1:3", "move:6:0", "delete:2"], ["delete:3", "delete:3", "insert:3:MID", "move:3:0", "replace:1:5"]])
    assert.deepEqual(tokens(slotsFrom(edits, task, list), list), applyEdits(task, list, edits), edits.join());
  assert.equal(slotsFrom([], task, list), null);
});

test("a slot of a longer list is not in the link", () => {
  const row = aligned([65, 1, 2, 66, 4, 5, 66], [65, 1, 2, 3, 4, 5, 66], task, 5);
  assert.deepEqual(editsOf(row, task, 5), ["replace:3:MID"]);
  assert.deepEqual(editsOf(row, task, 2), []);
});

test("ablations come back, and the page makes of them what the module does", () => {
  const ablations = [
    { kind: "head", layer: 0, head: 1, edit: "mean" },
    { kind: "head", layer: 1, head: 0, edit: "zero" },
    { kind: "edge", layer: 0, head: 0, destination: 7, source: 3, renormalise: true },
    { kind: "edge", layer: 0, head: 0, destination: 7, source: 4, renormalise: false },
    { kind: "position", position: 2 },
    { kind: "mlp", layer: 1 },
  ];
  const ablate = ablations.map(knockoutOf);
  assert.deepEqual(ablate.map(ablationFrom), ablations);
  const { experiment } = decodeLink(`model.n_layers=2&model.n_heads=2&model.attn_only=false&${ablate.map((one) => `ablate=${one}`).join("&")}`);
  assert.deepEqual(interventionsOf(experiment), ofThePage(ablations, experiment.model));
});

test("a record becomes the document's part, and that the record again", () => {
  const link = "v=1&device=cpu&prompt=3,1&edit=replace:1:MID&ablate=position:2&sampling.new_tokens=3&sampling.temperature=0.5&view.form=arcs&pin=0.0&cell=3:1";
  const { experiment } = decodeLink(link);
  const document = documentOf(experiment);
  assert.deepEqual(document.pins, [{ layer: 0, head: 0 }]);
  assert.deepEqual(document.cell, { destination: 3, source: 1 });
  const { task: now, model, train } = experiment;
  assert.equal(encodeLink({ task: now, model, train, ...recordOf(document, now, model, true) }), link);
});

test("what a run is asked for is what its link names", () => {
  const link = "v=1&task.list_length=7&task.mid_token=none&model.attn_only=false&train.steps=5&view.form=arcs";
  assert.deepEqual(askedIn(link, decodeLink(link).experiment), {
    asked: { task: { list_length: 7, mid_token: null }, model: { attn_only: false } },
    draft: { "task.list_length": "7", "task.mid_token": null, "model.attn_only": false },
  });
});

test("the list of a new task is the one that the record has", () => {
  for (const link of ["", "task.list_length=9", "task.min_value=10&task.max_value=14", "task.list_length=12&task.max_value=1000", "task.repeats=false&task.max_value=5"]) {
    const { experiment } = decodeLink(link);
    assert.deepEqual(experiment.prompt, fitNumbers([], experiment.task), link);
  }
});

test("verdicts", () => {
  const facts = { fingerprint: "0123456789abcdef".repeat(4), loss: 0.3, version: "0.1.0" };
  const expect = { fingerprint: "0123456789abcdef", loss: 0.30002, version: "0.1.0" };
  assert.match(verdict(expect, facts, true), /^Reproduced bit for bit/);
  assert.match(verdict({ ...expect, fingerprint: "f123456789abcdef" }, facts, true), /^Not reproduced.*loss is 0\.3, the link’s 0\.30002; they differ by 2e-5/);
  assert.match(verdict({ ...expect, fingerprint: "f123456789abcdef", version: "0.0.9" }, facts, true), /^This link was made by version 0\.0\.9 of Tinylens, and this is 0\.1\.0/);
  assert.match(verdict(expect, facts, false), /^Trained on WebGPU.*within the tolerance/);
  assert.match(verdict({ ...expect, loss: 0.4 }, facts, false), /more than the tolerance/);
  assert.match(verdict({ ...expect, fingerprint: null }, facts, true), /^The link was made on WebGPU/);
  assert.match(verdict({ fingerprint: null, loss: null, version: null }, facts, true), /does not say/);
});
